//! What retries may cost all callers together.

use std::time::Duration;

use crate::base::clock::{Tick, nanos};
use crate::base::packed;
use crate::base::sync::statics::{AtomicU32, AtomicU64, Ordering};

/// A budget that retries share, so that they never multiply an outage: without one, three attempts each make three times
/// the load of a service that is down already.
///
/// It is a `static`, named in the attribute or given to a [`RetryBuilder`](crate::RetryBuilder::budget). An attempt that the
/// budget denies is not made, and the error at hand comes back.
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
/// assert_eq!((stats.tokens, stats.granted, stats.denied), (0, 2, 8)); // 11 calls of the service, not 27
/// # }
/// ```
#[derive(Debug)]
pub struct RetryBudget {
    kind: Kind,
    granted: AtomicU64,
    denied: AtomicU64,
}

#[derive(Debug)]
enum Kind {
    Bucket(TokenBucket, AtomicU32),
    Ratio(RetryRatio, Window),
}

/// A bucket of tokens that every retry pays from and every success fills: the one of the AWS SDKs in their "standard" mode
/// ([*Retry behavior*](https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html)).
///
/// A success gives back what the last retry before it had cost, and `first_try_refund` if there was none. Where there are
/// fewer tokens than a retry costs, none is taken. Whatever the numbers, all are allowed: a capacity of zero denies every
/// retry, a cost of zero none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenBucket {
    /// The tokens at the beginning, and the most that there can be.
    pub capacity: u32,
    /// What a retry costs.
    pub retry_cost: u32,
    /// What it costs after a timeout, which costs the service more: see [`RetryCost`].
    pub timeout_cost: u32,
    /// What it costs after the service asked for fewer calls.
    pub throttle_cost: u32,
    /// What a success of the first attempt gives.
    pub first_try_refund: u32,
}

impl TokenBucket {
    /// 500 tokens; a retry costs 5, after a timeout 10; a success of the first attempt gives 1.
    pub const DEFAULT: Self =
        Self { capacity: 500, retry_cost: 5, timeout_cost: 10, throttle_cost: 5, first_try_refund: 1 };
}

/// So many retries for each call, as in Finagle's
/// [`RetryBudget`](https://twitter.github.io/finagle/guide/Clients.html#retries), Envoy's and tower's.
///
/// Over the last `ttl` there may be `share` retries for each call, and besides `min_per_second`, so that a caller with little
/// traffic may retry, too. The window slides in tenths. Values outside their range count as its nearest end, NaN as 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryRatio {
    /// How long a call counts, 1 ms to 24 h.
    pub ttl: Duration,
    /// How many retries a second there may be without any call.
    pub min_per_second: u32,
    /// How many retries there may be for each call, 0 to 10; 0.2 is one for five calls.
    pub share: f64,
}

impl RetryRatio {
    /// One retry for five calls of the last ten seconds, and ten a second besides.
    pub const DEFAULT: Self = Self { ttl: Duration::from_secs(10), min_per_second: 10, share: 0.2 };
}

/// What the failure was that a retry follows, for what the retry [costs](TokenBucket).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryCost {
    /// Any failure that is none of the others.
    #[default]
    Failure,
    /// No answer came in time.
    Timeout,
    /// The service asked for fewer calls.
    Throttle,
}

/// What a budget has come to, from [`RetryBudget::stats`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryBudgetStats {
    /// The tokens in the bucket; of a ratio the retries that would be granted now.
    pub tokens: u64,
    /// Retries that were granted.
    pub granted: u64,
    /// Retries that were denied.
    pub denied: u64,
}

impl RetryBudget {
    /// A bucket of tokens, full at first.
    pub const fn bucket(bucket: TokenBucket) -> Self {
        Self::new(Kind::Bucket(bucket, AtomicU32::new(bucket.capacity)))
    }

    /// So many retries for each call.
    pub const fn ratio(ratio: RetryRatio) -> Self {
        Self::new(Kind::Ratio(ratio, Window::new()))
    }

    const fn new(kind: Kind) -> Self {
        Self { kind, granted: AtomicU64::new(0), denied: AtomicU64::new(0) }
    }

    /// Learns that a call begins. For loops of your own; an attribute and a policy do it by themselves.
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
        if let Kind::Ratio(ratio, window) = &self.kind {
            window.calls.add(ratio.slot());
        }
    }

    /// Asks for a retry. What was granted is paid, whether the retry is made or not.
    pub fn try_retry(&self, cost: RetryCost) -> bool {
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

    /// Learns that a call has succeeded, and what its last retry was granted for, if there was one.
    #[inline]
    pub fn call_succeeded(&self, last: Option<RetryCost>) {
        if let Kind::Bucket(bucket, tokens) = &self.kind {
            // Nearly always: a service that works leaves its bucket full.
            if tokens.load(Ordering::Relaxed) != bucket.capacity {
                bucket.refund(tokens, last);
            }
        }
    }

    /// A snapshot of tokens and counts.
    pub fn stats(&self) -> RetryBudgetStats {
        let tokens = match &self.kind {
            Kind::Bucket(_, tokens) => tokens.load(Ordering::Relaxed).into(),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "whole retries, none below zero"
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

    /// The number of the slot that is being filled.
    fn slot(&self) -> u32 {
        let length = nanos(self.ttl()) / u64::from(SLOTS);
        // Numbers come again after at least five days: then a slot that was last filled in the very same one counts once more.
        #[expect(clippy::cast_possible_truncation, reason = "only what is near each other is compared")]
        let slot = (Tick::now().to_bits() / length) as u32;
        slot
    }
}

/// The calls and retries of the last time, in slots.
#[derive(Debug)]
struct Window {
    calls: Slots,
    retries: Slots,
}

impl Window {
    const fn new() -> Self {
        Self { calls: Slots::new(), retries: Slots::new() }
    }

    /// A share is written in tenths, of which a float falls short: ten calls at 0.3 are to pay for three.
    const ROUNDING: f64 = 1e-9;

    /// How many retries there may be now.
    fn left(&self, ratio: &RetryRatio, slot: u32) -> f64 {
        let reserve = f64::from(ratio.min_per_second) * ratio.ttl().as_secs_f64();
        // Not `clamp`, of which NaN comes out as it went in.
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
            // Whoever was faster has changed the word. Only where the slots turn at this moment may two pay with one call.
            let paid = (before, Slots::more(before, slot));
            if self.retries.word(slot).compare_exchange(paid.0, paid.1, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                return true;
            }
        }
    }
}

/// Counts, each in a word with the number of its slot in the upper half.
#[derive(Debug)]
struct Slots([AtomicU64; SLOTS as usize]);

impl Slots {
    const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; SLOTS as usize])
    }

    fn word(&self, slot: u32) -> &AtomicU64 {
        &self.0[(slot % SLOTS) as usize]
    }

    fn add(&self, slot: u32) {
        let more = |word| Some(Self::more(word, slot));
        let _ = self.word(slot).fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }

    /// The word with one more in this slot; what an older one held is forgotten.
    fn more(word: u64, slot: u32) -> u64 {
        let (of, count) = packed::split(word);
        packed::join(slot, if of == slot { count.saturating_add(1) } else { 1 })
    }

    fn sum(&self, slot: u32) -> f64 {
        let counts = self.0.iter().map(|word| packed::split(word.load(Ordering::Relaxed)));
        counts.filter(|(of, _)| slot.wrapping_sub(*of) < SLOTS).map(|(_, count)| f64::from(count)).sum()
    }
}
