// #[timeout(5, error = Error::late)]
// /// Sends a message.
// pub async fn send(&mut self, mut to: Vec<u8>, by: impl Into<Name>) -> Result<(), Error> {
//     to.push(0);
//     self.client.send(to, by.into()).await
// }

#[doc = " Sends a message."]
#[doc = "\n\nWorst case: 5 s."]
pub async fn send(&mut self, mut to: Vec<u8>, by: impl Into<Name>) -> Result<(), Error> {
    let timeout_held = || {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Timeout> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Timeout>::new(
                    "send",
                    ::core::module_path!(),
                )
                .timeout(::resilience_runtime::__private::Duration::new(5, 0))
                .placed(),
            );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        __RESILIENCE_SITE.get()
    };
    let mut timeout_by_deadline = false;
    let timeout_allowed = ::resilience_runtime::__private::allowed(timeout_held().after(), &mut timeout_by_deadline);
    let mut timeout = ::core::pin::pin!(::resilience_runtime::__private::Timer::new(timeout_allowed));
    let outcome = 'timeout: {
        'timeout_expired: {
            let ::core::option::Option::Some(outcome) = timeout
                .as_mut()
                .race(async move {
                    if false {
                        let _ = &by;
                        let _ = &to;
                        let _ = &self;
                        return ::resilience_runtime::__private::never::<Result<(), Error>>();
                    }
                    '_resilience_body: {
                        to.push(0);
                        self.client.send(to, by.into()).await
                    }
                })
                .await
            else {
                break 'timeout_expired;
            };
            break 'timeout outcome;
        }
        let error =
            ::resilience_runtime::__private::timed_out(timeout_held(), "send", timeout_allowed, timeout_by_deadline);
        let outcome = ::resilience_runtime::__private::rejected_with::<Result<(), Error>, _>(error, Error::late);
        ::resilience_runtime::__private::forget_error();
        outcome
    };
    outcome
}
