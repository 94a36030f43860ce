//! Defines functions for the generated code of `#[circuit(stream)]`. The generated code calls these functions after the
//! body has returned.
#![allow(missing_docs, clippy::missing_errors_doc)] // Items without docs belong to the hidden module `__private`.

use std::fmt::Display;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::time::Duration;

use futures_core::Stream;

use crate::base::noted::aside;
use crate::base::outcome::Outcome;
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::permit::Permit;
use crate::expansion::cause::Cause;
use crate::expansion::text::Text;
use crate::stream::judge::{Decision, Judge};
use crate::stream::permit::WatchedPermit;
use crate::stream::watch::Watch;
use crate::stream::watched::WatchedStream;

/// A type without values, for a `Result` that is always an `Err`.
#[derive(Debug)]
pub enum NoValue {}

/// Returns the stream of a successful call in `Continue`, or the error of a failed call in `Break`.
#[inline]
pub fn split<R: Outcome>(outcome: R) -> ControlFlow<Result<NoValue, R::Error>, R::Value> {
    match outcome.into_result() {
        Ok(stream) => ControlFlow::Continue(stream),
        Err(error) => ControlFlow::Break(Err(error)),
    }
}

/// Converts a `Result` that is always an `Err` to a `Result` with the `Ok` type `T`.
#[inline]
pub fn join<T, E>(outcome: Result<NoValue, E>) -> Result<T, E> {
    match outcome {
        Ok(none) => match none {},
        Err(error) => Err(error),
    }
}

/// Tells the compiler that the items of a stream have the type `I`. The generated code takes `I` from the signature of
/// the decorated function.
#[inline]
pub fn of_items<I, S: Stream<Item = I>>(stream: S) -> S {
    stream
}

/// A stream whose items are `Result`s.
#[diagnostic::on_unimplemented(
    message = "`stream` needs an `Ok` that is a stream of `Result`s, not `{Self}`",
    label = "not a stream of `Result`s",
    note = "return `Result<impl Stream<Item = Result<T, E>>, E>`, or a boxed stream"
)]
pub trait ResultStream: Stream<Item = Result<Self::Value, Self::Error>> {
    type Value;
    type Error;
}

#[diagnostic::do_not_recommend]
impl<T, E, S: Stream<Item = Result<T, E>>> ResultStream for S {
    type Value = T;
    type Error = E;
}

/// The options of `#[circuit]` that decide whether an item of a stream counts as a failure.
#[derive(Debug)]
pub struct Options<Shown, Find, If, IfOk, After, AfterOk> {
    text: Shown,
    cause: Find,
    asks_first: bool,
    failure_if: If,
    failure_if_ok: IfOk,
    retry_after: After,
    retry_after_ok: AfterOk,
}

impl<T, E, Shown, Find, If, IfOk, After, AfterOk> Judge<T, E> for Options<Shown, Find, If, IfOk, After, AfterOk>
where
    Shown: Text<E>,
    Find: FnOnce(&E) -> Cause,
    If: FnOnce(&E) -> bool,
    IfOk: FnMut(&T) -> bool,
    After: FnOnce(&E) -> Option<Duration>,
    AfterOk: FnMut(&T) -> Option<Duration>,
{
    #[inline]
    fn judge_ok(&mut self, value: &T) -> Option<Decision> {
        aside(|| (self.failure_if_ok)(value)).then(|| Decision::Failure(aside(|| (self.retry_after_ok)(value))))
    }

    fn judge_error(self, error: &E, settle: impl FnOnce(Decision, Option<&dyn Display>)) {
        let Self { text, cause, asks_first, failure_if, retry_after, .. } = self;
        let cause = |error: &E| cause(error).or_noted();
        let neutral = if asks_first {
            (!aside(|| failure_if(error))).then(|| cause(error))
        } else {
            Some(cause(error)).filter(|cause| cause.is_neutral())
        };
        match neutral {
            Some(cause) => settle(Decision::Neutral(cause), None),
            None => {
                let retry_after = aside(|| retry_after(error));
                settle(Decision::Failure(retry_after), text(error));
            }
        }
    }
}

type WatchedByOptions<S, Shown, Find, If, IfOk, After, AfterOk> =
    WatchedStream<S, WatchedPermit<Options<Shown, Find, If, IfOk, After, AfterOk>>>;

