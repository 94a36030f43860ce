// #[bulkhead(max = 10, wait = "250ms")]
// /// Sends a message.
// pub async fn send(&mut self, mut to: Vec<u8>, by: impl Into<Name>) -> Result<(), Error> {
//     to.push(0);
//     self.client.send(to, by.into()).await
// }

#[doc = " Sends a message."]
pub async fn send(&mut self, mut to: Vec<u8>, by: impl Into<Name>) -> Result<(), Error> {
    let bulkhead = {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Bulkhead> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Bulkhead>::new(
                    "send",
                    ::core::module_path!(),
                )
                .max(10)
                .wait(::resilience_runtime::__private::Duration::new(0, 250000000))
                .placed(),
            );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        &__RESILIENCE_SITE
    };
    let _slot;
    let mut body = ::core::pin::pin!(async move {
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
    });
    _slot = {
        let acquired = ::resilience_runtime::__private::acquire(bulkhead.get()).await;
        match acquired {
            ::core::result::Result::Ok(permit) => permit,
            ::core::result::Result::Err(error) => {
                return ::resilience_runtime::__private::Conversion::<Result<(), Error>, _>::of(&error)
                    .__rejected(error);
            }
        }
    };
    let outcome = body.as_mut().await;
    outcome
}
