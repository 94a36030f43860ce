//! Defines decorated functions, whose behaviour the tests compare with a model.

use std::future::{Ready, ready};

use resilience_runtime::{bulkhead, circuit, fallback, hedge, rate_limit, retry, timeout};

use crate::history::Layer;
use crate::library::{At, BAD_OK, BUDGET, IGNORED, Outcome, Running, World, hint};

fn instead(_: &World, _: At) -> Ready<Outcome> {
    ready(Ok(100))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the function of a fallback has the return type of the decorated function"
)]
fn plain_instead(_: &World, _: At) -> Outcome {
    Ok(100)
}

/// A decorated function. `C` is the type of the function pointer `call`.
pub(crate) struct Function<C> {
    pub(crate) layers: &'static [Layer],
    pub(crate) call: C,
}

type Call = for<'w> fn(&'w World, At) -> Running<'w>;
type PlainCall = fn(&World, At) -> Outcome;

/// Creates a decorated function from words such as `retry2`. Each word adds an attribute to the function, and a
/// [`Layer`] to the list that the model reads. With `plain` as the last word, the function is not `async`.
macro_rules! function {
    ($w:ident [$($layer:ident)*] [$($attribute:tt)*] a $($rest:ident)*) => {
        function!($w [$($layer)* CircuitA] [$($attribute)* #[circuit(with = $w.a)]] $($rest)*)
    };
    ($w:ident [$($layer:ident)*] [$($attribute:tt)*] b $($rest:ident)*) => {
        function!($w [$($layer)* CircuitB] [$($attribute)* #[circuit(
            with = $w.b, failure_if = |error| *error != IGNORED, failure_if_ok = |value| *value == BAD_OK,
            retry_after = hint,
        )]] $($rest)*)
    };
    ($w:ident [$($layer:ident)*] [$($attribute:tt)*] retry2 $($rest:ident)*) => {
        function!($w [$($layer)* Retry2] [$($attribute)* #[retry(max = 2, budget = BUDGET)]] $($rest)*)
    };
    ($w:ident [$($layer:ident)*] [$($attribute:tt)*] retry3 $($rest:ident)*) => {
        function!($w [$($layer)* Retry3] [$($attribute)* #[retry(
            max = 3, delay = 2, retry_if = |error| *error != IGNORED, retry_if_ok = |value| *value == BAD_OK,
            retry_after = hint,
        )]] $($rest)*)
    };
    ($w:ident [$($layer:ident)*] [$($attribute:tt)*] failover $($rest:ident)*) => {
        function!($w [$($layer)* Failover] [$($attribute)* #[retry(max = 2, delay = 0, retry_rejected = true)]] $($rest)*)
    };
    ($w:ident [$($layer:ident)*] [$($attribute:tt)*] timeout $($rest:ident)*) => {
        function!($w [$($layer)* Timeout] [$($attribute)* #[timeout(7)]] $($rest)*)
    };
    ($w:ident [$($layer:ident)*] [$($attribute:tt)*] long $($rest:ident)*) => {
        function!($w [$($layer)* LongTimeout] [$($attribute)* #[timeout(29)]] $($rest)*)
    };
    ($w:ident [$($layer:ident)*] [$($attribute:tt)*] bulkhead $($rest:ident)*) => {
        function!($w [$($layer)* Bulkhead] [$($attribute)* #[bulkhead(with = $w.slots)]] $($rest)*)
    };
    ($w:ident [$($layer:ident)*] [$($attribute:tt)*] rate $($rest:ident)*) => {
        function!($w [$($layer)* RateLimit] [$($attribute)* #[rate_limit(with = $w.rate)]] $($rest)*)
    };
    ($w:ident [$($layer:ident)*] [$($attribute:tt)*] fallback $($rest:ident)*) => {
        function!($w [$($layer)* Fallback] [$($attribute)* #[fallback(instead)]] $($rest)*)
    };
    ($w:ident [$($layer:ident)*] [$($attribute:tt)*] rejected $($rest:ident)*) => {
        function!($w [$($layer)* FallbackRejected] [$($attribute)* #[fallback(instead, on = "rejected")]] $($rest)*)
    };
    ($w:ident [$($layer:ident)*] [$($attribute:tt)*] hedge $($rest:ident)*) => {
        function!($w [$($layer)* Hedge] [$($attribute)* #[hedge(after = 3)]] $($rest)*)
    };
    ($w:ident [$($layer:ident)*] [$($attribute:tt)*] plain) => {{
        #[allow(unused_imports)]
        use plain_instead as instead;

        $($attribute)*
        fn function($w: &World, at: At) -> Outcome {
            $w.plain_body(at)
        }

        Function { layers: &[$(Layer::$layer),*], call: function }
    }};
    ($w:ident [$($layer:ident)*] [$($attribute:tt)*]) => {{
        $($attribute)*
        async fn function($w: &World, at: At) -> Outcome {
            $w.body(at).await
        }

        Function { layers: &[$(Layer::$layer),*], call: |world, at| Box::pin(function(world, at)) }
    }};
}

macro_rules! functions {
    ($name:ident, $call:ty: $($($word:ident)*;)*) => {
        pub(crate) static $name: &[Function<$call>] = &[$(function!(world [] [] $($word)*)),*];
    };
}

functions! {
    FUNCTIONS, Call:
    a;
    retry2;
    retry3;
    failover;
    a failover;
    failover b;
    failover timeout;
    rejected failover rate;
    timeout;
    bulkhead;
    rate;
    fallback;
    rejected;
    hedge;
    a b;
    b a;
    a retry2;
    a retry3;
    b retry3;
    a timeout;
    b timeout;
    a bulkhead;
    b bulkhead;
    a rate;
    a fallback;
    b rejected;
    a hedge;
    b hedge;
    retry2 a;
    retry3 a;
    retry3 b;
    retry2 retry3;
    retry2 timeout;
    retry3 bulkhead;
    retry2 rate;
    retry2 hedge;
    timeout a;
    timeout b;
    long retry2;
    long retry3;
    timeout bulkhead;
    timeout rate;
    timeout fallback;
    timeout hedge;
    bulkhead a;
    bulkhead b;
    bulkhead retry2;
    bulkhead timeout;
    bulkhead rate;
    bulkhead rejected;
    bulkhead hedge;
    rate a;
    rate retry3;
    rate timeout;
    rate hedge;
    fallback a;
    fallback retry2;
    fallback timeout;
    fallback bulkhead;
    rejected a;
    rejected retry3;
    rejected bulkhead;
    rejected rate;
    rejected hedge;
    rejected timeout;
    hedge a;
    hedge b;
    hedge retry2;
    hedge timeout;
    hedge bulkhead;
    hedge rate;
    retry2 a timeout;
    retry3 b timeout;
    a retry2 timeout;
    a retry2 b;
    a timeout b;
    retry3 hedge a;
    hedge retry2 b;
    rejected a bulkhead;
    fallback timeout retry2;
    rate a retry2;
    bulkhead retry3 rate;
    a hedge timeout;
    fallback retry3 a timeout;
    rejected retry2 b bulkhead;
    fallback bulkhead a timeout;
    long retry2 a timeout;
    rate retry2 a hedge;
    a rejected retry2 bulkhead;
    retry2 a rate b;
    long retry2 retry3 b;
    rejected rate bulkhead a retry3 b timeout;
}

functions! {
    PLAIN_FUNCTIONS, PlainCall:
    a plain;
    b plain;
    retry2 plain;
    retry3 plain;
    failover plain;
    bulkhead plain;
    rate plain;
    fallback plain;
    rejected plain;
    a b plain;
    a retry2 plain;
    a retry3 plain;
    b retry3 plain;
    a bulkhead plain;
    b rate plain;
    a fallback plain;
    b rejected plain;
    retry2 a plain;
    retry3 a plain;
    retry3 b plain;
    retry2 retry3 plain;
    failover b plain;
    a failover plain;
    retry3 bulkhead plain;
    retry2 rate plain;
    bulkhead a plain;
    bulkhead retry2 plain;
    bulkhead rejected plain;
    rate b plain;
    rate retry3 plain;
    fallback a plain;
    fallback retry2 plain;
    fallback bulkhead plain;
    rejected b plain;
    rejected retry3 plain;
    rejected rate plain;
    a retry2 b plain;
    retry3 b rate plain;
    rejected a bulkhead plain;
    fallback retry3 a plain;
    rejected retry2 b bulkhead plain;
    retry2 a rate b plain;
    retry2 retry3 b plain;
    rejected rate bulkhead a retry3 b plain;
}
