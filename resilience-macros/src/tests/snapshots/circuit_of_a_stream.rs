// #[retry(max = 2)]
// #[circuit(name = "events", stream = "first_item", failure_if = is_failure)]
// #[timeout(5)]
// async fn events(client: &Client) -> Result<impl Stream<Item = Result<Event, Error>>, Error> {
//     client.events().await
// }

async fn events(client: &Client) -> Result<impl Stream<Item = Result<Event, Error>>, Error> {
    #[circuit(__absorbed)]
    const _: () = ();
    #[timeout(__absorbed)]
    const _: () = ();
    let retry_schedule = || {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Retry> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Retry>::new(
                    "events",
                    ::core::module_path!(),
                )
                .max(2)
                .placed(),
            );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        __RESILIENCE_SITE.get().core()
    };
    let circuit = {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<
            ::resilience_runtime::__private::CircuitBreaker,
        > = ::resilience_runtime::__private::Site::new(
            ::resilience_runtime::__private::CircuitDeclaration::new("events").placed(),
        );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        &__RESILIENCE_SITE
    };
    let timeout_held = || {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Timeout> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Timeout>::new(
                    "events",
                    ::core::module_path!(),
                )
                .timeout(::resilience_runtime::__private::Duration::new(5, 0))
                .placed(),
            );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        __RESILIENCE_SITE.get()
    };
    let mut cause = ::resilience_runtime::__private::Cause::None;
    let mut retry = ::resilience_runtime::__private::Attempts::without_limit();
    loop {
        let delay = {
            let mut permit = match ::resilience_runtime::__private::admit(circuit.get(), retry.is_repeat()) {
                ::core::result::Result::Ok(permit) => permit,
                ::core::result::Result::Err(error) => {
                    retry.reject(retry_schedule, "events", &error);
                    return ::resilience_runtime::__private::Conversion::<Result<_, Error>, _>::of(&error)
                        .__rejected(error);
                }
            };
            let mut timeout_by_deadline = false;
            let timeout_allowed =
                ::resilience_runtime::__private::allowed(timeout_held().after(), &mut timeout_by_deadline);
            let mut timeout = ::core::pin::pin!(::resilience_runtime::__private::Timer::new(timeout_allowed));
            let outcome = 'timeout: {
                'timeout_expired: {
                    cause = ::resilience_runtime::__private::Cause::None;
                    let ::core::option::Option::Some(outcome) = timeout
                        .as_mut()
                        .race(::resilience_runtime::__private::Body::<Result<_, Error>>::new().__note(retry.watch(
                            ::resilience_runtime::__private::watch(&mut permit, async {
                                if false {
                                    return ::resilience_runtime::__private::never::<Result<_, Error>>();
                                }
                                '_resilience_body: { client.events().await }
                            }),
                        )))
                        .await
                    else {
                        break 'timeout_expired;
                    };
                    break 'timeout outcome;
                }
                ::resilience_runtime::__private::enter(&mut permit);
                let error = ::resilience_runtime::__private::timed_out(
                    timeout_held(),
                    "events",
                    timeout_allowed,
                    timeout_by_deadline,
                );
                cause = ::resilience_runtime::__private::Cause::of_timeout(&error);
                let outcome =
                    ::resilience_runtime::__private::Conversion::<Result<_, Error>, _>::of(&error).__rejected(error);
                ::resilience_runtime::__private::forget_error();
                ::resilience_runtime::__private::leave(&mut permit);
                outcome
            };
            let outcome =
                ::resilience_runtime::__private::stream!(match ::resilience_runtime::__private::split(outcome) {
                    ::core::ops::ControlFlow::Continue(stream) =>
                        ::core::result::Result::Ok(::resilience_runtime::__private::watch_stream(
                            circuit.get(),
                            permit,
                            ::resilience_runtime::__private::of_items::<Result<Event, Error>, _>(stream),
                            true,
                            |error| ::resilience_runtime::__private::Shown::of(error).__error(),
                            |error| ::resilience_runtime::__private::Search::of(error).__cause(),
                            true,
                            is_failure,
                            |_| false,
                            |_| ::core::option::Option::None,
                            |_| ::core::option::Option::None
                        )),
                    ::core::ops::ControlFlow::Break(outcome) => ::resilience_runtime::__private::join({
                        if cause.is_neutral() {
                            ::resilience_runtime::__private::end_by_caller(permit, cause);
                            outcome
                        } else {
                            ::resilience_runtime::__private::settle_by(
                                permit,
                                outcome,
                                |error| ::resilience_runtime::__private::Shown::of(error).__error(),
                                |error| ::resilience_runtime::__private::Search::of(error).__cause(),
                                true,
                                is_failure,
                                |_| false,
                                |_| ::core::option::Option::None,
                                |_| ::core::option::Option::None,
                            )
                        }
                    }),
                });
            match retry
                .judge(retry_schedule, outcome)
                .rejection(|error| ::resilience_runtime::__private::Search::of(error).__cause())
                .text(|error| ::resilience_runtime::__private::Shown::of(error).__error())
                .circuits(|| [circuit.get()])
                .next("events")
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
