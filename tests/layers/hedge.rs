//! Tests `#[hedge]`. If an attempt is slow, a hedge starts one more attempt, and returns the first success.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use resilience_runtime::{Hedge, bulkhead, circuit, fallback, get_circuit, hedge, rate_limit, retry, timeout};
use support::{Calls, DropCounter, Error, assert_send};
use tokio::task::yield_now;
use tokio::time::{Instant, advance, sleep};

/// A service with planned attempts. `plan` contains the duration of each attempt in milliseconds, and whether the
/// attempt succeeds. `dropped` counts the attempts that were dropped before they ended.
struct Service {
    plan: Vec<(u64, bool)>,
    calls: Calls,
    dropped: Cell<u32>,
}

impl Service {
    fn new(plan: &[(u64, bool)]) -> Self {
        Self { plan: plan.to_vec(), calls: Calls::start(), dropped: Cell::new(0) }
    }

    async fn call(&self) -> Result<u32, Error> {
        let attempt = self.calls.note();
        let (time, works) = self.plan[attempt as usize - 1];
        let guard = DropCounter(&self.dropped);
        sleep(Duration::from_millis(time)).await;
        std::mem::forget(guard);
        if works { Ok(attempt) } else { Err(Error::Failed(attempt)) }
    }

    fn millis(&self) -> u128 {
        self.calls.elapsed().as_millis()
    }
}

#[hedge(after = "100ms", max = 3)]
async fn three(service: &Service) -> Result<u32, Error> {
    service.call().await
}

