//! Implements [`RetryBudget`], a limit on the total number of retries of all callers.

use std::fmt;
use std::sync::{Mutex, Weak};
use std::time::Duration;

use crate::base::clock::{SKEW, Tick, nanos};
use crate::base::packed;
use crate::base::sync::statics::{AtomicU32, AtomicU64, Ordering};
use crate::base::sync::{Arc, OnceLock, lock_std};

/// Limits the total number of retries of all callers that share the budget.
///
/// Without a budget, three attempts per call triple the load of a service that is already down. With a budget, a retry
/// happens only if the budget grants the retry. If the budget denies a retry, the call returns the outcome of its last
/// attempt.
///
/// A budget is a cheap handle. A `static` or a struct can hold the budget, and all its clones share one limit. The
/// attribute `#[retry]` names the budget in its option `budget`. A [`RetryPolicy`](crate::RetryPolicy) receives the
/// budget from [`RetryBuilder::budget`](crate::RetryBuilder::budget).
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
pub struct RetryBudget {
    config: Config,
    // The first use of the budget creates the state, because a `static` cannot allocate memory.
    state: OnceLock<Arc<BudgetState>>,
}

#[derive(Clone, Copy, Debug)]
enum Config {
    Bucket(TokenBucket),
    Ratio(RetryRatio),
}

/// The state that all clones of a budget share.
#[derive(Debug)]
pub struct BudgetState {
    kind: Kind,
    granted: AtomicU64,
    denied: AtomicU64,
}

/// A value that refers to the state of a budget.
pub trait Pays {
    fn state(&self) -> Option<&BudgetState>;
}

impl Pays for RetryBudget {
    #[inline]
    fn state(&self) -> Option<&BudgetState> {
        Some(Self::state(self))
    }
}

impl<P: Pays + ?Sized> Pays for &P {
    #[inline]
    fn state(&self) -> Option<&BudgetState> {
        P::state(self)
    }
}

impl Pays for BudgetState {
    #[inline]
    fn state(&self) -> Option<&BudgetState> {
        Some(self)
    }
}

#[derive(Debug)]
enum Kind {
    Bucket(TokenBucket, AtomicU32),
    Ratio(RetryRatio, Window),
}

/// Configures a budget with a bucket of tokens. Each retry takes tokens from the bucket, and each successful call puts
/// tokens back.
///
/// The AWS SDKs use a bucket of tokens in their retry mode "standard" ([*Retry
/// behavior*](https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html)).
///
/// A call that succeeds after a retry puts back the cost of its last retry. A call that succeeds at the first attempt
/// puts back `first_try_refund` tokens. If the bucket holds fewer tokens than a retry costs, the retry is denied and
/// takes no token.
///
/// Each field may have any value. A capacity of zero denies every retry that costs a token. A retry with a cost of zero
/// is always granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenBucket {
    /// Maximum number of tokens in the bucket. The bucket starts with this number of tokens. Default: 500.
    pub capacity: u32,
    /// Cost in tokens of a retry after an ordinary failure ([`RetryCost::Failure`]). Default: 5.
    pub retry_cost: u32,
    /// Cost in tokens of a retry after a timeout ([`RetryCost::Timeout`]). Default: 10.
    pub timeout_cost: u32,
    /// Cost in tokens of a retry after the service asked its callers to send fewer calls ([`RetryCost::Throttle`]).
    /// Default: 5.
    pub throttle_cost: u32,
    /// Number of tokens that a call puts back into the bucket if its first attempt succeeds. Default: 1.
    pub first_try_refund: u32,
}

impl TokenBucket {
    /// The default value of each field.
    pub const DEFAULT: Self =
        Self { capacity: 500, retry_cost: 5, timeout_cost: 10, throttle_cost: 5, first_try_refund: 1 };
}

/// Configures a budget that grants retries in proportion to the number of calls, as in
/// [Finagle](https://twitter.github.io/finagle/guide/Clients.html#retries), Envoy and tower.
///
/// The budget counts the calls and the retries of the last `ttl`, a window of time. Each call in this window permits
/// `share` retries, for example 0.2. In addition, `min_per_second` retries per second are always permitted, so that a
/// program with few calls can retry.
///
/// The window moves forward in steps of a tenth of `ttl`. A field outside its range is treated as the nearest allowed
/// value. A `share` of NaN is treated as 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryRatio {
    /// Length of the window of time in which calls and retries are counted, 1 ms to 24 h. Default: 10 s.
    pub ttl: Duration,
    /// Number of retries per second that the budget permits even if no call starts. Default: 10.
    pub min_per_second: u32,
    /// Number of retries that each call permits, 0 to 10. Default: 0.2, which permits one retry for five calls.
    pub share: f64,
}

