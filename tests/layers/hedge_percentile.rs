//! Tests hedges whose time `after` is a percentile of the times of recent calls.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use proptest::prelude::*;
use resilience_runtime::{Hedge, HedgeBuilder, SettingsMistake, check, circuit, get_stats, hedge, retry, timeout};
use support::{Error, paused_runtime};
use tokio::time::{Instant, sleep};

const MIN: Duration = Duration::from_millis(5);
const MAX: Duration = Duration::from_secs(1);

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn builder(percentile: f64) -> HedgeBuilder {
    Hedge::builder().percentile(percentile).min_after(MIN).max_after(MAX)
}

/// Asserts that the hedge's time `after` is the percentile `exact`, or longer by at most a sixteenth.
fn assert_close(after: Duration, exact: Duration) {
    assert!(after >= exact && after <= exact + exact / 16, "{after:?} for {exact:?}");
}

async fn take(time: Duration) -> Result<(), Error> {
    sleep(time).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn max_after_applies_until_100_calls_were_measured() {
    let hedge = builder(95.0).build().unwrap();
    for call in 0..100 {
        assert_eq!((hedge.after(), hedge.stats().after), (MAX, Some(MAX)), "{call}");
        hedge.call(|| take(millis(20))).await.unwrap();
    }
    assert_close(hedge.after(), millis(20));
    assert_eq!(hedge.stats().after, Some(hedge.after()));
}

#[tokio::test(start_paused = true)]
async fn time_stays_within_limits() {
    let hedge = builder(50.0).build().unwrap();
    for (time, after) in [(1, MIN), (5_000, MAX)] {
        for _ in 0..2_000 {
            hedge.call(|| take(millis(time))).await.unwrap();
        }
        assert_eq!(hedge.after(), after);
    }
}

#[hedge(name = "hedge_percentile::adapts", after = "p90", min_after = "5ms", max_after = "1s", max = 2)]
async fn adapts(time: Duration) -> Result<(), Error> {
    take(time).await
}

#[hedge(name = "hedge_percentile::adapts")]
async fn adapts_too(time: Duration) -> Result<(), Error> {
    take(time).await
}

#[tokio::test(start_paused = true)]
async fn hedge_adapts_to_slower_and_faster_service() {
    let stats = || get_stats().hedges["hedge_percentile::adapts"].clone();
    for (calls, time, after) in [
        (100, 10, 10),
        (20, 300, 300), // 20 of 120 calls are slow now, so p90 is 300 ms.
        (1_500, 300, 300),
        (500, 10, 300),
        (2_000, 10, 10),
    ] {
        for _ in 0..calls / 2 {
            adapts(millis(time)).await.unwrap();
            adapts_too(millis(time)).await.unwrap();
        }
        assert_close(stats().after.unwrap(), millis(after));
    }
    let before = stats().total_attempts;
    adapts_too(millis(8)).await.unwrap();
    adapts_too(millis(60)).await.unwrap();
    assert_eq!(stats().total_attempts - before, 3, "the second call takes longer than the percentile");
}

/// Returns the next random number between 0 and 1 (xorshift).
fn unit(state: &Cell<u64>) -> f64 {
    let mut next = state.get();
    next ^= next << 13;
    next ^= next >> 7;
    next ^= next << 17;
    state.set(next);
    f64::from((next >> 32) as u32) / f64::from(u32::MAX)
}

#[tokio::test(start_paused = true)]
async fn hedging_does_not_hide_slowness() {
    let state = Cell::new(7);
    for percentile in [50.0, 90.0] {
        let hedge = builder(percentile).max(3).build().unwrap();
        // The durations of the attempts are exponentially distributed with an average of 100 ms.
        let exact = Duration::from_secs_f64(-0.1 * (1.0 - percentile / 100.0_f64).ln());
        for _ in 0..6_000 {
            let attempt = || take(Duration::from_secs_f64(-0.1 * (1.0 - unit(&state) * 0.999_999).ln()));
            hedge.call(attempt).await.unwrap();
        }
        let (after, counts) = (hedge.after(), hedge.stats());
        assert!(after > exact.mul_f64(0.85) && after < exact.mul_f64(1.25), "{after:?} for {exact:?}");
        assert!(counts.total_won_by_hedge > 100, "{counts:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn dropped_call_counts_with_its_time() {
    let hedge = builder(50.0).build().unwrap();
    for _ in 0..100 {
        let call = hedge.call(|| take(millis(60_000)));
        assert!(tokio::time::timeout(millis(300), call).await.is_err());
    }
    assert_close(hedge.after(), millis(300));
}

#[tokio::test(start_paused = true)]
async fn early_failure_does_not_count() {
    let hedge = builder(50.0).build().unwrap();
    let fail = |time| async move { take(millis(time)).await.and(Err::<(), _>(Error::Down)) };
    for _ in 0..200 {
        hedge.call(|| fail(7)).await.unwrap_err();
    }
    assert_eq!(hedge.after(), MAX, "a further attempt was never due");
    for _ in 0..100 {
        hedge.call(|| take(millis(50))).await.unwrap();
    }
    for _ in 0..300 {
        hedge.call(|| fail(200)).await.unwrap_err();
    }
    assert_close(hedge.after(), millis(200));
}

struct Client {
    hedge: Hedge,
}

impl Client {
    #[circuit(name = "hedge_percentile::with")]
    #[timeout(5)]
    #[hedge(with = self.hedge)]
    async fn ask(&self, time: Duration) -> Result<(), Error> {
        take(time).await
    }

    const MIN: Duration = millis_const(10);

    #[retry(max = 2, delay = 0)]
    #[hedge(after = "p99.9", min_after = Client::MIN, max_after = Duration::from_secs(3), max = 2)]
    async fn by_constants(&self, time: Duration) -> Result<(), Error> {
        take(time).await
    }
}

const fn millis_const(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[tokio::test(start_paused = true)]
async fn held_hedge_and_constants_measure_calls() {
    let client = Client { hedge: builder(95.0).build().unwrap() };
    for _ in 0..100 {
        client.ask(millis(40)).await.unwrap();
        client.by_constants(millis(50)).await.unwrap();
    }
    assert_close(client.hedge.after(), millis(40));
    let stats = get_stats().hedges.into_iter().find(|(name, _)| name.ends_with("hedge_percentile::by_constants"));
    assert_close(stats.unwrap().1.after.unwrap(), millis(50));
}

#[hedge(name = "hedge_percentile::conflict", after = "p95", min_after = "5ms", max_after = "1s")]
async fn by_percentile() -> Result<(), Error> {
    Ok(())
}

#[hedge(name = "hedge_percentile::conflict", after = "10ms")]
async fn by_time() -> Result<(), Error> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn percentile_and_time_of_one_name_are_a_conflict() {
    by_time().await.unwrap();
    by_percentile().await.unwrap();
    let mistakes = check().unwrap_err();
    let conflicts = mistakes.iter().filter_map(|mistake| match mistake {
        SettingsMistake::LayerConflict(conflict) if conflict.name == "hedge_percentile::conflict" => Some(conflict),
        _ => None,
    });
    let conflicts: Vec<_> =
        conflicts.map(|conflict| (conflict.option, conflict.values.each_ref().map(|v| &**v))).collect();
    assert_eq!(conflicts, [("after", ["\"p95\"", "10ms"])]);
    assert_eq!(get_stats().hedges["hedge_percentile::conflict"].after, Some(MAX), "the first attribute wins");
}

#[test]
fn wrong_settings_are_refused_by_name() {
    let error = |builder: HedgeBuilder| builder.build().unwrap_err().to_string();
    for percentile in [0.0, 49.0, 49.99, 99.95, 100.0, -95.0, f64::INFINITY, f64::NAN] {
        let expected = format!("`percentile` is {percentile}, but must be a number from 50 to 99.9");
        assert_eq!(error(builder(percentile)), expected);
    }
    let plain = Hedge::builder;
    for (builder, expected) in [
        (plain(), "`after` is not set, but must be a time, unless `percentile` is set"),
        (builder(95.0).after(MIN), "`percentile` is 95, but must be left out beside `after`"),
        (plain().after(MIN).min_after(MIN), "`min_after` is 5ms, but must be left out without a `percentile`"),
        (plain().after(MIN).max_after(MAX), "`max_after` is 1s, but must be left out without a `percentile`"),
        (
            plain().percentile(95.0).max_after(MAX),
            "`min_after` is not set, but must be a time, because `percentile` is set",
        ),
        (
            plain().percentile(95.0).min_after(MIN),
            "`max_after` is not set, but must be a time, because `percentile` is set",
        ),
        (builder(95.0).min_after(MAX).max_after(MIN), "`min_after` is 1s, but must be at most as long as `max_after`"),
        (builder(95.0).min_after(Duration::ZERO), "`min_after` is 0s, but must be longer than zero"),
        (builder(95.0).max_after(Duration::ZERO), "`max_after` is 0s, but must be longer than zero"),
        (builder(95.0).max(6), "`max` is 6, but must be a whole number from 2 to 5"),
    ] {
        assert_eq!(error(builder), expected);
    }
    assert!(error(builder(95.0).max_after(Duration::MAX)).ends_with("at most 584 years"));
}

/// The measured durations of first attempts, in the order in which the attempts ended.
#[derive(Default)]
struct Model(RefCell<Vec<Duration>>);

/// Adds the duration of a first attempt to the model when the attempt ends or is dropped. Leaves out an attempt that
/// fails before the time for the second attempt ([`Hedge::after`]).
struct Measured<'a> {
    model: &'a Model,
    hedge: &'a Hedge,
    begin: Instant,
    fails: bool,
}

impl Drop for Measured<'_> {
    fn drop(&mut self) {
        let time = self.begin.elapsed();
        if !self.fails || time >= self.hedge.after() {
            self.model.0.borrow_mut().push(time);
        }
    }
}

impl Model {
    /// Returns the percentile that the hedge last computed. After every 20th call, the hedge computes the percentile
    /// from the times of the last 1,000 to 2,000 calls. `tenths` is the percentile in tenths: 950 stands for p95.
    fn percentile(&self, tenths: usize) -> Duration {
        let times = self.0.borrow();
        let calls = times.len() - times.len() % 20;
        if calls < 100 {
            return MAX;
        }
        let begin = ((calls - 1) / 1_000).saturating_sub(1) * 1_000;
        let mut recent = times[begin..calls].to_vec();
        recent.sort();
        let rank = (tenths * recent.len()).div_ceil(1_000);
        recent[rank - 1].clamp(MIN, MAX)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn percentile_agrees_with_sorted_times(
        seed in 1..u64::MAX,
        tenths in 500..=999_u16,
        phases in prop::collection::vec((1..400_u32, 100..900_usize), 1..6),
    ) {
        let (state, model) = (Cell::new(seed), Model::default());
        let hedge = builder(f64::from(tenths) / 10.0).max(3).build().unwrap();
        paused_runtime().block_on(async {
            for (scale, calls) in phases {
                for _ in 0..calls {
                    let time = || Duration::from_secs_f64(f64::from(scale) * 1e-3 * -(1.0 - unit(&state) * 0.9999).ln());
                    let is_first = Cell::new(true);
                    let attempt = || {
                        let (is_first, fails, time) = (is_first.replace(false), unit(&state) < 0.1, time());
                        let (model, hedge) = (&model, &hedge);
                        async move {
                            let first = is_first.then(|| Measured { model, hedge, begin: Instant::now(), fails: false });
                            sleep(time).await;
                            if let Some(mut first) = first {
                                first.fails = fails;
                            }
                            if fails { Err(()) } else { Ok(()) }
                        }
                    };
                    let call = hedge.call(attempt);
                    if unit(&state) < 0.1 {
                        let _ = tokio::time::timeout(time(), call).await;
                    } else {
                        let _ = call.await;
                    }
                    let (after, exact) = (hedge.after(), model.percentile(tenths.into()));
                    assert!(after >= exact && after <= (exact + exact / 16).min(MAX), "{after:?} for {exact:?}");
                }
            }
        });
    }
}
