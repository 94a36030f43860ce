// #[retry]
// #[circuit(name = "a")]
// #[hedge(after = 1)]
// #[circuit(name = "b")]
// async fn fetch(url: String, client: &Client) -> Result<Page, Error> {
//     client.get(&url).await?.page()
// }

async fn fetch(url: String, client: &Client) -> Result<Page, Error> {
    #[circuit(__absorbed)]
    const _: () = ();
    #[hedge(__absorbed)]
    const _: () = ();
    #[circuit(__absorbed)]
    const _: () = ();
    let retry_schedule = || {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Retry> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Retry>::new(
                    "fetch",
                    ::core::module_path!(),
                )
                .placed(),
            );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        __RESILIENCE_SITE.get().core()
    };
    let circuit = {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<
            ::resilience_runtime::__private::CircuitBreaker,
        > = ::resilience_runtime::__private::Site::new(
            ::resilience_runtime::__private::CircuitDeclaration::new("a").placed(),
        );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        &__RESILIENCE_SITE
    };
    let hedge_held = || {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Hedge> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Hedge>::new(
                    "fetch",
                    ::core::module_path!(),
                )
                .after(::resilience_runtime::__private::HedgeAfter::Time(
                    ::resilience_runtime::__private::Duration::new(1, 0),
                ))
                .placed(),
            );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        __RESILIENCE_SITE.get()
    };
    let circuit2 = {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<
            ::resilience_runtime::__private::CircuitBreaker,
        > = ::resilience_runtime::__private::Site::new(
            ::resilience_runtime::__private::CircuitDeclaration::new("b").placed(),
        );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        &__RESILIENCE_SITE
    };
    let mut cause = ::resilience_runtime::__private::Cause::None;
    let mut retry = ::resilience_runtime::__private::Attempts::without_limit();
    loop {
        let delay = {
            if false {
                ::resilience_runtime::__private::list_a_consumed_argument_in_clone! { url }
            }
            let mut permit = match ::resilience_runtime::__private::admit(circuit.get(), retry.is_repeat()) {
                ::core::result::Result::Ok(permit) => permit,
                ::core::result::Result::Err(error) => {
                    retry.reject(retry_schedule, "fetch", &error);
                    return ::resilience_runtime::__private::Conversion::<Result<Page, Error>, _>::of(&error)
                        .__rejected(error);
                }
            };
            let outcome = 'circuit: {
                let hedge_waits = ::resilience_runtime::__private::BodyWaits::new();
                let (outcome, of_attempt) = retry
                    .watch(
                        ::resilience_runtime::__private::watch(
                            &mut permit,
                            ::resilience_runtime::__private::Hedged::new(
                                hedge_held(),
                                [
                                    ::core::pin::pin!(::core::option::Option::None),
                                    ::core::pin::pin!(::core::option::Option::None),
                                ],
                                |attempt| {
                                    ::resilience_runtime::__private::began("fetch", attempt);
                                    async {
                                        let mut cause = ::resilience_runtime::__private::Cause::None;
                                        let outcome = {
                                            let mut permit2 =
                                                match ::resilience_runtime::__private::admit(circuit2.get(), false) {
                                                    ::core::result::Result::Ok(permit) => permit,
                                                    ::core::result::Result::Err(error) => {
                                                        cause = ::resilience_runtime::__private::Cause::Circuit;
                                                        let outcome = ::resilience_runtime::__private::Conversion::<
                                                            Result<Page, Error>,
                                                            _,
                                                        >::of(
                                                            &error
                                                        )
                                                        .__rejected(error);
                                                        return (outcome, cause);
                                                    }
                                                };
                                            cause = ::resilience_runtime::__private::Cause::None;
                                            let outcome =
                                                ::resilience_runtime::__private::Body::<Result<Page, Error>>::new()
                                                    .__note(::resilience_runtime::__private::watch(
                                                        &mut permit2,
                                                        hedge_waits.of(async {
                                                            if false {
                                                                return ::resilience_runtime::__private::never::<
                                                                    Result<Page, Error>,
                                                                >(
                                                                );
                                                            }
                                                            '_resilience_body: { client.get(&url).await?.page() }
                                                        }),
                                                    ))
                                                    .await;
                                            let outcome = ::resilience_runtime::__private::settle(
                                                permit2,
                                                outcome,
                                                |error| ::resilience_runtime::__private::Shown::of(error).__error(),
                                                |error| ::resilience_runtime::__private::Search::of(error).__cause(),
                                            );
                                            outcome
                                        };
                                        (outcome, cause)
                                    }
                                },
                            ),
                        )
                        .of_hedge(&hedge_waits),
                    )
                    .await;
                cause = of_attempt;
                outcome
            };
            let outcome = if cause.is_neutral() {
                ::resilience_runtime::__private::end_by_caller(permit, cause);
                outcome
            } else {
                ::resilience_runtime::__private::settle(
                    permit,
                    outcome,
                    |error| ::resilience_runtime::__private::Shown::of(error).__error(),
                    |error| ::resilience_runtime::__private::Search::of(error).__cause(),
                )
            };
            match retry
                .judge(retry_schedule, outcome)
                .own_rejection(cause)
                .rejection(|error| ::resilience_runtime::__private::Search::of(error).__cause())
                .text(|error| ::resilience_runtime::__private::Shown::of(error).__error())
                .circuits(|| [circuit.get(), circuit2.get()])
                .next("fetch")
            {
                ::core::ops::ControlFlow::Continue(delay) => delay,
                ::core::ops::ControlFlow::Break(outcome) => break outcome,
            }
        };
        if !delay.is_zero() {
            let () = ::resilience_runtime::__private::sleep(delay).await;
        }
    }
}
