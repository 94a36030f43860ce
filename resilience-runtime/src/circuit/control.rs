//! Implements the methods that change the state of a circuit by hand.

use crate::base::clock::Tick;
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::core::machine::Machine;
use crate::circuit::core::state::CircuitState;
use crate::circuit::events;
use crate::circuit::settings::Settings;

impl CircuitBreaker {
    /// Closes the circuit. Clears the window of recent calls, and the statistics `failures`, `successes` and
    /// `last_failure`.
    ///
    /// The statistic `last_success` and the totals, such as `total_failed`, remain unchanged. The growth of the
    /// cooldown by [`cooldown_factor`](crate::CircuitBuilder::cooldown_factor) starts again. A reset also ends the
    /// states that [`force_open`](Self::force_open) and [`disable`](Self::disable) cause. If a call runs during the
    /// reset, only the totals count its outcome.
    ///
    /// ```
    /// use resilience_runtime::{CircuitBreaker, CircuitState};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::builder("reset_method_example").threshold(1).build()?;
    /// breaker.try_acquire()?.failure();
    /// breaker.reset();
    /// assert_eq!((breaker.state(), breaker.stats().failures), (CircuitState::Closed, 0));
    /// assert_eq!(breaker.stats().total_failed, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn reset(&self) {
        let from = self.change(|machine, _, now| machine.reset(now));
        events::reset(&self.0.name, from);
    }

    /// Opens the circuit for one cooldown, from any state. After the cooldown, the circuit is half-open.
    ///
    /// The growth by [`cooldown_factor`](crate::CircuitBuilder::cooldown_factor) starts again, so it does not extend
    /// this cooldown. [`cooldown_jitter`](crate::CircuitBuilder::cooldown_jitter) can extend the cooldown.
    ///
    /// ```
    /// use resilience_runtime::{CircuitBreaker, CircuitState};
    ///
    /// # fn main() -> Result<(), resilience_runtime::ConfigError> {
    /// let breaker = CircuitBreaker::builder("trip_example").build()?;
    /// breaker.trip();
    /// assert_eq!(breaker.state(), CircuitState::Open);
    /// # Ok(())
    /// # }
    /// ```
    pub fn trip(&self) {
        let mut failures = 0;
        let from = self.change(|machine, settings, now| {
            machine.trip(settings, now);
            failures = machine.failures();
        });
        events::opened(&self.0.name, from, "manual", failures, None);
    }

    /// Changes the state of the circuit, and returns the state before the change.
    fn change(&self, change: impl FnOnce(&mut Machine, &Settings, Tick)) -> CircuitState {
        self.0.gate.decide(|machine, settings| {
            let now = Tick::now();
            machine.change_by_hand(settings, now, |machine| change(machine, settings, now))
        })
    }

    /// Rejects every call until [`reset`](Self::reset), [`trip`](Self::trip) or [`disable`](Self::disable) is called.
    ///
    /// The circuit does not know when the rejections will end. The error of a rejected call therefore reports the whole
    /// cooldown as the time to wait.
    ///
    /// ```
    /// use resilience_runtime::{CircuitBreaker, CircuitState};
    ///
    /// # fn main() -> Result<(), resilience_runtime::ConfigError> {
    /// let breaker = CircuitBreaker::builder("force_open_example").build()?;
    /// breaker.force_open();
    /// assert!(breaker.try_acquire().is_err());
    /// assert_eq!(breaker.state(), CircuitState::ForcedOpen);
    /// breaker.reset();
    /// assert!(breaker.try_acquire().is_ok());
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "isolate")]
    pub fn force_open(&self) {
        let from = self.change(|machine, _, now| machine.force_open(now));
        events::forced_open(&self.0.name, from);
    }

    /// Admits every call until [`reset`](Self::reset), [`trip`](Self::trip) or [`force_open`](Self::force_open) is
    /// called.
    ///
    /// Only the totals in [`CircuitStats`](crate::CircuitStats) count the outcomes of these calls.
    ///
    /// ```
    /// use resilience_runtime::{CircuitBreaker, CircuitState};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::builder("disable_example").threshold(1).build()?;
    /// breaker.disable();
    /// breaker.try_acquire()?.failure();
    /// assert_eq!(breaker.state(), CircuitState::Disabled);
    /// # Ok(())
    /// # }
    /// ```
    pub fn disable(&self) {
        let from = self.change(|machine, _, _| machine.disable());
        events::disabled(&self.0.name, from);
    }
}
