//! Tests a retry whose body makes a call through a circuit. If the circuit would still be open after the next pause,
//! the retry must end without this pause.

use std::cell::{Cell, RefCell};
use std::future::{Future, pending};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt, stream};
use resilience_runtime::{
    Bulkhead, BulkheadFullError, CallError, CircuitBreaker, CircuitOpenError, Classifier, Permit, RateLimit,
    RateLimitedError, RetryPolicy, bulkhead, circuit, fallback, get_circuit, hedge, retry, timeout,
};
use support::{Error, seconds};
use tokio::time::{Instant, advance, sleep, timeout as cut};

fn breaker(name: &str) -> CircuitBreaker {
    get_circuit(name).expect("declared by an attribute")
}

/// An error that does not implement `std::error::Error`.
#[derive(Debug)]
struct Plain;

impl From<resilience_runtime::CircuitOpenError> for Plain {
    fn from(_: resilience_runtime::CircuitOpenError) -> Self {
        Self
    }
}

#[circuit(name = "open_circuits::text", error = |open| open.to_string())]
async fn text() -> Result<(), String> {
    Err("down".to_owned())
}

#[circuit(name = "open_circuits::plain")]
async fn plain() -> Result<(), Plain> {
    Err(Plain)
}

#[circuit(name = "open_circuits::io")]
async fn an_io_error() -> io::Result<()> {
    Err(io::Error::other("down"))
}

#[retry(max = 4, delay = 8)]
async fn retries_text() -> Result<(), String> {
    text().await
}

#[retry(max = 4, delay = 8)]
async fn retries_io() -> io::Result<()> {
    an_io_error().await
}

fn policy() -> RetryPolicy {
    RetryPolicy::builder().max(4).delay(seconds(8)).build().unwrap()
}

/// Resets the circuit `name`, and runs `retry`. Opens the circuit 4 s after the start of `retry`. Returns the duration
/// of `retry` in seconds.
async fn opened_by_others<T>(name: &str, retry: impl Future<Output = T>) -> u64 {
    let begin = Instant::now();
    breaker(name).reset();
    let open = async {
        sleep(seconds(4)).await;
        breaker(name).trip();
    };
    let (_, ()) = tokio::join!(retry, open);
    begin.elapsed().as_secs()
}

#[tokio::test(start_paused = true)]
async fn rejection_of_any_error_type_ends_retry() {
    assert_eq!(opened_by_others("open_circuits::text", retries_text()).await, 8);
    assert_eq!(opened_by_others("open_circuits::io", retries_io()).await, 8);
    assert_eq!(opened_by_others("open_circuits::text", policy().call(text)).await, 8);
    assert_eq!(opened_by_others("open_circuits::plain", policy().call(plain)).await, 8);
    assert_eq!(opened_by_others("open_circuits::io", policy().call(an_io_error)).await, 8);
    let boxed = || async { an_io_error().await.map_err(anyhow::Error::from) };
    assert_eq!(opened_by_others("open_circuits::io", policy().call(boxed)).await, 8);
    let held = || async {
        let breaker = breaker("open_circuits::io");
        breaker.call(|| std::future::ready(Err::<(), _>(Plain))).await
    };
    assert_eq!(opened_by_others("open_circuits::io", policy().call(held)).await, 8);
}

#[tokio::test(start_paused = true)]
async fn rejection_by_half_open_circuit_ends_policy() {
    let breaker = CircuitBreaker::builder("open_circuits::half_open").cooldown(seconds(1)).build().unwrap();
    breaker.trip();
    sleep(seconds(1)).await;
    let _trial = breaker.try_acquire().unwrap();
    let begin = Instant::now();
    // The rejection asks for a wait of at most 1 s. The rejection must end the retry, although the next pause of 8 s is
    // longer than this wait.
    let rejected = policy().call(|| breaker.call(|| std::future::ready(Err::<(), _>(Plain)))).await;
    assert!(matches!(rejected, Err(CallError::Rejected(_))));
    assert_eq!((begin.elapsed(), breaker.stats().total_rejected), (Duration::ZERO, 1));
}

#[circuit(name = "open_circuits::fails_with_text", error = |open| open.to_string())]
async fn fails_with_text() -> Result<(), String> {
    Err("down".to_owned())
}

#[circuit(name = "open_circuits::fails_with_io")]
async fn fails_with_io() -> io::Result<()> {
    Err(io::Error::other("down"))
}

