//! Defines the functions that the test calls. Each function has the layer (attribute) of one column in the table of
//! `resilience-runtime/docs/guide/what_counts.md`. A call of the function ends as one row of the table describes. A
//! plain function is a function that is not `async`.

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

pub(crate) type Outcome = Result<u32, Error>;
/// The type of each function that the test calls. The future of a plain function ends in its first poll.
pub(crate) type Call = for<'w> fn(&'w World<'w>) -> Pin<Box<dyn Future<Output = Outcome> + 'w>>;

/// A function for each layer (attribute).
pub(crate) struct Layers {
    pub(crate) circuit: Call,
    pub(crate) retry: Call,
    /// Two functions with a fallback: the first has `on = "any"`, and the second has `on = "rejected"`. The value is
    /// `None` in [`Places::method`], because no method replaces `#[fallback]`.
    pub(crate) fallbacks: Option<(Call, Call)>,
    /// The value is `None` for plain functions, because a plain function cannot have `#[hedge]`.
    pub(crate) hedge: Option<Call>,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Usual,
    /// The functions have an inner timeout.
    Timeout,
    /// The test resets the circuits while the body runs. Afterwards, the outcome of the call no longer changes the
    /// state of the circuits.
    Stale,
}

/// A group of functions with the same inner attributes. The functions differ in the outermost attribute, and in the
/// place of this attribute ([`Places`]).
pub(crate) struct Family {
    pub(crate) kind: Kind,
    pub(crate) budget: &'static RetryBudget,
    pub(crate) asynchronous: Places,
    pub(crate) plain: Places,
}

pub(crate) struct Places {
    /// Functions that have both the outermost attribute and the inner attributes. The value is `None` for plain
    /// functions with an inner timeout, because a plain function cannot have `#[timeout]`.
    pub(crate) same: Option<Layers>,
    /// Functions that have only the outermost attribute, and call another function with the inner attributes.
    pub(crate) called: Layers,
    /// Functions that use a method such as [`RetryPolicy::call`] instead of the outermost attribute. The method calls a
    /// function with the inner attributes.
    pub(crate) method: Layers,
}

fn instead(world: &World<'_>) -> Ready<Outcome> {
    ready(plain_instead(world))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the function of a fallback has the return type of the decorated function"
)]
fn plain_instead(world: &World<'_>) -> Outcome {
    world.fell_back.set(true);
    Ok(100)
}

async fn circuit_method<'w, F>(world: &'w World<'w>, below: impl Fn(&'w World<'w>) -> F) -> Outcome
where
    F: Future<Output = Outcome>,
{
    let call = async || world.above.call(|| below(world)).await.map_err(CallError::into_error);
    call().await
}

