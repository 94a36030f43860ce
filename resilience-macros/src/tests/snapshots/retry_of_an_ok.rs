// #[retry(budget = BUDGET, retry_if_ok = Page::is_busy, cost_ok = Page::cost)]
// #[circuit(name = "page", failure_if_ok = Page::is_busy, retry_after_ok = Page::retry_after)]
// async fn fetch(url: String, client: &Client) -> Result<Page, Error> {
//     client.get(&url).await?.page()
// }

async fn fetch(mut url: String, client: &Client) -> Result<Page, Error> {
    #[circuit(__absorbed)]
    const _: () = ();
    let retry_schedule = || {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Retry> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Retry>::new(
                    "fetch",
                    ::core::module_path!(),
                )
                .placed(),
            );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        __RESILIENCE_SITE.get().core()
    };
    let circuit = {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<
            ::resilience_runtime::__private::CircuitBreaker,
        > = ::resilience_runtime::__private::Site::new(
            ::resilience_runtime::__private::CircuitDeclaration::new("page").placed(),
        );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        &__RESILIENCE_SITE
    };
    let mut retry = ::resilience_runtime::__private::Attempts::without_limit();
    let retry_budget: &'static ::resilience_runtime::__private::RetryBudget = &BUDGET;
    retry_budget.call_began();
    loop {
        let delay = {
            if false {
                ::resilience_runtime::__private::list_a_consumed_argument_in_clone! { url }
            }
            let mut permit = match ::resilience_runtime::__private::admit(circuit.get(), retry.is_repeat()) {
                ::core::result::Result::Ok(permit) => permit,
                ::core::result::Result::Err(error) => {
                    retry.reject(retry_schedule, "fetch", &error);
                    return ::resilience_runtime::__private::Conversion::<Result<Page, Error>, _>::of(&error)
                        .__rejected(error);
                }
            };
            let outcome = ::resilience_runtime::__private::Body::<Result<Page, Error>>::new()
                .__note(retry.watch(::resilience_runtime::__private::watch_values(&mut permit, async {
                    if false {
                        let _ = &mut url;
                        return ::resilience_runtime::__private::never::<Result<Page, Error>>();
                    }
                    '_resilience_body: { client.get(&url).await?.page() }
                })))
                .await;
            let outcome = ::resilience_runtime::__private::settle_by(
                permit,
                outcome,
                |error| ::resilience_runtime::__private::Shown::of(error).__error(),
                |error| ::resilience_runtime::__private::Search::of(error).__cause(),
                false,
                |_| true,
                Page::is_busy,
                |_| ::core::option::Option::None,
                Page::retry_after,
            );
            match retry
                .judge(retry_schedule, outcome)
                .rejection(|error| ::resilience_runtime::__private::Search::of(error).__cause())
                .budget(&retry_budget)
                .retry_if_ok(Page::is_busy)
                .cost_ok(Page::cost)
                .retry_after_ok_of(circuit.get(), Page::retry_after)
                .text(|error| ::resilience_runtime::__private::Shown::of(error).__error())
                .circuits(|| [circuit.get()])
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
