// #[hedge(with = self.hedge, budget = BUDGET)]
// /// Asks.
// pub async fn ask(&self, question: Question) -> Result<Answer, Error> {
//     self.client.ask(&question).await
// }

#[doc = " Asks."]
pub async fn ask(&self, question: Question) -> Result<Answer, Error> {
    let hedge_held = match &(self.hedge) {
        held => ::resilience_runtime::__private::Owned::<::resilience_runtime::__private::Hedge>::new(held),
    };
    let hedge_budget: &'static ::resilience_runtime::__private::RetryBudget = &BUDGET;
    let (outcome, _) = ::resilience_runtime::__private::Hedged::new(
        ::resilience_runtime::__private::Budgeted(
            ::resilience_runtime::__private::any_hedge(hedge_held.get()),
            &hedge_budget,
        ),
        [
            ::core::pin::pin!(::core::option::Option::None),
            ::core::pin::pin!(::core::option::Option::None),
            ::core::pin::pin!(::core::option::Option::None),
            ::core::pin::pin!(::core::option::Option::None),
            ::core::pin::pin!(::core::option::Option::None),
        ],
        |attempt| {
            ::resilience_runtime::__private::began("ask", attempt);
            async {
                let outcome = {
                    let outcome = async {
                        if false {
                            return ::resilience_runtime::__private::never::<Result<Answer, Error>>();
                        }
                        '_resilience_body: { self.client.ask(&question).await }
                    }
                    .await;
                    outcome
                };
                (outcome, ::resilience_runtime::__private::Cause::None)
            }
        },
    )
    .await;
    outcome
}
