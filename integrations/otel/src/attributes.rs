//! Converts events of `resilience-runtime` to attributes of the current span.

use std::fmt;

use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, Key, KeyValue, Value};
use tracing_core::field::{Field, Visit};
use tracing_core::span::Id;
use tracing_core::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer;
use tracing_subscriber::registry::LookupSpan;

/// The name of an event, and the span attributes that the event sets.
struct Row {
    event: &'static str,
    /// The part of each attribute name that states the layer, such as `circuit` in `resilience.circuit.name`.
    layer: &'static str,
    /// The name and the value of each attribute with a fixed value.
    constants: &'static [(&'static str, &'static str)],
}

const fn row(event: &'static str, layer: &'static str, constants: &'static [(&'static str, &'static str)]) -> Row {
    Row { event, layer, constants }
}

const EVENTS: [Row; 13] = [
    row("circuit_rejected", "circuit", &[("state", "open"), ("outcome", "rejected")]),
    row("circuit_failure", "circuit", &[("outcome", "failure")]),
    row("circuit_opened", "circuit", &[("state", "open")]),
    row("circuit_half_open", "circuit", &[("state", "half_open")]),
    row("circuit_closed", "circuit", &[("state", "closed")]),
    row("bulkhead_full", "bulkhead", &[("outcome", "rejected")]),
    row("rate_limited", "rate_limit", &[("outcome", "rejected")]),
    row("timed_out", "timeout", &[("outcome", "timed_out")]),
    row("retry_attempt", "retry", &[]),
    row("retry_exhausted", "retry", &[("outcome", "exhausted")]),
    row("retry_gave_up", "retry", &[("outcome", "gave_up")]),
    row("hedged", "hedge", &[]),
    row("fault_injected", "chaos", &[]),
];

/// Returns a layer that turns events of `resilience-runtime` into attributes of the enclosing span of `tracing`.
///
/// `traces` is the layer of the crate `tracing-opentelemetry`. The returned layer contains `traces`, because the
/// attributes must arrive before `traces` ends the span. If several events of one layer, such as the circuit, are in one
/// span, the span has the attributes of the last event. As an exception, the span keeps an earlier `outcome` if the last
/// event concerns the same circuit or function, and has no outcome. An event outside a span of `tracing` adds its
/// attributes to the current span of OpenTelemetry.
///
/// The README of this crate lists the events, and their most important attributes. All other events set no attributes.
/// The layer does not work if `traces` has the option `with_context_activation(false)`, because this option hides the
/// spans from the layer.
pub fn span_attributes<S, L>(traces: L) -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    L: Layer<S>,
{
    let wanted = filter_fn(|metadata| metadata.is_span() || find(metadata).is_some());
    SpanAttributes.with_filter(wanted).and_then(traces)
}

fn find(metadata: &Metadata<'_>) -> Option<&'static Row> {
    EVENTS.iter().find(|row| metadata.target() == "resilience" && metadata.name() == row.event)
}

#[derive(Debug)]
struct SpanAttributes;

/// The attributes that the events in a span of `tracing` have set so far. The layer exports these attributes when the
/// span closes, because a span of OpenTelemetry cannot replace an attribute that it already has.
struct Gathered {
    attributes: Vec<KeyValue>,
    /// The span of OpenTelemetry that belongs to the span of `tracing`.
    context: Option<Context>,
}

impl<S> Layer<S> for SpanAttributes
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn on_event(&self, event: &Event<'_>, subscriber: layer::Context<'_, S>) {
        let Some(Row { layer, constants, .. }) = find(event.metadata()) else { return };
        let mut found = Attributes { layer, found: Vec::new() };
        constants.iter().for_each(|(field, value)| found.set(field, *value));
        event.record(&mut found);
        let Some(span) = subscriber.event_span(event) else {
            return Context::map_current(|context| context.span().set_attributes(found.found));
        };
        let mut extensions = span.extensions_mut();
        match extensions.get_mut::<Gathered>() {
            Some(gathered) => {
                let outcome = found.outcome_before(&gathered.attributes);
                gathered.attributes.retain(|old| !found.is_of_layer(&old.key));
                gathered.attributes.extend(found.found.into_iter().chain(outcome));
            }
            None => extensions.insert(Gathered { attributes: found.found, context: None }),
        }
    }

    /// Stores the current span of OpenTelemetry. The layer of the crate `tracing-opentelemetry` has not left this span
    /// yet, because `SpanAttributes` handles the exit first.
    fn on_exit(&self, id: &Id, subscriber: layer::Context<'_, S>) {
        let Some(span) = subscriber.span(id) else { return };
        if let Some(gathered) = span.extensions_mut().get_mut::<Gathered>() {
            gathered.context.get_or_insert_with(Context::current);
        }
    }

    fn on_close(&self, id: Id, subscriber: layer::Context<'_, S>) {
        let gathered = subscriber.span(&id).and_then(|span| span.extensions_mut().remove::<Gathered>());
        if let Some(Gathered { attributes, context: Some(context) }) = gathered {
            context.span().set_attributes(attributes);
        }
    }
}

/// The attributes that one event sets. If a field of the event has the same name as an attribute with a fixed value,
/// the attribute gets the value of the field.
struct Attributes {
    layer: &'static str,
    found: Vec<KeyValue>,
}

impl Attributes {
    fn add(&mut self, field: &Field, value: impl Into<Value>) {
        match field.name() {
            // The text of an error may contain data that must not leave the program.
            "message" | "error" | "duration_ms" => {}
            field if field == self.layer => self.set("name", value),
            field => self.set(field, value),
        }
    }

    fn set(&mut self, field: &str, value: impl Into<Value>) {
        let key = self.key(field);
        self.found.retain(|found| found.key != key);
        self.found.push(KeyValue::new(key, value));
    }

    fn key(&self, field: &str) -> Key {
        Key::from(format!("resilience.{}.{field}", self.layer))
    }

    fn is_of_layer(&self, key: &Key) -> bool {
        let field = key.as_str().strip_prefix("resilience.").and_then(|key| key.strip_prefix(self.layer));
        field.is_some_and(|field| field.starts_with('.'))
    }

    /// Returns the attribute `outcome` of earlier events in the span, if the event sets no outcome and concerns the
    /// same circuit or function. For example, the call that opens a circuit has failed.
    fn outcome_before(&self, earlier: &[KeyValue]) -> Option<KeyValue> {
        let outcome = self.key("outcome");
        let same = |field| {
            let key = self.key(field);
            let find = |all: &[KeyValue]| all.iter().find(|pair| pair.key == key).map(|pair| pair.value.clone());
            find(earlier) == find(&self.found)
        };
        if self.found.iter().any(|pair| pair.key == outcome) || !same("name") || !same("func") {
            return None;
        }
        earlier.iter().find(|pair| pair.key == outcome).cloned()
    }
}

impl Visit for Attributes {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, i64::try_from(value).unwrap_or(i64::MAX));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format!("{value:?}"));
    }
}
