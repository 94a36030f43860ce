//! Tests `#[bulkhead]`, which limits the number of concurrent calls.

use std::cell::Cell;
use std::future::pending;
use std::io;
use std::sync::LazyLock;
use std::time::Duration;

use resilience_runtime::{Bulkhead, CallError, bulkhead, circuit, fallback, get_circuit, retry, timeout};
use support::Error;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

#[bulkhead(max = 2)]
async fn two_at_a_time(running: &Cell<u32>) -> Result<u32, Error> {
    running.set(running.get() + 1);
    sleep(SECOND).await;
    running.set(running.get() - 1);
    Ok(running.get())
}

#[tokio::test(start_paused = true)]
async fn call_beyond_max_is_rejected_at_once() {
    let (begin, running) = (Instant::now(), Cell::new(0));
    let (first, second, third) = tokio::join!(two_at_a_time(&running), two_at_a_time(&running), async {
        let third = two_at_a_time(&running).await;
        assert_eq!(begin.elapsed(), Duration::ZERO);
        third
    });
    assert_eq!(first.unwrap() + second.unwrap(), 1, "one of them ends while the other still runs");
    let Err(Error::Full(full)) = third else { panic!("not rejected") };
    assert_eq!((full.name(), &*full.to_string()), ("two_at_a_time", "bulkhead 'two_at_a_time' is full"));
    assert_eq!(two_at_a_time(&running).await, Ok(0), "the permits are free again");
}

#[bulkhead(max = 1, wait = 1.5)]
async fn queued(order: &Cell<u32>, own: u32) -> Result<u32, Error> {
    sleep(SECOND).await;
    order.set(order.get() * 10 + own);
    Ok(own)
}

#[tokio::test(start_paused = true)]
async fn queued_call_is_rejected_after_wait() {
    let (begin, order) = (Instant::now(), Cell::new(0));
    let (first, second, third) = tokio::join!(queued(&order, 1), queued(&order, 2), async {
        let third = queued(&order, 3).await;
        assert_eq!(begin.elapsed().as_millis(), 1500);
        third
    });
    assert_eq!((first, second, order.get()), (Ok(1), Ok(2), 12));
    assert!(matches!(third, Err(Error::Full(_))));
}

static SHARED: LazyLock<Bulkhead> = LazyLock::new(|| Bulkhead::builder("shared", 1).wait(10 * SECOND).build().unwrap());

#[bulkhead(with = SHARED)]
async fn shares(time: Duration) -> io::Result<u32> {
    sleep(time).await;
    Ok(1)
}

#[bulkhead(with = SHARED)]
async fn shares_too() -> io::Result<u32> {
    panic!("of the body")
}

#[tokio::test(start_paused = true)]
async fn dropped_or_panicking_call_frees_its_place() {
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async {
            let holds = tokio::task::spawn_local(shares(60 * SECOND));
            yield_now().await;
            let waits = tokio::task::spawn_local(shares(SECOND));
            let waits_too = tokio::task::spawn_local(shares(SECOND));
            yield_now().await;
            let stats = SHARED.stats();
            assert_eq!((stats.max, stats.in_use, stats.waiting), (1, 1, 2));

            waits.abort();
            let _ = waits.await;
            assert_eq!(SHARED.stats().waiting, 1);
            holds.abort();
            assert_eq!(waits_too.await.unwrap().unwrap(), 1);
            assert!(tokio::task::spawn_local(shares_too()).await.unwrap_err().is_panic());

            let stats = SHARED.stats();
            assert_eq!((stats.in_use, stats.waiting), (0, 0));
            assert_eq!((stats.total_admitted, stats.total_rejected), (3, 0));
        })
        .await;
}

struct Client {
    bulkhead: Bulkhead,
    calls: u32,
}

impl Client {
    #[bulkhead(with = self.bulkhead, error = |full| format!("{full}, said the client"))]
    async fn call(&mut self) -> Result<u32, String> {
        self.calls += 1;
        yield_now().await;
        Ok(self.calls)
    }
}

#[tokio::test]
async fn with_takes_a_field() {
    let bulkhead = Bulkhead::builder(String::from("client"), 1).build().unwrap();
    let mut client = Client { bulkhead: bulkhead.clone(), calls: 0 };
    assert_eq!(client.call().await, Ok(1));
    let slot = bulkhead.try_acquire().unwrap();
    assert_eq!(client.call().await, Err("bulkhead 'client' is full, said the client".to_owned()));
    drop(slot);
    assert_eq!(client.call().await, Ok(2));
}

