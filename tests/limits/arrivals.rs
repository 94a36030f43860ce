//! Sends random calls through rate limits and bulkheads. Checks that a limit never admits too many calls, and that the
//! queues keep their order. Also checks that cancelled calls occupy neither a slot nor a place in a queue.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use resilience_runtime::{Bulkhead, RateLimit};
use support::paused_runtime;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{Instant, sleep, timeout};

/// A random call. All times are in milliseconds.
#[derive(Clone, Debug)]
struct Arrival {
    at: u64,
    tokens: u32,
    /// The time after which the caller gives up.
    patience: u64,
    /// The time for which the call holds its slot.
    runs: u64,
    waits: bool,
}

fn arrivals() -> impl Strategy<Value = Vec<Arrival>> {
    let patience = prop_oneof![3 => Just(1_000_000), 1 => 0..3_000_u64];
    let arrival = (0..5_000_u64, 0..6_u32, patience, 0..800_u64, prop::bool::weighted(0.8));
    let arrival = arrival.prop_map(|(at, tokens, patience, runs, waits)| Arrival { at, tokens, patience, runs, waits });
    vec(arrival, 1..60)
}

/// The calls in the order of their admission: the number of the call, the admission time, and the number of tokens.
type Admitted = Rc<RefCell<Vec<(usize, Duration, u32)>>>;

/// Runs `call` for each arrival, at the time of the arrival. Drops the call after the time `patience`.
fn run<F: Future<Output = ()> + 'static>(mut arrivals: Vec<Arrival>, call: impl Fn(usize, Instant, Arrival) -> F) {
    arrivals.sort_by_key(|arrival| arrival.at);
    paused_runtime().block_on(LocalSet::new().run_until(async {
        let begin = Instant::now();
        let mut calls = Vec::new();
        for (number, arrival) in arrivals.into_iter().enumerate() {
            sleep(Duration::from_millis(arrival.at).saturating_sub(begin.elapsed())).await;
            let patience = Duration::from_millis(arrival.patience);
            calls.push(spawn_local(timeout(patience, call(number, begin, arrival))));
        }
        for call in calls {
            let _ = call.await.expect("no call panics");
        }
    }));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rate_limit_admits_no_more_than_burst_and_rate(
        arrivals in arrivals(),
        limit in 1..40_u32,
        per in prop_oneof![Just(100_u64), Just(1_000), Just(7_001)],
        burst in 1..9_u32,
        wait in prop_oneof![Just(0_u64), Just(500), Just(20_000)],
        max_queue in 1..30_u32,
    ) {
        let period = Duration::from_millis(per);
        let rate = RateLimit::per("arrivals", limit, period).burst(burst);
        let rate = rate.wait(Duration::from_millis(wait)).max_queue(max_queue).build().unwrap();
        let (admitted, waited_in_order) = (Admitted::default(), Rc::new(RefCell::new(Vec::new())));
        let all = arrivals.len();
        run(arrivals, |number, begin, Arrival { tokens, waits, runs, .. }| {
            let (rate, admitted, order) = (rate.clone(), admitted.clone(), waited_in_order.clone());
            async move {
                if runs % 7 == 0 {
                    rate.update(tokens, Duration::from_millis(runs));
                }
                let arrived = begin.elapsed();
                let outcome = if waits { rate.acquire_many(tokens).await } else { rate.try_acquire_many(tokens) };
                match outcome {
                    Ok(()) => {
                        let now = begin.elapsed();
                        let waited = now.saturating_sub(arrived);
                        assert!(waited <= Duration::from_millis(wait + 1), "waited for {waited:?}");
                        admitted.borrow_mut().push((number, now, tokens));
                        if now > arrived {
                            order.borrow_mut().push(number);
                        }
                    }
                    Err(limited) => {
                        assert_eq!(limited.is_above_burst(), tokens > burst);
                        assert!(tokens > 0);
                    }
                }
            }
        });
        let admitted = admitted.borrow();
        let step = period.as_nanos().div_ceil(u128::from(limit)).max(1000);
        for (first, (_, from, _)) in admitted.iter().enumerate() {
            let mut sum = 0;
            for (_, to, tokens) in &admitted[first..] {
                sum += u128::from(*tokens);
                let time = to.saturating_sub(*from);
                let most = u128::from(burst) + time.as_nanos() / step;
                prop_assert!(sum <= most, "{sum} tokens in {time:?}, at most {most}");
            }
        }
        prop_assert!(waited_in_order.borrow().is_sorted());
        let stats = rate.stats();
        prop_assert_eq!(stats.waiting, 0);
        prop_assert!(stats.total_admitted >= admitted.len() as u64);
        prop_assert!(stats.total_admitted + stats.total_rejected <= all as u64);
    }

    #[test]
    fn bulkhead_runs_no_more_than_max_and_loses_no_slot(
        arrivals in arrivals(),
        max in 1..5_u32,
        wait in prop_oneof![Just(0_u64), Just(500), Just(20_000)],
        max_queue in 1..20_u32,
    ) {
        let bulkhead = Bulkhead::builder("arrivals", max).wait(Duration::from_millis(wait));
        let bulkhead = bulkhead.max_queue(max_queue).build().unwrap();
        let order = Rc::new(RefCell::new(Vec::new()));
        run(arrivals, |number, _, Arrival { runs, waits, tokens, .. }| {
            let (bulkhead, order) = (bulkhead.clone(), order.clone());
            async move {
                let slot = match (waits, tokens % 2) {
                    (false, _) => bulkhead.try_acquire_owned().ok(),
                    (true, 0) => bulkhead.acquire_owned().await.ok(),
                    (true, _) => {
                        let Ok(slot) = bulkhead.acquire().await else { return };
                        if !slot.waited().is_zero() {
                            order.borrow_mut().push(number);
                        }
                        assert!(bulkhead.stats().in_use <= max);
                        sleep(Duration::from_millis(runs)).await;
                        return;
                    }
                };
                let Some(slot) = slot else { return };
                if !slot.waited().is_zero() {
                    order.borrow_mut().push(number);
                }
                let stats = bulkhead.stats();
                assert!(stats.in_use <= max && stats.waiting <= max_queue);
                spawn_local(async move {
                    let _slot = slot;
                    sleep(Duration::from_millis(runs)).await;
                });
            }
        });
        prop_assert!(order.borrow().is_sorted());
        let stats = bulkhead.stats();
        prop_assert_eq!((stats.in_use, stats.waiting), (0, 0));
        let slots: Vec<_> = std::iter::from_fn(|| bulkhead.try_acquire().ok()).collect();
        prop_assert_eq!(slots.len(), max as usize);
    }
}
