// #[fallback(cached)]
// #[timeout(60)]
// #[retry(max = 3)]
// #[circuit(name = "ask")]
// #[rate_limit(per_second = 100)]
// #[bulkhead(max = 8, wait = 1)]
// #[timeout(5)]
// async fn fetch(url: String, client: &Client) -> Result<Page, Error> {
//     client.get(&url).await?.page()
// }

async fn fetch(mut url: String, client: &Client) -> Result<Page, Error> {
    #[timeout(__absorbed)]
    const _: () = ();
    #[retry(__absorbed)]
    const _: () = ();
    #[circuit(__absorbed)]
    const _: () = ();
    #[rate_limit(__absorbed)]
    const _: () = ();
    #[bulkhead(__absorbed)]
    const _: () = ();
    #[timeout(__absorbed)]
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
    let timeout_held = || {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Timeout> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Timeout>::new(
                    "fetch",
                    ::core::module_path!(),
                )
                .timeout(::resilience_runtime::__private::Duration::new(60, 0))
                .placed(),
            );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        __RESILIENCE_SITE.get()
    };
    let retry_schedule = || {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Retry> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Retry>::new(
                    "fetch",
                    ::core::module_path!(),
                )
                .max(3)
                .placed(),
            );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        __RESILIENCE_SITE.get().core()
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
    let rate_limit = {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::RateLimit> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::RateLimit>::new(
                    "fetch",
                    ::core::module_path!(),
                )
                .per_second(100)
                .placed(),
            );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        &__RESILIENCE_SITE
    };
    let bulkhead = {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Bulkhead> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Bulkhead>::new(
                    "fetch",
                    ::core::module_path!(),
                )
                .max(8)
                .wait(::resilience_runtime::__private::Duration::new(1, 0))
                .placed(),
            );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        &__RESILIENCE_SITE
    };
    let timeout2_held = || {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Timeout> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Timeout>::new(
                    "fetch",
                    ::core::module_path!(),
                )
                .timeout(::resilience_runtime::__private::Duration::new(5, 0))
                .placed(),
            );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        __RESILIENCE_SITE.get()
    };
    let mut cause = ::resilience_runtime::__private::Cause::None;
    let outcome = 'fallback: {
        let mut timeout_by_deadline = false;
        let timeout_allowed =
            ::resilience_runtime::__private::allowed(timeout_held().after(), &mut timeout_by_deadline);
        let mut timeout = ::core::pin::pin!(::resilience_runtime::__private::Timer::new(timeout_allowed));
        let outcome = 'timeout: {
            'timeout_expired: {
                if timeout_allowed.is_zero() {
                    break 'timeout_expired;
                }
                let outcome = {
                    let mut retry = ::resilience_runtime::__private::Attempts::without_limit();
                    loop {
                        let delay = {
                            if false {
                                ::resilience_runtime::__private::list_a_consumed_argument_in_clone! { url }
                            }
                            let outcome = 'retry: {
                                let mut permit =
                                    match ::resilience_runtime::__private::admit(circuit.get(), retry.is_repeat()) {
                                        ::core::result::Result::Ok(permit) => permit,
                                        ::core::result::Result::Err(error) => {
                                            cause = ::resilience_runtime::__private::Cause::Circuit;
                                            retry.reject(retry_schedule, "fetch", &error);
                                            let outcome = ::resilience_runtime::__private::Conversion::<
                                                Result<Page, Error>,
                                                _,
                                            >::of(&error)
                                            .__rejected(error);
                                            break 'fallback outcome;
                                        }
                                    };
                                let outcome = 'circuit: {
                                    let () = match rate_limit.get().try_acquire() {
                                        ::core::result::Result::Ok(permit) => permit,
                                        ::core::result::Result::Err(error) => {
                                            cause = ::resilience_runtime::__private::Cause::Limit;
                                            ::resilience_runtime::__private::enter(&mut permit);
                                            let outcome = ::resilience_runtime::__private::Conversion::<
                                                Result<Page, Error>,
                                                _,
                                            >::of(&error)
                                            .__rejected(error);
                                            ::resilience_runtime::__private::leave(&mut permit);
                                            break 'circuit outcome;
                                        }
                                    };
                                    let _slot = {
                                        ::resilience_runtime::__private::wait(&mut permit);
                                        let ::core::option::Option::Some(acquired) = timeout
                                            .as_mut()
                                            .race(::resilience_runtime::__private::acquire(bulkhead.get()))
                                            .await
                                        else {
                                            break 'timeout_expired;
                                        };
                                        ::resilience_runtime::__private::resume(&mut permit);
                                        match acquired {
                                            ::core::result::Result::Ok(permit) => permit,
                                            ::core::result::Result::Err(error) => {
                                                cause = ::resilience_runtime::__private::Cause::Limit;
                                                ::resilience_runtime::__private::enter(&mut permit);
                                                let outcome = ::resilience_runtime::__private::Conversion::<
                                                    Result<Page, Error>,
                                                    _,
                                                >::of(
                                                    &error
                                                )
                                                .__rejected(error);
                                                ::resilience_runtime::__private::leave(&mut permit);
                                                break 'circuit outcome;
                                            }
                                        }
                                    };
                                    let mut timeout2_by_deadline = false;
                                    let timeout2_allowed = ::resilience_runtime::__private::allowed(
                                        timeout2_held().after(),
                                        &mut timeout2_by_deadline,
                                    );
                                    let mut timeout2 = ::core::pin::pin!(::resilience_runtime::__private::Timer::new(
                                        timeout2_allowed
                                    ));
                                    let outcome = 'timeout2: {
                                        'timeout2_expired: {
                                            cause = ::resilience_runtime::__private::Cause::None;
                                            let :: core :: option :: Option :: Some (waited) = timeout . as_mut () . race (timeout2 . as_mut () . race (:: resilience_runtime :: __private :: Body :: < Result < Page , Error > > :: new () . __note (retry . watch (:: resilience_runtime :: __private :: watch (& mut permit , async { if false { let _ = & mut url ; return :: resilience_runtime :: __private :: never :: < Result < Page , Error > > () ; } '_resilience_body : { client . get (& url) . await ?. page () } }))))) . await else { break 'timeout_expired } ;
                                            let ::core::option::Option::Some(outcome) = waited else {
                                                break 'timeout2_expired;
                                            };
                                            break 'timeout2 outcome;
                                        }
                                        ::resilience_runtime::__private::enter(&mut permit);
                                        let error = ::resilience_runtime::__private::timed_out(
                                            timeout2_held(),
                                            "fetch",
                                            timeout2_allowed,
                                            timeout2_by_deadline,
                                        );
                                        cause = ::resilience_runtime::__private::Cause::of_timeout(&error);
                                        let outcome = ::resilience_runtime::__private::Conversion::<
                                            Result<Page, Error>,
                                            _,
                                        >::of(&error)
                                        .__rejected(error);
                                        ::resilience_runtime::__private::forget_error();
                                        ::resilience_runtime::__private::leave(&mut permit);
                                        outcome
                                    };
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
                                outcome
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
                            let ::core::option::Option::Some(()) =
                                timeout.as_mut().race(::resilience_runtime::__private::sleep(delay)).await
                            else {
                                break 'timeout_expired;
                            };
                        }
                    }
                };
                break 'timeout outcome;
            }
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
            outcome
        };
        outcome
    };
    if false {
        ::resilience_runtime::__private::list_a_consumed_argument_in_clone! { url }
    }
    let outcome = 'after_fallback: {
        let (called, changes) = match ::resilience_runtime::__private::fall_back(
            outcome,
            |_| true,
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
