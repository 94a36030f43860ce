// #[circuit(name = "files")]
// fn read(files: &Files, mut path: PathBuf, limit: u32) -> Result<Page, Error> {
//     path = files.resolve(path)?;
//     files.read(&path, limit)
// }

fn read(files: &Files, path: PathBuf, limit: u32) -> Result<Page, Error> {
    let circuit = {
        static __RESILIENCE_SITE: ::resilience_runtime::__private::Site<
            ::resilience_runtime::__private::CircuitBreaker,
        > = ::resilience_runtime::__private::Site::new(
            ::resilience_runtime::__private::CircuitDeclaration::new("files").placed(),
        );
        ::resilience_runtime::__private::declare!(__RESILIENCE_SITE);
        &__RESILIENCE_SITE
    };
    let mut permit = match ::resilience_runtime::__private::admit(circuit.get(), false) {
        ::core::result::Result::Ok(permit) => permit,
        ::core::result::Result::Err(error) => {
            return ::resilience_runtime::__private::Conversion::<Result<Page, Error>, _>::of(&error).__rejected(error);
        }
    };
    let outcome = ::resilience_runtime::__private::blocking::run(
        ::resilience_runtime::__private::Body::<Result<Page, Error>>::new().__note_blocking(
            ::resilience_runtime::__private::blocking::watch(&mut permit, move || {
                ::resilience_runtime::__private::blocking::pass(
                    path,
                    limit,
                    (),
                    (),
                    (),
                    (),
                    move |mut path, limit, (), (), (), ()| {
                        if false {
                            let _ = &files;
                            return ::resilience_runtime::__private::never::<Result<Page, Error>>();
                        }
                        '_resilience_body: {
                            path = files.resolve(path)?;
                            files.read(&path, limit)
                        }
                    },
                )
            }),
        ),
    );
    let outcome = ::resilience_runtime::__private::settle(
        permit,
        outcome,
        |error| ::resilience_runtime::__private::Shown::of(error).__error(),
        |error| ::resilience_runtime::__private::Search::of(error).__cause(),
    );
    outcome
}
