// #[bulkhead(max = 10, error = |full| Error::Full(full))]
// async fn fetch(url: String, client: &Client) -> Result<Page, Error> {
//     client.get(&url).await?.page()
// }

async fn fetch(url: String, client: &Client) -> Result<Page, Error> {
    let bulkhead = {
        static BULKHEAD: ::resilience_runtime::__private::LazyLock<::resilience_runtime::__private::Bulkhead> =
            ::resilience_runtime::__private::LazyLock::new(|| {
                ::resilience_runtime::__private::declared_bulkhead(
                    "fetch",
                    10,
                    ::resilience_runtime::__private::Duration::new(0, 0),
                )
            });
        &*BULKHEAD
    };
    let _slot = match bulkhead.try_acquire() {
        ::core::result::Result::Ok(slot) => slot,
        ::core::result::Result::Err(full) => {
            return ::resilience_runtime::__private::rejected_with(full, |full| Error::Full(full));
        }
    };
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
