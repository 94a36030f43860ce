// #[fallback(value = to, clone(to))]
// #[circuit(name = "send")]
// /// Sends a message.
// pub async fn send(&mut self, mut to: Vec<u8>, by: impl Into<Name>) -> Result<(), Error> {
//     to.push(0);
//     self.client.send(to, by.into()).await
// }

#[doc = " Sends a message."]
pub async fn send(&mut self, to: Vec<u8>, by: impl Into<Name>) -> Result<(), Error> {
    #[circuit(__absorbed)]
    const _: () = ();
    let fallback_held = || {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Fallback> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Fallback>::new(
                    "send",
                    ::core::module_path!(),
                )
                .placed(),
            );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        __RESILIENCE_SITE.get()
    };
    let circuit = {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<
            ::resilience_runtime::__private::CircuitBreaker,
        > = ::resilience_runtime::__private::Site::new(
            ::resilience_runtime::__private::CircuitDeclaration::new("send").placed(),
        );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        &__RESILIENCE_SITE
    };
    let outcome = 'fallback: {
        let mut permit = match ::resilience_runtime::__private::admit(circuit.get(), false) {
            ::core::result::Result::Ok(permit) => permit,
            ::core::result::Result::Err(error) => {
                let outcome =
                    ::resilience_runtime::__private::Conversion::<Result<(), Error>, _>::of(&error).__rejected(error);
                break 'fallback outcome;
            }
        };
        let outcome = {
            ::resilience_runtime::__private::enter(&mut permit);
            let mut to = ::core::clone::Clone::clone(&to);
            ::resilience_runtime::__private::leave(&mut permit);
            let outcome = ::resilience_runtime::__private::Body::<Result<(), Error>>::new()
                .__note(::resilience_runtime::__private::watch(&mut permit, async {
                    if false {
                        let _held = by;
                        let _held = self;
                        return ::resilience_runtime::__private::never::<Result<(), Error>>();
                    }
                    '_resilience_body: {
                        to.push(0);
                        self.client.send(to, by.into()).await
                    }
                }))
                .await;
            outcome
        };
        let outcome = ::resilience_runtime::__private::settle(
            permit,
            outcome,
            |error| ::resilience_runtime::__private::Shown::of(error).__error(),
            |error| ::resilience_runtime::__private::Search::of(error).__cause(),
        );
        outcome
    };
    let turned = ::resilience_runtime::__private::fall_back(
        outcome,
        |_| true,
        "send",
        |error| ::resilience_runtime::__private::Shown::of(error).__error(),
    );
    let outcome = ::resilience_runtime::__private::replace(turned, fallback_held, |_| ::core::result::Result::Ok(to));
    outcome
}
