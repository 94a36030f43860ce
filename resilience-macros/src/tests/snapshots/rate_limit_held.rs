// #[rate_limit(with = LIMIT, error = Error::limited)]
// /// Sends a message.
// pub async fn send(&mut self, mut to: Vec<u8>, by: impl Into<Name>) -> Result<(), Error> {
//     to.push(0);
//     self.client.send(to, by.into()).await
// }

#[doc = " Sends a message."]
pub async fn send(&mut self, mut to: Vec<u8>, by: impl Into<Name>) -> Result<(), Error> {
    let rate_limit = match &(LIMIT) {
        held => ::resilience_runtime::__private::Owned::<::resilience_runtime::__private::RateLimit>::new(held),
    };
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
    let () = {
        let acquired = rate_limit.get().acquire().await;
        match acquired {
            ::core::result::Result::Ok(permit) => permit,
            ::core::result::Result::Err(error) => {
                return ::resilience_runtime::__private::rejected_with::<Result<(), Error>, _>(error, Error::limited);
            }
        }
    };
    let outcome = body.as_mut().await;
    outcome
}
