//! Implements [`RetryBudget`], a limit on the total number of retries of all callers.

pub(crate) mod config;
pub(crate) mod state;
mod window;

use std::fmt;

use crate::base::scope::outside;
use crate::base::sync::{Arc, OnceLock};
use crate::retry::budget::config::{Config, RetryCost, RetryRatio, TokenBucket};
use crate::retry::budget::state::{BudgetState, Pays};

/// Limits the total number of retries of all callers that share the budget.
///
/// Without a budget, three attempts per call can triple the load on a failing service. With a budget, each retry needs
/// a grant from the budget. If the budget denies a retry, the call returns the outcome of its last attempt.
///
/// A `static` or a field of a struct can hold a budget. All clones of a budget share one limit. `#[retry]` has the
/// option `budget`, and a [`RetryPolicy`](crate::RetryPolicy) receives its budget from
/// [`RetryBuilder::budget`](crate::RetryBuilder::budget). A budget can also limit the attempts that
/// [`#[hedge]`](macro@crate::hedge#budgets) or a [`Hedge`](crate::Hedge) starts after the first attempt.
///
/// ```
/// use resilience_runtime::{RetryBudget, TokenBucket, retry};
///
/// static SEARCH: RetryBudget = RetryBudget::bucket(TokenBucket { capacity: 10, ..TokenBucket::DEFAULT });
///
/// #[retry(max = 3, delay = 0, budget = SEARCH)]
/// async fn search() -> std::io::Result<()> {
///     Err(std::io::ErrorKind::TimedOut.into())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// for _ in 0..9 {
///     assert!(search().await.is_err());
/// }
/// let stats = SEARCH.stats();
/// // The service received 9 first attempts and 2 retries. Without the budget, it would have received 27 attempts.
/// assert_eq!((stats.tokens, stats.granted, stats.denied), (0, 2, 8));
/// # }
/// ```
#[doc(alias = "retry throttling")]
pub struct RetryBudget {
    config: Config,
    // The first use creates the state, because the initializer of a `static` cannot allocate memory.
    state: OnceLock<Arc<BudgetState>>,
}

impl RetryBudget {
    /// Creates a budget with a bucket of tokens, which is full at the start.
    pub const fn bucket(bucket: TokenBucket) -> Self {
        Self { config: Config::Bucket(bucket), state: OnceLock::new() }
    }

    /// Creates a budget that limits retries to a share of all calls.
    pub const fn ratio(ratio: RetryRatio) -> Self {
        Self { config: Config::Ratio(ratio), state: OnceLock::new() }
    }

    /// Returns the state that all clones of the budget share. In an isolated test, the budget has a separate state.
    #[inline]
    pub(crate) fn state(&self) -> &Arc<BudgetState> {
        let state = self.shared();
        #[cfg(feature = "test-util")]
        let state = state::of_test(state, self.config);
        state
    }

    #[inline]
    fn shared(&self) -> &Arc<BudgetState> {
        self.state.get().unwrap_or_else(|| self.create())
    }

    #[cold]
    fn create(&self) -> &Arc<BudgetState> {
        self.state.get_or_init(|| outside(|| BudgetState::listed(self.config)))
    }

    /// Records the start of a call. A budget with a [`TokenBucket`] ignores this record. Only a retry loop of your own
    /// needs this method. `#[retry]`, `#[hedge]`, [`RetryPolicy`](crate::RetryPolicy) and [`Hedge`](crate::Hedge) call
    /// this method themselves.
    ///
    /// ```
    /// use resilience_runtime::{RetryBudget, RetryCost, TokenBucket};
    ///
    /// static BUDGET: RetryBudget = RetryBudget::bucket(TokenBucket::DEFAULT);
    ///
    /// # fn ask(attempt: u32) -> Result<u32, ()> { if attempt < 2 { Err(()) } else { Ok(attempt) } }
    /// BUDGET.call_began();
    /// let (mut attempt, mut last) = (1, None);
    /// while ask(attempt).is_err() && BUDGET.try_retry(RetryCost::Failure) {
    ///     (attempt, last) = (attempt + 1, Some(RetryCost::Failure));
    /// }
    /// BUDGET.call_succeeded(last);
    /// assert_eq!(BUDGET.stats().tokens, 500);
    /// ```
    #[inline]
    pub fn call_began(&self) {
        self.state().call_began();
    }

    /// Returns whether the budget grants a retry. A granted retry reduces the budget, even if the caller does not make
    /// the retry.
    ///
    /// ```
    /// use resilience_runtime::{RetryBudget, RetryCost, TokenBucket};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let budget = RetryBudget::bucket(TokenBucket { capacity: 9, ..TokenBucket::DEFAULT });
    /// assert!(budget.try_retry(RetryCost::Failure)); // takes 5 tokens
    /// assert!(!budget.try_retry(RetryCost::Failure)); // needs 5 tokens, but 4 are left
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_retry(&self, cost: RetryCost) -> bool {
        self.state().try_retry(cost)
    }

    /// Records the success of a call. A budget with a [`RetryRatio`] ignores this record. `last` is the cost of the
    /// call's last granted retry, or `None` if the call made no retry.
    #[inline]
    pub fn call_succeeded(&self, last: Option<RetryCost>) {
        self.state().call_succeeded(last);
    }

    /// Returns the current number of tokens, and the numbers of granted and denied retries.
    pub fn stats(&self) -> RetryBudgetStats {
        let state = self.state();
        RetryBudgetStats { tokens: state.tokens(), granted: state.granted(), denied: state.denied() }
    }
}

/// Returns a budget that shares the limit with this budget.
impl Clone for RetryBudget {
    fn clone(&self) -> Self {
        Self { config: self.config, state: OnceLock::from(self.shared().clone()) }
    }
}

impl fmt::Debug for RetryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryBudget")
            .field("config", &self.config)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

impl Pays for RetryBudget {
    #[inline]
    fn state(&self) -> Option<&BudgetState> {
        Some(Self::state(self))
    }
}

/// Contains the tokens and the counts of a budget at one moment. [`RetryBudget::stats`] returns this value.
///
/// ```
/// use resilience_runtime::{RetryBudget, RetryCost, TokenBucket};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let budget = RetryBudget::bucket(TokenBucket { capacity: 5, ..TokenBucket::DEFAULT });
/// budget.try_retry(RetryCost::Failure);
/// budget.try_retry(RetryCost::Failure);
/// let stats = budget.stats();
/// assert_eq!((stats.tokens, stats.granted, stats.denied), (0, 1, 1));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryBudgetStats {
    /// Number of tokens in the bucket of a [`TokenBucket`], or number of retries that a [`RetryRatio`] would grant now.
    pub tokens: u64,
    /// Total number of retries that the budget has granted.
    pub granted: u64,
    /// Total number of retries that the budget has denied.
    pub denied: u64,
}