#[tokio::test(start_paused = true)]
async fn first_success_wins_and_drops_other_attempts() {
    for (plan, answer, at, begun, dropped) in [
        (&[(50, true)][..], Ok(1), 50, &[0][..], 0),
        (&[(100, true)], Ok(1), 100, &[0], 0),
        (&[(900, true), (50, true)], Ok(2), 150, &[0, 100], 1),
        (&[(120, true), (900, true)], Ok(1), 120, &[0, 100], 1),
        (&[(900, true), (900, true), (10, true)], Ok(3), 210, &[0, 100, 200], 2),
        (&[(900, true), (900, true), (900, true)], Ok(1), 900, &[0, 100, 200], 2),
        (&[(150, false), (100, true)], Ok(2), 200, &[0, 100], 0),
        (&[(300, true), (50, false), (900, true)], Ok(1), 300, &[0, 100, 200], 1),
    ] {
        let service = Service::new(plan);
        assert_eq!((three(&service).await, service.millis()), (answer, at), "{plan:?}");
        assert_eq!((&*service.calls.millis(), service.dropped.get()), (begun, dropped), "{plan:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn last_error_is_returned_when_all_attempts_fail() {
    for (plan, attempt, at) in [
        (&[(50, false)][..], 1, 50),
        (&[(150, false), (20, false)], 1, 150),
        (&[(110, false), (60, false)], 2, 160),
        (&[(300, false), (300, false), (10, false)], 2, 400),
    ] {
        let service = Service::new(plan);
        assert_eq!((three(&service).await, service.millis()), (Err(Error::Failed(attempt)), at), "{plan:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn work_before_the_future_of_an_attempt_counts_towards_after() {
    let hedge = Hedge::builder().after(Duration::from_millis(200)).build().unwrap();
    let (begin, starts) = (Instant::now(), RefCell::new(Vec::new()));
    let outcome = hedge.call(|| {
        starts.borrow_mut().push(begin.elapsed().as_millis());
        let attempt = starts.borrow().len();
        let _ = advance(Duration::from_millis(150)).now_or_never(); // moves the clock
        async move {
            if attempt == 1 {
                pending::<()>().await;
            }
            Ok::<_, Error>(attempt)
        }
    });
    assert_eq!(outcome.await, Ok(2));
    assert_eq!(*starts.borrow(), [0, 200]);
}

#[hedge(after = 1, clone(text))]
async fn consumes(text: String, log: &RefCell<Vec<String>>, number: u32) -> Result<usize, Error> {
    log.borrow_mut().push(text);
    if log.borrow().len() == 1 {
        sleep(Duration::from_secs(60)).await;
    }
    Ok(log.borrow().len() + number as usize)
}

#[tokio::test(start_paused = true)]
async fn attempts_clone_listed_arguments_and_share_others() {
    let log = RefCell::default();
    assert_eq!(consumes("a".to_owned(), &log, 5).await, Ok(7));
    assert_eq!(*log.borrow(), ["a", "a"]);
}

#[hedge(after = "1ms")]
async fn sends(text: String, numbers: &[u32], count: usize) -> io::Result<usize> {
    yield_now().await;
    Ok(text.len() + numbers.len() + count)
}

#[hedge(after = "1ms", clone(count))]
#[circuit(name = "hedge::sends")]
async fn sends_clones(mut count: usize) -> io::Result<usize> {
    yield_now().await;
    count += 1;
    Ok(count)
}

#[tokio::test]
async fn future_is_send_if_arguments_are_sync() {
    assert_eq!(assert_send(sends("four".to_owned(), &[1, 2], 1)).await.unwrap(), 7);
    assert_eq!(tokio::spawn(sends_clones(6)).await.unwrap().unwrap(), 7);
}

#[circuit(name = "hedge::above", threshold = 2)]
#[hedge(after = "100ms")]
#[circuit(name = "hedge::below", threshold = 9)]
async fn between(service: &Service) -> Result<u32, Error> {
    service.call().await
}

#[tokio::test(start_paused = true)]
async fn circuit_above_counts_call_and_below_attempts() {
    assert_eq!(between(&Service::new(&[(900, true), (50, true)])).await, Ok(2));
    assert_eq!(between(&Service::new(&[(120, false), (50, false)])).await, Err(Error::Failed(2)));
    let [above, below] = ["hedge::above", "hedge::below"].map(|name| get_circuit(name).unwrap().stats());
    assert_eq!((above.total_succeeded, above.total_failed, above.total_cancelled), (1, 1, 0));
    assert_eq!((below.total_succeeded, below.total_failed, below.total_cancelled), (1, 2, 1));
}

async fn instead(_: &Service) -> Result<u32, Error> {
    std::future::ready(Ok(99)).await
}

#[fallback(instead, on = "rejected")]
#[retry(max = 3, delay = 1, backoff = 1)]
#[circuit(name = "hedge::sees", threshold = 9)]
#[hedge(after = "100ms")]
#[circuit(name = "hedge::rejects", threshold = 1, cooldown = 60)]
async fn rejected_below(service: &Service) -> Result<u32, Error> {
    service.call().await
}

#[tokio::test(start_paused = true)]
async fn rejection_of_attempt_reaches_layers_above() {
    let service = Service::new(&[(10, false)]);
    assert_eq!(rejected_below(&service).await, Err(Error::Failed(1)), "the circuit stays open during the pause");
    assert_eq!(rejected_below(&service).await, Ok(99));
    assert_eq!(service.millis(), 10, "no pause after a rejection");
    let sees = get_circuit("hedge::sees").unwrap().stats();
    assert_eq!((sees.total_failed, sees.total_ignored), (1, 1), "the rejection is no failure");
}

#[circuit(name = "hedge::ignores", threshold = 1)]
#[hedge(after = "100ms")]
#[bulkhead(max = 1)]
async fn one_slot(service: &Service) -> Result<u32, Error> {
    service.call().await
}

#[tokio::test(start_paused = true)]
async fn rejected_attempt_does_not_end_running_attempts() {
    let service = Service::new(&[(200, true)]);
    assert_eq!((one_slot(&service).await, service.millis()), (Ok(1), 200));
    let stats = get_circuit("hedge::ignores").unwrap().stats();
    assert_eq!((stats.total_succeeded, stats.total_ignored), (1, 0));
}

#[timeout(1)]
#[hedge(after = "400ms", max = 5)]
#[timeout("700ms")]
#[retry(max = 2, delay = 0)]
async fn bounded(service: &Service) -> Result<u32, Error> {
    service.call().await
}

#[tokio::test(start_paused = true)]
async fn timeout_below_limits_attempt_and_above_the_call() {
    let service = Service::new(&[(9000, true), (9000, true), (9000, true)]);
    let Err(Error::Timeout(error)) = bounded(&service).await else { panic!("not ended") };
    assert_eq!((error.after().as_millis(), service.millis()), (1000, 1000));
    assert_eq!((&*service.calls.millis(), service.dropped.get()), (&[0, 400, 800][..], 3));
}

#[tokio::test(start_paused = true)]
async fn hedge_call_works_without_attribute() {
    let service = Service::new(&[(900, true), (50, true)]);
    let hedge = Hedge::new(Duration::from_millis(100), 2).unwrap();
    assert_eq!((hedge.call(|| service.call()).await, service.millis()), (Ok(2), 150));
    for max in 2..=5 {
        let service = Service::new(&[(900, true), (900, true), (900, true), (900, true), (900, true)]);
        assert_eq!(Hedge::new(Duration::from_millis(100), max).unwrap().call(|| service.call()).await, Ok(1));
        assert_eq!(service.calls.count(), max);
    }
}

#[test]
fn invalid_setting_is_refused_by_name() {
    let error = |after, max| Hedge::new(after, max).unwrap_err().to_string();
    let second = Duration::from_secs(1);
    assert_eq!(error(Duration::ZERO, 2), "`after` is 0s, but must be longer than zero");
    assert!(error(Duration::MAX, 2).ends_with("at most 584 years"));
    assert_eq!(error(second, 1), "`max` is 1, but must be a whole number from 2 to 5");
    assert!(Hedge::new(second, 6).is_err() && Hedge::new(second, 5).is_ok());
}

async fn other(_: [u8; 4], calls: &AtomicU32) -> io::Result<u32> {
    yield_now().await;
    Ok(100 + calls.load(Ordering::Relaxed))
}

macro_rules! stacks {
    ($($name:ident: $runs:literal, $comes_to:expr, $(#[$layer:meta])*;)*) => {
        $(
            $(#[$layer])*
            async fn $name(argument: [u8; 4], calls: &AtomicU32) -> io::Result<u32> {
                calls.fetch_add(1, Ordering::Relaxed);
                yield_now().await;
                if argument[0] == 7 { Ok(7) } else { Err(io::ErrorKind::NotFound.into()) }
            }
        )*

        #[tokio::test(start_paused = true)]
        async fn hedge_works_above_and_below_every_attribute() {
            $(
                let calls = AtomicU32::new(0);
                assert_eq!(assert_send($name([7; 4], &calls)).await.unwrap(), 7, stringify!($name));
                assert_eq!(calls.swap(0, Ordering::Relaxed), 1, stringify!($name));
                assert_eq!($name([0; 4], &calls).await.ok(), $comes_to, stringify!($name));
                assert_eq!(calls.into_inner(), $runs, stringify!($name));
            )*
        }
    };
}

stacks! {
    over_circuit: 1, None, #[hedge(after = 1)] #[circuit(name = "hedge::over")];
    under_circuit: 1, None, #[circuit(name = "hedge::under")] #[hedge(after = 1)];
    over_retry: 2, None, #[hedge(after = 1)] #[retry(max = 2, delay = 0)];
    under_retry: 2, None, #[retry(max = 2, delay = 0)] #[hedge(after = 1)];
    over_timeout: 1, None, #[hedge(after = 1)] #[timeout(5)];
    under_timeout: 1, None, #[timeout(5)] #[hedge(after = 1)];
    over_bulkhead: 1, None, #[hedge(after = 1)] #[bulkhead(max = 2, wait = 1)];
    under_bulkhead: 1, None, #[bulkhead(max = 2, wait = 1)] #[hedge(after = 1)];
    over_rate_limit: 1, None, #[hedge(after = 1)] #[rate_limit(per_second = 9)];
    under_rate_limit: 1, None, #[rate_limit(per_second = 9)] #[hedge(after = 1)];
    over_hedge: 1, None, #[hedge(after = 2)] #[hedge(after = 1)];
    under_fallback: 1, Some(101), #[fallback(other)] #[hedge(after = 1)];
    under_all: 2, Some(102), #[fallback(other)] #[timeout(9)] #[retry(max = 2, delay = 0)] #[circuit(name = "hedge::under_all")]
        #[hedge(after = 1, max = 3)] #[rate_limit(per_second = 9)] #[timeout(5)];
}
