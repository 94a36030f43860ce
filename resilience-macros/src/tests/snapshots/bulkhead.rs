// #[bulkhead(max = 10, error = |full| Error::Full(full))]
// async fn fetch(url: String, client: &Client) -> Result<Page, Error> {
//     client.get(&url).await?.page()
// }

async fn fetch(url: String, client: &Client) -> Result<Page, Error> {
    let bulkhead = {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Bulkhead> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Bulkhead>::new(
                    "fetch",
                    ::core::module_path!(),
                )
                .max(10)
                .placed(),
            );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        &__RESILIENCE_SITE
    };
    let _slot = match ::resilience_runtime::__private::take(bulkhead.get()) {
        ::core::result::Result::Ok(permit) => permit,
        ::core::result::Result::Err(error) => {
            return ::resilience_runtime::__private::rejected_with::<Result<Page, Error>, _>(error, |full| {
                Error::Full(full)
            });
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
