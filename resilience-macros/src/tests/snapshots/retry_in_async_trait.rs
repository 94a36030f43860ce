// #[retry(max = 2)]
// fn load<'a, 'async_trait>(&'a self, key: String) -> Pin<Box<dyn Future<Output = Result<u8, Error>> + Send + 'async_trait>> {
//     Box::pin(async move {
//         if let Some(__ret) = None::<Result<u8, Error>> {
//             return __ret;
//         }
//         let __self = self;
//         let key = key;
//         let __ret: Result<u8, Error> = { __self.get(key).await };
//         __ret
//     })
// }

fn load<'a, 'async_trait>(
    &'a self,
    key: String,
) -> Pin<Box<dyn Future<Output = Result<u8, Error>> + Send + 'async_trait>> {
    Box::pin(async move {
        let __self = self;
        let mut key = key;
        let retry_schedule = || {
            static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Retry> =
                ::resilience_runtime::__private::Site::new(
                    ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Retry>::new(
                        "load",
                        ::core::module_path!(),
                    )
                    .max(2)
                    .placed(),
                );
            ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
            __RESILIENCE_SITE.get().core()
        };
        let mut retry = ::resilience_runtime::__private::Attempts::without_limit();
        loop {
            let delay = {
                if false {
                    ::resilience_runtime::__private::list_a_consumed_argument_in_clone! { key }
                }
                let outcome = retry
                    .watch(async {
                        if false {
                            let _ = &mut key;
                            return ::resilience_runtime::__private::never::<Result<u8, Error>>();
                        }
                        '_resilience_body: {
                            if let Some(__ret) = None::<Result<u8, Error>> {
                                return __ret;
                            }
                            let __ret: Result<u8, Error> = { __self.get(key).await };
                            __ret
                        }
                    })
                    .await;
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
    })
}
