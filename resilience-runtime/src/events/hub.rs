//! Passes events to the subscribers of the program. In an isolated test, which has its own circuits and subscribers,
//! passes events to the subscribers of the test.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::sync::broadcast::{Receiver, Sender, channel};

#[cfg(feature = "test-util")]
use crate::base::scope::Scope;
use crate::base::scope::scoped;
use crate::base::sync::{Arc, OnceLock, lock_std};
use crate::events::emit::event;
use crate::events::value::Event;

/// The largest number of events that a channel stores for slow subscribers.
const CAPACITY: usize = 1_024;

/// The events that a subscriber wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The events that report a change of a circuit's state.
    Transitions,
    All,
}

struct Channel {
    /// The sender of the events, or empty before the first subscription.
    sender: OnceLock<Sender<Arc<Event>>>,
    subscribers: AtomicUsize,
}

impl Channel {
    const fn new() -> Self {
        Self { sender: OnceLock::new(), subscribers: AtomicUsize::new(0) }
    }

    #[inline]
    fn has_subscribers(&self) -> bool {
        self.subscribers.load(Ordering::Relaxed) > 0
    }

    fn send(&self, event: &Arc<Event>) {
        if let Some(sender) = self.sender.get().filter(|_| self.has_subscribers()) {
            // Ignores the error that `send` returns if the last subscriber has just unsubscribed.
            let _ = sender.send(event.clone());
        }
    }
}

/// A function that the library calls for each change of a circuit's state.
type Callback = Arc<dyn Fn(&Event) + Send + Sync>;

/// The subscribers of the program, or of an isolated test.
pub(crate) struct Hub {
    transitions: Channel,
    all: Channel,
    callbacks: Mutex<Vec<(u64, Callback)>>,
    /// The number of callbacks. Reading this number takes no lock.
    called: AtomicUsize,
}

impl Hub {
    const fn new() -> Self {
        Self {
            transitions: Channel::new(),
            all: Channel::new(),
            callbacks: Mutex::new(Vec::new()),
            called: AtomicUsize::new(0),
        }
    }

    #[inline]
    pub(crate) fn current() -> &'static Self {
        static HUB: Hub = Hub::new();
        scoped(&HUB, Self::new)
    }

    /// Returns whether a subscriber wants all events.
    #[inline]
    pub(crate) fn wants_all(&self) -> bool {
        self.all.has_subscribers()
    }

    /// Returns whether a subscriber wants the events of state changes.
    pub(crate) fn wants_transitions(&self) -> bool {
        self.all.has_subscribers() || self.transitions.has_subscribers() || self.called.load(Ordering::Relaxed) > 0
    }

    fn channel(&self, wanted: Wanted) -> &Channel {
        match wanted {
            Wanted::Transitions => &self.transitions,
            Wanted::All => &self.all,
        }
    }

    pub(super) fn subscribe(&self, wanted: Wanted) -> Receiver<Arc<Event>> {
        let channel = self.channel(wanted);
        let sender = channel.sender.get_or_init(|| self::channel(CAPACITY).0);
        channel.subscribers.fetch_add(1, Ordering::Relaxed);
        sender.subscribe()
    }

    pub(super) fn leave(&self, wanted: Wanted) {
        self.channel(wanted).subscribers.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn add_callback(&self, callback: Callback) -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        lock_std(&self.callbacks).push((id, callback));
        self.called.fetch_add(1, Ordering::Relaxed);
        id
    }

    pub(super) fn remove_callback(&self, id: u64) {
        let mut callbacks = lock_std(&self.callbacks);
        let place = callbacks.iter().position(|(known, _)| *known == id);
        let removed = place.map(|place| callbacks.swap_remove(place));
        drop(callbacks);
        // The callback is dropped after the lock is released, because the destructor of the callback may run the user's
        // code.
        if removed.is_some() {
            self.called.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Passes an event to all subscribers that want this kind of event.
    #[cold]
    pub(crate) fn deliver(&self, event: Event) {
        let event = Arc::new(event);
        #[cfg(feature = "test-util")]
        if let Some(recorder) = crate::events::record::Recorder::current() {
            recorder.record(&event);
        }
        self.all.send(&event);
        if event.to().is_none() {
            return;
        }
        self.transitions.send(&event);
        if self.called.load(Ordering::Relaxed) > 0 {
            let callbacks: Vec<_> = lock_std(&self.callbacks).iter().map(|(_, callback)| callback.clone()).collect();
            for callback in callbacks {
                if catch_unwind(AssertUnwindSafe(|| callback(&event))).is_err() {
                    panicked(&event);
                }
            }
        }
    }
}

/// Emits the event `callback_panicked`. `reported` is the event that the callback received.
fn panicked(reported: &Event) {
    event!(error, "callback_panicked", event = reported.name(), circuit = reported.circuit());
}

/// Returns whether a subscriber, or an isolated test, wants all events.
#[inline]
pub(crate) fn wants_all() -> bool {
    is_recorded() || Hub::current().wants_all()
}

/// Returns whether a subscriber, or an isolated test, wants the events of state changes.
pub(crate) fn wants_transitions() -> bool {
    is_recorded() || Hub::current().wants_transitions()
}

/// Returns whether an isolated test records the events of this thread.
#[inline]
fn is_recorded() -> bool {
    #[cfg(feature = "test-util")]
    return Scope::current().is_some();
    #[cfg(not(feature = "test-util"))]
    false
}
