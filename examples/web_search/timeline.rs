//! Prints one line for each search, and below this line the events that the search caused.

use std::fmt::Display;
use std::time::Instant;

use resilience_runtime::{Event, EventStream, get_circuit_stats, subscribe_all};

pub(crate) struct Timeline {
    begin: Instant,
    /// The events that have not been printed yet.
    events: EventStream,
}

impl Timeline {
    pub(crate) fn begin() -> Self {
        println!("\n{:>8} {:>8}  {:<18}{:<18}result", "start", "took", "search", "requests");
        Self { begin: Instant::now(), events: subscribe_all() }
    }

    /// Prints a line for a search that began at `start` and has just ended. Then prints the events of this search.
    pub(crate) fn print(&mut self, start: Instant, query: &str, requests: &str, result: impl Display) {
        let [at, took] = [start - self.begin, start.elapsed()].map(|time| format!("{:.2} s", time.as_secs_f64()));
        println!("{at:>8} {took:>8}  {query:<18}{requests:<18}{result}");
        while let Ok(Some(event)) = self.events.try_recv() {
            if let Some((attribute, text)) = describe(&event) {
                println!("{:19}→ {attribute:<9} {text}", "");
            }
        }
    }
}

/// Returns the attribute that emitted an event, and the event in words. Returns `None` for an event that the timeline
/// does not show, such as the success of a single call.
fn describe(event: &Event) -> Option<(&'static str, String)> {
    let field = |name| event.field(name).unwrap_or_default();
    let [circuit, error] = [field("circuit"), field("error")];
    // The field `func` contains the name of the decorated function. Only two functions are decorated: `ask_exa` calls
    // Exa, and `Tavily::search` calls Tavily.
    let service = if field("func") == "ask_exa" { "Exa" } else { "Tavily" };
    Some(match event.name() {
        "circuit_opened" if event.reason() == Some("threshold") => {
            ("circuit", format!("{circuit} opens after {} failures in a row", field("failures")))
        }
        "circuit_opened" => ("circuit", format!("{circuit} opens again, because the trial failed: {error}")),
        "circuit_half_open" => ("circuit", format!("{circuit} is half-open and admits one trial")),
        "circuit_closed" => ("circuit", format!("{circuit} closes, because the trial succeeded")),
        "circuit_rejected" => ("circuit", format!("{circuit} is open and rejects the call")),
        "retry_attempt" => ("retry", format!("calls {service} again after {} s: {error}", field("delay"))),
        "retry_gave_up" => ("retry", format!("does not call {service} again, because the circuit is open")),
        "timed_out" => ("timeout", format!("ends the call of {service} after {} s", field("after"))),
        "fell_back" => ("fallback", format!("calls Tavily in place of Exa: {error}")),
        _ => return None,
    })
}

/// Prints the statistics of both circuits as JSON. Each attempt of a retry counts as a call.
pub(crate) fn print_stats() -> serde_json::Result<()> {
    println!("\nCircuits now: {}", serde_json::to_string_pretty(&get_circuit_stats())?);
    Ok(())
}
