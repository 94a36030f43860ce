// #[fallback(|error| self.answer(&question, error), on = "rejected")]
// /// Asks.
// pub async fn ask(&self, question: Question) -> Result<Answer, Error> {
//     self.client.ask(&question).await
// }

#[doc = " Asks."]
pub async fn ask(&self, mut question: Question) -> Result<Answer, Error> {
    let fallback_held = || {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Fallback> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Fallback>::new(
                    "ask",
                    ::core::module_path!(),
                )
                .placed(),
            );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        __RESILIENCE_SITE.get()
    };
    let mut cause = ::resilience_runtime::__private::Cause::None;
    let outcome = {
        cause = ::resilience_runtime::__private::Cause::None;
        let outcome = ::resilience_runtime::__private::Body::<Result<Answer, Error>>::new()
            .__note(async {
                if false {
                    let _ = &mut question;
                    return ::resilience_runtime::__private::never::<Result<Answer, Error>>();
                }
                '_resilience_body: { self.client.ask(&question).await }
            })
            .await;
        outcome
    };
    let turned = ::resilience_runtime::__private::fall_back(
        outcome,
        |error| cause.or(|| ::resilience_runtime::__private::Search::of(error).__cause().or_noted()).is_rejection(),
        "ask",
        |error| ::resilience_runtime::__private::Shown::of(error).__error(),
    );
    let outcome = ::resilience_runtime::__private::replace(
        turned,
        || {
            cause = ::resilience_runtime::__private::Cause::None;
            fallback_held()
        },
        |error| self.answer(&question, error),
    );
    outcome
}