#[tokio::test(start_paused = true)]
async fn failure_that_opens_called_circuit_ends_retry() {
    let begin = Instant::now();
    let eager = RetryPolicy::builder().max(9).delay(Duration::ZERO).build().unwrap();
    assert_eq!(
        eager.call(fails_with_text).await,
        Err("down".to_owned()),
        "the real error, not that the circuit is open"
    );
    assert_eq!(breaker("open_circuits::fails_with_text").stats().total_rejected, 0);
    let late = RetryPolicy::builder().max(9).delay(seconds(1)).build().unwrap();
    assert_eq!(late.call(fails_with_io).await.unwrap_err().to_string(), "down");
    assert_eq!(begin.elapsed(), seconds(3), "three attempts");
}

#[circuit(name = "open_circuits::short", threshold = 1, cooldown = 5)]
async fn short(calls: &Cell<u32>) -> Result<(), Error> {
    calls.set(calls.get() + 1);
    if calls.get() == 1 { Err(Error::Down) } else { Ok(()) }
}

#[circuit(name = "open_circuits::as_long_as_pause", threshold = 1, cooldown = 8)]
async fn as_long_as_pause(calls: &Cell<u32>) -> Result<(), Error> {
    calls.set(calls.get() + 1);
    if calls.get() == 1 { Err(Error::Down) } else { Ok(()) }
}

#[retry(max = 2, delay = 8)]
#[circuit(name = "open_circuits::own", threshold = 1, cooldown = 8)]
async fn retries_own_circuit(calls: &Cell<u32>) -> Result<(), Error> {
    calls.set(calls.get() + 1);
    if calls.get() == 1 { Err(Error::Down) } else { Ok(()) }
}

#[tokio::test(start_paused = true)]
async fn pause_that_reaches_end_of_cooldown_is_made() {
    let calls = Cell::new(0);
    policy().call(|| short(&calls)).await.unwrap();
    assert_eq!(calls.take(), 2);
    policy().call(|| as_long_as_pause(&calls)).await.unwrap();
    assert_eq!(calls.take(), 2, "the cooldown ends with the pause");
    retries_own_circuit(&calls).await.unwrap();
    assert_eq!(calls.take(), 2, "the cooldown of a circuit on the same function ends with the pause");
}

#[circuit(name = "open_circuits::other", threshold = 9)]
async fn other() -> Result<(), Error> {
    Err(Error::Down)
}

#[retry(max = 3, delay = 1)]
async fn handles(calls: &Cell<u32>) -> Result<(), Error> {
    calls.set(calls.get() + 1);
    let _ = text_rejected().await;
    Err(Error::Down)
}

async fn text_rejected() -> Result<(), String> {
    rejects().await
}

#[circuit(name = "open_circuits::rejects", error = |open| open.to_string())]
async fn rejects() -> Result<(), String> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn handled_rejection_does_not_end_retry() {
    breaker("open_circuits::rejects").force_open();
    let calls = Cell::new(0);
    handles(&calls).await.unwrap_err();
    assert_eq!(calls.get(), 3);
    let calls = Cell::new(0);
    let policy = RetryPolicy::default();
    let call = policy.call(|| async {
        calls.set(calls.get() + 1);
        let _ = rejects().await;
        other().await
    });
    assert_eq!(call.await, Err(Error::Down));
    assert_eq!(calls.get(), 3, "the circuit that decided last is closed");
}

#[tokio::test(start_paused = true)]
async fn note_of_another_task_or_poll_does_not_end_retry() {
    breaker("open_circuits::rejects").force_open();
    let calls = Cell::new(0);
    let policy = RetryPolicy::default();
    let call = policy.call(|| async {
        calls.set(calls.get() + 1);
        let _ = tokio::spawn(rejects()).await;
        Err::<(), _>(Plain)
    });
    call.await.unwrap_err();
    assert_eq!(calls.get(), 3);

    let (kept, calls) = (RefCell::default(), Cell::new(0));
    keeps_rejections(&kept, &calls).await.unwrap_err();
    assert_eq!(calls.get(), 3, "the timeout ended each attempt, and not a rejection during the last poll");
}

/// Stores a rejection in `kept`. If the body returned this rejection, the retry would end.
#[retry(max = 3, delay = 1)]
#[timeout(1, error = |late| late.to_string())]
async fn keeps_rejections(kept: &RefCell<Vec<RateLimitedError>>, calls: &Cell<u32>) -> Result<(), String> {
    calls.set(calls.get() + 1);
    let limit = RateLimit::builder("open_circuits::kept", 1).burst(1).build().unwrap();
    // The timeout ends the attempt in the same poll in which this sleep ends.
    sleep(seconds(1)).await;
    kept.borrow_mut().extend(limit.try_acquire_many(2).err());
    assert!(kept.borrow().iter().all(RateLimitedError::is_above_burst));
    pending().await
}

