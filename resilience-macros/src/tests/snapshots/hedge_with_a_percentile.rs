// #[timeout(5)]
// #[hedge(after = "p95", min_after = "5ms", max_after = MOST, budget = self.budget)]
// /// Asks.
// pub async fn ask(&self, question: Question) -> Result<Answer, Error> {
//     self.client.ask(&question).await
// }

#[doc = " Asks."]
#[doc = "\n\nWorst case: 5 s."]
pub async fn ask(&self, question: Question) -> Result<Answer, Error> {
    #[hedge(__absorbed)]
    const _: () = ();
    let timeout_held = || {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Timeout> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Timeout>::new(
                    "ask",
                    ::core::module_path!(),
                )
                .timeout(::resilience_runtime::__private::Duration::new(5, 0))
                .placed(),
            );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        __RESILIENCE_SITE.get()
    };
    let hedge_held = || {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Hedge> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Hedge>::new(
                    "ask",
                    ::core::module_path!(),
                )
                .after(::resilience_runtime::__private::HedgeAfter::Percentile(95.0))
                .min_after(::resilience_runtime::__private::Duration::new(0, 5000000))
                .max_after({
                    let __resilience_value: ::resilience_runtime::__private::Duration = MOST;
                    ::resilience_runtime::__private::constant::some_time(
                        __resilience_value,
                        "`max_after` must be longer than zero, and at most 584 years",
                    )
                })
                .checked()
                .placed(),
            );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        __RESILIENCE_SITE.get()
    };
    let hedge_budget = match &(self.budget) {
        held => ::resilience_runtime::__private::HeldBudget::new(held),
    };
    let mut timeout_by_deadline = false;
    let timeout_allowed = ::resilience_runtime::__private::allowed(timeout_held().after(), &mut timeout_by_deadline);
    let mut timeout = ::core::pin::pin!(::resilience_runtime::__private::Timer::new(timeout_allowed));
    let outcome = 'timeout: {
        'timeout_expired: {
            if timeout_allowed.is_zero() {
                break 'timeout_expired;
            }
            let ::core::option::Option::Some((outcome, _)) = timeout
                .as_mut()
                .race(::resilience_runtime::__private::Hedged::new(
                    ::resilience_runtime::__private::Budgeted(
                        ::resilience_runtime::__private::any_hedge(hedge_held()),
                        &hedge_budget,
                    ),
                    [::core::pin::pin!(::core::option::Option::None), ::core::pin::pin!(::core::option::Option::None)],
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
                ))
                .await
            else {
                break 'timeout_expired;
            };
            break 'timeout outcome;
        }
        let error =
            ::resilience_runtime::__private::timed_out(timeout_held(), "ask", timeout_allowed, timeout_by_deadline);
        let outcome =
            ::resilience_runtime::__private::Conversion::<Result<Answer, Error>, _>::of(&error).__rejected(error);
        ::resilience_runtime::__private::forget_error();
        outcome
    };
    outcome
}
