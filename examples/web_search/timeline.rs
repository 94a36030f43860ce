//! Prints one line for each search, followed by the `tracing` events of this library that the search caused.

use std::collections::BTreeMap;
use std::fmt::{Debug, Display};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use resilience_runtime::get_circuit_stats;
use tracing::field::{Field, Visit};
use tracing::subscriber::{SetGlobalDefaultError, set_global_default};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

pub(crate) struct Timeline {
    begin: Instant,
    events: Events,
}

impl Timeline {
    /// Stores the start time, installs a `tracing` subscriber that collects events, and prints the column titles.
    pub(crate) fn begin() -> Result<Self, SetGlobalDefaultError> {
        let events = Events::default();
        set_global_default(tracing_subscriber::registry().with(events.clone()))?;
        println!("\n{:>8} {:>8}  {:<18}{:<18}result", "start", "took", "search", "requests");
        Ok(Self { begin: Instant::now(), events })
    }

    /// Prints a line for a search that began at `start` and has just ended. Then prints the events of this search.
    pub(crate) fn print(&self, start: Instant, query: &str, requests: &str, result: impl Display) {
        let [at, took] = [start - self.begin, start.elapsed()].map(|time| format!("{:.2} s", time.as_secs_f64()));
        println!("{at:>8} {took:>8}  {query:<18}{requests:<18}{result}");
        for event in self.events.take() {
            println!("{:19}→ {event}", "");
        }
    }
}

/// The events that have not been printed yet, as text. The `tracing` subscriber adds events. The timeline prints and
/// removes the events.
#[derive(Clone, Default)]
struct Events(Arc<Mutex<Vec<String>>>);

impl Events {
    fn take(&self) -> Vec<String> {
        mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<S: Subscriber> Layer<S> for Events {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        if metadata.target() != "resilience" {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        if let Some((attribute, text)) = describe(metadata.name(), &fields) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{attribute:<9} {text}"));
        }
    }
}

/// Returns the attribute that emitted an event, and the event in words. Returns `None` for an event that the timeline
/// does not show, such as the success of a single call.
fn describe(event: &str, fields: &Fields) -> Option<(&'static str, String)> {
    let [circuit, error] = [fields.get("circuit"), fields.get("error")];
    // The field `func` contains the name of the decorated function. Only two functions are decorated: `ask_exa` calls
    // Exa, and the other function calls Tavily.
    let service = if fields.get("func") == "ask_exa" { "Exa" } else { "Tavily" };
    Some(match event {
        "circuit_opened" if fields.get("reason") == "threshold" => {
            ("circuit", format!("{circuit} opens after {} failures in a row", fields.get("failures")))
        }
        "circuit_opened" => ("circuit", format!("{circuit} opens again, because the trial failed: {error}")),
        "circuit_half_open" => ("circuit", format!("{circuit} is half-open and admits one trial")),
        "circuit_closed" => ("circuit", format!("{circuit} closes, because the trial succeeded")),
        "circuit_rejected" => ("circuit", format!("{circuit} is open and rejects the call")),
        "retry_attempt" => ("retry", format!("calls {service} again after {} s: {error}", fields.get("delay"))),
        "retry_gave_up" => ("retry", format!("does not call {service} again, because the circuit is open")),
        "timed_out" => ("timeout", format!("ends the call of {service} after {} s", fields.get("after"))),
        "fell_back" => ("fallback", format!("calls Tavily in place of Exa: {error}")),
        _ => return None,
    })
}

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Fields {
    fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.insert(field.name(), value.to_string());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

pub(crate) fn print_stats() {
    let stats = get_circuit_stats();
    println!("\nCircuits now:");
    println!(
        "{:<12}{:<11}{:>17}{:>11}{:>10}{:>15}{:>14}{:>14}",
        "name", "state", "failures in a row", "threshold", "cooldown", "cooldown left", "last failure", "last success"
    );
    for circuit in stats.values() {
        println!(
            "{:<12}{:<11}{:>17}{:>11}{:>10}{:>15}{:>14}{:>14}",
            circuit.name,
            circuit.state,
            circuit.failures,
            circuit.threshold,
            seconds(circuit.cooldown),
            seconds(circuit.cooldown_remaining),
            ago(circuit.last_failure),
            ago(circuit.last_success),
        );
    }
    println!("\nTotals since start (each attempt of a retry counts):");
    println!(
        "{:<12}{:>9}{:>9}{:>9}{:>11}{:>10}{:>14}",
        "name", "succeeded", "failed", "ignored", "cancelled", "rejected", "times opened"
    );
    for circuit in stats.values() {
        println!(
            "{:<12}{:>9}{:>9}{:>9}{:>11}{:>10}{:>14}",
            circuit.name,
            circuit.total_succeeded,
            circuit.total_failed,
            circuit.total_ignored,
            circuit.total_cancelled,
            circuit.total_rejected,
            circuit.total_opened
        );
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn ago(time: Option<SystemTime>) -> String {
    match time.map(|time| time.elapsed().unwrap_or_default()) {
        Some(elapsed) => format!("{} ago", seconds(elapsed)),
        None => "never".to_owned(),
    }
}
