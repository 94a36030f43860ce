//! Looking at a breaker has no effect, and so no event.
//!
//! The only test of its file: a subscriber of one thread may miss an event that another thread, without a subscriber,
//! was the first to come to (tokio-rs/tracing#3611).

use std::sync::{Arc, Mutex};

use resilience_runtime::{CircuitBreaker, CircuitState};
use tokio::time::advance;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::with_default;
use tracing::{Event, Metadata, Subscriber};

/// The specification: whoever asks for the state makes the circuit half-open, and the event goes out.
#[tokio::test(start_paused = true)]
async fn looking_changes_nothing() {
    let breaker = CircuitBreaker::builder("looking").threshold(1).build().unwrap();
    breaker.try_acquire().unwrap().failure();
    advance(breaker.stats().cooldown).await;
    let looking = events(|| {
        assert_eq!(breaker.state(), CircuitState::HalfOpen);
        assert_eq!(breaker.stats().state, CircuitState::HalfOpen);
    });
    assert_eq!(looking, [""; 0]);

    assert_eq!(events(|| drop(breaker.try_acquire().unwrap())), ["circuit_half_open"]);
    let second = events(|| breaker.try_acquire().unwrap().success());
    assert_eq!(second, ["circuit_success", "circuit_closed"], "half-open since the trial before");
}

/// The names of the events that go out while `f` runs.
fn events(f: impl FnOnce()) -> Vec<String> {
    let names = Names::default();
    with_default(names.clone(), f);
    Arc::into_inner(names.0).expect("nobody listens any more").into_inner().unwrap()
}

#[derive(Clone, Default)]
struct Names(Arc<Mutex<Vec<String>>>);

impl Subscriber for Names {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "resilience"
    }
    fn event(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push(event.metadata().name().to_owned());
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
