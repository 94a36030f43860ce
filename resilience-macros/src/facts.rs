//! Defines [`Facts`], the properties of one attribute on a function. The module `plan` uses only these properties to
//! decide how the attributes of a function work together.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};

use crate::parse::constant::Constant;

pub(crate) struct Facts {
    pub(crate) attribute: &'static str,
    /// The span of the attribute.
    pub(crate) span: Span,
    pub(crate) runs: Runs,
    /// The cause of each rejection by this attribute, such as `Cause::Circuit` for a circuit. The field is `None` if
    /// the attribute rejects no calls.
    pub(crate) rejects: Option<Cause>,
    /// The causes, such as `Cause::Limit`, of the rejections that this attribute handles. A rejection with another
    /// cause bypasses this attribute. For example, a rejection by a circuit bypasses a retry.
    pub(crate) catches: &'static [Cause],
    pub(crate) time: Time,
    pub(crate) asks: Asks,
    /// The largest number of attempts that the attribute makes for one call. The number is 1 for an attribute that
    /// repeats nothing, such as a timeout. The field is `None` if the number is known only at run time.
    pub(crate) attempts: Option<u32>,
    /// The number of failed attempts that opens the circuit. The field is `None` if no fixed number opens the circuit,
    /// for example with the option `failure_rate`. Only `#[circuit]` sets the field.
    pub(crate) opens: Option<Opens>,
    /// The code whose outcome replaces an error. Only `#[fallback]` sets the field.
    pub(crate) replaces: Option<Replacement>,
    /// The compile error for a function that is not `async`: the reason, and the code to write instead. The field is
    /// `None` if the attribute also works on a function that is not `async`.
    pub(crate) needs_async: Option<&'static str>,
    /// Whether a call may wait in the attribute, for example until a full bulkhead has a free slot.
    pub(crate) waits: bool,
    /// The value of the option `name` of `#[circuit]`, and its span. The value is a literal with its quotes, or the
    /// text of a constant such as `NAME`.
    pub(crate) name: Option<(String, Span)>,
    /// The value of the option `name` of a bulkhead or a rate limit, in the same form as the field `name`.
    pub(crate) name_of_limit: Option<(String, Span)>,
    /// The expression in the option `key` of `#[circuit]`. Each value of the expression has a circuit of its own.
    pub(crate) key: Option<TokenStream>,
    /// Whether the expression `key` contains the attempt number of a retry above this circuit. Two attempts of one call
    /// may then use different circuits.
    pub(crate) per_attempt: bool,
    /// The user's function in the option `retry_after` of `#[circuit]`. The function reads a delay, such as the value
    /// of a `Retry-After` header, from an error. A retry above this circuit calls the function if the retry itself has
    /// no `retry_after`.
    pub(crate) hint: Option<TokenStream>,
    /// The user's function in the option `retry_after_ok` of `#[circuit]`, which reads a delay from an `Ok` value.
    pub(crate) hint_ok: Option<TokenStream>,
    /// The names of the arguments in the option `clone`.
    pub(crate) clones: Vec<Ident>,
    /// The option `attempt` of `#[retry]`: the name of the variable from which the body reads the number of the current
    /// attempt.
    pub(crate) attempt: Option<Ident>,
    /// The user's function in the option `error` of a circuit, a bulkhead or a rate limit. These attributes reject a
    /// call before the body starts. The field is `None` for a timeout, which ends a call after the body has started.
    pub(crate) rejection: Option<TokenStream>,
    /// The constant expressions, such as `LIMIT` or `Self::LIMIT`, that the user wrote in place of literals.
    pub(crate) constants: Vec<Constant>,
    /// The user's expressions, such as `self.limit`, that each call evaluates before its body starts.
    pub(crate) expressions: Vec<TokenStream>,
    /// Whether all calls share the state of this attribute, such as a circuit. If so, a constant in an option cannot
    /// name `Self`, because `Self` may be a different type in another call.
    pub(crate) is_shared: bool,
    /// The user's functions, such as the function in `failure_if`, that the expansion may call after the body has
    /// started.
    pub(crate) late: Vec<TokenStream>,
}

impl Facts {
    /// Creates the properties of an attribute. The parameters are the properties that every attribute must state. All
    /// other properties have defaults.
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
            attempts: Some(1),
            opens: None,
            replaces: None,
            needs_async: None,
            waits: false,
            name: None,
            name_of_limit: None,
            key: None,
            per_attempt: false,
            hint: None,
            hint_ok: None,
            clones: Vec::new(),
            attempt: None,
            rejection: None,
            constants: Vec::new(),
            expressions: Vec::new(),
            is_shared: false,
            late: Vec::new(),
        }
    }
}

