//! Implements the options `retry_after_ok` and `cost_ok` of a retry.
#![allow(missing_docs)] // Items without docs belong to the hidden module `__private`.

use std::time::Duration;

use crate::base::noted::aside;
use crate::circuit::breaker::CircuitBreaker;
use crate::retry::budget::config::RetryCost;
use crate::retry::hint::{Hint, LONGEST_HINT};
use crate::retry::judged::{Ended, Judged};
use crate::retry::layer::Source;
use crate::retry::rules::Rules;

impl<'s, S: Source<'s>, R, T, E, H, X, C> Judged<'_, 's, S, R, T, E, H, X, C> {
    /// Returns the `Ok` value of the attempt if `retry_if_ok` selected this value, and the option `max` allows another
    /// attempt.
    #[inline]
    fn repeated_ok(&self) -> Option<&T> {
        let Ended { attempts, retry, outcome, failed, .. } = &self.ended;
        outcome.as_ref().ok().filter(|_| *failed && attempts.exhausted(*retry).is_none())
    }

    #[inline]
    pub fn retry_after_ok(self, retry_after_ok: impl FnOnce(&T) -> Option<Duration>) -> Self {
        self.hinted_ok(retry_after_ok, || LONGEST_HINT)
    }

    /// Works like [`retry_after_ok`](Self::retry_after_ok), for the option `retry_after_ok` of a circuit below
    /// `#[retry]`. The longest accepted delay is the longer of one hour and the circuit's `max_cooldown`.
    #[inline]
    pub fn retry_after_ok_of(
        self,
        circuit: &CircuitBreaker,
        retry_after_ok: impl FnOnce(&T) -> Option<Duration>,
    ) -> Self {
        self.hinted_ok(retry_after_ok, || circuit.max_cooldown().max(LONGEST_HINT))
    }

    /// Works like [`retry_after_ok_of`](Self::retry_after_ok_of), but does nothing if the user's policy has a function
    /// `retry_after_ok`.
    #[inline]
    pub fn retry_after_ok_below<PE: ?Sized, PT: ?Sized>(
        self,
        policy: &Rules<PE, PT>,
        circuit: &CircuitBreaker,
        retry_after_ok: impl FnOnce(&T) -> Option<Duration>,
    ) -> Self {
        if policy.values.has_retry_after_ok() { self } else { self.retry_after_ok_of(circuit, retry_after_ok) }
    }

    #[inline]
    fn hinted_ok(
        mut self,
        retry_after_ok: impl FnOnce(&T) -> Option<Duration>,
        longest: impl FnOnce() -> Duration,
    ) -> Self {
        if let Some(value) = self.repeated_ok() {
            self.ended.hint = aside(|| retry_after_ok(value)).map(|delay| Hint { delay, longest: longest() });
        }
        self
    }

    #[inline]
    pub fn cost_ok(mut self, cost_ok: impl FnOnce(&T) -> RetryCost) -> Self {
        if let Some(value) = self.repeated_ok() {
            self.ended.cost = aside(|| cost_ok(value));
        }
        self
    }
}
