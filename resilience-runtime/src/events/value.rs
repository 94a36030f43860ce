//! Defines [`Event`], which contains the data of one event of this crate.

use std::fmt::{self, Display};
use std::time::SystemTime;

use tracing::field::DisplayValue;

use crate::circuit::core::state::CircuitState;

/// Describes an event of this crate, with the texts of its fields. The [table of events](crate#events) lists the names
/// and the fields. [`subscribe`](crate::subscribe) and [`subscribe_all`](crate::subscribe_all) return streams of
/// events.
///
/// The method `to_string` returns the name and the fields, such as `circuit_closed circuit=search reason=recovery`.
///
/// ```
/// use resilience_runtime::{CircuitBreaker, CircuitState, on_transition};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let breaker = CircuitBreaker::builder("event_example").build()?;
/// let _guard = on_transition(|event| {
///     # if event.circuit() != Some("event_example") { return }
///     assert_eq!((event.from(), event.to()), (Some(CircuitState::Closed), Some(CircuitState::Open)));
///     assert_eq!((event.reason(), event.field("failures")), (Some("manual"), Some("0")));
///     assert_eq!(event.to_string(), "circuit_opened circuit=event_example reason=manual failures=0");
/// });
/// breaker.trip();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    name: &'static str,
    time: SystemTime,
    fields: Vec<(&'static str, String)>,
    transition: Option<(CircuitState, CircuitState)>,
}

impl Event {
    /// Creates an event. Leaves out the fields whose text is `None`. If the event reports a state change, `transition`
    /// contains the states of the circuit before and after the change.
    pub(crate) fn new<const N: usize>(
        name: &'static str,
        fields: [(&'static str, Option<String>); N],
        transition: Option<(CircuitState, CircuitState)>,
    ) -> Self {
        let fields = fields.into_iter().filter_map(|(field, text)| Some((field, text?))).collect();
        Self { name, time: SystemTime::now(), fields, transition }
    }

    /// Returns the name of the event, such as `circuit_opened`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the time of the event on the wall clock of the system.
    pub fn time(&self) -> SystemTime {
        self.time
    }

    /// Returns the name of the circuit, such as `search`, or `price[acme]` for the circuit of a key. Returns `None` if
    /// the event does not belong to a circuit.
    ///
    /// The name is escaped as by [`str::escape_debug`]: a line break becomes `\n`, and each quotation mark, apostrophe
    /// and backslash gets a backslash in front. If a key is a tuple with a text, its circuit has a name with quotation
    /// marks. For example, the circuit `price["acme",3]` has the escaped name `price[\"acme\",3]`.
    /// [`get_circuit`](crate::get_circuit) does not accept escaped names. To find the circuit of such an event, escape
    /// the names that [`get_circuit_stats`](crate::get_circuit_stats) lists:
    ///
    /// ```
    /// use resilience_runtime::{CircuitBreaker, Event, get_circuit, get_circuit_stats, on_transition};
    ///
    /// fn circuit_of(event: &Event) -> Option<CircuitBreaker> {
    ///     let escaped = event.circuit()?;
    ///     let stats = get_circuit_stats();
    ///     get_circuit(stats.keys().find(|name| name.escape_debug().eq(escaped.chars()))?)
    /// }
    ///
    /// let _guard = on_transition(|event| println!("{event}, now {:?}", circuit_of(event).map(|found| found.state())));
    /// ```
    ///
    /// No function finds a circuit that [`build`](crate::CircuitBuilder::build) created, or an evicted circuit.
    pub fn circuit(&self) -> Option<&str> {
        self.field("circuit")
    }

    /// Returns the key of the circuit, such as `acme` for the circuit `price[acme]`. Returns `None` if the circuit has
    /// no key, or if the event does not belong to a circuit.
    ///
    /// The key is escaped like the name that [`circuit`](Self::circuit) returns. For example, the key of the circuit
    /// `price["acme",3]` is `\"acme\",3`.
    pub fn key(&self) -> Option<&str> {
        Some(self.circuit()?.strip_suffix(']')?.split_once('[')?.1)
    }

    /// Returns the state of the circuit before the event, if the event reports a change of the state.
    pub fn from(&self) -> Option<CircuitState> {
        self.transition.map(|(from, _)| from)
    }

    /// Returns the state of the circuit after the event, if the event reports a change of the state.
    pub fn to(&self) -> Option<CircuitState> {
        self.transition.map(|(_, to)| to)
    }

    /// Returns the reason for the event: the text of the field `reason`. The event `circuit_opened`, for example, has
    /// the reason `threshold` if too many calls failed. Returns `None` if the event has no field `reason`.
    pub fn reason(&self) -> Option<&str> {
        self.field("reason")
    }

    /// Returns the first 50 characters of the error's text, if the event reports an error.
    pub fn error(&self) -> Option<&str> {
        self.field("error")
    }

    /// Returns the text of the field `name`, or `None` if the event has no field with this name.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| *field == name).map(|(_, text)| &**text)
    }

    /// Returns the names and the texts of all fields.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.fields.iter().map(|(field, text)| (*field, &**text))
    }
}

impl Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        self.fields().try_for_each(|(field, text)| write!(f, " {field}={text}"))
    }
}

#[expect(clippy::missing_fields_in_debug, reason = "each field of the event is shown by its own name")]
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Event");
        shown.field("name", &self.name);
        if let Some((from, to)) = self.transition {
            shown.field("from", &from).field("to", &to);
        }
        for (field, text) in self.fields() {
            shown.field(field, &text);
        }
        shown.field("time", &self.time).finish()
    }
}

/// The value of a field in an event. If the method `text` returns `None`, the event leaves out the field.
pub(crate) trait Text {
    fn text(&self) -> Option<String>;
}

impl<T: Text> Text for Option<T> {
    fn text(&self) -> Option<String> {
        self.as_ref().and_then(Text::text)
    }
}

macro_rules! texts {
    ($($field:ty),*) => {
        $(
            impl Text for $field {
                fn text(&self) -> Option<String> {
                    Some(self.to_string())
                }
            }
        )*
    };
}
texts!(&str, &&str, &String, u16, u32, u64, f64);

impl<T: Display> Text for DisplayValue<T> {
    fn text(&self) -> Option<String> {
        Some(self.to_string())
    }
}
