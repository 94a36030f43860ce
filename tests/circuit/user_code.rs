//! Tests that closures, expressions and bodies of the user may call the library. While this code runs, the library must
//! hold no lock, because a call that needs the same lock would hang.

use std::cell::Cell;
use std::fmt;
use std::io;

use resilience_runtime::{
    CircuitBreaker, CircuitOpenError, Classifier, RetryBudget, RetryCost, RetryEvent, RetryPolicy, TokenBucket,
    check_circuits, circuit, fallback, get_circuit, get_circuit_stats, on_transition, retry,
};

use crate::hidden::Hidden;

/// Calls functions of the library that take the lock of a circuit or of the registry (the list of all named circuits).
fn use_library() {
    let breaker = get_circuit("user_code::all").expect("declared by an attribute");
    let _ = breaker.state();
    let _ = breaker.stats();
    drop(breaker.try_acquire());
    let _ = get_circuit_stats();
    let _ = get_circuit("user_code::keyed[7]");
    let _ = check_circuits();
    CircuitBreaker::builder("user_code::builder").register().unwrap();
}

fn used<T>(value: T) -> T {
    use_library();
    value
}

/// An error that calls the library in its `Display` implementation, and in its conversion from a `CircuitOpenError`.
#[derive(Debug)]
struct Chatty;

impl fmt::Display for Chatty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(used("down"))
    }
}

impl From<CircuitOpenError> for Chatty {
    fn from(_: CircuitOpenError) -> Self {
        used(Self)
    }
}

#[retry(
    max = 2,
    delay = 0,
    retry_if = |_| used(true),
    retry_if_ok = |()| used(false),
    on_retry = |_: &RetryEvent<'_, Chatty>| use_library(),
)]
#[circuit(
    name = "user_code::all",
    threshold = 2,
    failure_if = |_| used(true),
    failure_if_ok = |()| used(false),
    retry_after = |_| used(None),
)]
async fn all(works: bool) -> Result<(), Chatty> {
    use_library();
    tokio::task::yield_now().await;
    used(if works { Ok(()) } else { Err(Chatty) })
}

#[circuit(name = "user_code::keyed", key = used(key), max_keys = 2, error = |open| used(io::Error::from(open)))]
async fn keyed(key: u32, works: bool) -> io::Result<()> {
    let _ = key;
    used(if works { Ok(()) } else { Err(io::Error::other("down")) })
}

struct Owner {
    breaker: CircuitBreaker,
    asked: Cell<u32>,
}

impl Owner {
    fn breaker(&self) -> &CircuitBreaker {
        self.asked.set(self.asked.get() + 1);
        let _ = self.breaker.stats();
        used(&self.breaker)
    }

    #[circuit(with = self.breaker())]
    async fn held(&self) -> io::Result<()> {
        let _ = self.breaker.stats();
        used(Ok(()))
    }
}

#[tokio::test]
async fn user_code_may_call_the_library() {
    all(true).await.unwrap();
    let circuit = get_circuit("user_code::all").unwrap();
    all(false).await.unwrap_err();
    circuit.force_open();
    all(true).await.unwrap_err();
    assert!(circuit.stats().total_rejected > 0);
    for key in 0..9 {
        keyed(key, true).await.unwrap();
        keyed(key, false).await.unwrap_err();
    }
    get_circuit("user_code::keyed[8]").unwrap().force_open();
    keyed(8, true).await.unwrap_err();
    let owner = Owner { breaker: CircuitBreaker::builder("owner").build().unwrap(), asked: Cell::new(0) };
    owner.held().await.unwrap();
    assert_eq!(owner.asked.get(), 1);
}

#[circuit(with = flags)]
fn read_flag(flags: &CircuitBreaker) -> Result<bool, Hidden> {
    Err(Hidden::Down)
}

/// Reads a flag from a service. Always fails, because the service is down, or because the circuit `flags` is open.
#[circuit(name = "user_code::flag", threshold = 9999)]
fn flag(flags: &CircuitBreaker) -> Result<bool, Hidden> {
    read_flag(flags)
}

fn is_set(flags: &CircuitBreaker) -> bool {
    flag(flags).unwrap_or(true)
}

/// The circuit of a body that always fails, the circuit of the service with the flags, and the number of attempts of
/// the body.
struct Judged {
    circuit: CircuitBreaker,
    flags: CircuitBreaker,
    attempts: Cell<u32>,
}

static BUDGET: RetryBudget = RetryBudget::bucket(TokenBucket::DEFAULT);

impl Judged {
    fn fail(&self) -> Result<(), Hidden> {
        self.attempts.set(self.attempts.get() + 1);
        Err(Hidden::Down)
    }

    #[circuit(with = self.circuit)]
    #[retry(retry_if = |_| is_set(&self.flags))]
    async fn retry_if(&self) -> Result<(), Hidden> {
        self.fail()
    }

