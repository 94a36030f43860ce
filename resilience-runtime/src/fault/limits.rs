//! Limits an injected fault. The limits are the share of the calls that the fault affects, and the end of the fault.

use std::time::Duration;

use crate::base::clock::{SKEW, Tick};
use crate::base::random;

/// The limits of one injected fault.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The share of the calls that the fault affects, at most 1.
    rate: f64,
    /// The longest time for which the fault is allowed.
    time: Duration,
    /// The time at which the fault ends.
    until: Tick,
    /// The number of the [`Armed`](crate::chaos::Armed) value that injected the fault.
    #[cfg(feature = "chaos")]
    pub(crate) armed: u64,
    /// The time of the last warning about the fault.
    warned: Tick,
}

/// The shortest time between two warnings about a fault in a running service.
const BETWEEN_WARNINGS: Duration = Duration::from_secs(60);

impl Limits {
    #[cfg(feature = "chaos")]
    pub(crate) fn new(rate: f64, time: Duration, until: Tick, armed: u64) -> Self {
        Self { rate, time, until, armed, warned: Tick::now() }
    }

    pub(crate) fn rate(&self) -> f64 {
        self.rate
    }

    /// Returns the time until the fault ends, or zero if the fault has ended. A fault that was armed on another clock,
    /// such as the paused clock of another test, counts as ended.
    pub(crate) fn remaining(&self) -> Duration {
        self.until.left(self.time, Tick::now())
    }

    /// Decides by a random number whether the fault affects the current call.
    pub(crate) fn selects(&self) -> bool {
        random::unit(random::next()) < self.rate
    }

    /// Returns whether a warning about the fault is due. If a warning is due, stores the current time as the time of
    /// the last warning. A warning is also due if the time of the last warning comes from another clock.
    pub(crate) fn is_due(&mut self) -> bool {
        let now = Tick::now();
        let is_due = now.since(self.warned) >= BETWEEN_WARNINGS || self.warned.since(now) > SKEW;
        if is_due {
            self.warned = now;
        }
        is_due
    }
}
