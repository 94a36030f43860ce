// #[fallback(cached, on = "rejected")]
// #[circuit(name = "ask")]
// async fn fetch(url: String, client: &Client) -> Result<Page, Error> {
//     client.get(&url).await?.page()
// }

async fn fetch(mut url: String, client: &Client) -> Result<Page, Error> {
    #[circuit(__absorbed)]
    const _: () = ();
    let fallback_held = || {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Fallback> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Fallback>::new(
                    "fetch",
                    ::core::module_path!(),
                )
                .placed(),
            );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        __RESILIENCE_SITE.get()
    };
    let circuit = {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<
            ::resilience_runtime::__private::CircuitBreaker,
        > = ::resilience_runtime::__private::Site::new(
            ::resilience_runtime::__private::CircuitDeclaration::new("ask").placed(),
        );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        &__RESILIENCE_SITE
    };
    let mut cause = ::resilience_runtime::__private::Cause::None;
    let outcome = 'fallback: {
        let mut permit = match ::resilience_runtime::__private::admit(circuit.get(), false) {
            ::core::result::Result::Ok(permit) => permit,
            ::core::result::Result::Err(error) => {
                cause = ::resilience_runtime::__private::Cause::Circuit;
                let outcome =
                    ::resilience_runtime::__private::Conversion::<Result<Page, Error>, _>::of(&error).__rejected(error);
                break 'fallback outcome;
            }
        };
        cause = ::resilience_runtime::__private::Cause::None;
        let outcome = ::resilience_runtime::__private::Body::<Result<Page, Error>>::new()
            .__note(::resilience_runtime::__private::watch(&mut permit, async {
                if false {
                    let _ = &mut url;
                    return ::resilience_runtime::__private::never::<Result<Page, Error>>();
                }
                '_resilience_body: { client.get(&url).await?.page() }
            }))
            .await;
        let outcome = ::resilience_runtime::__private::settle(
            permit,
            outcome,
            |error| ::resilience_runtime::__private::Shown::of(error).__error(),
            |error| ::resilience_runtime::__private::Search::of(error).__cause(),
        );
        outcome
    };
    if false {
        ::resilience_runtime::__private::list_a_consumed_argument_in_clone! { url }
    }
    let outcome = 'after_fallback: {
        let (called, changes) = match ::resilience_runtime::__private::fall_back(
            outcome,
            |error| cause.or(|| ::resilience_runtime::__private::Search::of(error).__cause().or_noted()).is_rejection(),
            "fetch",
            |error| ::resilience_runtime::__private::Shown::of(error).__error(),
        ) {
            ::core::ops::ControlFlow::Continue(_) => {
                let before = ::resilience_runtime::__private::Before::now();
                let called = cached(url, client);
                (called, before.changes())
            }
            ::core::ops::ControlFlow::Break(outcome) => break 'after_fallback outcome,
        };
        cause = ::resilience_runtime::__private::Cause::None;
        let outcome =
            ::resilience_runtime::__private::Body::<Result<Page, Error>>::new().__note_call(called, changes).await;
        let counted = fallback_held().count(outcome);
        counted
    };
    outcome
}
