//! The measured calls: the scenarios of `docs/performance.md`. Each has the bare call, this crate, other libraries and
//! code written by hand.

use std::hint::black_box;

pub mod service;

mod circuits;
mod layers;
mod retries;

/// One way to make a call.
pub struct Subject {
    pub name: &'static str,
    /// Makes this many calls one after the other, and returns their outcomes, folded to a number. Only a register then
    /// passes through `black_box`. A `Result` in `black_box` costs as much as a whole breaker.
    pub calls: Box<dyn Fn(u64) -> u64 + Send + Sync>,
}

impl Subject {
    fn new(name: &'static str, call: impl Fn(u64) -> u64 + Send + Sync + 'static) -> Self {
        let calls = move |times| {
            let call: &dyn Fn(u64) -> u64 = black_box(&call);
            (0..times).fold(0, |sum: u64, n| sum.wrapping_add(call(n)))
        };
        Self { name, calls: Box::new(calls) }
    }
}

/// One situation, the same for every subject.
pub struct Scenario {
    pub name: &'static str,
    /// Whether the scenario is also measured with two threads at once.
    pub shared: bool,
    /// The subjects, created again for each run; the first is the bare call.
    pub subjects: fn() -> Vec<Subject>,
}

pub const SCENARIOS: [Scenario; 16] = [
    Scenario { name: "closed, succeeds", shared: true, subjects: circuits::succeeds },
    Scenario { name: "open, rejected", shared: true, subjects: circuits::rejected },
    Scenario { name: "closed, fails", shared: false, subjects: circuits::fails },
    Scenario { name: "rules, succeeds", shared: true, subjects: circuits::rules },
    Scenario { name: "rules, fails", shared: false, subjects: circuits::rules_fail },
    Scenario { name: "keyed, succeeds", shared: true, subjects: circuits::keyed },
    Scenario { name: "retry, succeeds at once", shared: false, subjects: retries::succeeds },
    Scenario { name: "retry, fails twice", shared: false, subjects: retries::fails_twice },
    Scenario { name: "retry over circuit, succeeds", shared: false, subjects: retries::over_circuit },
    Scenario { name: "timeout, succeeds", shared: false, subjects: layers::timeout },
    Scenario { name: "bulkhead, succeeds", shared: true, subjects: layers::bulkhead },
    Scenario { name: "rate limit, succeeds", shared: true, subjects: layers::rate_limit },
    Scenario { name: "fallback, succeeds", shared: false, subjects: layers::fallback },
    Scenario { name: "fallback, fails", shared: false, subjects: layers::fallback_fails },
    Scenario { name: "hedge, succeeds", shared: false, subjects: layers::hedge },
    Scenario { name: "stack of four, succeeds", shared: false, subjects: layers::stack },
];

/// Creates a subject. Its call is this expression, a future that uses the number `$n`.
///
/// Each call goes through a pointer, as in an executor. If the compiler inlined the call into the loop, it would
/// compute half of a bare call only once.
macro_rules! subject {
    ($name:expr, |$n:ident| $call:expr) => {
        $crate::Subject::new($name, move |$n| $crate::service::Folded::fold($crate::service::poll($call)))
    };
}
pub(crate) use subject;
