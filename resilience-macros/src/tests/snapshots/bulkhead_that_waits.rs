// #[bulkhead(max = 10, wait = "250ms")]
// /// Sends a message.
// pub async fn send(&mut self, mut to: Vec<u8>, by: impl Into<Name>) -> Result<(), Error> {
//     to.push(0);
//     self.client.send(to, by.into()).await
// }

#[doc = " Sends a message."]
pub async fn send(&mut self, mut to: Vec<u8>, by: impl Into<Name>) -> Result<(), Error> {
    let bulkhead = {
        static BULKHEAD: ::resilience_runtime::__private::LazyLock<::resilience_runtime::__private::Bulkhead> =
            ::resilience_runtime::__private::LazyLock::new(|| {
                ::resilience_runtime::__private::declared_bulkhead(
                    "send",
                    10,
                    ::resilience_runtime::__private::Duration::new(0, 250000000),
                )
            });
        &*BULKHEAD
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
    _slot = match bulkhead.acquire().await {
        ::core::result::Result::Ok(slot) => slot,
        ::core::result::Result::Err(full) => return ::resilience_runtime::__private::rejected(full),
    };
    let outcome = body.as_mut().await;
    outcome
}
