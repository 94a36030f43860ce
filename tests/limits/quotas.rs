//! Tests the waits in the errors of a rate limit while quotas of a service apply. Compares random calls with a model
//! that tries each millisecond.

use std::time::Duration;

use futures_util::future::join_all;
use resilience_runtime::{RateLimit, RateLimitedError};
use support::paused_runtime;
use tokio::join;
use tokio::runtime::Runtime;
use tokio::time::{Instant, advance};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn wait_of(outcome: Result<(), RateLimitedError>) -> Option<Duration> {
    outcome.err().map(|limited| limited.retry_after().unwrap())
}

#[tokio::test(start_paused = true)]
async fn wait_in_error_covers_quota_and_rate() {
    let limit = RateLimit::per("quotas::longer", 1, MINUTE).build().unwrap();
    limit.try_acquire().unwrap();
    limit.update(0, 5 * SECOND);
    assert_eq!(wait_of(limit.try_acquire()), Some(MINUTE), "the rate");
    limit.update(0, 2 * MINUTE);
    assert_eq!(wait_of(limit.try_acquire()), Some(2 * MINUTE), "the quota");
    advance(2 * MINUTE).await;
    limit.try_acquire().unwrap();
}

#[tokio::test(start_paused = true)]
async fn call_whose_rate_exceeds_wait_is_rejected_at_once() {
    let limit = RateLimit::per("quotas::at_once", 1, MINUTE).wait(10 * SECOND).build().unwrap();
    let begin = Instant::now();
    limit.acquire().await.unwrap();
    limit.update(0, 5 * SECOND);
    assert_eq!(wait_of(limit.acquire().await), Some(MINUTE));
    assert_eq!(begin.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn rate_of_waiting_calls_counts_from_reset() {
    let limit = RateLimit::builder("quotas::reset", 1).burst(1).wait(12 * SECOND).build().unwrap();
    limit.update(0, 10 * SECOND);
    let begin = Instant::now();
    let call = async || (wait_of(limit.acquire().await), begin.elapsed());
    let started = |second: u32| (None, second * SECOND);
    let rejected = (Some(13 * SECOND), Duration::ZERO);
    let calls = async { join!(call(), call(), call(), call(), async { wait_of(limit.try_acquire()) }) };
    assert_eq!(calls.await, (started(10), started(11), started(12), rejected, Some(13 * SECOND)));
}

#[tokio::test(start_paused = true)]
async fn call_rejected_by_new_quota_waits_behind_others() {
    let limit = RateLimit::builder("quotas::first", 1).burst(1).wait(10 * SECOND).build().unwrap();
    limit.try_acquire().unwrap();
    let others = join_all((0..5).map(|_| limit.until_ready()));
    let report = async {
        advance(SECOND / 2).await;
        limit.update(0, 60 * SECOND);
    };
    let first = async { wait_of(limit.acquire().await) };
    let (told, _, ()) = join!(first, others, report);
    assert_eq!(told, Some(Duration::from_millis(64_500)));
}

#[tokio::test(start_paused = true)]
async fn waiting_calls_start_with_a_burst_at_reset() {
    let limit = RateLimit::builder("quotas::burst", 1).burst(3).wait(21 * SECOND / 2).build().unwrap();
    (0..3).for_each(|_| limit.try_acquire().unwrap());
    limit.update(0, 10 * SECOND);
    let begin = Instant::now();
    let call = async || (wait_of(limit.acquire().await), begin.elapsed());
    let calls = async { join!(call(), call(), call(), call()) };
    let started = (None, 10 * SECOND);
    assert_eq!(calls.await, (started, started, started, (Some(11 * SECOND), Duration::ZERO)));
}

/// Creates a tokio runtime whose paused clock is an hour ahead of the system's clock.
fn paused_ahead() -> Runtime {
    let runtime = paused_runtime();
    runtime.block_on(advance(60 * MINUTE));
    runtime
}

#[test]
fn quota_from_another_clock_has_no_effect() {
    let limit = RateLimit::builder("quotas::clocks", 10).build().unwrap();
    let (ahead, behind) = (paused_ahead(), paused_runtime());
    ahead.block_on(async {
        limit.update(0, 30 * SECOND);
        assert_eq!(wait_of(limit.try_acquire()), Some(30 * SECOND), "its own clock");
    });
    behind.block_on(async {
        limit.try_acquire().unwrap();
        limit.update(0, 5 * SECOND);
        assert_eq!(wait_of(limit.try_acquire()), Some(5 * SECOND));
    });
}

#[test]
fn quota_from_another_clock_does_not_replace_new_quota() {
    let limit = RateLimit::builder("quotas::new", 10).build().unwrap();
    let (ahead, behind) = (paused_ahead(), paused_runtime());
    ahead.block_on(async { limit.update(0, 30 * SECOND) });
    behind.block_on(async {
        limit.update(0, 5 * SECOND);
        assert_eq!(wait_of(limit.try_acquire()), Some(5 * SECOND));
    });
}

#[test]
fn quota_of_clock_slightly_ahead_still_applies() {
    let limit = RateLimit::builder("quotas::slightly", 10).build().unwrap();
    let (one, other) = (paused_runtime(), paused_runtime());
    let [begin, now] = [&one, &other].map(|clock| clock.block_on(async { Instant::now() }));
    one.block_on(advance(now + SECOND / 2 - begin));
    one.block_on(async { limit.update(0, 30 * SECOND) });
    let told = other.block_on(async { wait_of(limit.try_acquire()).unwrap() });
    assert!(told > 30 * SECOND && told <= 31 * SECOND, "{told:?}");
}

/// A random number generator (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from(self.0 >> 33).unwrap() % end
    }
}

