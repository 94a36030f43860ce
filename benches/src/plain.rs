//! Defines the subjects of the benchmarks of functions that are not `async`. A subject is one way to make a call.

use std::thread::sleep;
use std::time::Duration;

use backon::{BlockingRetryable, ConstantBuilder, ExponentialBuilder};
use failsafe::CircuitBreaker as _;
use resilience_runtime::{CircuitBreaker, RetryPolicy, circuit, retry};

use crate::Subject;
use crate::service::{Error, Failed, Folded, ask_plainly};

const ATTEMPTS: usize = 3;

/// Creates a subject. The expression `$call` is the outcome of one call, and `$n` is the number of the call.
///
/// As in the macro `subject!`, a benchmark makes each call through a function pointer.
macro_rules! plain {
    ($name:expr, |$n:ident| $call:expr) => {
        Subject::new($name, move |$n| Folded::fold($call))
    };
}

pub(crate) fn circuit_succeeds() -> Vec<Subject> {
    #[circuit(name = "plain_succeeds")]
    fn attribute(n: u64) -> Result<u64, Error> {
        Ok(ask_plainly(n)?)
    }
    let breaker = CircuitBreaker::builder("plain_succeeds").build().unwrap();
    let failsafe = failsafe::Config::new().build();
    vec![
        plain!("bare", |n| ask_plainly(n)),
        plain!("#[circuit]", |n| attribute(n)),
        plain!("call_blocking", |n| breaker.call_blocking(|| ask_plainly(n))),
        plain!("failsafe", |n| failsafe.call(|| ask_plainly(n))),
    ]
}

pub(crate) fn retry_succeeds() -> Vec<Subject> {
    #[retry]
    fn attribute(n: u64) -> Result<u64, Failed> {
        ask_plainly(n)
    }
    let policy = RetryPolicy::default();
    let after_a_second = || ConstantBuilder::default().with_delay(Duration::from_secs(1)).with_max_times(ATTEMPTS - 1);
    vec![
        plain!("bare", |n| ask_plainly(n)),
        plain!("#[retry]", |n| attribute(n)),
        plain!("call_blocking", |n| policy.call_blocking(|| ask_plainly(n))),
        plain!("by hand", |n| {
            let mut made = 0;
            loop {
                match ask_plainly(n) {
                    Err(_) if made + 1 < ATTEMPTS => made += 1,
                    outcome => break outcome,
                }
                sleep(Duration::from_secs(1));
            }
        }),
        plain!("backon", |n| (|| ask_plainly(n)).retry(after_a_second()).sleep(sleep).call()),
        plain!("backon, exponential", |n| {
            (|| ask_plainly(n)).retry(ExponentialBuilder::default()).sleep(sleep).call()
        }),
    ]
}
