// #[circuit(name = "ask", failure_if = |error| question.is_failure(error), error = Error::Open)]
// /// Asks.
// pub async fn ask(&self, question: Question) -> Result<Answer, Error> {
//     self.client.ask(&question).await
// }

#[doc = " Asks."]
pub async fn ask(&self, mut question: Question) -> Result<Answer, Error> {
    let circuit = {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<
            ::resilience_runtime::__private::CircuitBreaker,
        > = ::resilience_runtime::__private::Site::new(
            ::resilience_runtime::__private::CircuitDeclaration::new("ask").placed(),
        );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        &__RESILIENCE_SITE
    };
    let mut permit = match ::resilience_runtime::__private::admit(circuit.get(), false) {
        ::core::result::Result::Ok(permit) => permit,
        ::core::result::Result::Err(error) => {
            return ::resilience_runtime::__private::rejected_with::<Result<Answer, Error>, _>(error, Error::Open);
        }
    };
    let outcome = ::resilience_runtime::__private::Body::<Result<Answer, Error>>::new()
        .__note(::resilience_runtime::__private::watch(&mut permit, async {
            if false {
                let _ = &mut question;
                let _held = self;
                return ::resilience_runtime::__private::never::<Result<Answer, Error>>();
            }
            '_resilience_body: { self.client.ask(&question).await }
        }))
        .await;
    let outcome = ::resilience_runtime::__private::settle_by(
        permit,
        outcome,
        |error| ::resilience_runtime::__private::Shown::of(error).__error(),
        |error| ::resilience_runtime::__private::Search::of(error).__cause(),
        true,
        |error| question.is_failure(error),
        |_| false,
        |_| ::core::option::Option::None,
        |_| ::core::option::Option::None,
    );
    outcome
}