/// A model of a rate limit. All times are in milliseconds.
#[derive(Clone, Debug)]
struct Model {
    step: u32,
    burst: u32,
    due: u32,
    /// The number of tokens and the time of the reset of each quota.
    quotas: Vec<(u32, u32)>,
}

impl Model {
    /// Creates a random model, and a rate limit with the same settings.
    fn random(random: &mut Random, wait: u32) -> (Self, RateLimit) {
        let (step, burst) = (1 + random.below(400), 1 + random.below(6));
        let limit = RateLimit::per("quotas", 1, milliseconds(step)).burst(burst).wait(milliseconds(wait));
        (Self { step, burst, due: 0, quotas: Vec::new() }, limit.build().unwrap())
    }

    fn report(&mut self, limit: &RateLimit, random: &mut Random, now: u32) {
        let (remaining, reset) = (random.below(8), random.below(3_000));
        limit.update(remaining, milliseconds(reset));
        self.quotas.push((remaining, now + reset));
    }

    fn admits(&self, tokens: u32, now: u32) -> bool {
        let is_due = self.due + (tokens - 1) * self.step <= now + (self.burst - 1) * self.step;
        is_due && self.quotas.iter().all(|(remaining, reset)| *reset <= now || *remaining >= tokens)
    }

    /// Takes the tokens at the first time from `now` on at which the model admits the call. Returns this time.
    fn start(&mut self, tokens: u32, now: u32) -> u32 {
        let start = (now..now + 100_000).find(|time| self.admits(tokens, *time)).unwrap();
        self.due = self.due.max(start) + tokens * self.step;
        self.quotas.iter_mut().for_each(|(remaining, _)| *remaining = remaining.saturating_sub(tokens));
        start
    }
}

fn milliseconds(time: u32) -> Duration {
    Duration::from_millis(time.into())
}

#[test]
fn wait_in_error_is_exact_without_other_calls() {
    let mut random = Random(7);
    let mut rejected = 0;
    for case in 0..300 {
        let (mut model, limit) = Model::random(&mut random, 0);
        paused_runtime().block_on(async {
            let mut now = 0;
            for _ in 0..20 {
                if random.below(3) == 0 {
                    model.report(&limit, &mut random, now);
                }
                let tokens = 1 + random.below(model.burst);
                let start = model.start(tokens, now);
                if start > now {
                    rejected += 1;
                    let told = Some(milliseconds(start - now));
                    assert_eq!(wait_of(limit.try_acquire_many(tokens)), told, "case {case}: {model:?}");
                    advance(milliseconds(start - now)).await;
                }
                limit.try_acquire_many(tokens).unwrap();
                let pause = random.below(500);
                advance(milliseconds(pause)).await;
                now = start + pause;
            }
        });
    }
    assert!(rejected > 1_000, "{rejected}");
}

/// Starts up to nine calls at the same time, and compares each of them with the model. Some of the calls wait, and the
/// other calls are rejected at once.
#[test]
fn wait_in_error_is_exact_behind_waiting_calls() {
    let mut random = Random(11);
    let (mut rejected, mut waited) = (0, 0);
    for case in 0..600 {
        let wait = random.below(4_000);
        let (mut model, limit) = Model::random(&mut random, wait);
        let most = if case % 2 == 0 { 1 } else { model.burst };
        let calls: Vec<_> = (0..=random.below(9)).map(|_| 1 + random.below(most)).collect();
        let outcomes = paused_runtime().block_on(async {
            (0..random.below(4)).for_each(|_| model.report(&limit, &mut random, 0));
            let begin = Instant::now();
            let call = async |tokens| (wait_of(limit.acquire_many(tokens).await), begin.elapsed());
            join_all(calls.iter().map(|tokens| call(*tokens))).await
        });
        for (tokens, (told, after)) in calls.iter().zip(&outcomes) {
            let mut next = model.clone();
            let start = milliseconds(next.start(*tokens, 0));
            let message = format!("case {case}: {tokens} of {calls:?}, at most {wait} ms, {outcomes:?}, {model:?}");
            let Some(told) = *told else {
                assert_eq!(*after, start, "{message}");
                (model, waited) = (next, waited + u32::from(*after > Duration::ZERO));
                continue;
            };
            // If the waiting calls take several tokens, the rate limit does not know which of them start before a
            // reset. The wait in the error may then be longer by the time of a burst, but never shorter.
            let longest = if most == 1 { start } else { start + (model.burst - 1) * milliseconds(model.step) };
            assert!(*after == Duration::ZERO && told > milliseconds(wait), "{message}");
            assert!((start..=longest).contains(&told), "{message}");
            rejected += 1;
        }
    }
    assert!(rejected > 400 && waited > 400, "{rejected} and {waited}");
}