fn policy(world: &World<'_>, budget: &'static RetryBudget) -> RetryPolicy<Error, u32> {
    let retries = world.retries.clone();
    let policy = RetryPolicy::builder()
        .max(2)
        .delay(Duration::ZERO)
        .budget(budget)
        .retry_if(|error: &Error| *error != ERROR_NOT_TO_REPEAT)
        .retry_if_ok(|value: &u32| *value == VALUE_TO_REPEAT)
        .on_retry(move |_: &RetryEvent<'_, Error>| _ = retries.fetch_add(1, Ordering::Relaxed));
    policy.build().unwrap()
}

async fn hedge_method<'w, F>(world: &'w World<'w>, below: impl Fn(&'w World<'w>) -> F) -> Outcome
where
    F: Future<Output = Outcome>,
{
    Hedge::new(Duration::from_millis(800), 2).unwrap().call(|| below(world)).await
}

/// Creates a [`Layers`], and defines its functions. Each function has an outermost attribute, the inner attributes
/// `$below`, and the body `$body`.
macro_rules! layers {
    (
        {$($async:ident)?} {$($await:tt)*} $instead:ident $hedge:expr,
        $world:ident, { $(#[$circuit:meta])* } { $(#[$retry:meta])* } { $(#[$below:meta])* }, $body:expr
    ) => {{
        $(#[$circuit])*
        $(#[$below])*
        $($async)? fn circuit_above($world: &World<'_>) -> Outcome {
            $body
        }

        $(#[$retry])*
        $(#[$below])*
        $($async)? fn retry_above($world: &World<'_>) -> Outcome {
            $body
        }

        #[fallback($instead)]
        $(#[$below])*
        $($async)? fn fallback_above($world: &World<'_>) -> Outcome {
            $body
        }

        #[fallback($instead, on = "rejected")]
        $(#[$below])*
        $($async)? fn fallback_rejected_above($world: &World<'_>) -> Outcome {
            $body
        }

        Layers {
            circuit: |world| Box::pin(async { circuit_above(world) $($await)* }),
            retry: |world| Box::pin(async { retry_above(world) $($await)* }),
            fallbacks: Some((
                |world| Box::pin(async { fallback_above(world) $($await)* }),
                |world| Box::pin(async { fallback_rejected_above(world) $($await)* }),
            )),
            hedge: $hedge,
        }
    }};
    (plain $($rest:tt)*) => { layers!({} {} plain_instead None, $($rest)*) };
    (async $world:ident, $circuit:tt $retry:tt { $(#[$below:meta])* }, $body:expr) => {{
        #[hedge(after = "800ms", max = 2)]
        $(#[$below])*
        async fn hedge_above($world: &World<'_>) -> Outcome {
            $body
        }

        layers!(
            {async} {.await} instead Some(|world| Box::pin(hedge_above(world))),
            $world, $circuit $retry { $(#[$below])* }, $body
        )
    }};
}

macro_rules! family {
    ($name:ident, $kind:ident, $world:ident, below $below:tt) => {
        family! {
            $name, $kind, $world,
            circuit { #[circuit(with = $world.above)] }
            retry { #[retry(max = 2, delay = 0, budget = BUDGET, on_retry = |_| $world.on_retry())] }
            below $below
        }
    };
    ($name:ident, $kind:ident, $world:ident, circuit $circuit:tt retry $retry:tt below { $(#[$below:meta])* }) => {
        pub(crate) static $name: Family = {
            static BUDGET: RetryBudget = RetryBudget::bucket(TokenBucket::DEFAULT);

            $(#[$below])*
            async fn below($world: &World<'_>) -> Outcome {
                $world.body().await
            }

            async fn below_or_well(world: &World<'_>) -> Outcome {
                if world.is_well.get() { world.body().await } else { below(world).await }
            }

            family!(@plain $kind $world { $(#[$below])* });

            Family {
                kind: Kind::$kind,
                budget: &BUDGET,
                asynchronous: Places {
                    same: Some(layers!(async $world, $circuit $retry { $(#[$below])* }, $world.body().await)),
                    called: layers!(async $world, $circuit $retry {}, below_or_well($world).await),
                    method: Layers {
                        circuit: |world| Box::pin(circuit_method(world, below)),
                        retry: |world| Box::pin(async { policy(world, &BUDGET).call(|| below(world)).await }),
                        fallbacks: None,
                        hedge: Some(|world| Box::pin(hedge_method(world, below_or_well))),
                    },
                },
                plain: Places {
                    same: family!(@plain_same $kind $world, $circuit $retry { $(#[$below])* }),
                    called: layers!(plain $world, $circuit $retry {}, plain_below($world)),
                    method: Layers {
                        circuit: |world| Box::pin(async {
                            world.above.call_blocking(|| plain_below(world)).map_err(CallError::into_error)
                        }),
                        retry: |world| Box::pin(async {
                            policy(world, &BUDGET).call_blocking(|| plain_below(world))
                        }),
                        fallbacks: None,
                        hedge: None,
                    },
                },
            }
        };
    };
    (@plain Timeout $world:ident $below:tt) => {
        fn plain_below(world: &World<'_>) -> Outcome {
            world.runtime.block_on(below(world))
        }
    };
    (@plain $kind:ident $world:ident { $(#[$below:meta])* }) => {
        $(#[$below])*
        fn plain_below($world: &World<'_>) -> Outcome {
            $world.plain_body()
        }
    };
    (@plain_same Timeout $($rest:tt)*) => { None };
    (@plain_same $kind:ident $world:ident, $circuit:tt $retry:tt $below:tt) => {
        Some(layers!(plain $world, $circuit $retry $below, $world.plain_body()))
    };
}

/// Returns the time of a timeout whose calls do not start. A literal zero would be a compile error.
fn no_time() -> Duration {
    Duration::ZERO
}

family!(USUAL, Usual, world, below {});
family!(CIRCUIT, Usual, world, below { #[circuit(with = world.circuit)] });
family!(BULKHEAD, Usual, world, below { #[bulkhead(with = world.slots)] });
family!(RATE_LIMIT, Usual, world, below { #[rate_limit(with = world.rate)] });
family!(TIMEOUT, Timeout, world, below { #[timeout(30)] });
// The timeout ends a call before the time `hung_after` (10 s) is over, so only the timeout can cause a failure.
family!(SHORT_TIMEOUT, Timeout, world, below { #[timeout(5)] });
family!(NO_TIME, Timeout, world, below { #[timeout(no_time())] });
family!(STALE, Stale, world, below { #[circuit(with = world.circuit)] });
family! {
    RULES, Usual, world,
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
    below {}
}
// The outer circuit has a `failure_if` that counts a rejection by the inner circuit as a failure.
family! {
    SELECTED, Usual, world,
    circuit { #[circuit(with = world.above, failure_if = |error| *error != ERROR_THAT_IS_IGNORED)] }
    retry { #[retry(max = 2, delay = 0, budget = BUDGET, on_retry = |_| world.on_retry())] }
    below { #[circuit(with = world.circuit)] }
}
