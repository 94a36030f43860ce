//! Defines [`Facts`], the properties of a layer, which is one attribute on a function. The module `plan` makes all
//! decisions about the layers of a function from these properties alone.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};

/// The properties of one layer, which is one attribute on a function.
pub(crate) struct Facts {
    /// The name of the attribute, such as `circuit`.
    pub(crate) attribute: &'static str,
    /// The span for errors about the order of the layers.
    pub(crate) span: Span,
    pub(crate) runs: Runs,
    /// The cause of the layer's own rejections, or `None` if the layer rejects no calls.
    pub(crate) rejects: Option<Cause>,
    /// The causes of the rejections that this layer catches. If a layer below rejects a call for another cause, the
    /// error of the rejection skips this layer.
    pub(crate) catches: &'static [Cause],
    pub(crate) time: Time,
    pub(crate) asks: Asks,
    /// The largest number of attempts that the layer makes of one call. It is 1 for a layer that repeats nothing.
    pub(crate) attempts: u32,
    /// The circuit that the failures of one call may open, and the number of failures that opens it.
    pub(crate) opens: Option<Opens>,
    /// Whether the layer replaces an error by the outcome of another function, as a fallback does. The other function
    /// takes the arguments of the call.
    pub(crate) replaces: bool,
    /// Whether a call may wait until the layer admits the call, as in a bulkhead.
    pub(crate) waits: bool,
    /// The value of the option `name` of `#[circuit]`, and its span. All functions of the program share the circuit of
    /// this name.
    pub(crate) name: Option<(String, Span)>,
    /// The expression `key` in `#[circuit]`, which selects one of several circuits with the same name.
    pub(crate) key: Option<TokenStream>,
    /// Whether `key` contains the number of the attempt of a retry above. Each attempt may then use another circuit.
    pub(crate) per_attempt: bool,
    /// The user's function that returns the delay that an error asks for. The retries above this layer call this
    /// function.
    pub(crate) hint: Option<TokenStream>,
    /// The names of the arguments that are cloned for each attempt.
    pub(crate) clones: Vec<Ident>,
    /// The name of the variable that contains the number of the attempt in the body.
    pub(crate) attempt: Option<Ident>,
    /// The functions of the user that the expansion calls after the body has run.
    pub(crate) late: Vec<TokenStream>,
}

impl Facts {
    /// Creates the properties of a layer. The properties that every layer must state are parameters. The other
    /// properties have defaults.
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
            attempts: 1,
            opens: None,
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

/// The number of failed attempts that opens a circuit.
#[derive(Clone, Copy)]
pub(crate) struct Opens {
    pub(crate) threshold: u32,
    /// Whether the attribute does not set the threshold.
    pub(crate) by_default: bool,
}

/// The way in which a layer runs the body, which decides how the body may use the arguments of a call.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Runs {
    /// The layer runs the body at most once. The body may consume the arguments.
    Once,
    /// The layer needs the arguments again after the body has run, for another attempt or for a fallback function.
    Again,
    /// The layer runs several attempts of the body at the same time. The attempts share the arguments.
    AtOnce,
}

/// The cause of a rejection: the kind of layer that rejected the call.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Cause {
    /// A circuit rejected the call. A retry ends if it receives this rejection.
    Circuit,
    /// A bulkhead or a rate limit rejected the call. Circuits above ignore this outcome, because it says nothing about
    /// the service. A circuit whose key contains the number of the attempt also rejects with this cause, because the
    /// next attempt may use another circuit.
    Limit,
}

impl Cause {
    pub(crate) const ALL: &'static [Self] = &[Self::Circuit, Self::Limit];
}

/// The question that a layer asks about rejections by the layers below.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Asks {
    /// The layer asks nothing, and treats a rejection like any other outcome.
    Nothing,
    /// The layer asks whether any layer below rejected the call.
    Rejected,
    /// The layer asks whether a circuit rejected the call. The answer is needed only if a layer between this layer and
    /// the circuit catches the rejection, or if each attempt has its own circuit. Any other rejection by a circuit
    /// skips this layer.
    ByCircuit,
    /// The layer asks whether a layer below rejected the call, or whether the caller's deadline ended the call. The
    /// answer is needed only if a layer below can reject calls, or is a timeout.
    ByCaller,
}

/// The longest time that a layer takes, computed from the time of the layers below.
#[derive(Clone, Copy)]
pub(crate) enum Time {
    /// The time of the layers below.
    Same,
    /// The time of the layers below, limited to this duration.
    AtMost(Duration),
    /// A wait of at most this duration, plus the time of the layers below.
    After(Duration),
    /// The time of several attempts of the layers below, with pauses between them.
    Repeated(Pauses),
    /// The time of at most `max` attempts of the layers below. The attempts start at intervals of `after`.
    Hedged { after: Duration, max: u32 },
    /// A time that is not known at compile time.
    Unknown,
}

/// The pauses of a retry, if they are the same for every call.
#[derive(Clone, Copy)]
pub(crate) struct Pauses {
    /// The maximum number of attempts.
    pub(crate) max: u32,
    /// The length of the first pause in seconds.
    pub(crate) delay: f64,
    /// The factor by which a pause is multiplied to get the next pause.
    pub(crate) backoff: f64,
}

impl Pauses {
    /// Returns the length of the pause after the n-th attempt, counted from 1, in seconds.
    pub(crate) fn nth(&self, nth: u32) -> f64 {
        self.delay * self.backoff.powf(f64::from(nth) - 1.0)
    }

    /// Returns the sum of the pauses of a call that makes `max` attempts, in seconds.
    pub(crate) fn sum(&self) -> f64 {
        let count = f64::from(self.max) - 1.0;
        let factor = if self.backoff > 1.0 { (self.backoff.powf(count) - 1.0) / (self.backoff - 1.0) } else { count };
        if self.delay > 0.0 { self.delay * factor } else { 0.0 }
    }
}
