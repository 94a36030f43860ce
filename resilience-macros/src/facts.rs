//! The facts of a layer. The stages after the parser know only these facts.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};

/// The facts of one layer.
pub(crate) struct Facts {
    /// The name of the attribute.
    pub(crate) attribute: &'static str,
    /// The tokens that an error about the order of the layers points to.
    pub(crate) span: Span,
    pub(crate) runs: Runs,
    /// The cause of the layer's own rejections, if it rejects calls.
    pub(crate) rejects: Option<Cause>,
    /// The causes of rejections below that this layer catches. Any other rejection passes by the layer.
    pub(crate) catches: &'static [Cause],
    pub(crate) time: Time,
    pub(crate) asks: Asks,
    /// Whether the layer replaces an error by the outcome of a function that takes the arguments.
    pub(crate) replaces: bool,
    /// Whether a call may wait for the layer's permit.
    pub(crate) waits: bool,
    /// The name of a circuit that the program shares, and its span.
    pub(crate) name: Option<(String, Span)>,
    /// The key of a circuit.
    pub(crate) key: Option<TokenStream>,
    /// Whether the key names the attempt of a retry above, so that each attempt may have another circuit.
    pub(crate) per_attempt: bool,
    /// The function that finds a hint in an error, for the retries above.
    pub(crate) hint: Option<TokenStream>,
    /// The arguments to clone for each attempt.
    pub(crate) clones: Vec<Ident>,
    /// The variable that holds the number of the attempt for the body.
    pub(crate) attempt: Option<Ident>,
    /// The user's functions that the expansion calls after the body has run.
    pub(crate) late: Vec<TokenStream>,
}

impl Facts {
    /// Creates the facts of a layer. The parameters are the facts that every layer must state; all other facts have a
    /// default.
    pub(crate) fn new(
        attribute: &'static str,
        span: Span,
        runs: Runs,
        rejects: Option<Cause>,
        catches: &'static [Cause],
        time: Time,
    ) -> Self {
        Self {
            attribute,
            span,
            runs,
            rejects,
            catches,
            time,
            asks: Asks::Nothing,
            replaces: false,
            waits: false,
            name: None,
            key: None,
            per_attempt: false,
            hint: None,
            clones: Vec::new(),
            attempt: None,
            late: Vec::new(),
        }
    }
}

/// The number of times that a layer uses the arguments of a call.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Runs {
    /// The layer runs the body once, which may consume the arguments.
    Once,
    /// The layer needs the arguments again after the body has run.
    Again,
    /// The layer runs attempts at the same time, which share the arguments.
    AtOnce,
}

/// The cause of a rejection.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Cause {
    /// An open circuit rejected the call. Each retry above the circuit ends.
    Circuit,
    /// A bulkhead or a rate limit rejected the call. Circuits above ignore it, because it says nothing about the
    /// service.
    Limit,
}

impl Cause {
    /// Every cause.
    pub(crate) const ALL: &'static [Self] = &[Self::Circuit, Self::Limit];
}

/// The rejections below a layer that the layer distinguishes from other outcomes.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Asks {
    /// The layer treats each outcome in the same way.
    Nothing,
    /// The layer asks whether the call was rejected.
    Rejected,
    /// The layer asks whether a circuit rejected the call. It asks only if a layer between it and the circuit catches
    /// the rejection.
    ByCircuit,
    /// The layer asks whether a bulkhead, a rate limit or the caller's deadline ended the call. It asks only if the
    /// stack has such a layer below.
    ByCaller,
}

/// The longest time that a layer takes, given the time of the layers below.
#[derive(Clone, Copy)]
pub(crate) enum Time {
    /// The time of the layers below.
    Same,
    /// The time of the layers below, at most this time.
    AtMost(Duration),
    /// A wait of at most this time, plus the time of the layers below.
    After(Duration),
    /// The time of several attempts of the layers below, with pauses between them.
    Repeated(Pauses),
    /// The time of at most `max` attempts of the layers below. Each attempt starts `after` the previous one.
    Hedged { after: Duration, max: u32 },
    /// A time that the attribute does not determine.
    Unknown,
}

/// The pauses of a retry whose pauses are the same for every call.
#[derive(Clone, Copy)]
pub(crate) struct Pauses {
    /// The number of attempts.
    pub(crate) max: u32,
    /// The seconds of the first pause.
    pub(crate) delay: f64,
    /// The factor from each pause to the next.
    pub(crate) backoff: f64,
}

impl Pauses {
    /// Returns the length of the pause after the n-th attempt, in seconds.
    pub(crate) fn nth(&self, nth: u32) -> f64 {
        self.delay * self.backoff.powf(f64::from(nth) - 1.0)
    }

    /// Returns the sum of all pauses, in seconds.
    pub(crate) fn sum(&self) -> f64 {
        let count = f64::from(self.max) - 1.0;
        let factor = if self.backoff > 1.0 { (self.backoff.powf(count) - 1.0) / (self.backoff - 1.0) } else { count };
        if self.delay > 0.0 { self.delay * factor } else { 0.0 }
    }
}
