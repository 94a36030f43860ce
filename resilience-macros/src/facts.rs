//! The facts of a layer: all that the stages after the parser may know of it.

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
    /// The causes of the rejections below that this layer has to see. A rejection for another cause passes it.
    pub(crate) catches: &'static [Cause],
    pub(crate) time: Time,
    pub(crate) asks: Asks,
    /// Whether the layer replaces an error by another outcome, and calls a function with the arguments for it.
    pub(crate) replaces: bool,
    /// Whether a call may wait for the layer's permit.
    pub(crate) waits: bool,
    /// The name of a circuit that the program shares, and its span.
    pub(crate) name: Option<(String, Span)>,
    /// The function that finds a hint in an error, for the retries above.
    pub(crate) hint: Option<TokenStream>,
    /// The arguments to clone for each attempt.
    pub(crate) clones: Vec<Ident>,
    /// The name under which the body reads the number of the attempt.
    pub(crate) attempt: Option<Ident>,
    /// The user's functions that the expansion calls after the body has run.
    pub(crate) late: Vec<TokenStream>,
}

impl Facts {
    /// Creates the facts of a layer; the caller has to decide those which every layer must answer.
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
    /// An open circuit rejected the call: retries above it end.
    Circuit,
    /// A limit of the program rejected the call, which says nothing about the service: circuits above it ignore the call.
    Limit,
}

impl Cause {
    /// Every cause.
    pub(crate) const ALL: &'static [Self] = &[Self::Circuit, Self::Limit];
}

/// The rejections below a layer that it tells from other outcomes.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Asks {
    /// The layer treats each outcome in the same way.
    Nothing,
    /// The layer asks whether the call was rejected.
    Rejected,
    /// The layer asks whether a circuit rejected the call, if a layer between them keeps it.
    ByCircuit,
    /// The layer asks whether a limit or the deadline of the caller ended the call, if there can be one.
    ByCaller,
}

/// The longest time that a layer takes, given that of the layers below.
#[derive(Clone, Copy)]
pub(crate) enum Time {
    /// The time of the layers below.
    Same,
    /// The time of the layers below, and never longer than this.
    AtMost(Duration),
    /// A wait of at most this time, and then the layers below.
    After(Duration),
    /// The layers below several times, with pauses between.
    Repeated(Pauses),
    /// The layers below at most `max` times; each attempt starts `after` the one before it.
    Hedged { after: Duration, max: u32 },
    /// A time that the attribute does not tell.
    Unknown,
}

/// The pauses of a retry that are the same for every call.
#[derive(Clone, Copy)]
pub(crate) struct Pauses {
    /// The number of attempts.
    pub(crate) max: u32,
    /// The seconds of the first pause.
    pub(crate) delay: f64,
    /// The factor by which each pause is longer than the one before it.
    pub(crate) backoff: f64,
}

impl Pauses {
    /// Returns the seconds of the pause after the n-th attempt.
    pub(crate) fn nth(&self, nth: u32) -> f64 {
        self.delay * self.backoff.powf(f64::from(nth) - 1.0)
    }

    /// Returns the seconds of all pauses together.
    pub(crate) fn sum(&self) -> f64 {
        let count = f64::from(self.max) - 1.0;
        let factor = if self.backoff > 1.0 { (self.backoff.powf(count) - 1.0) / (self.backoff - 1.0) } else { count };
        if self.delay > 0.0 { self.delay * factor } else { 0.0 }
    }
}
