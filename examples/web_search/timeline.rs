//! What happened when, one line each, and where it led.

use std::fmt::{Debug, Display};
use std::time::{Duration, Instant, SystemTime};

use resilience_runtime::{CircuitStats, get_circuit_stats};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

#[derive(Clone, Copy)]
pub(crate) struct Timeline {
    begin: Instant,
}

impl Timeline {
    /// Begins, and from here on tells every change of state, too.
    pub(crate) fn begin() -> Result<Self, tracing::subscriber::SetGlobalDefaultError> {
        let timeline = Self { begin: Instant::now() };
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(StateChanges(timeline)))?;
        Ok(timeline)
    }

    pub(crate) fn say(self, line: impl Display) {
        println!("{:7.2}s  {line}", self.begin.elapsed().as_secs_f64());
    }
}

/// Turns the events of the library into lines.
struct StateChanges(Timeline);

impl<S: Subscriber> Layer<S> for StateChanges {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        if metadata.target() != "resilience" || *metadata.level() > Level::INFO {
            return;
        }
        let mut change = Change::default();
        event.record(&mut change);
        let Change { circuit, failures, error, .. } = &change;
        self.0.say(match metadata.name() {
            "circuit_opened" if change.reason == "threshold" => {
                format!("→ {circuit} is open after {failures} failures in a row, the last: {error}")
            }
            "circuit_opened" => format!("→ {circuit} is open again, its trial failed: {error}"),
            "circuit_half_open" => format!("→ {circuit} is half-open: one trial may pass"),
            "circuit_closed" => format!("→ {circuit} is closed: the trial succeeded"),
            name => format!("→ {circuit}: {name}"),
        });
    }
}

#[derive(Default)]
struct Change {
    circuit: String,
    reason: String,
    failures: u64,
    error: String,
}

impl Visit for Change {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "failures" {
            self.failures = value;
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "reason" {
            value.clone_into(&mut self.reason);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "circuit" => self.circuit = format!("{value:?}"),
            "error" => self.error = format!("{value:?}"),
            _ => {}
        }
    }
}

/// All that is known of every circuit.
pub(crate) fn print_stats() {
    let stats = get_circuit_stats();
    println!(
        "\n{:<11} {:<9} {:>8} {:>9} {:>9} {:>8} {:>9}  {:>12}  {:>12}",
        "name", "state", "failures", "successes", "threshold", "cooldown", "remaining", "last failure", "last success"
    );
    for CircuitStats { name, state, failures, successes, threshold, cooldown, cooldown_remaining, .. } in stats.values()
    {
        let [failure, success] = [stats[name].last_failure, stats[name].last_success].map(ago);
        println!(
            "{name:<11} {state:<9} {failures:>8} {successes:>9} {threshold:>9} {:>8} {:>9}  {failure:>12}  {success:>12}",
            seconds(*cooldown),
            seconds(*cooldown_remaining),
        );
    }
    println!(
        "\n{:<11} {:>9} {:>8} {:>8} {:>9} {:>8} {:>8}",
        "of all", "succeeded", "failed", "ignored", "cancelled", "rejected", "opened"
    );
    for stats in stats.values() {
        println!(
            "{:<11} {:>9} {:>8} {:>8} {:>9} {:>8} {:>8}",
            stats.name,
            stats.total_succeeded,
            stats.total_failed,
            stats.total_ignored,
            stats.total_cancelled,
            stats.total_rejected,
            stats.total_opened
        );
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1}s", time.as_secs_f64())
}

fn ago(time: Option<SystemTime>) -> String {
    match time.map(|time| time.elapsed().unwrap_or_default()) {
        Some(elapsed) => format!("{} ago", seconds(elapsed)),
        None => "never".to_owned(),
    }
}
