//! Tests that a user's names do not collide with equal names in the code that the attributes generate.

#[tokio::test]
async fn names_of_the_user_do_not_collide() {
    assert_eq!(shadows::all(1, 1, 1, 1, 1).await.unwrap(), 9);
    assert_eq!(no_prelude::sum(3, 4).await.unwrap(), 7);
    assert_eq!(locals::named_as_ours().await.unwrap(), "ours");
    assert_eq!(methods::of_everything(1).await.unwrap(), 0);
}

mod shadows {
    #![allow(dead_code)] // The test needs only the names of these items.

    struct Ok;
    struct Err;
    struct Some;
    struct None;
    struct Result;
    struct Option;
    struct Duration;
    struct Retry;
    struct Site;
    const SITE: u32 = 3;
    mod std {}
    mod core {}
    mod resilience {}
    const CIRCUIT: u32 = 3;
    fn sleep() {}
    fn watch() {}
    #[allow(unused_macros)]
    macro_rules! declare {
        () => {
            compile_error!("not ours")
        };
    }

    #[resilience_runtime::retry(max = 2, clone(circuit))]
    #[resilience_runtime::circuit(name = "hygiene::shadows")]
    pub(crate) async fn all(circuit: u32, retry: u32, outcome: u32, permit: u32, delay: u32) -> ::std::io::Result<u32> {
        let open = 1;
        ::std::result::Result::Ok(circuit + retry + outcome + permit + delay + open + CIRCUIT)
    }
}

#[no_implicit_prelude]
mod no_prelude {
    #[::resilience_runtime::retry(max = 2)]
    #[::resilience_runtime::circuit(name = "hygiene::no_prelude")]
    pub(crate) async fn sum(left: u32, right: u32) -> ::std::io::Result<u32> {
        ::std::result::Result::Ok(left + right)
    }
}

mod locals {
    /// A macro with a local variable `circuit`. Code that `#[circuit]` generates has a variable with the same name.
    macro_rules! ours {
        ($outcome:ident) => {{
            let circuit = $outcome;
            circuit
        }};
    }

    #[resilience_runtime::retry(max = 2, delay = 0)]
    #[resilience_runtime::circuit(name = "hygiene::locals")]
    pub(crate) async fn named_as_ours() -> std::io::Result<&'static str> {
        let outcome = "ours";
        Ok(ours!(outcome))
    }
}

mod methods {
    use std::fmt::Debug;

    #[allow(dead_code)] // The test needs only the names of these methods.
    trait LogExt {
        fn error(&self) {}
        fn found(&self) {}
    }

    impl<T: Debug> LogExt for T {}

    #[derive(Debug)]
    pub(crate) struct NotShown;

    impl From<resilience_runtime::CircuitOpenError> for NotShown {
        fn from(_: resilience_runtime::CircuitOpenError) -> Self {
            Self
        }
    }

    #[resilience_runtime::retry(max = 2, delay = 0)]
    #[resilience_runtime::circuit(name = "hygiene::methods")]
    pub(crate) async fn of_everything(left: u32) -> Result<u32, NotShown> {
        left.checked_sub(1).ok_or(NotShown)
    }
}