    #[circuit(with = self.circuit)]
    #[retry(retry_after = |_| { is_set(&self.flags); None }, delay = 0)]
    fn retry_after(&self) -> Result<(), Hidden> {
        self.fail()
    }

    #[circuit(with = self.circuit)]
    #[retry(budget = BUDGET, cost = |_| { is_set(&self.flags); RetryCost::Failure })]
    async fn cost(&self) -> Result<(), Hidden> {
        self.fail()
    }

    #[retry]
    #[circuit(with = self.circuit, failure_if = |_| is_set(&self.flags))]
    async fn failure_if(&self) -> Result<(), Hidden> {
        self.fail()
    }

    #[circuit(with = self.circuit)]
    #[retry(with = policy)]
    async fn held(&self, policy: &RetryPolicy<Hidden>) -> Result<(), Hidden> {
        self.fail()
    }

    #[fallback(|_| panic!("no rejection"), on = "rejected")]
    #[retry(retry_if = |_| is_set(&self.flags))]
    async fn fallback(&self) -> Result<(), Hidden> {
        self.fail()
    }

    async fn fail_by(&self, way: u32) {
        let flags = self.flags.clone();
        let failed = match way {
            0 => self.retry_if().await,
            1 => self.retry_after(),
            2 => self.cost().await,
            3 => self.failure_if().await,
            4 => {
                let policy = RetryPolicy::builder().retry_if(move |_: &Hidden| is_set(&flags)).build().unwrap();
                self.held(&policy).await
            }
            5 => self.fallback().await,
            6 => {
                let classifier = Classifier::builder().failure_if(move |_: &Hidden| is_set(&flags)).build().unwrap();
                let call = || self.circuit.call_with(&classifier, || async { self.fail() });
                RetryPolicy::default().call(call).await.map_err(|_| Hidden::Down)
            }
            _ => unreachable!(),
        };
        assert!(matches!(failed, Err(Hidden::Down)), "{way}");
    }
}

#[tokio::test(start_paused = true)]
async fn call_in_rule_does_not_change_outcome_of_body() {
    let circuit = || CircuitBreaker::builder("user_code").threshold(99).build().unwrap();
    for is_open in [false, true] {
        for way in 0..7 {
            let judged = Judged { circuit: circuit(), flags: circuit(), attempts: Cell::new(0) };
            if is_open {
                judged.flags.force_open();
            }
            judged.fail_by(way).await;
            assert_eq!(judged.attempts.get(), 3, "{way}, {is_open}: the circuit of the flags ends no retry");
            let failed = match way {
                3 | 6 => 3,
                5 => 0,
                _ => 1,
            };
            let stats = judged.circuit.stats();
            assert_eq!((stats.total_failed, stats.total_ignored), (failed, 0), "{way}, {is_open}");
        }
    }
}

#[retry(retry_if = |_| is_set(flags))]
async fn calls(open: &CircuitBreaker, flags: &CircuitBreaker, attempts: &Cell<u32>) -> Result<(), Hidden> {
    attempts.set(attempts.get() + 1);
    open.call(|| async { Err(Hidden::Down) }).await.map_err(|_| Hidden::Down)
}

#[tokio::test(start_paused = true)]
async fn failed_call_in_rule_does_not_hide_open_circuit() {
    let circuit = |threshold| CircuitBreaker::builder("user_code").threshold(threshold).build().unwrap();
    let attempts = Cell::new(0);
    calls(&circuit(1), &circuit(99), &attempts).await.unwrap_err();
    assert_eq!(attempts.get(), 1, "the attempt opened the circuit");
}

#[circuit(with = upper)]
#[circuit(with = lower)]
async fn below_two(upper: &CircuitBreaker, lower: &CircuitBreaker) -> Result<(), Hidden> {
    Err(Hidden::Down)
}

#[tokio::test(start_paused = true)]
async fn call_in_callback_does_not_change_outcome_of_body() {
    let circuit = |name, threshold| CircuitBreaker::builder(name).threshold(threshold).build().unwrap();
    let flags = circuit("user_code::flags", 99);
    flags.force_open();
    let _guard = on_transition(move |event| {
        if event.circuit() == Some("user_code::reported") {
            is_set(&flags);
        }
    });

    let (upper, lower) = (circuit("user_code::upper", 99), circuit("user_code::reported", 1));
    below_two(&upper, &lower).await.unwrap_err();
    assert_eq!((upper.stats().total_failed, upper.stats().total_ignored), (1, 0));

    let attempts = Cell::new(0);
    let changes = || async {
        attempts.set(attempts.get() + 1);
        lower.reset();
        Err::<(), _>(Hidden::Down)
    };
    RetryPolicy::default().call(changes).await.unwrap_err();
    assert_eq!(attempts.get(), 3, "the circuit of the flags ends no retry");
}
