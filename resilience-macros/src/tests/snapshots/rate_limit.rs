// #[rate_limit(per_second = 100, burst = 10)]
// async fn fetch(url: String, client: &Client) -> Result<Page, Error> {
//     client.get(&url).await?.page()
// }

async fn fetch(url: String, client: &Client) -> Result<Page, Error> {
    let rate_limit = {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::RateLimit> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::RateLimit>::new(
                    "fetch",
                    ::core::module_path!(),
                )
                .per_second(100)
                .burst(10)
                .placed(),
            );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        &__RESILIENCE_SITE
    };
    let () = match rate_limit.get().try_acquire() {
        ::core::result::Result::Ok(permit) => permit,
        ::core::result::Result::Err(error) => {
            return ::resilience_runtime::__private::Conversion::<Result<Page, Error>, _>::of(&error).__rejected(error);
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