#[tokio::test(start_paused = true)]
async fn rejection_in_synchronous_part_of_closure_ends_policy() {
    let breaker = CircuitBreaker::builder("open_circuits::synchronous").build().unwrap();
    breaker.force_open();
    let begin = Instant::now();
    let rejected = || std::future::ready(breaker.try_acquire().map(drop));
    assert!(policy().call(rejected).await.is_err());
    assert_eq!((begin.elapsed(), breaker.stats().total_rejected), (Duration::ZERO, 1));
}

#[circuit(name = "open_circuits::lower", threshold = 1, cooldown = 1000)]
async fn lower() -> io::Result<()> {
    Err(io::Error::other("down"))
}

#[circuit(name = "open_circuits::upper", threshold = 99)]
async fn upper() -> io::Result<()> {
    lower().await
}

#[retry(max = 4, delay = 8)]
async fn retries_upper() -> io::Result<()> {
    upper().await
}

#[retry(max = 4, delay = 8)]
#[circuit(name = "open_circuits::upper_of_retry", threshold = 99)]
async fn retries_with_upper() -> io::Result<()> {
    lower().await
}

#[circuit(name = "open_circuits::lower_text", threshold = 1, cooldown = 1000, error = |open| open.to_string())]
async fn lower_text() -> Result<(), String> {
    Err("down".to_owned())
}

#[circuit(name = "open_circuits::upper_text", threshold = 99, error = |open| open.to_string())]
async fn upper_text() -> Result<(), String> {
    lower_text().await
}

async fn duration<T>(call: impl Future<Output = T>) -> Duration {
    let begin = Instant::now();
    call.await;
    begin.elapsed()
}

#[tokio::test(start_paused = true)]
async fn closed_upper_circuit_does_not_hide_open_lower_circuit() {
    let reset = || breaker("open_circuits::lower").reset();
    assert_eq!(duration(retries_upper()).await, Duration::ZERO);
    reset();
    assert_eq!(duration(retries_with_upper()).await, Duration::ZERO);
    reset();
    assert_eq!(duration(policy().call(upper)).await, Duration::ZERO);
    // The first round opens the circuit of `lower_text`. In the second round, this circuit rejects the call.
    for _ in 0..2 {
        assert_eq!(duration(policy().call(upper_text)).await, Duration::ZERO);
    }
    let lower = CircuitBreaker::builder("open_circuits::low").threshold(1).cooldown(seconds(1000)).build().unwrap();
    let upper = CircuitBreaker::builder("open_circuits::up").threshold(99).build().unwrap();
    for _ in 0..2 {
        let nested = || upper.call(|| lower.call(|| async { Err::<(), _>(Plain) }));
        assert_eq!(duration(policy().call(nested)).await, Duration::ZERO);
    }
}

#[circuit(name = "open_circuits::selects", threshold = 99, failure_if_ok = |()| true)]
async fn selects_after(call: impl Future<Output = Result<(), Plain>>) -> Result<(), Plain> {
    let _ = call.await;
    Ok(())
}

#[circuit(name = "open_circuits::fails", threshold = 99)]
async fn fails_after(call: impl Future<Output = Result<(), Plain>>) -> Result<(), Plain> {
    let _ = call.await;
    Err(Plain)
}

/// The way in which a closed circuit records a failure.
#[derive(Clone, Copy, Debug)]
enum Way {
    Error,
    Value,
    Permit,
    OwnedPermit,
    Method,
    ClassifiedValue,
    StreamItem,
    Panic,
    PanicOfAttribute,
    PanicOfPlainFunction,
    PanicOfStream,
    Hang,
    HangOfAttribute,
    HangOfPermit,
    HangOfStream,
}

const WAYS: [Way; 15] = [
    Way::Error,
    Way::Value,
    Way::Permit,
    Way::OwnedPermit,
    Way::Method,
    Way::ClassifiedValue,
    Way::StreamItem,
    Way::Panic,
    Way::PanicOfAttribute,
    Way::PanicOfPlainFunction,
    Way::PanicOfStream,
    Way::Hang,
    Way::HangOfAttribute,
    Way::HangOfPermit,
    Way::HangOfStream,
];