impl RetryRatio {
    /// The default value of each field.
    pub const DEFAULT: Self = Self { ttl: Duration::from_secs(10), min_per_second: 10, share: 0.2 };
}

/// The kind of failure after which a retry is made. A [`TokenBucket`] has a separate cost for each kind. A
/// [`RetryRatio`] ignores the kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryCost {
    /// An ordinary failure: neither a timeout, nor a request by the service to send fewer calls.
    #[default]
    Failure,
    /// The attempt ended in a timeout.
    Timeout,
    /// The service asked its callers to send fewer calls.
    Throttle,
}

/// A snapshot of a budget. [`RetryBudget::stats`] returns this snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryBudgetStats {
    /// For a budget with a [`TokenBucket`], number of tokens in the bucket. For a budget with a [`RetryRatio`], number
    /// of retries that the budget would grant now.
    pub tokens: u64,
    /// Total number of retries that the budget has granted.
    pub granted: u64,
    /// Total number of retries that the budget has denied.
    pub denied: u64,
}

impl RetryBudget {
    /// Creates a budget with a bucket of tokens. The bucket is full at the start.
    pub const fn bucket(bucket: TokenBucket) -> Self {
        Self { config: Config::Bucket(bucket), state: OnceLock::new() }
    }

    /// Creates a budget that grants retries in proportion to the number of calls.
    pub const fn ratio(ratio: RetryRatio) -> Self {
        Self { config: Config::Ratio(ratio), state: OnceLock::new() }
    }

    /// Returns the state that all clones of the budget share.
    #[inline]
    pub(crate) fn state(&self) -> &Arc<BudgetState> {
        self.state.get().unwrap_or_else(|| self.create())
    }

    #[cold]
    fn create(&self) -> &Arc<BudgetState> {
        self.state.get_or_init(|| {
            let state = Arc::new(BudgetState::new(self.config));
            let mut used = lock_std(&USED);
            used.retain(|state| state.strong_count() > 0);
            used.push(Arc::downgrade(&state));
            state
        })
    }

    /// Records the start of a call. `#[retry]` and [`RetryPolicy`](crate::RetryPolicy) call this method themselves.
    /// Only a hand-written retry loop has to call this method.
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

    /// Requests a retry, and returns whether the budget grants the retry. A granted retry reduces the budget, even if
    /// the caller does not make the retry.
    pub fn try_retry(&self, cost: RetryCost) -> bool {
        self.state().try_retry(cost)
    }

    /// Records the success of a call. `last` is the cost of the call's last granted retry. `last` is `None` if the call
    /// made no retry.
    #[inline]
    pub fn call_succeeded(&self, last: Option<RetryCost>) {
        self.state().call_succeeded(last);
    }

    /// Returns a snapshot of the budget: the tokens, and the numbers of granted and denied retries.
    pub fn stats(&self) -> RetryBudgetStats {
        self.state().stats()
    }
}

