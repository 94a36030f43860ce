// #[hedge(after = "100ms", max = 3, clone(url))]
// async fn fetch(url: String, client: &Client) -> Result<Page, Error> {
//     client.get(&url).await?.page()
// }

async fn fetch(url: String, client: &Client) -> Result<Page, Error> {
    let (outcome, _) = ::resilience_runtime::__private::Hedged::new(
        const { &::resilience_runtime::__private::Duration::new(0, 100000000) },
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
