//! Tests circuits and retries on one function.

use std::cell::Cell;
use std::time::Duration;

use resilience_runtime::{CircuitBreaker, CircuitState, circuit, get_circuit, retry};
use support::{Error, Service};
use tokio::time::advance;

fn breaker(name: &str) -> CircuitBreaker {
    get_circuit(name).expect("declared by an attribute")
}

#[retry(max = 3, delay = 1)]
#[circuit(name = "circuit_and_retry::each_attempt", threshold = 5)]
async fn each_attempt_counts(service: &Service) -> Result<u32, Error> {
    service.call()
}

#[tokio::test(start_paused = true)]
async fn circuit_below_retry_counts_each_attempt() {
    let service = Service::down();
    assert_eq!(each_attempt_counts(&service).await, Err(Error::Failed(3)));
    assert_eq!(service.calls.seconds(), [0, 1, 3]);
    let stats = breaker("circuit_and_retry::each_attempt").stats();
    assert_eq!((stats.failures, stats.state), (3, CircuitState::Closed), "one call alone does not reach the threshold");
}

#[circuit(name = "circuit_and_retry::each_request", threshold = 2)]
#[retry(max = 3, delay = 1)]
async fn each_request_counts(service: &Service) -> Result<u32, Error> {
    service.call()
}

#[tokio::test(start_paused = true)]
async fn circuit_above_retry_counts_each_call() {
    let service = Service::down();
    assert_eq!(each_request_counts(&service).await, Err(Error::Failed(3)));
    assert_eq!(breaker("circuit_and_retry::each_request").stats().failures, 1);
    assert_eq!(each_request_counts(&service).await, Err(Error::Failed(6)));
    assert_eq!(breaker("circuit_and_retry::each_request").state(), CircuitState::Open);
    assert!(matches!(each_request_counts(&service).await, Err(Error::Open(_))));
    assert_eq!(service.calls.seconds(), [0, 1, 3, 3, 4, 6]);
}

#[retry(max = 5, delay = 1)]
#[circuit(name = "circuit_and_retry::opens_midway", threshold = 2)]
async fn opens_midway(service: &Service) -> Result<u32, Error> {
    service.call()
}

#[tokio::test(start_paused = true)]
async fn retry_ends_without_pause_once_circuit_opens() {
    let service = Service::down();
    assert_eq!(opens_midway(&service).await, Err(Error::Failed(2)), "the real error, not that the circuit is open");
    assert_eq!(service.calls.elapsed(), Duration::from_secs(1), "no sleep after the attempt that opened it");

    assert!(matches!(opens_midway(&service).await, Err(Error::Open(_))));
    assert_eq!(service.calls.elapsed(), Duration::from_secs(1), "no sleep after a rejection");
    assert_eq!(service.calls.seconds(), [0, 1]);
    assert_eq!(breaker("circuit_and_retry::opens_midway").stats().total_rejected, 1, "and no attempt after it");
}

#[retry(max = 2, delay = 5)]
#[circuit(name = "circuit_and_retry::reaches_the_end", threshold = 1, cooldown = 5)]
async fn delay_reaches_the_end(service: &Service) -> Result<u32, Error> {
    service.call()
}

#[tokio::test(start_paused = true)]
async fn pause_that_reaches_cooldown_end_precedes_trial() {
    let service = Service::up_from(2);
    assert_eq!(delay_reaches_the_end(&service).await, Ok(2));
    assert_eq!(service.calls.seconds(), [0, 5]);
    assert_eq!(breaker("circuit_and_retry::reaches_the_end").state(), CircuitState::Closed);
}

#[retry(max = 2, delay = "4999ms")]
#[circuit(name = "circuit_and_retry::falls_short", threshold = 1, cooldown = 5)]
async fn delay_falls_short(service: &Service) -> Result<u32, Error> {
    service.call()
}

#[tokio::test(start_paused = true)]
async fn pause_shorter_than_cooldown_is_skipped() {
    let service = Service::up_from(2);
    assert_eq!(delay_falls_short(&service).await, Err(Error::Failed(1)));
    assert_eq!(service.calls.elapsed(), Duration::ZERO);
}

#[retry(max = 3, delay = 1)]
#[circuit(name = "circuit_and_retry::opened_by_another", threshold = 3)]
async fn opened_by_another(service: &Service, during_the_call: bool) -> Result<u32, Error> {
    let answer = service.call();
    if during_the_call {
        fail(&breaker("circuit_and_retry::opened_by_another"), 3);
    }
    answer
}

fn fail(breaker: &CircuitBreaker, times: u32) {
    for _ in 0..times {
        breaker.try_acquire().unwrap().failure();
    }
}

#[tokio::test(start_paused = true)]
async fn circuit_opened_by_other_calls_ends_retry() {
    let service = Service::down();
    assert_eq!(opened_by_another(&service, true).await, Err(Error::Failed(1)));
    assert_eq!(service.calls.elapsed(), Duration::ZERO);

    breaker("circuit_and_retry::opened_by_another").reset();
    let service = Service::down();
    let (answer, ()) = tokio::join!(opened_by_another(&service, false), async {
        advance(Duration::from_millis(500)).await;
        fail(&breaker("circuit_and_retry::opened_by_another"), 2);
    });
    assert!(
        matches!(answer, Err(Error::Open(_))),
        "an attempt that is rejected after a sleep ends the retry: {answer:?}"
    );
    assert_eq!(service.calls.seconds(), [0]);
}

