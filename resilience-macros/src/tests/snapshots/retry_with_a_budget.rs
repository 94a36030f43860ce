// #[retry(budget = RetryBudget::new(0.1), cost = cost, clone(to))]
// /// Sends a message.
// pub async fn send(&mut self, mut to: Vec<u8>, by: impl Into<Name>) -> Result<(), Error> {
//     to.push(0);
//     self.client.send(to, by.into()).await
// }

#[doc = " Sends a message."]
pub async fn send(&mut self, to: Vec<u8>, mut by: impl Into<Name>) -> Result<(), Error> {
    let retry_schedule = || {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Retry> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Retry>::new(
                    "send",
                    ::core::module_path!(),
                )
                .placed(),
            );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        __RESILIENCE_SITE.get().core()
    };
    let mut retry = ::resilience_runtime::__private::Attempts::without_limit();
    let retry_budget: &'static ::resilience_runtime::__private::RetryBudget = {
        static __RESILIENCE_BUDGET: ::resilience_runtime::__private::RetryBudget = RetryBudget::new(0.1);
        &__RESILIENCE_BUDGET
    };
    retry_budget.call_began();
    loop {
        let delay = {
            if false {
                ::resilience_runtime::__private::list_a_consumed_argument_in_clone! { by }
            }
            let outcome = {
                let mut to = ::core::clone::Clone::clone(&to);
                let outcome = retry
                    .watch(async {
                        if false {
                            let _ = &mut *self;
                            let _ = &mut by;
                            return ::resilience_runtime::__private::never::<Result<(), Error>>();
                        }
                        '_resilience_body: {
                            to.push(0);
                            self.client.send(to, by.into()).await
                        }
                    })
                    .await;
                outcome
            };
            match retry
                .judge(retry_schedule, outcome)
                .rejection(|error| ::resilience_runtime::__private::Search::of(error).__cause())
                .budget(&retry_budget)
                .cost(cost)
                .text(|error| ::resilience_runtime::__private::Shown::of(error).__error())
                .circuits(|| [])
                .next("send")
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