#[circuit(with = closed)]
async fn panics_after(closed: &CircuitBreaker, call: impl Future<Output = Result<(), Plain>>) -> Result<(), Plain> {
    let _ = call.await;
    panic!("down")
}

#[circuit(with = closed)]
async fn hangs_after(closed: &CircuitBreaker, call: impl Future<Output = Result<(), Plain>>) -> Result<(), Plain> {
    let _ = call.await;
    pending().await
}

/// Polls `call` once, moves the paused clock by one second, and drops `call`.
fn drop_after_a_second(call: impl Future) {
    let mut call = pin!(call);
    assert!(call.as_mut().now_or_never().is_none());
    // The first poll of `advance` already moves the clock.
    let _moved = advance(seconds(1)).now_or_never();
}

/// Awaits `call` inside a call through a closed circuit. The closed circuit then records a failure, in the way that
/// `way` specifies.
async fn fails_by(way: Way, call: impl Future<Output = Result<(), Plain>>) {
    let closed = CircuitBreaker::builder("open_circuits::closed").threshold(99).hung_after(seconds(1)).build().unwrap();
    let every_value = Classifier::builder().failure_if_ok(|()| true).build().unwrap();
    match way {
        Way::Error => drop(fails_after(call).await.unwrap_err()),
        Way::Value => selects_after(call).await.unwrap(),
        Way::Permit => {
            let permit = closed.try_acquire().unwrap();
            let _ = call.await;
            permit.failure();
        }
        Way::OwnedPermit => {
            let permit = closed.try_acquire_owned().unwrap();
            let _ = call.await;
            permit.failure_with(&"down");
        }
        Way::Method => {
            let failed = closed.call(|| async { call.await.and(Err::<(), _>(Plain)) }).await;
            drop(failed.unwrap_err());
        }
        Way::ClassifiedValue => {
            let selected = closed.call_with(&every_value, || async { call.await.or(Ok::<_, Plain>(())) }).await;
            selected.unwrap();
        }
        Way::StreamItem => {
            let item = stream::once(async { call.await.or(Ok::<_, Plain>(())) });
            let mut items = pin!(closed.watch_with(&every_value, || item).unwrap());
            items.next().await.unwrap().unwrap();
        }
        Way::Panic => {
            let body = async || -> Result<(), Plain> {
                let _ = call.await;
                panic!("down")
            };
            let call = AssertUnwindSafe(closed.call(body)).catch_unwind();
            drop(call.await.unwrap_err());
        }
        Way::PanicOfAttribute => {
            let call = AssertUnwindSafe(panics_after(&closed, call)).catch_unwind();
            drop(call.await.unwrap_err());
        }
        Way::PanicOfPlainFunction => {
            let body = || -> Result<(), Plain> {
                let _ = call.now_or_never();
                panic!("down")
            };
            drop(catch_unwind(AssertUnwindSafe(|| closed.call_blocking(body))).unwrap_err());
        }
        Way::PanicOfStream => {
            let item = stream::once(async {
                let _ = call.await;
                panic!("down")
            });
            let mut items = pin!(closed.watch::<_, (), Plain>(|| item).unwrap());
            let item = AssertUnwindSafe(items.next()).catch_unwind();
            drop(item.await.unwrap_err());
        }
        Way::Hang => drop_after_a_second(closed.call(async || {
            let _ = call.await;
            pending::<Result<(), Plain>>().await
        })),
        Way::HangOfAttribute => drop_after_a_second(hangs_after(&closed, call)),
        Way::HangOfPermit => {
            let permit = closed.try_acquire().unwrap();
            let _ = call.await;
            drop_after_a_second(pending::<()>());
            drop(permit);
        }
        Way::HangOfStream => {
            let item = stream::once(async {
                let _ = call.await;
                pending::<Result<(), Plain>>().await
            });
            let mut items = Box::pin(closed.watch(|| item).unwrap());
            drop_after_a_second(items.next());
            drop(items);
        }
    }
    assert_eq!(closed.stats().failures, u64::from(!matches!(way, Way::Error | Way::Value)), "{way:?}");
}

