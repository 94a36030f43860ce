//! Tests that calls through layers, such as a circuit, allocate no memory after the first calls. Also tests that
//! circuits with and without a key use little memory.
//!
//! These tests need a process of their own, because this file replaces the global allocator.

use std::future::{Future, pending};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread::available_parallelism;
use std::time::Duration;

use allocation_counter::measure;
use futures_util::stream::{BoxStream, iter, poll_fn};
use futures_util::{Stream, StreamExt};
use resilience_runtime::{
    Bulkhead, CallError, CircuitBreaker, Classifier, Hedge, LimitedStream, RateLimit, Rejection, RetryBudget,
    RetryPolicy, RetryRatio, bulkhead, circuit, fallback, get_circuit, hedge, rate_limit, retry, timeout,
};
use support::{Error, paused_runtime};
use tokio::time::sleep;

/// The longest time that the options of this library accept: 584 years.
const LONGEST: Duration = Duration::from_nanos(u64::MAX);

fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("not ready at once"),
    }
}

fn assert_none(call_kind: &str, call: impl FnOnce()) {
    let allocations = measure(call).count_total;
    assert_eq!(allocations, 0, "{call_kind}");
}

#[retry(max = 2, delay = 0)]
#[circuit(name = "allocations", threshold = 4)]
async fn decorated(works: bool) -> Result<(), Error> {
    if works { Ok(()) } else { Err(Error::Down) }
}

fn instead(_: bool) -> std::future::Ready<Result<(), Error>> {
    std::future::ready(Err(Error::Other))
}

#[fallback(instead)]
#[timeout(5, error = |_| Error::Other)]
#[rate_limit(per_second = 1, burst = 2, error = |_| Error::Other)]
#[bulkhead(max = 1, wait = 1, error = |_| Error::Other)]
#[hedge(after = 1)]
async fn layered(works: bool) -> Result<(), Error> {
    if works { Ok(()) } else { Err(Error::Down) }
}

#[circuit(name = "allocations::opaque_stream", stream)]
async fn opaque_stream() -> Result<impl Stream<Item = Result<u32, Error>>, Error> {
    Ok(iter([Ok(1)]))
}

#[circuit(name = "allocations::boxed_stream", stream)]
async fn boxed_stream() -> Result<BoxStream<'static, Result<u32, Error>>, Error> {
    Ok(iter([Ok(1)]).boxed())
}

#[test]
fn boxed_stream_of_a_circuit_allocates_one_box() {
    let count = || ready(async { opaque_stream().await.unwrap().count().await });
    assert_eq!(count(), 1);
    assert_none("an opaque stream", || assert_eq!(count(), 1));
    let count = || ready(async { boxed_stream().await.unwrap().count().await });
    assert_eq!(count(), 1);
    assert_eq!(measure(|| assert_eq!(count(), 1)).count_total, 2);
}

