//! Defines the decorated functions that the test calls. Each function has a tested layer, which is a column of the
//! table in `docs/guide/what_counts.md`. The call below this layer ends in a way that is a row of the table.

use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::time::Duration;

use resilience_runtime::{
    CallError, Hedge, RetryBudget, RetryEvent, RetryPolicy, TokenBucket, bulkhead, circuit, fallback, hedge,
    rate_limit, retry, timeout,
};
use support::Error;

use crate::world::{ERROR_NOT_TO_REPEAT, ERROR_THAT_IS_IGNORED, VALUE_THAT_FAILS, VALUE_TO_REPEAT, World};

pub(crate) type Call = for<'w> fn(&'w World) -> Pin<Box<dyn Future<Output = Result<u32, Error>> + 'w>>;

/// One function for each tested layer. `fallbacks` is `None` for methods, because the library has no method for a
/// fallback.
pub(crate) struct Layers {
    pub(crate) circuit: Call,
    pub(crate) retry: Call,
    /// Functions with a fallback: the first has `on = "any"`, and the second has `on = "rejected"`.
    pub(crate) fallbacks: Option<(Call, Call)>,
    pub(crate) hedge: Call,
}

/// The kind of a [`Family`], which changes how the test calls its functions.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Plain,
    /// The layer below the tested layer is a timeout. Below a hedge on the same function, this timeout would end the
    /// first attempt, too.
    Timeout,
    /// The circuits change their state while the body runs, so that the call becomes stale.
    Stale,
}

/// All functions with the same layers below the tested layer, and with the same options of the tested layer.
pub(crate) struct Family {
    pub(crate) kind: Kind,
    pub(crate) budget: &'static RetryBudget,
    /// The tested layer and the layers below it are on the same function.
    pub(crate) same: Layers,
    /// The tested layer is on a function that calls the function with the layers below.
    pub(crate) called: Layers,
    /// The tested layer is a method such as [`RetryPolicy::call`], which calls the function with the layers below.
    pub(crate) method: Layers,
}

fn instead(world: &World) -> Ready<Result<u32, Error>> {
    world.fell_back.set(true);
    ready(Ok(100))
}

