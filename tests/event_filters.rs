//! Tests that a `tracing` layer with a filter loses no event because of this library.
//!
//! This test needs a process of its own, because it sets the global subscriber.

use std::sync::{Arc, Mutex};

use resilience_runtime::CircuitBreaker;
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

#[derive(Clone, Default)]
struct Names(Arc<Mutex<Vec<&'static str>>>);

impl<S: Subscriber> Layer<S> for Names {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        self.0.lock().unwrap().push(event.metadata().name());
    }
}

/// If a library asks whether an event is enabled, and then emits no event, a filtered layer loses the next event
/// (tokio-rs/tracing#2519). This library must not cause this loss.
#[test]
fn filtered_layer_loses_no_event() {
    let (info, debug) = (Names::default(), Names::default());
    let layers = tracing_subscriber::registry()
        .with(info.clone().with_filter(LevelFilter::INFO))
        .with(debug.clone().with_filter(LevelFilter::DEBUG));
    tracing::subscriber::set_global_default(layers).unwrap();
    let breaker = CircuitBreaker::builder("event_filters").threshold(9).build().unwrap();
    for _ in 0..3 {
        let permit = breaker.try_acquire().unwrap();
        tracing::info!(name: "mine", "mine");
        permit.success();
    }
    assert_eq!(*info.0.lock().unwrap(), ["mine"; 3]);
    assert_eq!(*debug.0.lock().unwrap(), ["mine", "circuit_success"].repeat(3));
}
