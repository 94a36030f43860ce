// #[circuit(name = "files")]
// async fn ask<'a>(question: &'a str) -> Result<Answer, Error<'a>> {
//     client().ask(question).await
// }

async fn ask<'a>(question: &'a str) -> Result<Answer, Error<'a>> {
    static __RESILIENCE_FUNCTION: ::resilience_runtime::__private::Function =
        ::resilience_runtime::__private::Function::new("ask", ::core::module_path!(), &["circuit"]);
    ::resilience_runtime::__private::declare!(__RESILIENCE_FUNCTION);
    let circuit = {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<
            ::resilience_runtime::__private::CircuitBreaker,
        > = ::resilience_runtime::__private::Site::new(
            ::resilience_runtime::__private::CircuitDeclaration::new("files")
                .within(&__RESILIENCE_FUNCTION, 0)
                .placed(),
        );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        &__RESILIENCE_SITE
    };
    let mut permit = match ::resilience_runtime::__private::admit(circuit.get(), false) {
        ::core::result::Result::Ok(permit) => permit,
        ::core::result::Result::Err(error) => {
            return ::resilience_runtime::__private::Conversion::<Result<Answer, Error<'a>>, _>::of(&error)
                .__rejected(error);
        }
    };
    let outcome = ::resilience_runtime::__private::Body::<Result<Answer, Error<'a>>>::new()
        .__note(::resilience_runtime::__private::watch(&mut permit, async move {
            if false {
                let _ = &question;
                return ::resilience_runtime::__private::never::<Result<Answer, Error<'a>>>();
            }
            if let ::core::option::Option::Some(fault) =
                ::resilience_runtime::__private::Fault::next(&__RESILIENCE_FUNCTION)
            {
                fault.wait().await;
                fault.without_error();
            }
            '_resilience_body: { client().ask(question).await }
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
