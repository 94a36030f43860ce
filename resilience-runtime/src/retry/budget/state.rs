//! Implements [`BudgetState`], the state that all clones of a retry budget share.

use std::sync::{Mutex, Weak};

#[cfg(feature = "test-util")]
use crate::base::scope::Scope;
use crate::base::scope::scoped;
use crate::base::sync::statics::{AtomicU32, AtomicU64, Ordering};
use crate::base::sync::{Arc, lock_std};
use crate::retry::budget::config::{Config, RetryCost, RetryRatio, TokenBucket};
use crate::retry::budget::window::Window;

/// The state that all clones of a retry budget share.
#[derive(Debug)]
pub struct BudgetState {
    kind: Kind,
    granted: AtomicU64,
    denied: AtomicU64,
}

#[derive(Debug)]
enum Kind {
    Bucket(TokenBucket, AtomicU32),
    Ratio(RetryRatio, Window),
}

impl BudgetState {
    /// Creates the state of a budget, and adds the state to the list [`used`], which [`reset_all_budgets`] reads.
    pub(super) fn listed(config: Config) -> Arc<Self> {
        let state = Arc::new(Self::new(config));
        add(&mut lock_std(used()), Arc::downgrade(&state), |state| state.strong_count() > 0);
        state
    }

    fn new(config: Config) -> Self {
        let kind = match config {
            Config::Bucket(bucket) => Kind::Bucket(bucket, AtomicU32::new(bucket.capacity)),
            Config::Ratio(ratio) => Kind::Ratio(ratio, Window::new()),
        };
        Self { kind, granted: AtomicU64::new(0), denied: AtomicU64::new(0) }
    }

    fn fill(&self) {
        match &self.kind {
            Kind::Bucket(bucket, tokens) => tokens.store(bucket.capacity, Ordering::Relaxed),
            Kind::Ratio(_, window) => window.clear_retries(),
        }
    }

    #[inline]
    pub(crate) fn call_began(&self) {
        if let Kind::Ratio(ratio, window) = &self.kind {
            window.add_call(ratio);
        }
    }

    pub(crate) fn try_retry(&self, cost: RetryCost) -> bool {
        let granted = match &self.kind {
            Kind::Bucket(bucket, tokens) => {
                let take = |tokens: u32| tokens.checked_sub(bucket.cost(cost));
                tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
            }
            Kind::Ratio(ratio, window) => window.take(ratio),
        };
        let counter = if granted { &self.granted } else { &self.denied };
        counter.fetch_add(1, Ordering::Relaxed);
        granted
    }

    #[inline]
    pub(crate) fn call_succeeded(&self, last: Option<RetryCost>) {
        if let Kind::Bucket(bucket, tokens) = &self.kind {
            // Most calls find a full bucket, and then need no write.
            if tokens.load(Ordering::Relaxed) != bucket.capacity {
                bucket.refund(tokens, last);
            }
        }
    }

    /// Returns the number of tokens in the bucket of a [`TokenBucket`], or the number of retries that a [`RetryRatio`]
    /// would grant now.
    pub(super) fn tokens(&self) -> u64 {
        match &self.kind {
            Kind::Bucket(_, tokens) => tokens.load(Ordering::Relaxed).into(),
            Kind::Ratio(ratio, window) => window.tokens(ratio),
        }
    }

    pub(super) fn granted(&self) -> u64 {
        self.granted.load(Ordering::Relaxed)
    }

    pub(super) fn denied(&self) -> u64 {
        self.denied.load(Ordering::Relaxed)
    }
}

impl TokenBucket {
    fn cost(&self, cost: RetryCost) -> u32 {
        match cost {
            RetryCost::Failure => self.retry_cost,
            RetryCost::Timeout => self.timeout_cost,
            RetryCost::Throttle => self.throttle_cost,
        }
    }

    #[cold]
    fn refund(&self, tokens: &AtomicU32, last: Option<RetryCost>) {
        let refund = last.map_or(self.first_try_refund, |last| self.cost(last));
        let give = |tokens: u32| Some(tokens.saturating_add(refund).min(self.capacity));
        let _ = tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, give);
    }
}

/// A type that contains the state of a budget, for example `RetryBudget` or a retry policy. The method `state` returns
/// `None` for a policy without a budget.
pub trait Pays {
    fn state(&self) -> Option<&BudgetState>;
}

impl Pays for BudgetState {
    #[inline]
    fn state(&self) -> Option<&BudgetState> {
        Some(self)
    }
}

impl<P: Pays + ?Sized> Pays for &P {
    #[inline]
    fn state(&self) -> Option<&BudgetState> {
        P::state(self)
    }
}

/// Adds `new` to `list`. If the capacity of the list is used up, first removes the elements for which `is_alive`
/// returns false.
///
/// The list doubles its capacity if most elements are alive. On average, an addition therefore examines only a few
/// elements, even in a program with many budgets.
fn add<T>(list: &mut Vec<T>, new: T, is_alive: impl FnMut(&T) -> bool) {
    if list.len() == list.capacity() {
        list.retain(is_alive);
        list.reserve(list.len().max(16));
    }
    list.push(new);
}

/// Returns the state that the budget has in the current isolated test. Outside an isolated test, returns `state`.
#[cfg(feature = "test-util")]
pub(super) fn of_test(state: &Arc<BudgetState>, config: Config) -> &Arc<BudgetState> {
    let Some(scope) = Scope::current() else { return state };
    // The scope (the data of the test) stores the budget's separate state under the address of `state`. The scope also
    // keeps `state` alive, so no other budget can get the same address.
    let create = || (state.clone(), BudgetState::listed(config));
    &scope.value(Arc::as_ptr(state).addr(), create).1
}

/// Returns the states of all budgets that calls have used.
fn used() -> &'static Mutex<Vec<Weak<BudgetState>>> {
    static USED: Mutex<Vec<Weak<BudgetState>>> = Mutex::new(Vec::new());
    scoped(&USED, Mutex::default)
}

/// Resets every budget that a call has used: fills the bucket of tokens, or sets the counts of retries to zero.
pub(crate) fn reset_all_budgets() {
    let used: Vec<_> = lock_std(used()).iter().filter_map(Weak::upgrade).collect();
    for state in used {
        state.fill();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addition_examines_few_elements_and_forgets_dead_ones() {
        for oldest in [0, 9_900] {
            let (mut list, mut examined) = (Vec::new(), 0);
            for number in 0..10_000 {
                add(&mut list, number, |other| {
                    examined += 1;
                    *other >= oldest
                });
            }
            assert!(examined <= 2 * 10_000, "{examined}");
        }
        let mut list = Vec::new();
        (0..10_000).for_each(|number| add(&mut list, number, |other| number - *other < 100));
        assert!(list.len() <= 300, "{}", list.len());
    }
}
