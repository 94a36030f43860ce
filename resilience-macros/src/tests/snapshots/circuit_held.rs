// #[circuit(with = self.breaker)]
// /// Asks.
// pub async fn ask(&self, question: Question) -> Result<Answer, Error> {
//     self.client.ask(&question).await
// }

#[doc = " Asks."]
pub async fn ask(&self, question: Question) -> Result<Answer, Error> {
    let circuit = match &(self.breaker) {
        held => ::resilience_runtime::__private::Owned::<::resilience_runtime::__private::CircuitBreaker>::new(held),
    };
    let mut permit = match ::resilience_runtime::__private::admit(circuit.get(), false) {
        ::core::result::Result::Ok(permit) => permit,
        ::core::result::Result::Err(error) => {
            return ::resilience_runtime::__private::Conversion::<Result<Answer, Error>, _>::of(&error)
                .__rejected(error);
        }
    };
    let outcome = ::resilience_runtime::__private::Body::<Result<Answer, Error>>::new()
        .__note(::resilience_runtime::__private::watch(&mut permit, async move {
            if false {
                let _ = &question;
                let _ = &self;
                return ::resilience_runtime::__private::never::<Result<Answer, Error>>();
            }
            '_resilience_body: { self.client.ask(&question).await }
        }))
        .await;
    let outcome = ::resilience_runtime::__private::settle(
        permit,
        outcome,
        |error| ::resilience_runtime::__private::Shown::of(error).__error(),
        |error| ::resilience_runtime::__private::Search::of(error).__cause(),
    );
    outcome
}
