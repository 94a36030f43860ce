//! Tests the acceptance criteria of this project's original specification (a Python breaker). The file
//! `tests/web_search.rs` tests the sixth criterion, "`web_search` uses circuit breakers".

use std::time::Duration;

use resilience_runtime::{CircuitState, circuit, get_circuit, get_circuit_stats, presets, retry};
use support::{Error, Service};
use tokio::time::{Instant, advance};

fn state(name: &str) -> CircuitState {
    get_circuit(name).expect("declared by an attribute").state()
}

#[circuit(name = "acceptance::threshold", threshold = 3, cooldown = 30)]
async fn tracked(service: &Service) -> Result<u32, Error> {
    service.call()
}

#[tokio::test(start_paused = true)]
async fn circuit_opens_at_threshold() {
    let service = Service::down();
    for failures in 1..=3_u32 {
        assert_eq!(state("acceptance::threshold"), CircuitState::Closed);
        assert_eq!(tracked(&service).await, Err(Error::Failed(failures)), "the call returns its own error");
        assert_eq!(get_circuit("acceptance::threshold").unwrap().stats().failures, u64::from(failures));
    }
    assert_eq!(state("acceptance::threshold"), CircuitState::Open);
}

#[circuit(name = "acceptance::rejects", threshold = 1, cooldown = 30)]
async fn rejected(service: &Service) -> Result<u32, Error> {
    service.call()
}

#[tokio::test(start_paused = true)]
async fn open_circuit_rejects_at_once() {
    let service = Service::down();
    assert_eq!(rejected(&service).await, Err(Error::Failed(1)));
    let before = Instant::now();
    let Err(Error::Open(open)) = rejected(&service).await else { panic!("not rejected") };
    assert_eq!(open.name(), "acceptance::rejects");
    assert_eq!(open.cooldown_remaining(), Duration::from_secs(30));
    assert_eq!(open.to_string(), "Circuit 'acceptance::rejects' is open. Retry in 30s");
    assert_eq!(service.calls.count(), 1, "the body did not run");
    assert_eq!(before.elapsed(), Duration::ZERO);
}

#[circuit(name = "acceptance::trial", threshold = 1, cooldown = 30)]
async fn tried(service: &Service) -> Result<u32, Error> {
    service.call()
}

#[tokio::test(start_paused = true)]
async fn half_open_circuit_admits_trial_after_cooldown() {
    let service = Service::down();
    assert_eq!(tried(&service).await, Err(Error::Failed(1)));
    advance(Duration::from_millis(29_999)).await;
    assert!(matches!(tried(&service).await, Err(Error::Open(_))));
    advance(Duration::from_millis(1)).await;
    assert_eq!(state("acceptance::trial"), CircuitState::HalfOpen);
    assert_eq!(tried(&service).await, Err(Error::Failed(2)), "the trial passes");
    assert_eq!(service.calls.count(), 2);
    assert_eq!(state("acceptance::trial"), CircuitState::Open, "a failed trial opens again at once");
    assert_eq!(get_circuit("acceptance::trial").unwrap().stats().cooldown_remaining, Duration::from_secs(30));
}

#[circuit(name = "acceptance::closes", threshold = 1, cooldown = 30)]
async fn recovered(service: &Service) -> Result<u32, Error> {
    service.call()
}

#[tokio::test(start_paused = true)]
async fn successful_trial_closes_circuit() {
    let service = Service::down();
    assert_eq!(recovered(&service).await, Err(Error::Failed(1)));
    advance(Duration::from_secs(30)).await;
    service.repair();
    assert_eq!(recovered(&service).await, Ok(2));
    assert_eq!(state("acceptance::closes"), CircuitState::Closed);
    let stats = get_circuit("acceptance::closes").unwrap().stats();
    assert_eq!((stats.failures, stats.successes), (0, 0));
    assert_eq!(recovered(&service).await, Ok(3));
}

#[test]
fn presets_have_the_specified_names_and_settings() {
    let settings = |name: &str| {
        let stats = get_circuit(name).expect("registered by its preset").stats();
        (stats.threshold, stats.cooldown.as_secs())
    };
    assert_eq!(presets::exa_circuit().name(), "exa_api");
    assert_eq!(presets::tavily_circuit().name(), "tavily_api");
    assert_eq!(presets::firebase_circuit().name(), "firebase");
    assert_eq!(presets::qdrant_circuit().name(), "qdrant");
    assert_eq!(settings("exa_api"), (3, 30));
    assert_eq!(settings("tavily_api"), (3, 30));
    assert_eq!(settings("firebase"), (5, 60));
    assert_eq!(settings("qdrant"), (5, 60));

    presets::firebase_circuit().try_acquire().unwrap().failure();
    presets::register();
    assert_eq!(presets::firebase_circuit().stats().failures, 1, "a second registration finds the first breaker");
}

#[circuit(name = "acceptance::never_called", threshold = 7, cooldown = "1m")]
async fn never_called() -> Result<u32, Error> {
    Ok(0)
}

#[circuit(name = "acceptance::listed", threshold = 2, cooldown = 30)]
async fn listed(service: &Service) -> Result<u32, Error> {
    service.call()
}

#[tokio::test(start_paused = true)]
async fn get_circuit_stats_lists_every_circuit() {
    let _ = never_called;
    let service = Service::up();
    assert_eq!(listed(&service).await, Ok(1));
    service.fail();
    for call in [2, 3] {
        assert_eq!(listed(&service).await, Err(Error::Failed(call)));
    }
    advance(Duration::from_secs(10)).await;

    let stats = get_circuit_stats();
    let called = &stats["acceptance::listed"];
    assert_eq!(called.name, "acceptance::listed");
    assert_eq!(called.state, CircuitState::Open);
    assert_eq!((called.failures, called.successes), (2, 1));
    assert_eq!((called.threshold, called.cooldown), (2, Duration::from_secs(30)));
    assert_eq!(called.cooldown_remaining, Duration::from_secs(20));
    assert!(called.last_success.is_some() && called.last_failure >= called.last_success);

    let declared = &stats["acceptance::never_called"];
    assert_eq!(declared.name, "acceptance::never_called");
    assert_eq!(declared.state, CircuitState::Closed);
    assert_eq!((declared.failures, declared.successes), (0, 0));
    assert_eq!((declared.threshold, declared.cooldown), (7, Duration::from_secs(60)));
    assert_eq!(declared.cooldown_remaining, Duration::ZERO);
    assert_eq!((declared.last_failure, declared.last_success), (None, None));
}

#[tokio::test(start_paused = true)]
async fn retry_pauses_grow_exponentially() {
    #[retry(max = 4, delay = 1.0, backoff = 2.0)]
    async fn fetch(service: &Service) -> Result<u32, Error> {
        service.call()
    }
    let service = Service::down();
    assert_eq!(fetch(&service).await, Err(Error::Failed(4)), "the last error comes back as it was");
    assert_eq!(service.calls.seconds(), [0, 1, 3, 7]);
}
