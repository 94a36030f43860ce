// #[circuit(name = "search", threshold = 5, cooldown = 30)]
// async fn fetch(url: String, client: &Client) -> Result<Page, Error> {
//     client.get(&url).await?.page()
// }

async fn fetch(url: String, client: &Client) -> Result<Page, Error> {
    let circuit = {
        static CIRCUIT: ::resilience_runtime::__private::CallSite = ::resilience_runtime::__private::CallSite::new(
            ::resilience_runtime::__private::Declaration::new("search")
                .threshold(5)
                .cooldown(::resilience_runtime::__private::Duration::new(30, 0)),
        );
        ::resilience_runtime::__private::declare!(CIRCUIT);
        &CIRCUIT
    };
    let mut permit = match circuit.acquire() {
        ::core::result::Result::Ok(permit) => permit,
        ::core::result::Result::Err(open) => return ::resilience_runtime::__private::rejected(open),
    };
    let outcome = ::resilience_runtime::__private::watch(&mut permit, async move {
        if false {
            let _ = &client;
            let _ = &url;
            return ::resilience_runtime::__private::never::<Result<Page, Error>>();
        }
        '_resilience_body: { client.get(&url).await?.page() }
    })
    .await;
    let outcome = ::resilience_runtime::__private::settle(permit, outcome, |outcome| {
        ::resilience_runtime::__private::Shown::of(outcome).__error()
    });
    outcome
}
