// #[circuit(name = "ask")]
// #[bulkhead(max = 1)]
// #[timeout(2)]
// /// Asks.
// pub async fn ask(&self, question: Question) -> Result<Answer, Error> {
//     self.client.ask(&question).await
// }

#[doc = " Asks."]
#[doc = "\n\nWorst case: 2 s."]
pub async fn ask(&self, question: Question) -> Result<Answer, Error> {
    #[bulkhead(__absorbed)]
    const _: () = ();
    #[timeout(__absorbed)]
    const _: () = ();
    let circuit = {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<
            ::resilience_runtime::__private::CircuitBreaker,
        > = ::resilience_runtime::__private::Site::new(
            ::resilience_runtime::__private::CircuitDeclaration::new("ask").placed(),
        );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        &__RESILIENCE_SITE
    };
    let bulkhead = {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Bulkhead> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Bulkhead>::new(
                    "ask",
                    ::core::module_path!(),
                )
                .max(1)
                .placed(),
            );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        &__RESILIENCE_SITE
    };
    let timeout_held = || {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Timeout> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Timeout>::new(
                    "ask",
                    ::core::module_path!(),
                )
                .timeout(::resilience_runtime::__private::Duration::new(2, 0))
                .placed(),
            );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        __RESILIENCE_SITE.get()
    };
    let mut cause = ::resilience_runtime::__private::Cause::None;
    let mut permit = match ::resilience_runtime::__private::admit(circuit.get(), false) {
        ::core::result::Result::Ok(permit) => permit,
        ::core::result::Result::Err(error) => {
            return ::resilience_runtime::__private::Conversion::<Result<Answer, Error>, _>::of(&error)
                .__rejected(error);
        }
    };
    let outcome = 'circuit: {
        let _slot = match ::resilience_runtime::__private::take(bulkhead.get()) {
            ::core::result::Result::Ok(permit) => permit,
            ::core::result::Result::Err(error) => {
                cause = ::resilience_runtime::__private::Cause::Limit;
                ::resilience_runtime::__private::enter(&mut permit);
                let outcome = ::resilience_runtime::__private::Conversion::<Result<Answer, Error>, _>::of(&error)
                    .__rejected(error);
                ::resilience_runtime::__private::leave(&mut permit);
                break 'circuit outcome;
            }
        };
        let mut timeout_by_deadline = false;
        let timeout_allowed =
            ::resilience_runtime::__private::allowed(timeout_held().after(), &mut timeout_by_deadline);
        let mut timeout = ::core::pin::pin!(::resilience_runtime::__private::Timer::new(timeout_allowed));
        let outcome = 'timeout: {
            'timeout_expired: {
                cause = ::resilience_runtime::__private::Cause::None;
                let ::core::option::Option::Some(outcome) = timeout
                    .as_mut()
                    .race(::resilience_runtime::__private::Body::<Result<Answer, Error>>::new().__note(
                        ::resilience_runtime::__private::watch(&mut permit, async move {
                            if false {
                                let _ = &question;
                                let _ = &self;
                                return ::resilience_runtime::__private::never::<Result<Answer, Error>>();
                            }
                            '_resilience_body: { self.client.ask(&question).await }
                        }),
                    ))
                    .await
                else {
                    break 'timeout_expired;
                };
                break 'timeout outcome;
            }
            ::resilience_runtime::__private::enter(&mut permit);
            let error =
                ::resilience_runtime::__private::timed_out(timeout_held(), "ask", timeout_allowed, timeout_by_deadline);
            cause = ::resilience_runtime::__private::Cause::of_timeout(&error);
            let outcome =
                ::resilience_runtime::__private::Conversion::<Result<Answer, Error>, _>::of(&error).__rejected(error);
            ::resilience_runtime::__private::forget_error();
            ::resilience_runtime::__private::leave(&mut permit);
            outcome
        };
        outcome
    };
    let outcome = if cause.is_neutral() {
        ::resilience_runtime::__private::end_by_caller(permit, cause);
        outcome
    } else {
        ::resilience_runtime::__private::settle(
            permit,
            outcome,
            |error| ::resilience_runtime::__private::Shown::of(error).__error(),
            |error| ::resilience_runtime::__private::Search::of(error).__cause(),
        )
    };
    outcome
}
