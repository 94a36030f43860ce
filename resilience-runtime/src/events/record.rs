//! Records the events of an isolated test, which has its own circuits and events.

use std::sync::Mutex;

use crate::base::scope::{Scope, scoped};
use crate::base::sync::lock_std;
use crate::events::value::Event;

/// The largest number of events that the recorder of an isolated test stores. When this number is reached, the recorder
/// drops the older half of the events.
const MOST: usize = 10_000;

/// The events of an isolated test.
#[derive(Debug, Default)]
pub(crate) struct Recorder(Mutex<Vec<Event>>);

impl Recorder {
    /// Returns the recorder of the current isolated test, or `None` outside isolated tests.
    #[inline]
    pub(crate) fn current() -> Option<&'static Self> {
        static OUTSIDE: Recorder = Recorder(Mutex::new(Vec::new()));
        Scope::current().map(|_| scoped(&OUTSIDE, Self::default))
    }

    pub(crate) fn record(&self, event: &Event) {
        let events = &mut *lock_std(&self.0);
        if events.len() == MOST {
            events.drain(..MOST / 2);
        }
        events.push(event.clone());
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        lock_std(&self.0).clone()
    }

    pub(crate) fn clear(&self) {
        lock_std(&self.0).clear();
    }
}