/// Returns a handle of the same budget.
impl Clone for RetryBudget {
    fn clone(&self) -> Self {
        Self { config: self.config, state: OnceLock::from(self.state().clone()) }
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

/// The states of all budgets that calls have used.
static USED: Mutex<Vec<Weak<BudgetState>>> = Mutex::new(Vec::new());

/// Fills every budget that a call has used.
pub(crate) fn reset_all() {
    let used: Vec<_> = lock_std(&USED).iter().filter_map(Weak::upgrade).collect();
    for state in used {
        state.fill();
    }
}

impl BudgetState {
    fn fill(&self) {
        match &self.kind {
            Kind::Bucket(bucket, tokens) => tokens.store(bucket.capacity, Ordering::Relaxed),
            Kind::Ratio(_, window) => window.retries.clear(),
        }
    }

    fn new(config: Config) -> Self {
        let kind = match config {
            Config::Bucket(bucket) => Kind::Bucket(bucket, AtomicU32::new(bucket.capacity)),
            Config::Ratio(ratio) => Kind::Ratio(ratio, Window::new()),
        };
        Self { kind, granted: AtomicU64::new(0), denied: AtomicU64::new(0) }
    }

    #[inline]
    pub(crate) fn call_began(&self) {
        if let Kind::Ratio(ratio, window) = &self.kind {
            window.calls.add(ratio.slot());
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
            // The bucket is usually full, and a full bucket needs no write.
            if tokens.load(Ordering::Relaxed) != bucket.capacity {
                bucket.refund(tokens, last);
            }
        }
    }

    fn stats(&self) -> RetryBudgetStats {
        let tokens = match &self.kind {
            Kind::Bucket(_, tokens) => tokens.load(Ordering::Relaxed).into(),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a whole number that is not negative"
            )]
            Kind::Ratio(ratio, window) => window.left(ratio, ratio.slot()) as u64,
        };
        RetryBudgetStats {
            tokens,
            granted: self.granted.load(Ordering::Relaxed),
            denied: self.denied.load(Ordering::Relaxed),
        }
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

impl Default for TokenBucket {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Default for RetryRatio {
    fn default() -> Self {
        Self::DEFAULT
    }
}

const SLOTS: u32 = 10;

impl RetryRatio {
    fn ttl(&self) -> Duration {
        self.ttl.clamp(Duration::from_millis(1), Duration::from_secs(24 * 60 * 60))
    }

    /// Returns the length of a slot in nanoseconds. A slot is a tenth of the time window `ttl`.
    fn length(&self) -> u64 {
        nanos(self.ttl()) / u64::from(SLOTS)
    }

    /// Returns the number of the current slot. A slot is a tenth of the time window `ttl`, so the window consists of
    /// the last ten slots.
    fn slot(&self) -> Now {
        let length = self.length();
        let ahead = (nanos(SKEW) / length).max(SLOTS.into());
        // The 32-bit slot numbers repeat after 2^32 slots. With the shortest `ttl`, 1 ms, this takes about five days.
        // If an `AtomicU64` of [`Slots`] receives no write during exactly 2^32 slots, its old count is mistaken for a
        // new count.
        #[expect(clippy::cast_possible_truncation, reason = "only the numbers of near slots are compared")]
        let now = Now { slot: (Tick::now().to_bits() / length) as u32, ahead: ahead as u32 };
        now
    }
}

/// The number of the slot (a tenth of the time window) in which this value was created.
#[derive(Clone, Copy, Debug)]
struct Now {
    slot: u32,
    /// Another thread may have read tokio's clock later, and may use a slot up to `ahead` slots later than `slot`. An
    /// even later slot comes from another clock, such as the paused clock of another test's runtime.
    ahead: u32,
}

impl Now {
    /// Returns whether `slot` is from 1 to `ahead` slots later than the current slot. A thread that read tokio's clock
    /// later already uses such a slot.
    fn is_behind(self, slot: u32) -> bool {
        (1..=self.ahead).contains(&slot.wrapping_sub(self.slot))
    }

    /// Returns whether the slot with the number `slot` belongs to the time window of the budget. A slot is a tenth of
    /// this window. The window consists of the last ten slots, and of later slots that another thread already uses.
    fn counts(self, slot: u32) -> bool {
        self.slot.wrapping_sub(slot) < SLOTS || self.is_behind(slot)
    }
}

/// The numbers of calls and of retries in the time window. The window is divided into ten slots, and each slot has its
/// own counts.
#[derive(Debug)]
struct Window {
    calls: Slots,
    retries: Slots,
}

impl Window {
    const fn new() -> Self {
        Self { calls: Slots::new(), retries: Slots::new() }
    }

    /// Compensates for the rounding of a share, such as 0.3, to a float. Without this constant, ten calls with such a
    /// share could permit two retries instead of three.
    const ROUNDING: f64 = 1e-9;

    /// Returns the number of retries that the budget would grant now.
    fn left(&self, ratio: &RetryRatio, slot: Now) -> f64 {
        let reserve = f64::from(ratio.min_per_second) * ratio.ttl().as_secs_f64();
        // A share of NaN counts as 0. The method `clamp` would return NaN for this share.
        let share = if ratio.share > 0.0 { ratio.share.min(10.0) } else { 0.0 };
        share.mul_add(self.calls.sum(slot), reserve - self.retries.sum(slot) + Self::ROUNDING).max(0.0)
    }

    fn take(&self, ratio: &RetryRatio) -> bool {
        loop {
            let slot = ratio.slot();
            let before = self.retries.word(slot).load(Ordering::Relaxed);
            if self.left(ratio, slot) < 1.0 {
                return false;
            }
            // The exchange fails if another thread has counted a retry since `before` was read. The loop then computes
            // again how many retries are left. In a rare case, two threads both take the last retry. This happens if a
            // new slot (a tenth of the time window) begins between their clock readings.
            let paid = (before, Slots::more(before, slot));
            if self.retries.word(slot).compare_exchange(paid.0, paid.1, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                return true;
            }
        }
    }
}

/// The counts of calls, or of retries, in the last ten slots. A slot is a tenth of the time window. Each slot has an
/// `AtomicU64`: the upper 32 bits contain the number of the slot, and the lower 32 bits contain the count.
#[derive(Debug)]
struct Slots([AtomicU64; SLOTS as usize]);

impl Slots {
    const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; SLOTS as usize])
    }

