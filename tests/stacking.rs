//! Several attributes on one function: the top one is outermost, whatever they are and however they are spelled.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use resilience_runtime::{CircuitBreaker, CircuitOpenError, CircuitState, circuit, get_circuit, retry};
use tokio::time::{Instant, advance};

#[derive(Debug, PartialEq, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Open(#[from] CircuitOpenError),
    #[error("call {0} failed")]
    Down(u32),
}

/// A service that works from a given call on, and notes when it was called.
struct Service {
    begin: Instant,
    works_from: u32,
    called_at: RefCell<Vec<Duration>>,
}

impl Service {
    fn new(works_from: u32) -> Self {
        Self { begin: Instant::now(), works_from, called_at: RefCell::default() }
    }

    fn down() -> Self {
        Self::new(u32::MAX)
    }

    fn call(&self) -> Result<u32, Error> {
        self.called_at.borrow_mut().push(self.begin.elapsed());
        let call = u32::try_from(self.called_at.borrow().len()).unwrap();
        if call >= self.works_from { Ok(call) } else { Err(Error::Down(call)) }
    }

    /// The whole seconds at which calls arrived.
    fn seconds(&self) -> Vec<u64> {
        self.called_at.borrow().iter().map(Duration::as_secs).collect()
    }
}

fn breaker(name: &str) -> CircuitBreaker {
    get_circuit(name).expect("declared by an attribute")
}

#[retry(max = 3, delay = 1)]
#[circuit(name = "stacking::each_attempt", threshold = 5)]
async fn each_attempt_counts(service: &Service) -> Result<u32, Error> {
    service.call()
}

#[tokio::test(start_paused = true)]
async fn a_circuit_below_a_retry_counts_each_attempt() {
    let service = Service::down();
    assert_eq!(each_attempt_counts(&service).await, Err(Error::Down(3)));
    assert_eq!(service.seconds(), [0, 1, 3]);
    assert_eq!(breaker("stacking::each_attempt").stats().failures, 3);
}

#[circuit(name = "stacking::each_request", threshold = 2)]
#[retry(max = 3, delay = 1)]
async fn each_request_counts(service: &Service) -> Result<u32, Error> {
    service.call()
}

#[tokio::test(start_paused = true)]
async fn a_circuit_above_a_retry_counts_each_request() {
    let service = Service::down();
    assert_eq!(each_request_counts(&service).await, Err(Error::Down(3)));
    assert_eq!(breaker("stacking::each_request").stats().failures, 1);
    assert_eq!(each_request_counts(&service).await, Err(Error::Down(6)));
    assert_eq!(breaker("stacking::each_request").state(), CircuitState::Open);
    assert!(matches!(each_request_counts(&service).await, Err(Error::Open(_))));
    assert_eq!(service.seconds(), [0, 1, 3, 3, 4, 6]);
}

#[retry(max = 5, delay = 1)]
#[circuit(name = "stacking::opens_midway", threshold = 2)]
async fn opens_midway(service: &Service) -> Result<u32, Error> {
    service.call()
}

#[tokio::test(start_paused = true)]
async fn a_retry_ends_without_a_sleep_once_the_circuit_below_is_open() {
    let service = Service::down();
    assert_eq!(opens_midway(&service).await, Err(Error::Down(2)), "the real error, not that the circuit is open");
    assert_eq!(service.begin.elapsed(), Duration::from_secs(1), "no sleep after the attempt that opened it");

    assert!(matches!(opens_midway(&service).await, Err(Error::Open(_))));
    assert_eq!(service.begin.elapsed(), Duration::from_secs(1), "no sleep after a rejection");
    assert_eq!(service.seconds(), [0, 1]);
    assert_eq!(breaker("stacking::opens_midway").stats().total_rejected, 1, "and no attempt after it");
}

#[retry(max = 2, delay = 5)]
#[circuit(name = "stacking::reaches_the_end", threshold = 1, cooldown = 5)]
async fn delay_reaches_the_end(service: &Service) -> Result<u32, Error> {
    service.call()
}

#[tokio::test(start_paused = true)]
async fn a_delay_that_reaches_the_cooldowns_end_is_slept_and_a_trial_follows() {
    let service = Service::new(2);
    assert_eq!(delay_reaches_the_end(&service).await, Ok(2));
    assert_eq!(service.seconds(), [0, 5]);
    assert_eq!(breaker("stacking::reaches_the_end").state(), CircuitState::Closed);
}

#[retry(max = 2, delay = "4999ms")]
#[circuit(name = "stacking::falls_short", threshold = 1, cooldown = 5)]
async fn delay_falls_short(service: &Service) -> Result<u32, Error> {
    service.call()
}

#[tokio::test(start_paused = true)]
async fn a_delay_that_ends_before_the_cooldown_is_not_slept() {
    let service = Service::new(2);
    assert_eq!(delay_falls_short(&service).await, Err(Error::Down(1)));
    assert_eq!(service.begin.elapsed(), Duration::ZERO);
}

#[retry(max = 3, delay = 1)]
#[circuit(name = "stacking::opened_by_another", threshold = 3)]
async fn opened_by_another(service: &Service, during_the_call: bool) -> Result<u32, Error> {
    let answer = service.call();
    if during_the_call {
        fail(&breaker("stacking::opened_by_another"), 3);
    }
    answer
}

fn fail(breaker: &CircuitBreaker, times: u32) {
    for _ in 0..times {
        breaker.try_acquire().unwrap().failure();
    }
}

