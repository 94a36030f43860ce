// #[retry(max = 2)]
// #[circuit(name = "ask")]
// #[timeout(5)]
// async fn fetch(url: String, client: &Client) -> Result<Page, Error> {
//     client.get(&url).await?.page()
// }

async fn fetch(mut url: String, client: &Client) -> Result<Page, Error> {
    #[circuit(__absorbed)]
    const _: () = ();
    #[timeout(__absorbed)]
    const _: () = ();
    static __RESILIENCE_FUNCTION: ::resilience_runtime::__private::Function =
        ::resilience_runtime::__private::Function::new(
            "fetch",
            ::core::module_path!(),
            &["retry", "circuit", "timeout"],
        );
    ::resilience_runtime::__private::declare!(__RESILIENCE_FUNCTION);
    let retry_schedule = || {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Retry> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Retry>::new(
                    "fetch",
                    ::core::module_path!(),
                )
                .max(2)
                .within(&__RESILIENCE_FUNCTION, 0)
                .placed(),
            );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        __RESILIENCE_SITE.get().core()
    };
    let circuit = {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<
            ::resilience_runtime::__private::CircuitBreaker,
        > = ::resilience_runtime::__private::Site::new(
            ::resilience_runtime::__private::CircuitDeclaration::new("ask").within(&__RESILIENCE_FUNCTION, 1).placed(),
        );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        &__RESILIENCE_SITE
    };
    let timeout_held = || {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Timeout> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Timeout>::new(
                    "fetch",
                    ::core::module_path!(),
                )
                .timeout(::resilience_runtime::__private::Duration::new(5, 0))
                .within(&__RESILIENCE_FUNCTION, 2)
                .placed(),
            );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        __RESILIENCE_SITE.get()
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
            let mut timeout_by_deadline = false;
            let timeout_allowed =
                ::resilience_runtime::__private::allowed(timeout_held().after(), &mut timeout_by_deadline);
            let mut timeout = ::core::pin::pin!(::resilience_runtime::__private::Timer::new(timeout_allowed));
            let outcome = 'timeout: {
                'timeout_expired: {
                    cause = ::resilience_runtime::__private::Cause::None;
                    let ::core::option::Option::Some(outcome) = timeout
                        .as_mut()
                        .race(::resilience_runtime::__private::Body::<Result<Page, Error>>::new().__note(retry.watch(
                            ::resilience_runtime::__private::watch(&mut permit, async {
                                if false {
                                    let _ = &mut url;
                                    return ::resilience_runtime::__private::never::<Result<Page, Error>>();
                                }
                                if let ::core::option::Option::Some(fault) =
                                    ::resilience_runtime::__private::Fault::next(&__RESILIENCE_FUNCTION)
                                {
                                    fault.wait().await;
                                    if let ::core::option::Option::Some(outcome) =
                                        ::resilience_runtime::__private::Faulted::<Result<Page, Error>>::new()
                                            .__outcome(fault)
                                    {
                                        return outcome;
                                    }
                                }
                                '_resilience_body: { client.get(&url).await?.page() }
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
                    "fetch",
                    timeout_allowed,
                    timeout_by_deadline,
                );
                cause = ::resilience_runtime::__private::Cause::of_timeout(&error);
                let outcome =
                    ::resilience_runtime::__private::Conversion::<Result<Page, Error>, _>::of(&error).__rejected(error);
                ::resilience_runtime::__private::forget_error();
                ::resilience_runtime::__private::leave(&mut permit);
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
                .rejection(|error| ::resilience_runtime::__private::Search::of(error).__cause())
                .text(|error| ::resilience_runtime::__private::Shown::of(error).__error())
                .circuits(|| [circuit.get()])
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