#[circuit(name = "circuit_and_retry::outer", threshold = 2)]
#[retry(max = 3, delay = 1)]
#[circuit(name = "circuit_and_retry::inner", threshold = 1)]
async fn between_two_circuits(service: &Service) -> Result<u32, Error> {
    service.call()
}

#[tokio::test(start_paused = true)]
async fn circuit_above_ignores_rejection_below() {
    let service = Service::down();
    assert_eq!(between_two_circuits(&service).await, Err(Error::Failed(1)));
    for _ in 0..2 {
        let Err(Error::Open(open)) = between_two_circuits(&service).await else { panic!("not rejected") };
        assert_eq!(open.name(), "circuit_and_retry::inner");
    }
    assert_eq!(service.calls.elapsed(), Duration::ZERO);
    assert_eq!(breaker("circuit_and_retry::inner").stats().total_rejected, 2);
    let outer = breaker("circuit_and_retry::outer").stats();
    assert_eq!((outer.failures, outer.total_ignored), (1, 2));
}

#[retry(max = 3, delay = 60)]
#[circuit(name = "circuit_and_retry::four_upper", threshold = 9)]
#[retry(max = 3, delay = 60)]
#[circuit(name = "circuit_and_retry::four_lower", threshold = 1, cooldown = 30)]
async fn four_layers(service: &Service) -> Result<u32, Error> {
    service.call()
}

#[tokio::test(start_paused = true)]
async fn rejection_ends_every_retry_above() {
    let service = Service::down();
    fail(&breaker("circuit_and_retry::four_lower"), 1);
    assert!(matches!(four_layers(&service).await, Err(Error::Open(_))));
    assert_eq!((service.calls.elapsed(), service.calls.seconds().len()), (Duration::ZERO, 0));
    assert_eq!(breaker("circuit_and_retry::four_lower").stats().total_rejected, 1);
    let upper = breaker("circuit_and_retry::four_upper").stats();
    assert_eq!((upper.failures, upper.total_ignored), (0, 1));
}

#[retry(max = 3, delay = 60)]
#[circuit(name = "circuit_and_retry::sees_nothing", threshold = 9)]
#[circuit(name = "circuit_and_retry::says_nothing", threshold = 1, cooldown = 30, error = |_| Error::Failed(0))]
async fn rejected_without_a_word(service: &Service) -> Result<u32, Error> {
    service.call()
}

#[tokio::test(start_paused = true)]
async fn rejection_ends_retry_despite_converted_error() {
    let service = Service::down();
    fail(&breaker("circuit_and_retry::says_nothing"), 1);
    assert_eq!(rejected_without_a_word(&service).await, Err(Error::Failed(0)));
    assert_eq!((service.calls.elapsed(), service.calls.seconds().len()), (Duration::ZERO, 0));
}

#[retry(max = 2, delay = 10)]
#[retry(max = 3, delay = 1)]
async fn twice_retried(service: &Service) -> Result<u32, Error> {
    service.call()
}

#[tokio::test(start_paused = true)]
async fn stacked_retries_multiply() {
    let service = Service::down();
    assert_eq!(twice_retried(&service).await, Err(Error::Failed(6)));
    assert_eq!(service.calls.seconds(), [0, 1, 3, 13, 14, 16]);
}

#[::resilience_runtime::circuit(name = "circuit_and_retry::paths", threshold = 1)]
#[cfg_attr(all(), resilience_runtime::retry(max = 2, delay = 0))]
async fn spelled_as_paths(service: &Service) -> Result<u32, Error> {
    service.call()
}

#[tokio::test(start_paused = true)]
async fn attributes_spelled_as_paths_keep_their_order() {
    assert_eq!(spelled_as_paths(&Service::up_from(2)).await, Ok(2), "the circuit is above the retry");
}

fn is_odd(error: &Error) -> bool {
    matches!(error, Error::Failed(call) if call % 2 == 1)
}

#[retry(max = 9, delay = 0, retry_if = is_odd)]
#[circuit(name = "circuit_and_retry::predicates", threshold = 2, failure_if = |error| !is_odd(error))]
async fn judged(service: &Service) -> Result<u32, Error> {
    service.call()
}

#[tokio::test(start_paused = true)]
async fn predicates_classify_the_error() {
    assert_eq!(judged(&Service::down()).await, Err(Error::Failed(2)), "an even call is not tried again");
    let stats = breaker("circuit_and_retry::predicates").stats();
    assert_eq!((stats.failures, stats.total_ignored), (1, 1), "an odd one is ignored by the circuit");
}

#[retry(max = 2, delay = 0)]
#[circuit(name = "circuit_and_retry::text", threshold = 1, error = |open| format!("try later: {open}"))]
async fn held_by_a_text(asked: &Cell<u32>) -> Result<(), String> {
    asked.set(asked.get() + 1);
    Err("down".to_owned())
}

#[tokio::test(start_paused = true)]
async fn open_option_makes_rejection_error() {
    let asked = Cell::new(0);
    assert_eq!(held_by_a_text(&asked).await, Err("down".to_owned()));
    let rejection = "try later: Circuit 'circuit_and_retry::text' is open. Retry in 30s".to_owned();
    assert_eq!(held_by_a_text(&asked).await, Err(rejection));
    assert_eq!(asked.get(), 1);
}
