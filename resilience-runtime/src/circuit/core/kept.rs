//! Defines [`Kept`], the part of a circuit's state that a snapshot keeps. Also implements the methods of [`Machine`]
//! that read and restore this part.

use std::time::Duration;

use crate::base::clock::{Millis, Stamp, Tick, nanos, whole_steps};
use crate::circuit::core::machine::{Machine, State};
use crate::circuit::core::state::CircuitState;
use crate::circuit::core::transitions::Cause;
use crate::circuit::core::window::KeptWindow;
use crate::circuit::settings::Settings;

/// The part of a circuit's state that a snapshot keeps. This type contains no [`Tick`], because a tick has no meaning
/// in another process.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Kept {
    /// The state, which is never `HalfOpen`. A snapshot stores a half-open circuit as an open circuit whose cooldown
    /// has ended.
    pub(crate) state: CircuitState,
    /// The rest of the cooldown, or zero if the circuit is not open.
    pub(crate) left: Duration,
    /// The delay that the service asked for when the circuit opened, or zero.
    pub(crate) hint: Duration,
    /// The random number for the option `cooldown_jitter`, from 0 to `u16::MAX`.
    pub(crate) draw: u16,
    /// The number of openings since the circuit last closed.
    pub(crate) openings: u16,
    pub(crate) failures: u32,
    pub(crate) last_failure: Stamp,
    pub(crate) last_success: Stamp,
    pub(crate) window: Option<KeptWindow>,
}

impl Kept {
    /// The kept state of a new circuit.
    pub(crate) const NEW: Self = Self {
        state: CircuitState::Closed,
        left: Duration::ZERO,
        hint: Duration::ZERO,
        draw: 0,
        openings: 0,
        failures: 0,
        last_failure: Stamp::from_bits(0),
        last_success: Stamp::from_bits(0),
        window: None,
    };

    /// Returns whether a circuit in this state would admit and reject calls like a new circuit. Ignores the statistics.
    pub(crate) fn decides_as_new(&self) -> bool {
        let window = self.window.as_ref();
        self.state == CircuitState::Closed && self.failures == 0 && window.is_none_or(KeptWindow::is_empty)
    }

    /// Returns true if [`decides_as_new`](Self::decides_as_new) does, and `self` contains no time of a success or a
    /// failure.
    pub(crate) fn is_new(&self) -> bool {
        let no_call = Stamp::default();
        self.decides_as_new() && self.last_failure == no_call && self.last_success == no_call
    }

    /// Subtracts `passed` from the rest of the cooldown, and makes the calls in a window of time older by `passed`.
    pub(crate) fn after(mut self, passed: Duration) -> Self {
        self.left = self.left.saturating_sub(passed);
        self.window = self.window.map(|window| window.after(passed));
        self
    }
}

impl Machine {
    /// Returns the state at `now` without the time of the last success, which the machine does not store. `successes`
    /// is the number of successes since the circuit last closed or was reset.
    pub(crate) fn keep(&self, settings: &Settings, now: Tick, successes: u64) -> Kept {
        let (state, left) = self.seen(settings, now);
        let (hint, draw) = match self.state {
            State::Open { hint, draw, .. } => (hint, draw),
            _ => (0, 0),
        };
        Kept {
            state: if state == CircuitState::HalfOpen { CircuitState::Open } else { state },
            left,
            hint: Duration::from_nanos(hint),
            draw,
            openings: self.opened_since_closed,
            failures: self.failures,
            last_failure: self.tally.last_failure,
            window: self.window.as_ref().map(|window| window.keep(now, successes)),
            ..Kept::NEW
        }
    }

    /// Replaces the state by the state `kept` from a snapshot. The outcomes of running calls no longer affect the
    /// circuit.
    ///
    /// The settings may have changed since the snapshot. The rest of the cooldown is at most the whole cooldown under
    /// the new settings. A circuit has no window, a window of time, or a window of calls. If the kind of window has
    /// changed, a closed circuit drops the count of failures in `kept`. If the kind is the same, the new window takes
    /// over all calls in `kept` that fit into the window.
    pub(crate) fn restore(&mut self, kept: &Kept, settings: &Settings, now: Tick) {
        // Closes the circuit first, because closing restarts the count of successes and empties the window.
        self.close(now, Cause::Restore);
        match kept.state {
            CircuitState::Closed => {}
            CircuitState::Open | CircuitState::HalfOpen => {
                self.opened_since_closed = kept.openings.max(1);
                let hint = nanos(kept.hint);
                let cooldown = Duration::from_nanos(whole_steps(nanos(self.cooldown(hint, kept.draw, settings))));
                let since = now.before(cooldown.saturating_sub(kept.left));
                let outage = Millis::of(now);
                self.enter(State::Open { since, hint, draw: kept.draw, outage }, Cause::Restore);
            }
            CircuitState::ForcedOpen => self.enter(State::ForcedOpen { outage: Millis::of(now) }, Cause::Restore),
            CircuitState::Disabled => self.enter(State::Disabled, Cause::Restore),
        }
        let same_rule = match (&self.window, &kept.window) {
            (Some(window), Some(kept)) => window.is_of_kind(kept),
            (window, kept) => window.is_none() && kept.is_none(),
        };
        if same_rule || kept.state != CircuitState::Closed {
            self.failures = kept.failures;
        }
        self.tally.last_failure = kept.last_failure;
        if let (Some(window), Some(kept)) = (&mut self.window, &kept.window) {
            window.restore(kept, now);
        }
    }
}
