//! Implements the assertions about circuits and events.

use crate::base::nearest::suggestion;
use crate::base::scope::Scope;
use crate::circuit::core::state::CircuitState;
use crate::events::record::Recorder;
use crate::events::value::Event;
use crate::registry::all_circuits::get_circuit_stats;
use crate::registry::key;
use crate::testing::isolated::{CallsBefore, current};

/// Returns the events of the isolated test so far, the oldest event first.
///
/// The events of all levels are recorded, even if no `tracing` subscriber receives them. The record contains at most
/// 10,000 events. If the record is full, the older half of its events is removed.
///
/// # Panics
///
/// Panics outside an isolated test.
///
/// # Examples
///
/// ```
/// use resilience_runtime::{circuit, testing};
///
/// #[circuit(name = "events_example", threshold = 1)]
/// async fn ask() -> std::io::Result<()> {
///     Err(std::io::ErrorKind::TimedOut.into())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// testing::isolated(async {
///     assert!(ask().await.is_err());
///     let opened = testing::events().into_iter().find(|event| event.name() == "circuit_opened").unwrap();
///     assert_eq!(opened.field("reason"), Some("threshold"));
/// })
/// .await;
/// # }
/// ```
#[track_caller]
pub fn events() -> Vec<Event> {
    current("events()");
    Recorder::current().map(Recorder::events).unwrap_or_default()
}

/// Asserts that a circuit is in the given state: `Closed`, `Open`, `HalfOpen`, `ForcedOpen` or `Disabled`.
///
/// The circuit of a key has a name such as `price[acme]`. If this key is a text of more than 128 bytes, the name may
/// contain the whole key. If the assertion fails, the message contains the statistics of the circuit and the events of
/// the isolated test so far. Code outside isolated tests may also call a circuit of this name, for example a spawned
/// task that has not joined the test. The message then contains the number of these calls since the test began.
///
/// # Panics
///
/// Panics if the circuit is in another state, or if no circuit has the given name.
///
/// # Examples
///
/// ```
/// use resilience_runtime::{assert_circuit, circuit, testing};
///
/// #[circuit(name = "assert_example", threshold = 1)]
/// async fn ask() -> std::io::Result<()> {
///     Err(std::io::ErrorKind::TimedOut.into())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// testing::isolated(async {
///     assert_circuit!("assert_example", Closed);
///     assert!(ask().await.is_err());
///     assert_circuit!("assert_example", Open);
/// })
/// .await;
/// # }
/// ```
#[macro_export]
macro_rules! assert_circuit {
    ($name:expr, $state:ident $(,)?) => {
        $crate::testing::__assert_circuit(&$name, $crate::CircuitState::$state)
    };
}

#[doc(hidden)]
#[track_caller]
pub fn __assert_circuit(name: &str, expected: CircuitState) {
    let name = &*key::shown(name);
    let all = get_circuit_stats();
    let shown = name.escape_debug();
    let Some(stats) = all.get(name) else {
        let suggestion = suggestion(name, all.keys().map(String::as_str));
        let outside = calls_outside(name).unwrap_or_default();
        panic!("no circuit has the name `{shown}`:{suggestion} expected a circuit that is {expected:?}{outside}");
    };
    if stats.state == expected {
        return;
    }
    let mut message = format!("circuit `{shown}` is {:?}, expected {expected:?}\n{stats:#?}", stats.state);
    if Scope::current().is_some() {
        message += &calls_outside(name).unwrap_or_default();
        message += "\n";
        message += &listed(&events());
    }
    panic!("{message}");
}

/// Counts the calls that the circuit received outside isolated tests since the current isolated test began. Returns a
/// line with this number. If the number is zero, or the caller runs outside an isolated test, returns `None`.
fn calls_outside(name: &str) -> Option<String> {
    Scope::current()?;
    let calls = match CallsBefore::of_test().since(name) {
        0 => return None,
        1 => "1 call was made".to_owned(),
        calls => format!("{calls} calls were made"),
    };
    Some(format!(
        "\nsince this test began, {calls} outside the test, of a circuit `{}`: a spawned task or a thread joins the test by \
         `testing::handle()`, and another test may have made these calls",
        name.escape_debug()
    ))
}

/// Asserts that the isolated test has recorded the given events, in the given order. Other events may come between
/// these events.
///
/// Write the name of each event. To compare fields of the event, add these fields with their values in parentheses. The
/// [table of events](crate#events) lists the names and the fields. The assertion `expect_events![]` holds if the test
/// has recorded no event.
///
/// # Panics
///
/// Panics if the assertion does not hold, or if the caller runs outside an isolated test. The message contains the
/// recorded events.
///
/// # Examples
///
/// ```
/// use resilience_runtime::{circuit, expect_events, testing};
///
/// #[circuit(name = "expect_example", threshold = 1)]
/// async fn ask() -> std::io::Result<()> {
///     Err(std::io::ErrorKind::TimedOut.into())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// testing::isolated(async {
///     expect_events![];
///     assert!(ask().await.is_err());
///     assert!(ask().await.is_err());
///     expect_events![
///         circuit_opened(circuit = "expect_example", failures = 1),
///         circuit_rejected,
///     ];
/// })
/// .await;
/// # }
/// ```
#[macro_export]
macro_rules! expect_events {
    [$($event:ident $(($($field:ident = $value:expr),* $(,)?))?),* $(,)?] => {
        $crate::testing::__expect_events(&[$(
            $crate::testing::__Expected {
                name: ::core::stringify!($event),
                fields: ::std::vec![$($((::core::stringify!($field), ::std::string::ToString::to_string(&$value))),*)?],
            }
        ),*])
    };
}

/// An event that a test expects.
#[doc(hidden)]
#[derive(Debug)]
pub struct __Expected {
    pub name: &'static str,
    pub fields: Vec<(&'static str, String)>,
}

impl __Expected {
    fn matches(&self, event: &Event) -> bool {
        event.name() == self.name && self.fields.iter().all(|(field, text)| event.field(field) == Some(text))
    }

    fn text(&self) -> String {
        let fields = self.fields.iter().map(|(field, text)| format!(" {field}={text}"));
        self.name.to_owned() + &fields.collect::<String>()
    }
}

#[doc(hidden)]
#[track_caller]
pub fn __expect_events(expected: &[__Expected]) {
    current("expect_events!");
    let events = events();
    if expected.is_empty() {
        assert!(events.is_empty(), "expected no event\n{}", listed(&events));
    }
    let mut left = events.iter();
    for (index, next) in expected.iter().enumerate() {
        if !left.any(|event| next.matches(event)) {
            let suggestion = if events.iter().any(|event| event.name() == next.name) {
                String::new()
            } else {
                suggestion(next.name, events.iter().map(Event::name))
            };
            let place =
                if index == 0 { String::new() } else { format!(" after the {index} expected events before it") };
            panic!("no event `{}`{place}:{suggestion}\n{}", next.text(), listed(&events));
        }
    }
}

/// Returns a text with one event in each line, for the message of a failed assertion.
fn listed(events: &[Event]) -> String {
    if events.is_empty() {
        return "no events so far".to_owned();
    }
    let lines = events.iter().map(|event| format!("\n    {event}"));
    "events so far:".to_owned() + &lines.collect::<String>()
}
