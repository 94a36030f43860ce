//! Defines the decorated functions that the test calls. The table in `resilience-runtime/docs/guide/what_counts.md` has
//! a column for each layer (an attribute such as `#[circuit]`). Each row of the table is a way in which a call can end.
//! Each function has the layer of one column, around a call that ends as one row describes.

use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::time::Duration;

use resilience_runtime::{
    CallError, Hedge, RetryBudget, RetryEvent, RetryPolicy, TokenBucket, bulkhead, circuit, fallback, hedge,
    rate_limit, retry, timeout,
};
use support::Error;

use crate::world::{ERROR_NOT_TO_REPEAT, ERROR_THAT_IS_IGNORED, VALUE_THAT_FAILS, VALUE_TO_REPEAT, World};

pub(crate) type Call = for<'w> fn(&'w World) -> Pin<Box<dyn Future<Output = Result<u32, Error>> + 'w>>;

/// Contains a function for each layer (attribute): circuit, retry, fallback and hedge. `fallbacks` is `None` if the
/// functions use methods instead of attributes, because the library has no method for a fallback.
pub(crate) struct Layers {
    pub(crate) circuit: Call,
    pub(crate) retry: Call,
    /// Two functions with a fallback: the first has `on = "any"`, and the second has `on = "rejected"`.
    pub(crate) fallbacks: Option<(Call, Call)>,
    pub(crate) hedge: Call,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Plain,
    /// The functions have a timeout inside another attribute. If the other attribute is a hedge on the same function,
    /// the timeout also ends the first attempt of the hedge.
    Timeout,
    /// The test resets the circuits while the body runs, so that the outcome of the call no longer changes the state of
    /// the circuits.
    Stale,
}

/// A group of functions with the same inner attributes. The functions differ in their outermost attribute, and in the
/// place of this attribute.
pub(crate) struct Family {
    pub(crate) kind: Kind,
    pub(crate) budget: &'static RetryBudget,
    /// Functions that have the outermost attribute and the inner attributes.
    pub(crate) same: Layers,
    /// Functions that have only the outermost attribute, and call another function with the inner attributes.
    pub(crate) called: Layers,
    /// Functions that use a method such as [`RetryPolicy::call`] instead of the outermost attribute. The method calls
    /// another function, which has the inner attributes.
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
    let retries = world.retries.clone();
    let policy = RetryPolicy::builder()
        .max(2)
        .delay(Duration::ZERO)
        .budget(budget)
        .retry_if(|error: &Error| *error != ERROR_NOT_TO_REPEAT)
        .retry_if_ok(|value: &u32| *value == VALUE_TO_REPEAT)
        .on_retry(move |_: &RetryEvent<'_, Error>| _ = retries.fetch_add(1, Ordering::Relaxed));
    policy.build().unwrap().call(|| below(world)).await
}

async fn hedge_method<'w, F>(world: &'w World, below: impl Fn(&'w World) -> F) -> Result<u32, Error>
where
    F: Future<Output = Result<u32, Error>>,
{
    Hedge::new(Duration::from_millis(800), 2).unwrap().call(|| below(world)).await
}

/// Creates a function for each layer: circuit, retry, fallback and hedge. Each function has the attribute of its layer,
/// then the inner attributes `$below`, and the body `$body`.
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
    // Adds default attributes for the circuit, the retry and the fallback.
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
// The timeout of `SHORT_TIMEOUT` ends a call before `hung_after`, so that `hung_after` does not make the failure.
family!(SHORT_TIMEOUT, Timeout, world, below { #[timeout(5)] });
// `REPEAT` equals `PLAIN`, but has a retry budget (a limit on retries) of its own. The calls of the functions in
// `PLAIN` use up the tokens of their budget.
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
// The outer circuit has a `failure_if` that counts a rejection by the inner circuit as a failure.
family! {
    SELECTED, Plain, world,
    circuit { #[circuit(with = world.above, failure_if = |error| *error != ERROR_THAT_IS_IGNORED)] }
    retry { #[retry(max = 2, delay = 0, budget = BUDGET, on_retry = |_| world.on_retry())] }
    fallback {}
    below { #[circuit(with = world.circuit)] }
}
