// #[timeout("250ms")]
// #[rate_limit(per_second = 1)]
// async fn load(key: String) -> Result<u8, Error> {
//     let __tracing_attr_span = span!("load", key = %key);
//     let __tracing_instrument_future = async move { get(key).await };
//     __tracing_instrument_future.instrument(__tracing_attr_span).await
// }

async fn load(key: String) -> Result<u8, Error> {
    let __tracing_attr_span = span ! ("load" , key = % key);
    let __tracing_instrument_future = async move {
        #[rate_limit(__absorbed)]
        const _: () = ();
        let timeout_held = || {
            static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Timeout> =
                ::resilience_runtime::__private::Site::new(
                    ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Timeout>::new(
                        "load",
                        ::core::module_path!(),
                    )
                    .timeout(::resilience_runtime::__private::Duration::new(0, 250000000))
                    .placed(),
                );
            ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
            __RESILIENCE_SITE.get()
        };
        let rate_limit = {
            static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<
                ::resilience_runtime::__private::RateLimit,
            > = ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::RateLimit>::new(
                    "load",
                    ::core::module_path!(),
                )
                .per_second(1)
                .placed(),
            );
            ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
            &__RESILIENCE_SITE
        };
        let mut timeout_by_deadline = false;
        let timeout_allowed =
            ::resilience_runtime::__private::allowed(timeout_held().after(), &mut timeout_by_deadline);
        let mut timeout = ::core::pin::pin!(::resilience_runtime::__private::Timer::new(timeout_allowed));
        let outcome = 'timeout: {
            'timeout_expired: {
                if timeout_allowed.is_zero() {
                    break 'timeout_expired;
                }
                let () = match rate_limit.get().try_acquire() {
                    ::core::result::Result::Ok(permit) => permit,
                    ::core::result::Result::Err(error) => {
                        return ::resilience_runtime::__private::Conversion::<Result<u8, Error>, _>::of(&error)
                            .__rejected(error);
                    }
                };
                let ::core::option::Option::Some(outcome) = timeout
                    .as_mut()
                    .race(async move {
                        if false {
                            return ::resilience_runtime::__private::never::<Result<u8, Error>>();
                        }
                        '_resilience_body: { get(key).await }
                    })
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
            let outcome =
                ::resilience_runtime::__private::Conversion::<Result<u8, Error>, _>::of(&error).__rejected(error);
            ::resilience_runtime::__private::forget_error();
            outcome
        };
        outcome
    };
    __tracing_instrument_future.instrument(__tracing_attr_span).await
}