async fn circuit_method<'w, F>(world: &'w World, below: impl Fn(&'w World) -> F) -> Result<u32, Error>
where
    F: Future<Output = Result<u32, Error>>,
{
    let call = async || world.above.call(|| below(world)).await.map_err(CallError::into_error);
    call().await
}

async fn retry_method<'w, F>(
    world: &'w World,
    budget: &'static RetryBudget,
    below: impl Fn(&'w World) -> F,
) -> Result<u32, Error>
where
    F: Future<Output = Result<u32, Error>>,
{
    let policy = RetryPolicy::builder()
        .max(2)
        .delay(Duration::ZERO)
        .budget(budget)
        .retry_if(|error: &Error| *error != ERROR_NOT_TO_REPEAT)
        .retry_if_ok(|value: &u32| *value == VALUE_TO_REPEAT)
        .on_retry(|_: &RetryEvent<'_, Error>| world.on_retry());
    policy.build().unwrap().call(|| below(world)).await
}

async fn hedge_method<'w, F>(world: &'w World, below: impl Fn(&'w World) -> F) -> Result<u32, Error>
where
    F: Future<Output = Result<u32, Error>>,
{
    Hedge::new(Duration::from_millis(800), 2).unwrap().call(|| below(world)).await
}

/// Creates a function for each tested layer. Each function has the attribute of the tested layer, then the attributes
/// `$below`, and the body `$body`.
macro_rules! layers {
    (
        $world:ident, { $(#[$circuit:meta])* } { $(#[$retry:meta])* } { $(#[$fallback:meta])* } { $(#[$below:meta])* },
        $body:expr
    ) => {{
        $(#[$circuit])*
        $(#[$below])*
        async fn circuit_above($world: &World) -> Result<u32, Error> {
            $body
        }

        $(#[$retry])*
        $(#[$below])*
        async fn retry_above($world: &World) -> Result<u32, Error> {
            $body
        }

        #[fallback(instead)]
        $(#[$fallback])*
        $(#[$below])*
        async fn fallback_above($world: &World) -> Result<u32, Error> {
            $body
        }

        #[fallback(instead, on = "rejected")]
        $(#[$fallback])*
        $(#[$below])*
        async fn fallback_rejected_above($world: &World) -> Result<u32, Error> {
            $body
        }

        #[hedge(after = "800ms", max = 2)]
        $(#[$below])*
        async fn hedge_above($world: &World) -> Result<u32, Error> {
            $body
        }

        Layers {
            circuit: |world| Box::pin(circuit_above(world)),
            retry: |world| Box::pin(retry_above(world)),
            fallbacks: Some((
                |world| Box::pin(fallback_above(world)),
                |world| Box::pin(fallback_rejected_above(world)),
            )),
            hedge: |world| Box::pin(hedge_above(world)),
        }
    }};
}

macro_rules! family {
    // Adds the attributes of the tested layers, which are the same in most families.
    ($name:ident, $kind:ident, $world:ident, below { $($below:tt)* }) => {
        family! {
            $name, $kind, $world,
            circuit { #[circuit(with = $world.above)] }
            retry { #[retry(max = 2, delay = 0, budget = BUDGET, on_retry = |_| $world.on_retry())] }
            fallback {}
            below { $($below)* }
        }
    };
    (
        $name:ident, $kind:ident, $world:ident,
        circuit { $($circuit:tt)* }
        retry { $($retry:tt)* }
        fallback { $($fallback:tt)* }
        below { $(#[$below:meta])* }
    ) => {
        pub(crate) static $name: Family = {
            static BUDGET: RetryBudget = RetryBudget::bucket(TokenBucket::DEFAULT);

            $(#[$below])*
            async fn below($world: &World) -> Result<u32, Error> {
                $world.body().await
            }

            async fn below_or_well(world: &World) -> Result<u32, Error> {
                if world.is_well.get() { world.body().await } else { below(world).await }
            }

            Family {
                kind: Kind::$kind,
                budget: &BUDGET,
                same: layers!(
                    $world, { $($circuit)* } { $($retry)* } { $($fallback)* } { $(#[$below])* },
                    $world.body().await
                ),
                called: layers!(
                    $world, { $($circuit)* } { $($retry)* } { $($fallback)* } {},
                    below_or_well($world).await
                ),
                method: Layers {
                    circuit: |world| Box::pin(circuit_method(world, below)),
                    retry: |world| Box::pin(retry_method(world, &BUDGET, below)),
                    fallbacks: None,
                    hedge: |world| Box::pin(hedge_method(world, below_or_well)),
                },
            }
        };
    };
}

family!(PLAIN, Plain, world, below {});
family!(CIRCUIT, Plain, world, below { #[circuit(with = world.circuit)] });
family!(BULKHEAD, Plain, world, below { #[bulkhead(with = world.slots)] });
family!(RATE_LIMIT, Plain, world, below { #[rate_limit(with = world.rate)] });
family!(TIMEOUT, Timeout, world, below { #[timeout(30)] });
// A family of its own, because the budget of `PLAIN` has no tokens for more scenarios.
family!(REPEAT, Plain, world, below {});
family!(STALE, Stale, world, below { #[circuit(with = world.circuit)] });
family! {
    RULES, Plain, world,
    circuit { #[circuit(
        with = world.above,
        failure_if = |error| *error != ERROR_THAT_IS_IGNORED,
        failure_if_ok = |value| *value == VALUE_THAT_FAILS,
    )] }
    retry { #[retry(
        max = 2,
        delay = 0,
        budget = BUDGET,
        retry_if = |error| *error != ERROR_NOT_TO_REPEAT,
        retry_if_ok = |value| *value == VALUE_TO_REPEAT,
        on_retry = |_| world.on_retry(),
    )] }
    fallback {}
    below {}
}
// The `failure_if` of the tested circuit counts a rejection by the circuit below as a failure.
family! {
    SELECTED, Plain, world,
    circuit { #[circuit(with = world.above, failure_if = |error| *error != ERROR_THAT_IS_IGNORED)] }
    retry { #[retry(max = 2, delay = 0, budget = BUDGET, on_retry = |_| world.on_retry())] }
    fallback {}
    below { #[circuit(with = world.circuit)] }
}
