//! Implements a `tracing` subscriber for the whole process. Several tests run at the same time, each in its own thread,
//! so the subscriber keeps a separate list of events for each thread.

use std::cell::RefCell;
use std::fmt::{Debug, Write};
use std::sync::Once;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

thread_local! {
    static RECORDING: RefCell<Option<Recording>> = const { RefCell::new(None) };
}

/// The recorded events of one test, and a function that the recorder calls at each event.
struct Recording {
    lines: Vec<String>,
    then: fn(&Event<'_>),
}

/// Records the events of each thread that called [`record`].
///
/// One subscriber serves the whole process. With one subscriber for each thread, `tracing` can lose events
/// (tokio-rs/tracing#3611).
struct Recorder;

pub(crate) fn record() {
    record_and(|_| ());
}

/// Records the events of the current thread from now on, and calls `then` with each of these events.
pub(crate) fn record_and(then: fn(&Event<'_>)) {
    static RECORDER: Once = Once::new();
    RECORDER.call_once(|| tracing::subscriber::set_global_default(Recorder).unwrap());
    RECORDING.set(Some(Recording { lines: Vec::new(), then }));
}

/// Returns the events of the current thread since the last call of `recorded`. Each event is one line of text.
pub(crate) fn recorded() -> Vec<String> {
    RECORDING
        .with_borrow_mut(|recording| std::mem::take(&mut recording.as_mut().expect("this thread records events").lines))
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "resilience"
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(format!("{} {}", event.metadata().level(), event.metadata().name()));
        event.record(&mut line);
        let then = RECORDING.with_borrow_mut(|recording| {
            let recording = recording.as_mut()?;
            recording.lines.push(line.0);
            Some(recording.then)
        });
        if let Some(then) = then {
            then(event);
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Formats an event as `LEVEL name field=value ..`. Leaves out the field `message`, which equals the name of the event.
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "message" => assert!(self.0.ends_with(&format!(" {value:?}")), "{} is not {value:?}", self.0),
            name => write!(self.0, " {name}={value:?}").unwrap(),
        }
    }
}