    fn word(&self, now: Now) -> &AtomicU64 {
        &self.0[(now.slot % SLOTS) as usize]
    }

    fn add(&self, slot: Now) {
        let more = |word| Some(Self::more(word, slot));
        let _ = self.word(slot).fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }

    /// Returns `word` with one more call or retry. The upper half of `word` is the number of a slot, a tenth of the
    /// time window. The lower half is the count of calls or retries in this slot.
    ///
    /// The count grows by one if `word` belongs to the current slot, or to a later slot that another thread already
    /// uses. Otherwise, the result is the number of the current slot, with a count of one.
    fn more(word: u64, now: Now) -> u64 {
        let (slot, count) = packed::split(word);
        if slot == now.slot || now.is_behind(slot) {
            packed::join(slot, count.saturating_add(1))
        } else {
            packed::join(now.slot, 1)
        }
    }

    fn clear(&self) {
        self.0.iter().for_each(|word| word.store(0, Ordering::Relaxed));
    }

    fn sum(&self, now: Now) -> f64 {
        let counts = self.0.iter().map(|word| packed::split(word.load(Ordering::Relaxed)));
        counts.filter(|(slot, _)| now.counts(*slot)).map(|(_, count)| f64::from(count)).sum()
    }
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use super::*;

    fn count(words: &Slots, slot: u32) -> u32 {
        words
            .0
            .iter()
            .map(|word| packed::split(word.load(Ordering::Relaxed)))
            .filter(|(of, _)| *of == slot)
            .map(|(_, n)| n)
            .sum()
    }

    #[test]
    fn late_thread_keeps_newer_slot() {
        for newest in [1_000, u32::MAX - SLOTS] {
            let slots = Slots::new();
            let at = |slot: u32| Now { slot, ahead: SLOTS };
            (0..5).for_each(|_| slots.add(at(newest)));
            slots.add(at(newest.wrapping_sub(SLOTS)));
            assert_eq!(count(&slots, newest), 6, "the late call counts in the newer slot");
            assert_eq!(slots.sum(at(newest.wrapping_sub(1))).to_bits(), 6_f64.to_bits(), "a late reader sees it");
            slots.add(at(newest.wrapping_add(SLOTS)));
            assert_eq!(
                (count(&slots, newest), count(&slots, newest.wrapping_add(SLOTS))),
                (0, 1),
                "an older slot goes"
            );
        }
    }

    #[test]
    fn clock_far_behind_starts_slot_again() {
        let slots = Slots::new();
        slots.add(Now { slot: 1_000, ahead: SLOTS });
        let behind = Now { slot: 1_000 - 2 * SLOTS, ahead: SLOTS };
        slots.add(behind);
        assert_eq!((count(&slots, 1_000), count(&slots, behind.slot)), (0, 1));
    }

    #[test]
    fn skew_of_one_second_counts_slots_of_short_ttl() {
        let ratio = RetryRatio { ttl: Duration::from_millis(10), ..RetryRatio::DEFAULT };
        assert_eq!((ratio.slot().ahead, RetryRatio::DEFAULT.slot().ahead), (1_000, SLOTS));
    }
}