#[bulkhead(with = match index { 0 => &bulkheads[0], _ => &bulkheads[1] })]
async fn chosen(bulkheads: &[Bulkhead; 2], index: u32) -> io::Result<u32> {
    Ok(bulkheads[0].stats().in_use)
}

#[tokio::test]
async fn with_takes_any_expression() {
    let bulkheads = ["first", "second"].map(|name| Bulkhead::builder(name, 1).build().unwrap());
    assert_eq!(chosen(&bulkheads, 0).await.unwrap(), 1);
    assert_eq!(chosen(&bulkheads, 1).await.unwrap(), 0);
}

#[circuit(name = "bulkhead::above", threshold = 1, half_open_max = 2)]
#[bulkhead(with = bulkhead)]
async fn below_a_circuit(bulkhead: &Bulkhead, fail: bool) -> Result<(), Error> {
    if fail { Err(Error::Down) } else { Ok(()) }
}

#[tokio::test]
async fn circuit_above_ignores_bulkhead_rejection() {
    let bulkhead = Bulkhead::builder("below", 1).build().unwrap();
    let slot = bulkhead.try_acquire().unwrap();
    assert!(matches!(below_a_circuit(&bulkhead, false).await, Err(Error::Full(_))));
    drop(slot);
    let stats = get_circuit("bulkhead::above").unwrap().stats();
    assert_eq!((stats.state.as_str(), stats.total_failed, stats.total_ignored), ("closed", 0, 1));
    assert_eq!(below_a_circuit(&bulkhead, true).await, Err(Error::Down));
    assert_eq!(get_circuit("bulkhead::above").unwrap().stats().total_failed, 1, "errors after a rejection count");
}

#[retry(max = 3, delay = 1, backoff = 1)]
#[circuit(name = "bulkhead::between", threshold = 2)]
#[bulkhead(with = bulkhead)]
async fn below_a_retry(bulkhead: &Bulkhead) -> Result<(), Error> {
    Err(Error::Down)
}

#[tokio::test(start_paused = true)]
async fn retry_above_retries_bulkhead_rejection() {
    let bulkhead = Bulkhead::builder("below", 1).build().unwrap();
    let (begin, slot) = (Instant::now(), bulkhead.try_acquire().unwrap());
    let (answer, ()) = tokio::join!(below_a_retry(&bulkhead), async {
        sleep(SECOND / 2).await;
        drop(slot);
    });
    assert_eq!((answer, begin.elapsed().as_secs()), (Err(Error::Down), 2));
    let stats = get_circuit("bulkhead::between").unwrap().stats();
    assert_eq!((stats.total_ignored, stats.total_failed), (1, 2));
}

#[retry(max = 2, delay = 1)]
#[bulkhead(with = bulkhead)]
async fn right_below_a_retry(bulkhead: &Bulkhead) -> Result<u32, Error> {
    sleep(SECOND / 2).await;
    Ok(bulkhead.stats().in_use)
}

#[tokio::test(start_paused = true)]
async fn pause_of_retry_above_holds_no_permit() {
    let bulkhead = Bulkhead::builder("below", 1).build().unwrap();
    let answers = tokio::join!(right_below_a_retry(&bulkhead), right_below_a_retry(&bulkhead));
    assert_eq!(answers, (Ok(1), Ok(1)));
}

async fn instead(bulkhead: &Bulkhead) -> Result<u32, Error> {
    yield_now().await;
    Ok(100 + bulkhead.stats().in_use)
}

#[fallback(instead, on = "rejected")]
#[bulkhead(with = bulkhead)]
async fn falls_back(bulkhead: &Bulkhead) -> Result<u32, Error> {
    Err(Error::Down)
}

#[fallback(instead)]
#[bulkhead(with = bulkhead)]
async fn falls_back_on_any(bulkhead: &Bulkhead) -> Result<u32, Error> {
    Err(Error::Down)
}

#[tokio::test]
async fn fallback_above_runs_without_permit() {
    let bulkhead = Bulkhead::builder("below", 1).build().unwrap();
    assert_eq!(falls_back(&bulkhead).await, Err(Error::Down));
    assert_eq!(falls_back_on_any(&bulkhead).await, Ok(100));
    let _slot = bulkhead.try_acquire().unwrap();
    assert_eq!(falls_back(&bulkhead).await, Ok(101));
}

#[timeout(1)]
#[bulkhead(with = bulkhead)]
async fn waits_below_a_timeout(bulkhead: &Bulkhead) -> io::Result<()> {
    pending().await
}

