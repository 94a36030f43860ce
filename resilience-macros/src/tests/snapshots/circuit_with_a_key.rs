// #[circuit(name = "host", key = url.host(), max_keys = 100, retry_after = hint)]
// async fn fetch(url: String, client: &Client) -> Result<Page, Error> {
//     client.get(&url).await?.page()
// }

async fn fetch(url: String, client: &Client) -> Result<Page, Error> {
    let circuit = {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<
            ::resilience_runtime::__private::KeyedCircuits,
        > = ::resilience_runtime::__private::Site::new(
            ::resilience_runtime::__private::CircuitDeclaration::new("host").max_keys(100).keyed().placed(),
        );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        &__RESILIENCE_SITE
    }
    .get()
    .__of(&(url.host()));
    let mut permit = match ::resilience_runtime::__private::admit(circuit.get(), false) {
        ::core::result::Result::Ok(permit) => permit,
        ::core::result::Result::Err(error) => {
            return ::resilience_runtime::__private::Conversion::<Result<Page, Error>, _>::of(&error).__rejected(error);
        }
    };
    let outcome = ::resilience_runtime::__private::Body::<Result<Page, Error>>::new()
        .__note(::resilience_runtime::__private::watch(&mut permit, async move {
            if false {
                let _ = &client;
                let _ = &url;
                return ::resilience_runtime::__private::never::<Result<Page, Error>>();
            }
            '_resilience_body: { client.get(&url).await?.page() }
        }))
        .await;
    let outcome = ::resilience_runtime::__private::settle_by(
        permit,
        outcome,
        |error| ::resilience_runtime::__private::Shown::of(error).__error(),
        |error| ::resilience_runtime::__private::Search::of(error).__cause(),
        false,
        |_| true,
        |_| false,
        hint,
        |_| ::core::option::Option::None,
    );
    outcome
}
