// #[circuit(with = self.breaker)]
// /// Asks.
// pub async fn ask(&self, question: Question) -> Result<Answer, Error> {
//     self.client.ask(&question).await
// }

#[doc = " Asks."]
pub async fn ask(&self, question: Question) -> Result<Answer, Error> {
    let circuit = match &(self.breaker) {
        held => ::resilience_runtime::__private::Held::new(held),
    };
    let mut permit = match circuit.acquire() {
        ::core::result::Result::Ok(permit) => permit,
        ::core::result::Result::Err(open) => return ::resilience_runtime::__private::rejected(open),
    };
    let outcome = ::resilience_runtime::__private::watch(&mut permit, async move {
        if false {
            let _ = &question;
            let _ = &self;
            return ::resilience_runtime::__private::never::<Result<Answer, Error>>();
        }
        '_resilience_body: { self.client.ask(&question).await }
    })
    .await;
    let outcome = ::resilience_runtime::__private::settle(permit, outcome, |outcome| {
        ::resilience_runtime::__private::Shown::of(outcome).__error()
    });
    outcome
}