#[test]
fn watched_streams_do_not_allocate() {
    let breaker = CircuitBreaker::builder("allocations::stream").build().unwrap();
    let bulkhead = Bulkhead::builder("allocations::stream", 1).build().unwrap();
    let classifier = Classifier::builder().failure_if(|error: &Error| *error == Error::Down).build().unwrap();
    let runtime = paused_runtime();
    let follow = |has_classifier: bool| {
        let mut items = 0;
        let inner = poll_fn(|context| {
            items += 1;
            if items % 2 == 0 {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready((items < 20).then_some(Ok::<_, Error>(items)))
        });
        let inner = LimitedStream::new(inner).first_item(LONGEST).idle(Duration::from_secs(1));
        let inner = bulkhead.try_acquire_owned().unwrap().watch(inner);
        let count = if has_classifier {
            runtime.block_on(breaker.watch_with(&classifier, || inner).unwrap().count())
        } else {
            runtime.block_on(breaker.watch(|| inner).unwrap().slow_at_first_item().count())
        };
        assert_eq!(count, 10);
    };
    for has_classifier in [false, true] {
        follow(has_classifier);
        assert_none("a stream", || follow(has_classifier));
    }
}

#[test]
fn calls_through_other_layers_do_not_allocate() {
    ready(layered(true)).unwrap();
    assert_none("a success", || ready(layered(true)).unwrap());
    assert_eq!(ready(layered(true)), Err(Error::Other)); // The fallback allocates its counters when it first runs.
    assert_none("a rejection", || assert_eq!(ready(layered(true)), Err(Error::Other)));
}

#[fallback(value = number)]
async fn with_value(number: u32) -> Result<u32, Error> {
    Err(Error::Failed(number))
}

#[fallback(|error| if number == 7 { Ok(number) } else { Err(error) })]
async fn with_closure(number: u32) -> Result<u32, Error> {
    Err(Error::Failed(number))
}

#[test]
fn values_and_closures_of_fallbacks_do_not_allocate() {
    // Each fallback allocates its counters when it first runs.
    assert_eq!((ready(with_value(7)), ready(with_closure(7))), (Ok(7), Ok(7)));
    assert_none("a value", || assert_eq!(ready(with_value(8)), Ok(8)));
    assert_none("a closure", || assert_eq!(ready(with_closure(7)), Ok(7)));
    assert_none("an error of a closure", || assert_eq!(ready(with_closure(9)), Err(Error::Failed(9))));
}

#[retry(max = 2, delay = 0, retry_if_ok = |value| *value > 0, retry_after_ok = |_| Some(Duration::ZERO))]
#[circuit(name = "allocations::of_ok", threshold = 9, failure_if_ok = |value| *value > 0, retry_after_ok = |_| None)]
async fn of_ok(value: u32) -> Result<u32, Error> {
    Ok(value)
}

#[test]
fn hints_of_ok_do_not_allocate() {
    assert_eq!(ready(of_ok(7)), Ok(7));
    assert_none("a repeated value", || assert_eq!(ready(of_ok(7)), Ok(7)));
    let policy = RetryPolicy::builder()
        .max(2)
        .delay(Duration::ZERO)
        .retry_if_ok(|value: &u32| *value > 0)
        .retry_after_ok(|_| Some(Duration::ZERO))
        .build()
        .unwrap();
    let call = || assert_eq!(ready(policy.call(|| async { Ok::<_, ()>(7) })), Ok(7));
    assert_none("a policy", call);
}

#[test]
fn calls_with_a_classifier_do_not_allocate() {
    let breaker = CircuitBreaker::builder("allocations::classifier").threshold(99).build().unwrap();
    let classifier = Classifier::builder()
        .as_error(|error: &Error| error)
        .failure_if_ok(|value: &u32| *value > 0)
        .retry_after_ok(|_| Some(Duration::ZERO))
        .build()
        .unwrap();
    let call = |outcome: Result<u32, Error>| ready(breaker.call_with(&classifier, || async { outcome })).is_ok();
    let settle = |outcome: Result<u32, Error>| breaker.try_acquire().unwrap().settle(&classifier, &outcome);
    // The first success and the first failure may allocate, so both calls happen before the measurements.
    assert!(call(Ok(0)) && call(Ok(7)));
    assert_none("a success", || assert!(call(Ok(0))));
    assert_none("a failed value", || assert!(call(Ok(7))));
    assert_none("an error", || assert!(!call(Err(Error::Down))));
    assert_none("a settled error", || settle(Err(Error::Down)));
    assert_none("a clone", || drop(classifier.clone()));
}

#[hedge(after = 1, max = 3)]
async fn slow_attempts(time: Duration) -> Result<(), Error> {
    sleep(time).await;
    Ok(())
}

#[retry(max = 2, delay = 1, jitter = "full")]
#[timeout(5)]
async fn ended_twice() -> Result<(), Error> {
    pending().await
}

#[bulkhead(max = 1, wait = 5)]
async fn one_by_one() -> Result<(), Error> {
    sleep(Duration::from_secs(1)).await;
    Ok(())
}

#[rate_limit(per_second = 1, wait = 5)]
async fn paced() -> Result<(), Error> {
    Ok(())
}

#[test]
fn waits_do_not_allocate() {
    let runtime = paused_runtime();
    let hedged = || runtime.block_on(slow_attempts(Duration::from_secs(9))).unwrap();
    let timed_out = || assert!(runtime.block_on(ended_twice()).is_err());
    let queued = || assert_eq!(runtime.block_on(async { tokio::join!(one_by_one(), one_by_one()) }), (Ok(()), Ok(())));
    let waited = || assert_eq!(runtime.block_on(async { tokio::join!(paced(), paced()) }), (Ok(()), Ok(())));
    let calls: [(&str, &dyn Fn()); 4] = [
        ("three attempts of a hedge", &hedged),
        ("a pause and two timeouts", &timed_out),
        ("a queue for a slot", &queued),
        ("a queue for the rate", &waited),
    ];
    for (_, call) in calls {
        call();
    }
    for (call_kind, call) in calls {
        assert_none(call_kind, call);
    }
}

static HEDGES: RetryBudget = RetryBudget::ratio(RetryRatio { share: 0.1, min_per_second: 0, ..RetryRatio::DEFAULT });

#[hedge(after = "p50", min_after = "5ms", max_after = 1, budget = HEDGES)]
async fn measured(time: Duration) -> Result<(), Error> {
    sleep(time).await;
    Ok(())
}

#[test]
fn hedge_with_percentile_and_budget_does_not_allocate() {
    let runtime = paused_runtime();
    let calls = |calls: u64| {
        for call in 0..calls {
            runtime.block_on(measured(Duration::from_millis(10 + call % 50))).unwrap();
        }
    };
    calls(1);
    assert_none("3,000 measured calls", || calls(3_000));
    assert!(HEDGES.stats().granted > 100 && HEDGES.stats().denied > 100, "{HEDGES:?}");
}

#[test]
fn percentile_takes_128_bytes_for_each_doubling() {
    let bytes = |min: Duration, max: Duration| {
        let mut hedge = None;
        kept(|| hedge = Some(Hedge::builder().percentile(95.0).min_after(min).max_after(max).build().unwrap()))
    };
    let (nanosecond, millisecond) = (Duration::from_nanos(1), Duration::from_millis(1));
    let least = bytes(millisecond, millisecond);
    assert!(least <= 400, "{least}");
    for doublings in [1, 5, 20] {
        assert_eq!(bytes(millisecond, millisecond * (1 << doublings)) - least, 128 * doublings, "{doublings}");
    }
    let (usual, most) = (bytes(Duration::from_millis(5), Duration::from_secs(1)), bytes(nanosecond, LONGEST));
    assert!(usual - least <= 1024 && most - least <= 8192, "{usual} {most}");
}

#[circuit(name = "window_of_time", threshold = 3, window = 60)]
async fn window_of_time(works: bool) -> Result<(), Error> {
    if works { Ok(()) } else { Err(Error::Down) }
}

#[circuit(name = "window_of_calls", failure_rate = 0.9, slow_call = 1, slow_rate = 0.9, min_calls = 9, calls = 99)]
async fn window_of_calls(works: bool) -> Result<(), Error> {
    if works { Ok(()) } else { Err(Error::Down) }
}

#[test]
fn calls_through_windows_do_not_allocate() {
    ready(window_of_time(true)).unwrap();
    ready(window_of_calls(true)).unwrap();
    for works in [true, false] {
        assert_none("a window of time", || assert_eq!(ready(window_of_time(works)).is_ok(), works));
        assert_none("a window of calls", || assert_eq!(ready(window_of_calls(works)).is_ok(), works));
    }
}

#[circuit(name = "allocations::thread")]
async fn in_second_thread() -> Result<(), Error> {
    Ok(())
}

#[test]
fn first_call_of_second_thread_does_not_allocate() {
    ready(in_second_thread()).unwrap();
    let thread = std::thread::spawn(|| assert_none("a success", || ready(in_second_thread()).unwrap()));
    thread.join().unwrap();
}

#[test]
fn calls_of_decorated_function_do_not_allocate() {
    ready(decorated(true)).unwrap();
    assert_none("a success", || ready(decorated(true)).unwrap());
    assert_eq!(ready(decorated(false)), Err(Error::Down)); // The first failure allocates the counters of the retry.
    get_circuit("allocations").unwrap().reset();
    assert_none("two failures", || assert_eq!(ready(decorated(false)), Err(Error::Down)));
    assert_none("two failures, the second of which opens", || assert_eq!(ready(decorated(false)), Err(Error::Down)));
    assert_none("a rejection", || assert!(matches!(ready(decorated(true)), Err(Error::Open(_)))));
    let breaker = get_circuit("allocations").unwrap();
    assert_none("a reset", || breaker.reset());
}

#[test]
fn calls_without_attribute_do_not_allocate() {
    // The name is an owned `String`, so that a copy of the name in a rejection would allocate memory.
    let breaker = CircuitBreaker::builder(String::from("made when the program runs"))
        .threshold(2)
        .cooldown(Duration::ZERO)
        .build()
        .unwrap();
    let policy = RetryPolicy::builder().max(2).delay(Duration::ZERO).build().unwrap();
    let call = |outcome: Result<(), ()>| ready(policy.call(|| breaker.call(|| async move { outcome })));
    breaker.reset(); // The first state change allocates memory.
    assert_none("a success", || call(Ok(())).unwrap());
    assert_none("two failures, the second of which opens", || {
        assert_eq!(call(Err(())), Err(CallError::Failed(())));
    });
    assert_none("a trial, and a rejection beside it", || {
        let trial = breaker.try_acquire_owned().unwrap();
        let rejection = breaker.try_acquire().unwrap_err();
        assert_eq!(rejection.clone().name(), breaker.name());
        drop(trial);
    });
    assert_none("a trial that closes", || breaker.try_acquire().unwrap().success());
}

#[test]
fn circuit_allocates_at_its_first_change_of_state_only() {
    let breaker = CircuitBreaker::builder("allocations::change").threshold(1).build().unwrap();
    let fail = || breaker.try_acquire().unwrap().failure();
    let first = measure(fail);
    assert_eq!((first.count_total, first.bytes_current <= 256), (1, true), "{first:?}");
    breaker.reset();
    assert_none("a second opening", fail);
}

/// Returns the number of bytes that `make` allocates and does not free.
fn kept(make: impl FnOnce()) -> u64 {
    measure(make).bytes_current.try_into().unwrap()
}

#[circuit(name = "keyed", key = n, max_keys = 1000000)]
async fn keyed(n: u64) -> Result<(), Error> {
    Ok(())
}

#[circuit(name = "full", key = n, max_keys = 10000)]
async fn full(n: u64) -> Result<(), Error> {
    Ok(())
}

#[circuit(name = "of_text", key = text, max_keys = 1000000)]
async fn of_text(text: &str) -> Result<(), Error> {
    Ok(())
}

#[circuit(name = "of_longer", key = text, max_keys = 1000000)]
async fn of_longer(text: &str) -> Result<(), Error> {
    Ok(())
}

#[test]
fn key_takes_at_most_256_bytes() {
    let bytes = |keys, call: &dyn Fn(u64)| kept(|| (0..keys).for_each(call)) / keys;
    let each = bytes(60_000, &|n| ready(keyed(n)).unwrap());
    assert!(each <= 256, "{each}");
    let each = bytes(10_000, &|n| ready(full(n)).unwrap());
    assert!(each <= 256, "{each}");
    // A circuit name of more than 22 bytes needs a separate allocation, for which this test allows 64 bytes. The names
    // of the circuits `of_text[..]` have 22 bytes, and the names of the circuits `of_longer[..]` have 43 bytes.
    let each = bytes(60_000, &|n| ready(of_text(&format!("{n:013}"))).unwrap());
    assert!(each <= 256, "{each}");
    let each = bytes(60_000, &|n| ready(of_longer(&format!("{n:032}"))).unwrap());
    assert!(each <= 256 + 64, "{each}");
}

#[test]
fn breaker_takes_few_bytes_beside_its_stripes() {
    // Breakers of all threads share allocations, so a test in another thread may use a part of the measured memory.
    // This part is too small to change the average over 20,000 breakers.
    const BREAKERS: u64 = 20_000;
    let mut breakers = Vec::with_capacity(20_000);
    let all = kept(|| {
        breakers.extend((0..BREAKERS).map(|_| CircuitBreaker::builder("many").threshold(7).build().unwrap()));
    });
    let stripes = (2 * available_parallelism().unwrap().get() as u64).next_power_of_two().min(16);
    // Eight breakers share one allocation: a header of 128 bytes, and several stripes of 256 bytes each. A thread uses
    // one stripe for its counters of all eight breakers. The test subtracts one eighth of this allocation from the
    // memory of each breaker.
    let each = all / BREAKERS - (128 + 256 * stripes) / 8;
    assert!(each <= 224, "{each}");
}

#[circuit(name = "long_key", key = text)]
async fn long_key(text: &str) -> Result<(), Error> {
    Ok(())
}

#[test]
fn long_key_is_not_kept_whole_and_does_not_allocate() {
    let key = "k".repeat(1 << 20);
    // Creates the registry (the list of all circuits) before the measurement.
    ready(long_key("first")).unwrap();
    let each = kept(|| (0..10).for_each(|n| ready(long_key(&key[n..])).unwrap())) / 10;
    assert!(each <= 600, "{each}");
    assert_none("a success with a key of 1 MB", || ready(long_key(&key)).unwrap());
}

#[test]
fn window_of_calls_has_bits_for_slow_calls_only_on_demand() {
    let builder = || CircuitBreaker::builder("bits").failure_rate(0.5).min_calls(1).calls(65_535);
    let bytes = |builder: resilience_runtime::CircuitBuilder| {
        let mut breaker = None;
        kept(|| breaker = Some(builder.build().unwrap()))
    };
    // A breaker may also allocate memory for later breakers. This line therefore builds a breaker before the
    // measurement.
    drop(builder().build().unwrap());
    let (failures, both) = (bytes(builder()), bytes(builder().slow_call(Duration::from_secs(1)).slow_rate(0.5)));
    assert!((8_192..10_500).contains(&failures), "{failures}");
    assert!((16_384..19_000).contains(&both), "{both}");
}

#[circuit(name = "allocations::io", threshold = 1)]
async fn into_io() -> std::io::Result<()> {
    Ok(())
}

#[circuit(name = "allocations::boxed", threshold = 1)]
async fn into_box() -> Result<(), Box<dyn std::error::Error>> {
    Ok(())
}

#[circuit(name = "allocations::anyhow", threshold = 1)]
async fn into_anyhow() -> anyhow::Result<()> {
    Ok(())
}

#[circuit(name = "allocations::own", threshold = 1)]
async fn into_own() -> Result<(), Error> {
    Ok(())
}

fn plain_instead(_: bool) -> Result<(), Error> {
    Err(Error::Other)
}

#[fallback(plain_instead)]
#[retry(max = 2, delay = 0)]
#[circuit(name = "allocations::plain", threshold = 9)]
#[rate_limit(per_second = 1, burst = 99, wait = 1)]
#[bulkhead(max = 1, wait = "1ms", name = "allocations::plain")]
fn plain(works: bool) -> Result<(), Error> {
    if works { Ok(()) } else { Err(Error::Down) }
}

#[bulkhead(name = "allocations::plain")]
fn nested() -> Result<(), Error> {
    assert!(measure(|| assert_eq!(plain(true), Err(Error::Other))).count_total > 0, "a wait");
    Ok(())
}

#[test]
fn plain_call_allocates_only_if_it_waits() {
    plain(true).unwrap();
    assert_eq!(plain(false), Err(Error::Other)); // The fallback allocates its counters when it first runs.
    assert_none("a success", || plain(true).unwrap());
    assert_none("a failure", || assert_eq!(plain(false), Err(Error::Other)));
    nested().unwrap();
}

#[test]
fn only_conversions_of_rejections_allocate() {
    for name in ["io", "boxed", "anyhow", "own"] {
        get_circuit(&format!("allocations::{name}")).unwrap().force_open();
    }
    let allocates = |call: &dyn Fn()| {
        call();
        measure(call).count_total > 0
    };
    assert!(allocates(&|| assert!(ready(into_io()).is_err())));
    assert!(allocates(&|| assert!(ready(into_box()).is_err())));
    assert!(allocates(&|| assert!(ready(into_anyhow()).is_err())));
    assert!(!allocates(&|| assert!(ready(into_own()).is_err())));
}

#[circuit(name = "allocations::a name of more than 22 bytes")]
async fn into_rejection() -> Result<(), Rejection> {
    Ok(())
}

#[test]
fn search_and_clone_of_rejection_do_not_allocate() {
    get_circuit("allocations::a name of more than 22 bytes").unwrap().force_open();
    let rejection = ready(into_rejection()).unwrap_err();
    assert_none("a rejection", || assert!(ready(into_rejection()).is_err()));
    assert_none("a clone", || assert_eq!(rejection.clone(), rejection));
    assert_none("a search", || assert_eq!(Rejection::find(&rejection).as_ref(), Some(&rejection)));
}

#[retry(max = 2, delay = 0, budget = RetryBudget::ratio(RetryRatio::DEFAULT))]
async fn with_ratio(works: bool) -> Result<(), Error> {
    if works { Ok(()) } else { Err(Error::Down) }
}

#[circuit(with = layers.0)]
#[bulkhead(with = layers.1)]
#[rate_limit(with = layers.2)]
async fn with_held_layers(layers: &(CircuitBreaker, Bulkhead, RateLimit)) -> Result<(), Error> {
    let _ = layers;
    Ok(())
}

#[test]
fn calls_with_a_budget_or_a_held_layer_do_not_allocate() {
    ready(with_ratio(true)).unwrap();
    assert_none("a success with a budget", || ready(with_ratio(true)).unwrap());
    assert!(ready(with_ratio(false)).is_err()); // The first failure allocates the counters of the retry.
    assert_none("a failure with a budget", || assert!(ready(with_ratio(false)).is_err()));
    let layers = (
        CircuitBreaker::builder("held").build().unwrap(),
        Bulkhead::builder("held", 1).build().unwrap(),
        RateLimit::builder("held", 2).build().unwrap(),
    );
    ready(with_held_layers(&layers)).unwrap();
    assert_none("a success", || ready(with_held_layers(&layers)).unwrap());
    assert_none("a rejection", || assert!(matches!(ready(with_held_layers(&layers)), Err(Error::Limited(_)))));
}
