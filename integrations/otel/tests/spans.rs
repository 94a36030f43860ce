//! Tests the attributes of spans, with an exporter of OpenTelemetry that stores the spans in memory.

use std::io;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use opentelemetry::trace::{Tracer, TracerProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use resilience_opentelemetry::span_attributes;
use resilience_runtime::{bulkhead, circuit, rate_limit, retry, timeout};
use tracing::subscriber::DefaultGuard;
use tracing::{instrument, subscriber};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;

struct Traces {
    exporter: InMemorySpanExporter,
    provider: SdkTracerProvider,
    #[expect(dead_code, reason = "ends the recording when it is dropped")]
    subscriber: DefaultGuard,
}

impl Traces {
    fn record() -> Self {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        let traces = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        let subscriber = subscriber::set_default(registry().with(span_attributes(traces)));
        Self { exporter, provider, subscriber }
    }

    /// Returns the spans with the name `name`, in the order in which the spans ended.
    fn spans(&self, name: &str) -> Vec<SpanData> {
        let spans = self.exporter.get_finished_spans().unwrap();
        spans.into_iter().filter(|span| span.name == name).collect()
    }
}

/// Returns the attributes of `span` that this library has set.
fn attributes(span: &SpanData) -> Vec<String> {
    let own = span.attributes.iter().filter(|pair| pair.key.as_str().starts_with("resilience."));
    let mut own: Vec<_> =
        own.map(|pair| format!("{}={}", &pair.key.as_str()["resilience.".len()..], pair.value)).collect();
    own.sort_unstable();
    own
}

#[instrument]
#[circuit(name = "spans::circuit", threshold = 1, cooldown = 10)]
async fn ask(works: bool) -> io::Result<()> {
    if works { Ok(()) } else { Err(io::ErrorKind::TimedOut.into()) }
}

#[tokio::test(start_paused = true)]
async fn span_shows_a_rejection_apart_from_a_failure() {
    let traces = Traces::record();
    ask(true).await.unwrap();
    ask(false).await.unwrap_err();
    ask(true).await.unwrap_err();
    tokio::time::advance(Duration::from_secs(10)).await;
    ask(true).await.unwrap();
    let spans: Vec<_> = traces.spans("ask").iter().map(attributes).collect();
    let name = "circuit.name=spans::circuit";
    assert_eq!(spans[0], [""; 0]);
    assert_eq!(
        spans[1],
        ["circuit.failures=1", name, "circuit.outcome=failure", "circuit.reason=threshold", "circuit.state=open"]
    );
    assert_eq!(spans[2], ["circuit.cooldown_remaining=10", name, "circuit.outcome=rejected", "circuit.state=open"]);
    assert_eq!(spans[3], [name, "circuit.reason=recovery", "circuit.state=closed"]);
}

#[circuit(name = "spans::first", threshold = 1, cooldown = 60)]
async fn first() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[circuit(name = "spans::second", threshold = 1, cooldown = 10)]
async fn second(time: Duration) -> io::Result<()> {
    tokio::time::sleep(time).await;
    Err(io::ErrorKind::TimedOut.into())
}

#[instrument]
async fn page() {
    first().await.unwrap_err();
    second(Duration::ZERO).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn attributes_of_two_circuits_are_not_mixed() {
    let traces = Traces::record();
    page().await;
    page().await;
    tokio::time::advance(Duration::from_secs(10)).await;
    tokio::join!(second(Duration::from_secs(1)), page()).0.unwrap_err();
    let spans: Vec<_> = traces.spans("page").iter().map(attributes).collect();
    let name = "circuit.name=spans::second";
    assert_eq!(
        spans[0],
        ["circuit.failures=1", name, "circuit.outcome=failure", "circuit.reason=threshold", "circuit.state=open"]
    );
    assert_eq!(spans[1], ["circuit.cooldown_remaining=10", name, "circuit.outcome=rejected", "circuit.state=open"]);
    assert_eq!(spans[2], [name, "circuit.outcome=rejected", "circuit.retry_after=1", "circuit.state=half_open"]);
}

#[instrument]
#[retry(max = 2, delay = 0)]
#[timeout(1)]
async fn slow() -> io::Result<()> {
    std::future::pending().await
}

#[instrument]
#[rate_limit(name = "spans::rate", per_second = 1)]
#[bulkhead(name = "spans::bulkhead", max = 1)]
async fn limited() -> io::Result<()> {
    tokio::time::sleep(Duration::from_secs(5)).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn other_layers_have_attributes_of_their_own() {
    let traces = Traces::record();
    slow().await.unwrap_err();
    let spans = traces.spans("slow");
    let expected = [
        "retry.attempt=2",
        "retry.func=slow",
        "retry.outcome=exhausted",
        "timeout.after=1",
        "timeout.func=slow",
        "timeout.outcome=timed_out",
    ];
    assert_eq!(attributes(&spans[0]), expected);
    let later = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        limited().await.unwrap_err();
        limited().await.unwrap_err();
    };
    let (first, ()) = tokio::join!(limited(), later);
    first.unwrap();
    let spans: Vec<_> = traces.spans("limited").iter().map(attributes).collect();
    assert_eq!(spans[0], ["bulkhead.max=1", "bulkhead.name=spans::bulkhead", "bulkhead.outcome=rejected"]);
    assert!(spans[1].contains(&"rate_limit.outcome=rejected".to_owned()), "{:?}", spans[1]);
    assert_eq!(spans[2], [""; 0]);
}

#[circuit(name = "spans::plain", threshold = 1)]
async fn plain() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[test]
fn event_outside_a_span_of_tracing_reaches_the_span_of_opentelemetry() {
    let traces = Traces::record();
    traces.provider.tracer("test").in_span("outer", |_| {
        let mut call = pin!(plain());
        let outcome = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(outcome, Poll::Ready(Err(_))));
    });
    let found = attributes(&traces.spans("outer")[0]);
    assert!(found.contains(&"circuit.outcome=failure".to_owned()), "{found:?}");
}
