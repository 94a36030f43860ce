//! Emits the events of a circuit with the crate `tracing`.

use std::fmt::Display;
#[cfg(feature = "serde")]
use std::time::Duration;

use tracing::field::display;
use tracing::{Level, Metadata};
use tracing_core::callsite::DefaultCallsite;
use tracing_core::field::FieldSet;
use tracing_core::metadata::Kind;

use crate::base::clock::Tick;
use crate::base::name::Name;
use crate::circuit::core::state::CircuitState;
use crate::circuit::core::wait::Wait;
use crate::circuit::error::whole_seconds;
use crate::events::{TARGET, debug_wanted, event, excerpt, hub, transition};

pub(crate) fn opened(name: &Name, from: CircuitState, reason: &str, failures: u64, error: Option<&dyn Display>) {
    transition!(from => CircuitState::Open, warn, "circuit_opened", circuit = display(name), reason, failures, error = excerpt(error));
}

pub(crate) fn half_open(name: &Name) {
    transition!(CircuitState::Open => CircuitState::HalfOpen, info, "circuit_half_open", circuit = display(name));
}

pub(crate) fn closed(name: &Name) {
    transition!(CircuitState::HalfOpen => CircuitState::Closed, info, "circuit_closed", circuit = display(name), reason = "recovery");
}

pub(crate) fn reset(name: &Name, from: CircuitState) {
    transition!(from => CircuitState::Closed, info, "circuit_reset", circuit = display(name));
}

/// Emits the event `circuit_restored` after a circuit has taken over its state from a snapshot.
#[cfg(feature = "serde")]
pub(crate) fn restored(name: &Name, state: CircuitState, cooldown_remaining: Duration) {
    let cooldown_remaining = (state == CircuitState::Open).then(|| whole_seconds(cooldown_remaining));
    event!(info, "circuit_restored", circuit = display(name), state = state.as_str(), cooldown_remaining);
}

pub(crate) fn forced_open(name: &Name, from: CircuitState) {
    transition!(from => CircuitState::ForcedOpen, warn, "circuit_forced_open", circuit = display(name));
}

pub(crate) fn disabled(name: &Name, from: CircuitState) {
    transition!(from => CircuitState::Disabled, warn, "circuit_disabled", circuit = display(name));
}

/// Emits a warning that `calls` consecutive calls had no outcome, because each call was cancelled or ended by a
/// deadline. Without outcomes, the circuit cannot detect a failing service.
pub(crate) fn blind(name: &Name, calls: u16) {
    event!(warn, "circuit_blind", circuit = display(name), calls);
}

pub(crate) fn trial_expired(name: &Name, trials: u32) {
    event!(info, "trial_expired", circuit = display(name), trials);
}

#[cold]
pub(crate) fn rejected(name: &Name, wait: Wait) {
    let (state, retry_after) = (wait.state(), whole_seconds(wait.time()));
    let open = state == CircuitState::Open;
    event!(
        debug,
        "circuit_rejected",
        circuit = display(name),
        cooldown_remaining = open.then_some(retry_after),
        state = (!open).then_some(state.as_str()),
        retry_after = (!open).then_some(retry_after)
    );
}

/// Returns whether a subscriber might receive the event `circuit_success` or `circuit_failure`. Both events contain the
/// duration of a call. If this function returns true, the circuit reads the clock at the start of each call.
#[inline]
pub(crate) fn durations_wanted() -> bool {
    debug_wanted() && is_of_interest()
}

/// Returns whether a subscriber wants all events, or has registered an interest in the event `circuit_success` or
/// `circuit_failure`.
///
/// A callsite is the description of an event in the crate `tracing`. This function defines a callsite for each of the
/// two events. Each callsite has the name, the target, the level and the fields of its event, because a subscriber may
/// filter by these properties.
///
/// This function does not use the macro `tracing::enabled!`, because the macro calls the method `enabled` of the
/// subscriber. After a call of `enabled`, a layer of the crate `tracing-subscriber` could lose its next event
/// (tokio-rs/tracing#2519).
#[cold]
fn is_of_interest() -> bool {
    macro_rules! interest {
        ($name:literal, $fields:expr) => {{
            static CALLSITE: DefaultCallsite = DefaultCallsite::new(&METADATA);
            static METADATA: Metadata<'static> = Metadata::new(
                $name,
                TARGET,
                Level::DEBUG,
                Some(file!()),
                Some(line!()),
                Some(module_path!()),
                FieldSet::new($fields, tracing_core::identify_callsite!(&CALLSITE)),
                Kind::EVENT,
            );
            !CALLSITE.interest().is_never()
        }};
    }
    hub::wants_all()
        || interest!("circuit_success", &["message", "circuit", "duration_ms"])
        || interest!("circuit_failure", &["message", "circuit", "duration_ms", "error"])
}

#[cold]
pub(crate) fn success(name: &Name, started: Option<Tick>) {
    event!(debug, "circuit_success", circuit = display(name), duration_ms = millis(started));
}

#[cold]
pub(crate) fn failure(name: &Name, started: Option<Tick>, error: Option<&dyn Display>) {
    event!(debug, "circuit_failure", circuit = display(name), duration_ms = millis(started), error = excerpt(error));
}

fn millis(started: Option<Tick>) -> Option<u64> {
    started.map(|started| u64::try_from(Tick::now().since(started).as_millis()).unwrap_or(u64::MAX))
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use tracing::span::{Attributes, Id, Record};
    use tracing::subscriber::{Interest, set_default};
    use tracing::{Event, Subscriber};

    use super::*;

    /// A subscriber that wants only the events for which its function returns true.
    struct Selects(fn(&Metadata<'_>) -> bool);

    impl Subscriber for Selects {
        fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
            if (self.0)(metadata) { Interest::always() } else { Interest::never() }
        }
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            unreachable!("no code may ask whether an event is enabled, because a layer would lose its next event")
        }
        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, _: &Event<'_>) {}
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    #[test]
    fn durations_are_wanted_only_by_subscriber_of_their_events() {
        assert!(!durations_wanted(), "no subscriber");
        {
            // A test in another thread may be registering the callsites at this moment. Until the registration ends,
            // `durations_wanted` returns true.
            let _guard = set_default(Selects(|_| false));
            while durations_wanted() {
                std::thread::yield_now();
            }
        }
        for (selects, wanted) in [
            ((|metadata| metadata.target() == "myapp") as fn(&Metadata<'_>) -> bool, false),
            (|metadata| metadata.name() == "circuit_rejected", false),
            (|metadata| metadata.name() == "circuit_success", true),
            (|metadata| metadata.name() == "circuit_failure", true),
            (|metadata| metadata.fields().field("error").is_some(), true),
            (|metadata| metadata.target() == "resilience", true),
        ] {
            let _guard = set_default(Selects(selects));
            assert_eq!(durations_wanted(), wanted);
        }
    }
}
