//! The calls that are measured: every scenario of `docs/performance.md`, and in each the bare call, ours, the peers and
//! what one would write by hand.

pub mod service;

mod circuits;
mod retries;

/// One way to make a call.
pub struct Subject {
    pub name: &'static str,
    /// Makes this many calls one after the other and returns what they came to, folded to a number, so that only a
    /// register goes through `black_box`: a `Result` through it costs as much as a whole breaker.
    pub calls: Box<dyn Fn(u64) -> u64 + Send + Sync>,
}

/// What is asked of every subject alike.
pub struct Scenario {
    pub name: &'static str,
    /// Measured from two threads at once, too.
    pub shared: bool,
    /// Made anew for each run; the first one is the bare call.
    pub subjects: fn() -> Vec<Subject>,
}

pub const SCENARIOS: [Scenario; 6] = [
    Scenario { name: "closed, succeeds", shared: true, subjects: circuits::succeeds },
    Scenario { name: "open, rejected", shared: true, subjects: circuits::rejected },
    Scenario { name: "closed, fails", shared: false, subjects: circuits::fails },
    Scenario { name: "retry, succeeds at once", shared: false, subjects: retries::succeeds },
    Scenario { name: "retry, fails twice", shared: false, subjects: retries::fails_twice },
    Scenario { name: "retry over circuit, succeeds", shared: false, subjects: retries::over_circuit },
];

/// A subject whose call is this expression, a future of the number `$n`.
macro_rules! subject {
    ($name:expr, |$n:ident| $call:expr) => {
        $crate::Subject {
            name: $name,
            calls: Box::new(move |times| {
                let mut sum = 0_u64;
                for $n in 0..times {
                    sum = sum.wrapping_add($crate::service::Folded::fold($crate::service::poll($call)));
                }
                sum
            }),
        }
    };
}
pub(crate) use subject;