#[tokio::test(start_paused = true)]
async fn it_does_not_matter_who_opened_the_circuit() {
    let service = Service::down();
    assert_eq!(opened_by_another(&service, true).await, Err(Error::Down(1)));
    assert_eq!(service.begin.elapsed(), Duration::ZERO);

    breaker("stacking::opened_by_another").reset();
    let service = Service::down();
    let (answer, ()) = tokio::join!(opened_by_another(&service, false), async {
        advance(Duration::from_millis(500)).await;
        fail(&breaker("stacking::opened_by_another"), 2);
    });
    assert!(
        matches!(answer, Err(Error::Open(_))),
        "an attempt that is rejected after a sleep ends the retry: {answer:?}"
    );
    assert_eq!(service.seconds(), [0]);
}

#[circuit(name = "stacking::outer", threshold = 2)]
#[retry(max = 3, delay = 1)]
#[circuit(name = "stacking::inner", threshold = 1)]
async fn between_two_circuits(service: &Service) -> Result<u32, Error> {
    service.call()
}

#[tokio::test(start_paused = true)]
async fn a_rejection_below_is_a_failure_of_the_circuit_above() {
    let service = Service::down();
    assert_eq!(between_two_circuits(&service).await, Err(Error::Down(1)));
    let Err(Error::Open(open)) = between_two_circuits(&service).await else { panic!("not rejected") };
    assert_eq!(open.name(), "stacking::inner");
    let Err(Error::Open(open)) = between_two_circuits(&service).await else { panic!("not rejected") };
    assert_eq!(open.name(), "stacking::outer");
    assert_eq!(service.begin.elapsed(), Duration::ZERO);
    assert_eq!(breaker("stacking::inner").stats().total_rejected, 1);
}

#[retry(max = 3, delay = 60)]
#[circuit(name = "stacking::four_upper", threshold = 9)]
#[retry(max = 3, delay = 60)]
#[circuit(name = "stacking::four_lower", threshold = 1, cooldown = 30)]
async fn four_layers(service: &Service) -> Result<u32, Error> {
    service.call()
}

#[tokio::test(start_paused = true)]
async fn a_rejection_ends_every_retry_above_it_even_one_that_would_wait_long_enough() {
    let service = Service::down();
    fail(&breaker("stacking::four_lower"), 1);
    assert!(matches!(four_layers(&service).await, Err(Error::Open(_))));
    assert_eq!((service.begin.elapsed(), service.seconds().len()), (Duration::ZERO, 0));
    assert_eq!(breaker("stacking::four_lower").stats().total_rejected, 1);
    assert_eq!(breaker("stacking::four_upper").stats().failures, 1);
}

#[retry(max = 3, delay = 60)]
#[circuit(name = "stacking::sees_nothing", threshold = 9)]
#[circuit(name = "stacking::says_nothing", threshold = 1, cooldown = 30, open = |_| Error::Down(0))]
async fn rejected_without_a_word(service: &Service) -> Result<u32, Error> {
    service.call()
}

#[tokio::test(start_paused = true)]
async fn a_rejection_ends_the_retry_also_where_the_error_does_not_show_it() {
    let service = Service::down();
    fail(&breaker("stacking::says_nothing"), 1);
    assert_eq!(rejected_without_a_word(&service).await, Err(Error::Down(0)));
    assert_eq!((service.begin.elapsed(), service.seconds().len()), (Duration::ZERO, 0));
}

#[retry(max = 2, delay = 10)]
#[retry(max = 3, delay = 1)]
async fn twice_retried(service: &Service) -> Result<u32, Error> {
    service.call()
}

#[tokio::test(start_paused = true)]
async fn nested_retries_multiply() {
    let service = Service::down();
    assert_eq!(twice_retried(&service).await, Err(Error::Down(6)));
    assert_eq!(service.seconds(), [0, 1, 3, 13, 14, 16]);
}

#[::resilience_runtime::circuit(name = "stacking::paths", threshold = 1)]
#[cfg_attr(all(), resilience_runtime::retry(max = 2, delay = 0))]
async fn spelled_as_paths(service: &Service) -> Result<u32, Error> {
    service.call()
}

#[tokio::test(start_paused = true)]
async fn the_spelling_of_an_attribute_does_not_matter() {
    assert_eq!(spelled_as_paths(&Service::new(2)).await, Ok(2), "the circuit is above the retry");
}

fn is_odd(error: &Error) -> bool {
    matches!(error, Error::Down(call) if call % 2 == 1)
}

#[retry(max = 9, delay = 0, retry_if = is_odd)]
#[circuit(name = "stacking::predicates", threshold = 2, failure_if = |error| !is_odd(error))]
async fn judged(service: &Service) -> Result<u32, Error> {
    service.call()
}

#[tokio::test(start_paused = true)]
async fn predicates_judge_the_error() {
    assert_eq!(judged(&Service::down()).await, Err(Error::Down(2)), "an even call is not tried again");
    let stats = breaker("stacking::predicates").stats();
    assert_eq!((stats.failures, stats.total_ignored), (1, 1), "an odd one is ignored by the circuit");
}

#[retry(max = 2, delay = 0)]
#[circuit(name = "stacking::text", threshold = 1, open = |open| format!("try later: {open}"))]
async fn held_by_a_text(asked: &Cell<u32>) -> Result<(), String> {
    asked.set(asked.get() + 1);
    Err("down".to_owned())
}

#[tokio::test(start_paused = true)]
async fn open_makes_the_error_of_a_rejection() {
    let asked = Cell::new(0);
    assert_eq!(held_by_a_text(&asked).await, Err("down".to_owned()));
    let rejection = "try later: Circuit 'stacking::text' is open. Retry in 30s".to_owned();
    assert_eq!(held_by_a_text(&asked).await, Err(rejection));
    assert_eq!(asked.get(), 1);
}