#[tokio::test(start_paused = true)]
async fn timeout_above_includes_the_wait() {
    let bulkhead = Bulkhead::builder("below", 1).wait(60 * SECOND).build().unwrap();
    let (begin, slot) = (Instant::now(), bulkhead.try_acquire().unwrap());
    assert_eq!(waits_below_a_timeout(&bulkhead).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    drop(slot);
    assert_eq!(waits_below_a_timeout(&bulkhead).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    let stats = bulkhead.stats();
    assert_eq!((begin.elapsed().as_secs(), stats.in_use, stats.waiting), (2, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn bulkhead_call_works_without_attribute() {
    let bulkhead = Bulkhead::builder("plain", 1).build().unwrap();
    let slot = bulkhead.acquire().await.unwrap();
    let answer = bulkhead.call(|| async { panic!("not to be called") }).await;
    let answer: io::Result<()> = answer.map_err(CallError::into_error);
    assert_eq!(answer.unwrap_err().kind(), io::ErrorKind::ResourceBusy);
    drop(slot);
    let answer = bulkhead.call(|| async { Ok::<_, ()>(7) }).await;
    assert_eq!((answer.unwrap(), bulkhead.stats().total_rejected), (7, 1));
}

#[test]
fn invalid_setting_is_refused_by_name() {
    let error = |builder: resilience_runtime::BulkheadBuilder| builder.build().unwrap_err().to_string();
    assert_eq!(error(Bulkhead::builder("a", 0)), "`max` is 0, but must be a whole number of at least 1");
    assert_eq!(error(Bulkhead::builder(" ", 1)), "`name` is \" \", but must be a text that is not blank");
    assert!(error(Bulkhead::builder("a", 1).wait(Duration::MAX)).ends_with("but must be at most 584 years"));
    assert!(Bulkhead::builder("a", u32::MAX).build().is_ok());
}

#[fallback(instead, on = "rejected")]
#[timeout(1.5, error = |_| Error::Down)]
#[retry(max = 2, delay = 1)]
#[bulkhead(with = bulkhead)]
async fn ended_in_a_pause(bulkhead: &Bulkhead) -> Result<u32, Error> {
    Ok(bulkhead.stats().in_use)
}

#[tokio::test(start_paused = true)]
async fn timeout_in_pause_after_rejection_is_no_rejection() {
    let bulkhead = Bulkhead::builder("below", 1).wait(SECOND).build().unwrap();
    let _slot = bulkhead.try_acquire().unwrap();
    let begin = Instant::now();
    assert_eq!((ended_in_a_pause(&bulkhead).await, begin.elapsed()), (Err(Error::Down), SECOND * 3 / 2));
    assert_eq!(bulkhead.stats().total_rejected, 1);
}

async fn fails_too(_: &Bulkhead) -> Result<u32, Error> {
    std::future::ready(Err(Error::Down)).await
}

#[circuit(name = "bulkhead::over_a_fallback", threshold = 9)]
#[fallback(fails_too)]
#[bulkhead(with = bulkhead)]
async fn below_a_fallback(bulkhead: &Bulkhead) -> Result<u32, Error> {
    Ok(bulkhead.stats().in_use)
}

#[tokio::test]
async fn error_of_fallback_is_no_rejection() {
    let bulkhead = Bulkhead::builder("below", 1).build().unwrap();
    let _slot = bulkhead.try_acquire().unwrap();
    assert_eq!(below_a_fallback(&bulkhead).await, Err(Error::Down));
    let stats = get_circuit("bulkhead::over_a_fallback").unwrap().stats();
    assert_eq!((stats.total_failed, stats.total_ignored), (1, 0));
}

#[bulkhead(max = 1)]
async fn first_of_two(busy: bool) -> Result<(), Error> {
    if busy { pending().await } else { Ok(()) }
}

#[bulkhead(max = 1)]
async fn second_of_two(busy: bool) -> Result<(), Error> {
    if busy { pending().await } else { Ok(()) }
}

#[bulkhead(max = 1)]
async fn generic<T>(_: T, busy: bool) -> Result<(), Error> {
    if busy { pending().await } else { Ok(()) }
}

#[tokio::test]
async fn each_function_has_its_own_bulkhead() {
    let (mut first, mut one) = (Box::pin(first_of_two(true)), Box::pin(generic(1, true)));
    tokio::select! {
        biased;
        _ = &mut first => unreachable!("it hangs"),
        _ = &mut one => unreachable!("it hangs"),
        () = yield_now() => {}
    }
    assert!(matches!(first_of_two(false).await, Err(Error::Full(_))));
    assert_eq!(second_of_two(false).await, Ok(()));
    let second = generic("two", false).await;
    assert!(matches!(second, Err(Error::Full(_))), "all instances of a generic function share one");
}
