// #[fallback(cached, clone(log))]
// #[retry(max = 3)]
// #[circuit(name = "files")]
// #[rate_limit(per_second = 1, wait = 1)]
// fn read(path: &Path, mut log: Vec<u8>) -> Result<Page, Error> {
//     log.push(0);
//     fs::read(path)?.page(log)
// }

fn read(path: &Path, log: Vec<u8>) -> Result<Page, Error> {
    #[retry(__absorbed)]
    const _: () = ();
    #[circuit(__absorbed)]
    const _: () = ();
    #[rate_limit(__absorbed)]
    const _: () = ();
    let fallback_held = || {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Fallback> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Fallback>::new(
                    "read",
                    ::core::module_path!(),
                )
                .placed(),
            );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        __RESILIENCE_SITE.get()
    };
    let retry_schedule = || {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Retry> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Retry>::new(
                    "read",
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
            ::resilience_runtime::__private::CircuitDeclaration::new("files").placed(),
        );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        &__RESILIENCE_SITE
    };
    let rate_limit = {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::RateLimit> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::RateLimit>::new(
                    "read",
                    ::core::module_path!(),
                )
                .per_second(1)
                .wait(::resilience_runtime::__private::Duration::new(1, 0))
                .placed(),
            );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        &__RESILIENCE_SITE
    };
    let mut cause = ::resilience_runtime::__private::Cause::None;
    let outcome = 'fallback: {
        let mut retry = ::resilience_runtime::__private::Attempts::without_limit();
        loop {
            let delay = {
                let outcome = 'retry: {
                    let mut permit = match ::resilience_runtime::__private::admit(circuit.get(), retry.is_repeat()) {
                        ::core::result::Result::Ok(permit) => permit,
                        ::core::result::Result::Err(error) => {
                            cause = ::resilience_runtime::__private::Cause::Circuit;
                            retry.reject(retry_schedule, "read", &error);
                            let outcome =
                                ::resilience_runtime::__private::Conversion::<Result<Page, Error>, _>::of(&error)
                                    .__rejected(error);
                            break 'fallback outcome;
                        }
                    };
                    let outcome = 'circuit: {
                        let () = {
                            ::resilience_runtime::__private::wait(&mut permit);
                            let acquired =
                                ::resilience_runtime::__private::blocking::acquire_tokens(rate_limit.get(), 1);
                            ::resilience_runtime::__private::resume(&mut permit);
                            match acquired {
                                ::core::result::Result::Ok(permit) => permit,
                                ::core::result::Result::Err(error) => {
                                    cause = ::resilience_runtime::__private::Cause::Limit;
                                    ::resilience_runtime::__private::enter(&mut permit);
                                    let outcome =
                                        ::resilience_runtime::__private::Conversion::<Result<Page, Error>, _>::of(
                                            &error,
                                        )
                                        .__rejected(error);
                                    ::resilience_runtime::__private::leave(&mut permit);
                                    break 'circuit outcome;
                                }
                            }
                        };
                        cause = ::resilience_runtime::__private::Cause::None;
                        let outcome = {
                            ::resilience_runtime::__private::enter(&mut permit);
                            let mut log = ::core::clone::Clone::clone(&log);
                            ::resilience_runtime::__private::leave(&mut permit);
                            let outcome =
                                ::resilience_runtime::__private::blocking::run(
                                    ::resilience_runtime::__private::Body::<Result<Page, Error>>::new()
                                        .__note_blocking(retry.watch_blocking(
                                        ::resilience_runtime::__private::blocking::watch(&mut permit, || {
                                            if false {
                                                return ::resilience_runtime::__private::never::<Result<Page, Error>>();
                                            }
                                            '_resilience_body: {
                                                log.push(0);
                                                fs::read(path)?.page(log)
                                            }
                                        }),
                                    )),
                                );
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
                    .next("read")
                {
                    ::core::ops::ControlFlow::Continue(delay) => delay,
                    ::core::ops::ControlFlow::Break(outcome) => break outcome,
                }
            };
            if !delay.is_zero() {
                let () = ::resilience_runtime::__private::blocking::sleep(delay);
            }
        }
    };
    let outcome = 'after_fallback: {
        let () = match ::resilience_runtime::__private::fall_back(
            outcome,
            |_| true,
            "read",
            |error| ::resilience_runtime::__private::Shown::of(error).__error(),
        ) {
            ::core::ops::ControlFlow::Continue(_) => (),
            ::core::ops::ControlFlow::Break(outcome) => break 'after_fallback outcome,
        };
        cause = ::resilience_runtime::__private::Cause::None;
        let outcome = ::resilience_runtime::__private::blocking::run(
            ::resilience_runtime::__private::Body::<Result<Page, Error>>::new()
                .__note_blocking(|| -> Result<Page, Error> { cached(path, log) }),
        );
        let counted = fallback_held().count(outcome);
        counted
    };
    outcome
}
