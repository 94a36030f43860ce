// #[rate_limit(per_second = 100, burst = 10)]
// async fn fetch(url: String, client: &Client) -> Result<Page, Error> {
//     client.get(&url).await?.page()
// }

async fn fetch(url: String, client: &Client) -> Result<Page, Error> {
    let rate_limit = {
        static RATE_LIMIT: ::resilience_runtime::__private::LazyLock<::resilience_runtime::__private::RateLimit> =
            ::resilience_runtime::__private::LazyLock::new(|| {
                ::resilience_runtime::__private::declared_rate_limit("fetch", 100, 10)
            });
        &*RATE_LIMIT
    };
    match rate_limit.try_acquire() {
        ::core::result::Result::Ok(()) => {}
        ::core::result::Result::Err(limited) => return ::resilience_runtime::__private::rejected(limited),
    }
    let outcome = async move {
        if false {
            let _ = &client;
            let _ = &url;
            return ::resilience_runtime::__private::never::<Result<Page, Error>>();
        }
        '_resilience_body: { client.get(&url).await?.page() }
    }
    .await;
    outcome
}