/// Moves the permit of a call into the stream that the body has returned. If `at_first_item` is true, the time to the
/// first item decides whether the call was slow.
#[expect(clippy::too_many_arguments, reason = "one for each option, so that the user's closures need no types")]
pub fn watch_stream<S, Shown, Find, If, IfOk, After, AfterOk>(
    breaker: &CircuitBreaker,
    permit: Permit<'_>,
    stream: S,
    at_first_item: bool,
    text: Shown,
    cause: Find,
    asks_first: bool,
    failure_if: If,
    failure_if_ok: IfOk,
    retry_after: After,
    retry_after_ok: AfterOk,
) -> WatchedByOptions<S, Shown, Find, If, IfOk, After, AfterOk>
where
    S: ResultStream,
    Shown: Text<S::Error>,
    Find: FnOnce(&S::Error) -> Cause,
    If: FnOnce(&S::Error) -> bool,
    IfOk: FnMut(&S::Value) -> bool,
    After: FnOnce(&S::Error) -> Option<Duration>,
    AfterOk: FnMut(&S::Value) -> Option<Duration>,
{
    let options = Options { text, cause, asks_first, failure_if, failure_if_ok, retry_after, retry_after_ok };
    watch(breaker, permit, stream, at_first_item, options)
}

/// A boxed stream whose items are `Result`s. A watched stream contains the boxed stream and the permit of the call. The
/// method `boxed` puts a watched stream into a new box of the same type.
#[diagnostic::on_unimplemented(
    message = "`stream` needs an `Ok` that is `impl Stream` or a boxed stream of `Result`s, not `{Self}`",
    label = "neither `impl Stream` nor a boxed stream of `Result`s",
    note = "return `Result<impl Stream<Item = Result<T, E>>, E>`, or a boxed stream"
)]
pub trait BoxedStream:
    Stream<Item = Result<<Self as BoxedStream>::Value, <Self as BoxedStream>::Error>> + Sized
{
    type Value;
    type Error;

    fn boxed<W>(stream: WatchedStream<Self, W>) -> Self
    where
        W: Watch<Self::Item> + Send + 'static;
}

macro_rules! boxed {
    ($($new:path => $lifetime:lifetime, $ty:ty;)*) => {
        $(
            impl<$lifetime, T: $lifetime, E: $lifetime> BoxedStream for $ty {
                type Value = T;
                type Error = E;

                fn boxed<W>(stream: WatchedStream<Self, W>) -> Self
                where
                    W: Watch<Self::Item> + Send + 'static,
                {
                    $new(stream)
                }
            }
        )*
    };
}

boxed! {
    Box::pin => 'a, Pin<Box<dyn Stream<Item = Result<T, E>> + 'a>>;
    Box::pin => 'a, Pin<Box<dyn Stream<Item = Result<T, E>> + Send + 'a>>;
    Box::new => 'a, Box<dyn Stream<Item = Result<T, E>> + Unpin + 'a>;
    Box::new => 'a, Box<dyn Stream<Item = Result<T, E>> + Send + Unpin + 'a>;
}

/// Works like [`watch_stream`], for a function that returns a boxed stream. Puts the watched stream into a new box of
/// the type `S`, because the decorated function must return this type.
#[expect(clippy::too_many_arguments, reason = "one for each option, so that the user's closures need no types")]
pub fn watch_boxed_stream<S, Shown, Find, If, IfOk, After, AfterOk>(
    breaker: &CircuitBreaker,
    permit: Permit<'_>,
    stream: S,
    at_first_item: bool,
    text: Shown,
    cause: Find,
    asks_first: bool,
    failure_if: If,
    failure_if_ok: IfOk,
    retry_after: After,
    retry_after_ok: AfterOk,
) -> S
where
    S: BoxedStream,
    Shown: Text<S::Error> + Send + 'static,
    Find: FnOnce(&S::Error) -> Cause + Send + 'static,
    If: FnOnce(&S::Error) -> bool + Send + 'static,
    IfOk: FnMut(&S::Value) -> bool + Send + 'static,
    After: FnOnce(&S::Error) -> Option<Duration> + Send + 'static,
    AfterOk: FnMut(&S::Value) -> Option<Duration> + Send + 'static,
{
    let options = Options { text, cause, asks_first, failure_if, failure_if_ok, retry_after, retry_after_ok };
    S::boxed(watch(breaker, permit, stream, at_first_item, options))
}

fn watch<S, J>(
    breaker: &CircuitBreaker,
    permit: Permit<'_>,
    stream: S,
    at_first_item: bool,
    judge: J,
) -> WatchedStream<S, WatchedPermit<J>> {
    let mut watch = WatchedPermit::new(breaker.own(permit), judge);
    if at_first_item {
        watch.slow_at_first_item();
    }
    WatchedStream::new(stream, watch)
}
