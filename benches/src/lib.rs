//! Defines the calls that the benchmarks measure. A scenario is one situation of a call, such as a success through a
//! closed circuit. Each scenario makes the call in several ways: without a library, through this crate, through another
//! library, or with handwritten code. The file `docs/performance.md` contains the results.

use std::hint::black_box;

pub mod service;

mod circuits;
mod layers;
mod plain;
mod retries;

/// One way to make a call, such as the bare call without any library, or the call through one library.
pub struct Subject {
    pub name: &'static str,
    /// Makes the given number of calls one after the other. Converts each outcome to a number, and returns the sum of
    /// the numbers. The caller passes only this sum through `black_box`. A `black_box` for each `Result` would take as
    /// much time as a circuit breaker adds to a call.
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

/// One situation of a call, such as a success through a closed circuit. The benchmarks make the call in several ways.
pub struct Scenario {
    pub name: &'static str,
    /// Whether the benchmarks also measure this situation with two threads at once.
    pub shared: bool,
    /// Creates the subjects of the scenario. The first subject makes the call without any library.
    pub subjects: fn() -> Vec<Subject>,
}

pub const SCENARIOS: [Scenario; 20] = [
    Scenario { name: "closed, succeeds", shared: true, subjects: circuits::succeeds },
    Scenario { name: "open, rejected", shared: true, subjects: circuits::rejected },
    Scenario { name: "closed, fails", shared: false, subjects: circuits::fails },
    Scenario { name: "rules, succeeds", shared: true, subjects: circuits::rules },
    Scenario { name: "rules, fails", shared: false, subjects: circuits::rules_fail },
    Scenario { name: "keyed, succeeds", shared: true, subjects: circuits::keyed },
    Scenario { name: "retry, succeeds at once", shared: false, subjects: retries::succeeds },
    Scenario { name: "retry, fails twice", shared: false, subjects: retries::fails_twice },
    Scenario { name: "retry over circuit, succeeds", shared: false, subjects: retries::over_circuit },
    Scenario { name: "plain circuit, succeeds", shared: false, subjects: plain::circuit_succeeds },
    Scenario { name: "plain retry, succeeds at once", shared: false, subjects: plain::retry_succeeds },
    Scenario { name: "timeout, succeeds", shared: false, subjects: layers::timeout },
    Scenario { name: "bulkhead, succeeds", shared: true, subjects: layers::bulkhead },
    Scenario { name: "bulkhead, owned slot", shared: true, subjects: layers::owned_slot },
    Scenario { name: "rate limit, succeeds", shared: true, subjects: layers::rate_limit },
    Scenario { name: "rate limit, until ready", shared: true, subjects: layers::until_ready },
    Scenario { name: "fallback, succeeds", shared: false, subjects: layers::fallback },
    Scenario { name: "fallback, fails", shared: false, subjects: layers::fallback_fails },
    Scenario { name: "hedge, succeeds", shared: false, subjects: layers::hedge },
    Scenario { name: "stack of four, succeeds", shared: false, subjects: layers::stack },
];

/// Creates a subject. The expression `$call` is the future of one call, and `$n` is the number of the call.
///
/// The benchmark makes each call through a function pointer, as an executor polls a task. Without the pointer, the
/// compiler would inline the call into the benchmark's loop. For a call without a library, the compiler would then move
/// half of the work out of the loop.
macro_rules! subject {
    ($name:expr, |$n:ident| $call:expr) => {
        $crate::Subject::new($name, move |$n| $crate::service::Folded::fold($crate::service::poll($call)))
    };
}
pub(crate) use subject;
