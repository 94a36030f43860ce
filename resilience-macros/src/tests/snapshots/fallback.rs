// #[fallback(cached, with_error = true, clone(url))]
// async fn fetch(url: String, client: &Client) -> Result<Page, Error> {
//     client.get(&url).await?.page()
// }

async fn fetch(url: String, client: &Client) -> Result<Page, Error> {
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
    let outcome = {
        let outcome = {
            let mut url = ::core::clone::Clone::clone(&url);
            let outcome = async {
                if false {
                    let _ = &mut url;
                    return ::resilience_runtime::__private::never::<Result<Page, Error>>();
                }
                '_resilience_body: { client.get(&url).await?.page() }
            }
            .await;
            outcome
        };
        outcome
    };
    let outcome = 'after_fallback: {
        let called = match ::resilience_runtime::__private::fall_back(
            outcome,
            |_| true,
            "fetch",
            |error| ::resilience_runtime::__private::Shown::of(error).__error(),
        ) {
            ::core::ops::ControlFlow::Continue(error) => cached(url, client, error),
            ::core::ops::ControlFlow::Break(outcome) => break 'after_fallback outcome,
        };
        let outcome = called.await;
        let counted = fallback_held().count(outcome);
        counted
    };
    outcome
}