#[tokio::test(start_paused = true)]
async fn last_of_several_circuits_decides() {
    for way in WAYS {
        let open =
            CircuitBreaker::builder("open_circuits::first").threshold(1).cooldown(seconds(1000)).build().unwrap();
        let before = || async {
            let _ = open.call(|| async { Err::<(), _>(Plain) }).await;
            fails_by(way, async { Ok(()) }).await;
            Err::<(), _>(Plain)
        };
        // In the first round, the first attempt opens the circuit `open`. In the second round, this circuit rejects
        // the call in each attempt.
        for _ in 0..2 {
            let hung = if format!("{way:?}").starts_with("Hang") { 4 } else { 0 };
            assert_eq!(
                duration(policy().call(before)).await,
                seconds(56 + hung),
                "{way:?}: the closed circuit is last"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn last_of_two_open_circuits_decides() {
    let open = |cooldown| {
        CircuitBreaker::builder("open_circuits::two").threshold(1).cooldown(seconds(cooldown)).build().unwrap()
    };
    for (first, last, expected) in [(1000, 1, 56), (1, 1000, 0)] {
        let (first, last) = (open(first), open(last));
        let both = || async {
            let _ = first.call(|| async { Err::<(), _>(Plain) }).await;
            let _ = last.call(|| async { Err::<(), _>(Plain) }).await;
            Err::<(), _>(Plain)
        };
        assert_eq!(duration(policy().call(both)).await, seconds(expected));
    }
}

/// Calls the circuit `open` several times, and returns an error that the retry can search.
#[retry(max = 4, delay = 8)]
async fn handles_several(open: &CircuitBreaker, calls: u32, then: Option<Way>) -> io::Result<()> {
    for _ in 0..calls {
        let _ = open.call(|| async { Err::<(), _>(Plain) }).await;
    }
    if let Some(way) = then {
        fails_by(way, async { Ok(()) }).await;
        let _ = open.call(|| async { Err::<(), _>(Plain) }).await;
    }
    Err(io::ErrorKind::NotFound.into())
}

#[retry(max = 4, delay = 8, retry_if_ok = |()| true)]
async fn selects_several(open: &CircuitBreaker, calls: u32) -> io::Result<()> {
    for _ in 0..calls {
        let _ = open.call(|| async { Err::<(), _>(Plain) }).await;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn rejection_does_not_hide_failure_of_same_circuit() {
    let new = || {
        let builder = CircuitBreaker::builder("open_circuits::several");
        builder.threshold(1).cooldown(seconds(1000)).build().unwrap()
    };
    for calls in [1, 2, 3, 9] {
        assert_eq!(duration(handles_several(&new(), calls, None)).await, Duration::ZERO, "{calls} calls");
        assert_eq!(duration(selects_several(&new(), calls)).await, Duration::ZERO, "{calls} calls, `Ok`");
    }
    for way in WAYS {
        // Each hung call takes one second. A second attempt would also take the pause of eight seconds.
        let hung = u32::from(format!("{way:?}").starts_with("Hang")) * seconds(1);
        let retry = duration(handles_several(&new(), 1, Some(way))).await;
        assert_eq!(retry, hung, "{way:?}: a closed circuit between failure and rejection");
    }
}

#[tokio::test(start_paused = true)]
async fn failure_before_poll_does_not_end_retry() {
    let open = CircuitBreaker::builder("open_circuits::before").threshold(1).cooldown(seconds(1000)).build().unwrap();
    let _ = open.call(|| async { Err::<(), _>(Plain) }).await;
    for (calls, rejected) in [(1, 4), (9, 36)] {
        let before = open.stats().total_rejected;
        assert_eq!(duration(handles_several(&open, calls, None)).await, seconds(56), "{calls} calls");
        assert_eq!(open.stats().total_rejected - before, rejected, "{calls} calls");
    }
}

#[circuit(with = circuit, failure_if = |_| open.try_acquire().map(Permit::failure).is_ok())]
async fn opens_in_option(circuit: &CircuitBreaker, open: &CircuitBreaker) -> io::Result<()> {
    Err(io::ErrorKind::NotFound.into())
}

#[retry(max = 4, delay = 8)]
async fn handles_after_option(circuit: &CircuitBreaker, open: &CircuitBreaker) -> io::Result<()> {
    let outcome = opens_in_option(circuit, open).await;
    assert!(open.try_acquire().is_err());
    outcome
}

#[tokio::test(start_paused = true)]
async fn failure_in_option_does_not_end_retry_after_rejection() {
    let [circuit, open] = ["open_circuits::option", "open_circuits::in_option"]
        .map(|name| CircuitBreaker::builder(name).threshold(1).cooldown(seconds(1000)).build().unwrap());
    circuit.disable();
    assert_eq!(duration(handles_after_option(&circuit, &open)).await, seconds(56));
    assert_eq!(open.stats().total_opened, 1);
}

#[tokio::test(start_paused = true)]
async fn earlier_messages_do_not_hide_open_circuit() {
    let other = CircuitBreaker::builder("open_circuits::other").build().unwrap();
    other.force_open();
    for messages in [0, 4, 65_534, 65_535, 65_536] {
        // With a message, a circuit tells outer retries for how long it will reject calls. A circuit leaves a message
        // when it rejects a call, or when it is open after a failure. The failure in `fails_by` makes retries ignore
        // all earlier messages. The counter of messages has 16 bits, and overflows at 65,536.
        fails_by(Way::Error, async { Ok(()) }).await;
        (0..messages).for_each(|_| drop(other.try_acquire().unwrap_err()));
        let open =
            CircuitBreaker::builder("open_circuits::later").threshold(1).cooldown(seconds(1000)).build().unwrap();
        let opens = || open.call(|| async { Err::<(), _>(Plain) });
        assert_eq!(duration(policy().call(opens)).await, Duration::ZERO, "after {messages} messages");
    }
}

#[tokio::test(start_paused = true)]
async fn failure_of_closed_circuit_around_does_not_hide_open_circuit() {
    for way in WAYS {
        let open =
            CircuitBreaker::builder("open_circuits::inner").threshold(1).cooldown(seconds(1000)).build().unwrap();
        let around = || async {
            fails_by(way, async { open.call(|| async { Err::<(), _>(Plain) }).await.map_err(|_| Plain) }).await;
            Err::<(), _>(Plain)
        };
        for _ in 0..2 {
            let hung = u64::from(format!("{way:?}").starts_with("Hang"));
            assert_eq!(duration(policy().call(around)).await, seconds(hung), "{way:?}");
        }
    }
}

/// The circuit `closed` records a failure when its hung call is dropped. Before this drop, the body of the retry calls
/// the circuit `open`, which rejects the call.
#[tokio::test(start_paused = true)]
async fn hung_call_that_is_dropped_last_decides() {
    let open = CircuitBreaker::builder("open_circuits::rejects_before_drop").build().unwrap();
    let closed = CircuitBreaker::builder("open_circuits::hangs").hung_after(seconds(1)).threshold(99).build().unwrap();
    open.force_open();
    let attempt = || async {
        let mut hung = Box::pin(closed.call(pending::<Result<(), Plain>>));
        assert!(cut(seconds(1), &mut hung).await.is_err());
        let _ = open.call(pending::<Result<(), Plain>>).await;
        drop(hung);
        Err::<(), _>(Plain)
    };
    assert_eq!(duration(policy().call(attempt)).await, seconds(56 + 4));
    assert_eq!((closed.stats().failures, open.stats().total_rejected), (4, 4));
}

#[circuit(name = "open_circuits::inside_hung", threshold = 1, hung_after = 1, cooldown = 1000)]
async fn hangs_inside() -> Result<(), Error> {
    pending().await
}

#[circuit(name = "open_circuits::around_hung", threshold = 99, hung_after = 1)]
async fn waits_for_hung_call() -> Result<(), Error> {
    hangs_inside().await
}

#[tokio::test(start_paused = true)]
async fn closed_circuit_of_hung_call_does_not_hide_open_circuit_inside() {
    let attempt = || async { cut(seconds(2), waits_for_hung_call()).await.map_err(|_| Plain) };
    assert_eq!(duration(policy().call(attempt)).await, seconds(2));
    assert_eq!(breaker("open_circuits::around_hung").stats().failures, 1);
}

#[retry(max = 2, delay = 1)]
async fn logs() -> io::Result<()> {
    Ok(())
}

#[retry(max = 4, delay = 8)]
async fn logs_after_failure() -> Result<(), String> {
    let outcome = lower_text_of_logs().await;
    let _ = logs().await;
    outcome
}

#[circuit(name = "open_circuits::logs", threshold = 1, cooldown = 1000, error = |open| open.to_string())]
async fn lower_text_of_logs() -> Result<(), String> {
    Err("down".to_owned())
}

#[tokio::test(start_paused = true)]
async fn another_retry_in_body_does_not_hide_open_circuit() {
    assert_eq!(duration(logs_after_failure()).await, Duration::ZERO, "the attempt opens the circuit");
    assert_eq!(duration(logs_after_failure()).await, Duration::ZERO, "the circuit rejects the attempt");
}

#[circuit(name = "open_circuits::forced", cooldown = 1, error = |open| open.to_string())]
async fn forced_open() -> Result<(), String> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn retry_does_not_wait_for_forced_open_circuit() {
    let breaker = breaker("open_circuits::forced");
    breaker.force_open();
    assert_eq!(duration(policy().call(forced_open)).await, Duration::ZERO);
    assert_eq!(breaker.stats().total_rejected, 1);
}

/// A circuit that is forced open during a call rejects each later call, so the retry must end. A shadow circuit rejects
/// no call, so the retry must continue.
#[tokio::test(start_paused = true)]
async fn retry_does_not_wait_for_circuit_forced_open_during_call() {
    for (cooldown, shadow, paused) in [(1, false, 0), (0, false, 0), (1, true, 56), (0, true, 56)] {
        let builder = CircuitBreaker::builder("open_circuits::forcing").cooldown(seconds(cooldown)).shadow(shadow);
        let forcing = builder.build().unwrap();
        let forces = || async {
            forcing.force_open();
            Err::<(), _>(Plain)
        };
        let call = || forcing.call(forces);
        assert_eq!(duration(policy().call(call)).await, seconds(paused), "cooldown {cooldown}, shadow {shadow}");
    }
}

#[circuit(name = "open_circuits::hung", threshold = 1, hung_after = 1, cooldown = 1000)]
async fn hangs() -> Result<(), Error> {
    pending().await
}

#[retry(max = 3, delay = 10)]
#[timeout(2)]
async fn retries_with_timeout() -> Result<(), Error> {
    hangs().await
}

#[retry(max = 3, delay = 10)]
#[circuit(name = "open_circuits::above_timeout", threshold = 99)]
#[timeout(2)]
async fn retries_with_circuit_and_timeout() -> Result<(), Error> {
    hangs().await
}

#[tokio::test(start_paused = true)]
async fn timeout_that_opens_called_circuit_ends_retry() {
    let begin = Instant::now();
    assert!(matches!(retries_with_timeout().await, Err(Error::Timeout(_))));
    assert_eq!(begin.elapsed(), seconds(2));
    breaker("open_circuits::hung").reset();
    assert!(matches!(retries_with_circuit_and_timeout().await, Err(Error::Timeout(_))));
    assert_eq!(begin.elapsed(), seconds(4));
}

#[circuit(name = "open_circuits::selected", threshold = 1, cooldown = 1000, failure_if_ok = |status| *status == 503)]
async fn answers_503() -> Result<u16, Error> {
    Ok(503)
}

#[retry(max = 3, delay = 10, retry_if_ok = |status| *status == 503)]
async fn retries_503() -> Result<u16, Error> {
    answers_503().await
}

#[tokio::test(start_paused = true)]
async fn selected_value_that_opens_called_circuit_ends_retry() {
    let begin = Instant::now();
    assert_eq!(retries_503().await, Ok(503));
    breaker("open_circuits::selected").reset();
    let policy = RetryPolicy::builder().delay(seconds(10)).retry_if_ok(|status: &u16| *status == 503).build().unwrap();
    assert_eq!(policy.call(answers_503).await, Ok(503));
    assert_eq!(begin.elapsed(), Duration::ZERO);
}

async fn instead() -> Result<(), Plain> {
    std::future::ready(Ok(())).await
}

#[fallback(instead, on = "rejected")]
async fn replica() -> Result<(), Plain> {
    Err(Plain)
}

#[circuit(name = "open_circuits::primary", threshold = 1, cooldown = 1000)]
async fn primary() -> Result<(), Plain> {
    Err(Plain)
}

#[retry(max = 3, delay = 10)]
async fn asks_both() -> Result<(), Plain> {
    if primary().await.is_ok() {
        return Ok(());
    }
    replica().await
}

#[tokio::test(start_paused = true)]
async fn failure_without_circuit_does_not_hide_open_circuit() {
    assert_eq!(duration(asks_both()).await, Duration::ZERO);
}

#[retry(max = 2, delay = 10)]
#[circuit(name = "open_circuits::upper_own", threshold = 1, cooldown = 1)]
#[circuit(name = "open_circuits::lower_own", threshold = 1, cooldown = 1)]
async fn opens_own_circuits() -> io::Result<()> {
    lower().await
}

#[retry(max = 2, delay = 10)]
#[hedge(after = 1)]
#[circuit(name = "open_circuits::own_below_hedge", threshold = 1, cooldown = 1)]
async fn opens_own_circuit_below_hedge() -> io::Result<()> {
    lower().await
}

#[tokio::test(start_paused = true)]
async fn own_open_circuit_does_not_hide_called_open_circuit() {
    breaker("open_circuits::lower").reset();
    assert_eq!(duration(opens_own_circuits()).await, Duration::ZERO);
    breaker("open_circuits::lower").reset();
    assert_eq!(duration(opens_own_circuit_below_hedge()).await, Duration::ZERO);
}

#[circuit(name = "open_circuits::below_stacked", threshold = 1, cooldown = 1.5)]
async fn called_below_stacked() -> Result<(), Hidden> {
    Err(Hidden)
}

#[circuit(name = "open_circuits::noise", threshold = 1, cooldown = 1000)]
async fn fails_in_other_task() -> Result<(), Hidden> {
    Err(Hidden)
}

/// An error that implements `std::error::Error`, but has no `source`.
#[derive(Debug, thiserror::Error)]
#[error("down")]
struct Hidden;

impl From<CircuitOpenError> for Hidden {
    fn from(_: CircuitOpenError) -> Self {
        Self
    }
}

impl From<BulkheadFullError> for Hidden {
    fn from(_: BulkheadFullError) -> Self {
        Self
    }
}

#[retry(max = 2, delay = 1)]
#[retry(max = 2, delay = 2)]
#[bulkhead(with = bulkhead)]
async fn stacked(bulkhead: &Bulkhead) -> Result<(), Hidden> {
    called_below_stacked().await
}

#[circuit(name = "open_circuits::rejects_stacked", cooldown = 1.5)]
async fn rejects_stacked() -> Result<(), CircuitOpenError> {
    Ok(())
}

#[derive(Debug)]
#[expect(dead_code, reason = "the rejection exists as long as this error")]
struct Keeps(Option<CircuitOpenError>);

impl From<BulkheadFullError> for Keeps {
    fn from(_: BulkheadFullError) -> Self {
        Self(None)
    }
}

#[retry(max = 2, delay = 1)]
#[retry(max = 2, delay = 2, retry_rejected = true)]
#[bulkhead(with = bulkhead)]
async fn stacked_with_note(bulkhead: &Bulkhead) -> Result<(), Keeps> {
    rejects_stacked().await.map_err(|rejection| Keeps(Some(rejection)))
}

/// Runs `call`, whose attempts start after 0, 2, 3 and 5 s. From 1 s on, a full bulkhead rejects the attempts. Returns
/// the duration of `call` in seconds, and the number of rejections.
async fn in_full_bulkhead<F: Future>(bulkhead: &Bulkhead, call: F) -> (u64, u64) {
    let begin = Instant::now();
    let fill = async {
        sleep(seconds(1)).await;
        let slot = bulkhead.try_acquire().unwrap();
        fails_in_other_task().await.unwrap_err();
        sleep(seconds(9)).await;
        drop(slot);
    };
    tokio::select! {
        _ = call => {}
        () = fill => unreachable!("the call ends first"),
    }
    (begin.elapsed().as_secs(), bulkhead.stats().total_rejected)
}

#[tokio::test(start_paused = true)]
async fn upper_of_stacked_retries_forgets_earlier_attempts_of_the_lower() {
    let bulkhead = || Bulkhead::builder("open_circuits::stacked", 1).build().unwrap();
    let (first, second) = (bulkhead(), bulkhead());
    assert_eq!(in_full_bulkhead(&first, stacked(&first)).await, (5, 3));
    breaker("open_circuits::noise").reset();
    breaker("open_circuits::rejects_stacked").trip();
    assert_eq!(in_full_bulkhead(&second, stacked_with_note(&second)).await, (5, 3));
}

async fn waits_and_panics(_: &CircuitBreaker) -> Result<(), Plain> {
    tokio::task::yield_now().await;
    panic!("down")
}

#[circuit(with = closed)]
#[fallback(waits_and_panics)]
async fn falls_back(closed: &CircuitBreaker) -> Result<(), Plain> {
    Err(Plain)
}

#[tokio::test(start_paused = true)]
async fn closed_circuit_whose_fallback_panics_is_last() {
    let [open, closed] = [1, 99].map(|threshold| {
        CircuitBreaker::builder("open_circuits::fallback").threshold(threshold).cooldown(seconds(1000)).build().unwrap()
    });
    let both = || async {
        let first = async {
            tokio::task::yield_now().await;
            let _ = open.call(|| async { Err::<(), _>(Plain) }).await;
        };
        let last = AssertUnwindSafe(falls_back(&closed)).catch_unwind();
        assert!(futures_util::future::join(first, last).await.1.is_err());
        Err::<(), _>(Plain)
    };
    assert_eq!(duration(policy().call(both)).await, seconds(56));
    assert_eq!(closed.stats().failures, 4);
}
