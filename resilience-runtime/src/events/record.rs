//! Defines [`Event`], an event of this crate as a value, and the [`Recorder`] of an isolated test.

use std::fmt::{self, Display};
use std::sync::Mutex;

use tracing::field::DisplayValue;

use crate::base::scope::{Scope, scoped};
use crate::base::sync::lock_std;

/// The largest number of events that an isolated test records. The recorder drops the oldest events.
const MOST: usize = 10_000;

/// An event of this crate, with the texts of its fields. The [table of events](crate#events) lists the names and the
/// fields.
///
/// The method `to_string` returns the name and the fields, such as `circuit_closed circuit=search reason=recovery`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    name: &'static str,
    fields: Vec<(&'static str, String)>,
}

impl Event {
    /// Creates an event. Leaves out the fields without a text.
    pub(crate) fn new<const N: usize>(name: &'static str, fields: [(&'static str, Option<String>); N]) -> Self {
        let fields = fields.into_iter().filter_map(|(field, text)| Some((field, text?))).collect();
        Self { name, fields }
    }

    /// Returns the name of the event, such as `circuit_opened`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the text of a field, or `None` if the event has no such field.
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

/// The events of an isolated test.
#[derive(Debug, Default)]
pub(crate) struct Recorder(Mutex<Vec<Event>>);

impl Recorder {
    /// Returns the recorder of the current isolated test.
    #[inline]
    pub(crate) fn current() -> Option<&'static Self> {
        static OUTSIDE: Recorder = Recorder(Mutex::new(Vec::new()));
        Scope::current().map(|_| scoped(&OUTSIDE, Self::default))
    }

    pub(crate) fn record(&self, event: Event) {
        let events = &mut *lock_std(&self.0);
        if events.len() == MOST {
            events.drain(..MOST / 2);
        }
        events.push(event);
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        lock_std(&self.0).clone()
    }

    pub(crate) fn clear(&self) {
        lock_std(&self.0).clear();
    }
}

/// The value of a field. The method `text` returns `None` for a field that the event does not have.
pub(crate) trait Text {
    fn text(&self) -> Option<String>;
}

impl<T: Text> Text for Option<T> {
    fn text(&self) -> Option<String> {
        self.as_ref().and_then(Text::text)
    }
}

macro_rules! texts {
    ($({$($generics:tt)*})? $($field:ty),*) => {
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
