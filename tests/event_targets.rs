//! Tests that a call reads no clock for its events if a subscriber receives DEBUG events of other targets only.
//!
//! This test needs a process of its own, because it sets the global subscriber.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use resilience_runtime::{CircuitBreaker, CircuitBuilder};
use tokio::time::{advance, timeout};
use tracing::{Event, Level, Metadata, Subscriber, debug};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

#[derive(Clone, Default)]
struct Names(Arc<Mutex<Vec<&'static str>>>);

impl<S: Subscriber> Layer<S> for Names {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        self.0.lock().unwrap().push(event.metadata().name());
    }
}

/// A filter such as `RUST_LOG=myapp=debug`.
fn is_mine(metadata: &Metadata<'_>) -> bool {
    metadata.target() == "myapp" && *metadata.level() <= Level::DEBUG
}

fn builder() -> CircuitBuilder {
    CircuitBreaker::builder("event_targets").hung_after(Duration::from_secs(2))
}

/// Cancels a call 2.5 s after its admission, and 1 s after the first wait of its body.
async fn cancelled(breaker: &CircuitBreaker) {
    let body = || async {
        advance(Duration::from_millis(1_500)).await;
        pending::<Result<(), ()>>().await
    };
    assert!(timeout(Duration::from_millis(2_500), breaker.call(body)).await.is_err());
}

/// The time of `hung_after` begins at the admission if the call reads the clock at its admission, and otherwise at the
/// first wait of the body. The test uses this difference, because no other behaviour depends on the reading.
#[tokio::test(start_paused = true)]
async fn debug_events_of_another_target_cost_no_clock_reading() {
    let names = Names::default();
    let layers = tracing_subscriber::registry().with(names.clone().with_filter(filter_fn(is_mine)));
    let _guard = tracing::subscriber::set_default(layers);
    let breaker = builder().build().unwrap();
    cancelled(&breaker).await;
    assert_eq!((breaker.stats().total_cancelled, breaker.stats().total_failed), (1, 0), "no reading at the admission");
    debug!(name: "mine", target: "myapp", "mine");
    assert_eq!(*names.0.lock().unwrap(), ["mine"]);

    // A subscriber that receives only one of the two events with a duration needs the reading.
    let names = Names::default();
    let one = filter_fn(|metadata| metadata.name() == "circuit_failure");
    let layers = tracing_subscriber::registry().with(names.clone().with_filter(one));
    let _guard = tracing::subscriber::set_default(layers);
    let breaker = builder().build().unwrap();
    cancelled(&breaker).await;
    assert_eq!((breaker.stats().total_cancelled, breaker.stats().total_failed), (0, 1));
    assert_eq!(*names.0.lock().unwrap(), ["circuit_failure"]);
}