/// The code of a `#[fallback]` whose outcome replaces an error.
pub(crate) enum Replacement {
    /// A function that receives all arguments of the decorated function.
    Function,
    /// A closure or a value of the user, which may name arguments of the decorated function.
    Expression(TokenStream),
}

#[derive(Clone, Copy)]
pub(crate) struct Opens {
    pub(crate) threshold: u32,
    pub(crate) by_default: bool,
}

/// How often an attribute runs the function body. Only a body that runs at most once may consume the arguments of a
/// call.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Runs {
    /// The attribute runs the body at most once, so the body may consume the arguments.
    Once,
    /// The attribute needs the arguments again after the body has run, for another attempt or for a fallback function.
    Again,
    /// The attribute runs several attempts of the body at the same time. The attempts share the arguments.
    AtOnce,
}

/// The cause of a rejection: the kind of attribute that rejected the call.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Cause {
    /// A circuit rejected the call. A retry that receives this rejection makes no further attempt.
    Circuit,
    /// A bulkhead or a rate limit rejected the call. A retry that receives this rejection may make another attempt. A
    /// circuit whose `key` contains the number of the attempt also rejects with this cause, because the next attempt
    /// may use another circuit.
    Limit,
    /// A rate limit with the option `tokens` rejected the call. If the call takes more tokens than the `burst` of the
    /// rate limit, a retry that receives this rejection makes no further attempt.
    Tokens,
}

impl Cause {
    pub(crate) const ALL: &'static [Self] = &[Self::Circuit, Self::Limit, Self::Tokens];
}

/// The information about rejected calls that an attribute needs at run time.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Asks {
    /// The attribute treats a rejection like any other outcome.
    Nothing,
    /// The attribute must know whether an attribute below rejected the call.
    Rejected,
    /// The attribute is a retry, and must know whether a circuit below rejected the call. The expansion stores this
    /// information if an attribute between the retry and the circuit handles the rejection, or if each attempt has its
    /// own circuit. In all other cases, the rejection by the circuit bypasses the retry. The expansion also stores
    /// whether a rate limit with the option `tokens` rejected the call.
    ByCircuit,
    /// The attribute is a circuit, and must know whether an attribute below rejected the call. The circuit must also
    /// know whether the call ended at the deadline that the caller has set with the function `deadline`. The expansion
    /// stores this information only if an attribute below can reject calls, or is a timeout.
    ByCaller,
}

/// The longest time that an attribute and the attributes below it take together.
#[derive(Clone, Copy)]
pub(crate) enum Time {
    /// The time of the attributes below, unchanged.
    Same,
    /// The time of the attributes below, limited to this duration. The field is `None` if the macro does not know this
    /// duration.
    AtMost(Option<Duration>),
    /// The time of the attributes below, plus a wait of at most this duration.
    After(Duration),
    /// The time of several attempts, with pauses between the attempts. Each attempt takes the time of the attributes
    /// below.
    Repeated(Pauses),
    /// The time of at most `max` attempts, which start at intervals from `min` to `after`. Each attempt takes the time
    /// of the attributes below.
    Hedged { min: Duration, after: Duration, max: u32 },
    /// A time that is not known at compile time.
    Unknown,
}

/// The pauses between the attempts of a retry, if their lengths are known at compile time.
#[derive(Clone, Copy)]
pub(crate) struct Pauses {
    pub(crate) max: u32,
    /// The length of the first pause in seconds.
    pub(crate) delay: f64,
    /// The ratio of each pause to the previous pause.
    pub(crate) backoff: f64,
}

impl Pauses {
    /// Returns the pause after the attempt with the number `nth`, in seconds. The first attempt has the number 1.
    pub(crate) fn nth(&self, nth: u32) -> f64 {
        self.delay * self.backoff.powf(f64::from(nth) - 1.0)
    }

    /// Returns the sum of all pauses in seconds, for a call that makes `max` attempts.
    pub(crate) fn sum(&self) -> f64 {
        let count = f64::from(self.max) - 1.0;
        let factor = if self.backoff > 1.0 { (self.backoff.powf(count) - 1.0) / (self.backoff - 1.0) } else { count };
        if self.delay > 0.0 { self.delay * factor } else { 0.0 }
    }
}
