// #[hedge(after = "100ms", max = 3, clone(url))]
// async fn fetch(url: String, client: &Client) -> Result<Page, Error> {
//     client.get(&url).await?.page()
// }

async fn fetch(url: String, client: &Client) -> Result<Page, Error> {
    let hedge_held = || {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Hedge> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Hedge>::new(
                    "fetch",
                    ::core::module_path!(),
                )
                .after(::resilience_runtime::__private::HedgeAfter::Time(
                    ::resilience_runtime::__private::Duration::new(0, 100000000),
                ))
                .max(3)
                .placed(),
            );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        __RESILIENCE_SITE.get()
    };
    let (outcome, _) = ::resilience_runtime::__private::Hedged::new(
        hedge_held(),
        [
            ::core::pin::pin!(::core::option::Option::None),
            ::core::pin::pin!(::core::option::Option::None),
            ::core::pin::pin!(::core::option::Option::None),
        ],
        |attempt| {
            ::resilience_runtime::__private::began("fetch", attempt);
            async {
                let outcome = {
                    let outcome = {
                        let mut url = ::core::clone::Clone::clone(&url);
                        let outcome = async {
                            if false {
                                return ::resilience_runtime::__private::never::<Result<Page, Error>>();
                            }
                            '_resilience_body: { client.get(&url).await?.page() }
                        }
                        .await;
                        outcome
                    };
                    outcome
                };
                (outcome, ::resilience_runtime::__private::Cause::None)
            }
        },
    )
    .await;
    outcome
}
