// #[retry]
// #[timeout(5)]
// fn load(key: String) -> impl Future<Output = Result<u8, Error>> {
//     let key = key.trim().to_owned();
//     async move { get(key).await }
// }

fn load(key: String) -> impl Future<Output = Result<u8, Error>> {
    let key = key.trim().to_owned();
    async move {
        #[timeout(__absorbed)]
        const _: () = ();
        let retry_schedule = || {
            static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Retry> =
                ::resilience_runtime::__private::Site::new(
                    ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Retry>::new(
                        "load",
                        ::core::module_path!(),
                    )
                    .placed(),
                );
            ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
            __RESILIENCE_SITE.get().core()
        };
        let timeout_held = || {
            static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Timeout> =
                ::resilience_runtime::__private::Site::new(
                    ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Timeout>::new(
                        "load",
                        ::core::module_path!(),
                    )
                    .timeout(::resilience_runtime::__private::Duration::new(5, 0))
                    .placed(),
                );
            ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
            __RESILIENCE_SITE.get()
        };
        let mut retry = ::resilience_runtime::__private::Attempts::without_limit();
        loop {
            let delay = {
                let mut timeout_by_deadline = false;
                let timeout_allowed =
                    ::resilience_runtime::__private::allowed(timeout_held().after(), &mut timeout_by_deadline);
                let mut timeout = ::core::pin::pin!(::resilience_runtime::__private::Timer::new(timeout_allowed));
                let outcome = 'timeout: {
                    'timeout_expired: {
                        let ::core::option::Option::Some(outcome) = timeout
                            .as_mut()
                            .race(retry.watch(async {
                                if false {
                                    return ::resilience_runtime::__private::never::<Result<u8, Error>>();
                                }
                                '_resilience_body: { get(key).await }
                            }))
                            .await
                        else {
                            break 'timeout_expired;
                        };
                        break 'timeout outcome;
                    }
                    let error = ::resilience_runtime::__private::timed_out(
                        timeout_held(),
                        "load",
                        timeout_allowed,
                        timeout_by_deadline,
                    );
                    let outcome = ::resilience_runtime::__private::Conversion::<Result<u8, Error>, _>::of(&error)
                        .__rejected(error);
                    ::resilience_runtime::__private::forget_error();
                    outcome
                };
                match retry
                    .judge(retry_schedule, outcome)
                    .rejection(|error| ::resilience_runtime::__private::Search::of(error).__cause())
                    .text(|error| ::resilience_runtime::__private::Shown::of(error).__error())
                    .circuits(|| [])
                    .next("load")
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
}
