// #[retry(max = 5, jitter = "full", retry_if = Error::is_transient, attempt = n)]
// async fn fetch(url: String, client: &Client) -> Result<Page, Error> {
//     client.get(&url).await?.page()
// }

async fn fetch(mut url: String, client: &Client) -> Result<Page, Error> {
    let retry_schedule = || {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Retry> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Retry>::new(
                    "fetch",
                    ::core::module_path!(),
                )
                .max(5)
                .jitter(::resilience_runtime::__private::Jitter::Full)
                .placed(),
            );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        __RESILIENCE_SITE.get().core()
    };
    let mut retry = ::resilience_runtime::__private::Attempts::without_limit();
    loop {
        let delay = {
            if false {
                ::resilience_runtime::__private::list_a_consumed_argument_in_clone! { url }
            }
            let n = retry.attempt();
            let outcome = retry
                .watch(async {
                    if false {
                        let _ = &mut url;
                        return ::resilience_runtime::__private::never::<Result<Page, Error>>();
                    }
                    '_resilience_body: { client.get(&url).await?.page() }
                })
                .await;
            match retry
                .judge(retry_schedule, outcome)
                .rejection(|error| ::resilience_runtime::__private::Search::of(error).__cause())
                .retry_if(Error::is_transient)
                .text(|error| ::resilience_runtime::__private::Shown::of(error).__error())
                .circuits(|| [])
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
