// #[circuit(name = "files")]
// #[bulkhead(max = 8, wait = 1)]
// fn read(path: &Path, mut log: Vec<u8>) -> Result<Page, Error> {
//     log.push(0);
//     fs::read(path)?.page(log)
// }

fn read(path: &Path, mut log: Vec<u8>) -> Result<Page, Error> {
    #[bulkhead(__absorbed)]
    const _: () = ();
    let circuit = {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<
            ::resilience_runtime::__private::CircuitBreaker,
        > = ::resilience_runtime::__private::Site::new(
            ::resilience_runtime::__private::CircuitDeclaration::new("files").placed(),
        );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        &__RESILIENCE_SITE
    };
    let bulkhead = {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<::resilience_runtime::__private::Bulkhead> =
            ::resilience_runtime::__private::Site::new(
                ::resilience_runtime::__private::LayerDeclaration::<::resilience_runtime::__private::Bulkhead>::new(
                    "read",
                    ::core::module_path!(),
                )
                .max(8)
                .wait(::resilience_runtime::__private::Duration::new(1, 0))
                .placed(),
            );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        &__RESILIENCE_SITE
    };
    let mut cause = ::resilience_runtime::__private::Cause::None;
    let mut permit = match ::resilience_runtime::__private::admit(circuit.get(), false) {
        ::core::result::Result::Ok(permit) => permit,
        ::core::result::Result::Err(error) => {
            return ::resilience_runtime::__private::Conversion::<Result<Page, Error>, _>::of(&error).__rejected(error);
        }
    };
    let outcome = 'circuit: {
        let _slot = {
            ::resilience_runtime::__private::wait(&mut permit);
            let acquired = ::resilience_runtime::__private::blocking::acquire(bulkhead.get());
            ::resilience_runtime::__private::resume(&mut permit);
            match acquired {
                ::core::result::Result::Ok(permit) => permit,
                ::core::result::Result::Err(error) => {
                    cause = ::resilience_runtime::__private::Cause::Limit;
                    ::resilience_runtime::__private::enter(&mut permit);
                    let outcome = ::resilience_runtime::__private::Conversion::<Result<Page, Error>, _>::of(&error)
                        .__rejected(error);
                    ::resilience_runtime::__private::leave(&mut permit);
                    break 'circuit outcome;
                }
            }
        };
        cause = ::resilience_runtime::__private::Cause::None;
        let outcome = ::resilience_runtime::__private::blocking::run(
            ::resilience_runtime::__private::Body::<Result<Page, Error>>::new().__note_blocking(
                ::resilience_runtime::__private::blocking::watch(&mut permit, move || {
                    if false {
                        let _ = &log;
                        let _ = &path;
                        return ::resilience_runtime::__private::never::<Result<Page, Error>>();
                    }
                    '_resilience_body: {
                        log.push(0);
                        fs::read(path)?.page(log)
                    }
                }),
            ),
        );
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
