//! Tests the options of `#[retry]` and of `RetryPolicy::builder`.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use resilience_runtime::{Jitter, RetryEvent, RetryPolicy, circuit, retry};
use support::{Calls, seconds};
use tokio::time::{advance, sleep};

/// An error with a hint (the delay that a service asked for). The error implements no trait.
struct Busy(Option<Duration>);

#[retry(max = 5, delay = 1, backoff = 3, max_delay = 4)]
async fn capped(calls: &Calls) -> Result<(), u32> {
    Err(calls.note())
}

#[tokio::test(start_paused = true)]
async fn pauses_stay_within_max_delay() {
    let calls = Calls::start();
    assert_eq!(capped(&calls).await, Err(5));
    assert_eq!(calls.seconds(), [0, 1, 4, 8, 12]);
}

#[retry(max = 4, delay = 8, max_delay = 20, jitter = "full")]
async fn full(calls: &Calls) -> Result<(), u32> {
    Err(calls.note())
}

#[retry(max = 4, delay = 8, max_delay = 20, jitter = "equal")]
async fn equal(calls: &Calls) -> Result<(), u32> {
    Err(calls.note())
}

#[retry(max = 4, delay = 8, max_delay = 20, jitter = "decorrelated")]
async fn decorrelated(calls: &Calls) -> Result<(), u32> {
    Err(calls.note())
}

#[tokio::test(start_paused = true)]
async fn attribute_offers_every_jitter() {
    let mut different = [false; 3];
    for _ in 0..20 {
        let [a, b, c] = [Calls::start(), Calls::start(), Calls::start()];
        let _ = tokio::join!(full(&a), equal(&b), decorrelated(&c));
        for (index, (calls, least)) in [(a, [0, 0, 0]), (b, [4, 8, 10]), (c, [8, 8, 8])].into_iter().enumerate() {
            let times = calls.times();
            let pauses: Vec<_> = times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
            for (pause, (least, most)) in
                pauses.iter().zip(least.into_iter().zip([if index == 2 { 20 } else { 8 }, 20, 20]))
            {
                // A pause may be 1 ms too long, because a timer of tokio may wake 1 ms late.
                assert!(
                    (seconds(least)..=seconds(most) + Duration::from_millis(1)).contains(pause),
                    "{index}: {pauses:?}"
                );
            }
            different[index] |= pauses[1] != seconds(16) && pauses[2] != pauses[1];
        }
    }
    assert_eq!(different, [true; 3]);
}

#[tokio::test(start_paused = true)]
async fn equal_seeds_give_equal_pauses() {
    async fn pauses(seed: Option<u64>) -> Vec<Duration> {
        let builder = RetryPolicy::builder().max(6).jitter(Jitter::Full);
        let (told, pauses) = mpsc::channel();
        let builder = seed.map_or(builder.clone(), |seed| builder.seed(seed));
        let tell = move |event: &RetryEvent<'_, ()>| told.send(event.delay).unwrap();
        builder.on_retry(tell).build().unwrap().call(async || Err::<(), _>(())).await.unwrap_err();
        pauses.try_iter().collect()
    }
    assert_eq!(pauses(Some(7)).await, pauses(Some(7)).await);
    assert_ne!(pauses(Some(7)).await, pauses(Some(8)).await);
    assert_ne!(pauses(None).await, pauses(None).await);
}

#[retry(max = 9, delay = 1, max_elapsed = 5)]
async fn limited(calls: &Calls, takes: Duration) -> Result<(), u32> {
    let call = calls.note();
    sleep(takes).await;
    Err(call)
}

#[tokio::test(start_paused = true)]
async fn retry_ends_before_pause_beyond_max_elapsed() {
    let calls = Calls::start();
    assert_eq!(limited(&calls, Duration::ZERO).await, Err(3), "with the last error");
    assert_eq!(calls.seconds(), [0, 1, 3]);
    assert_eq!(calls.elapsed(), seconds(3), "the pause of four seconds does not begin");

    let calls = Calls::start();
    assert_eq!(limited(&calls, seconds(9)).await, Err(1));
    assert_eq!(calls.elapsed(), seconds(9), "a running attempt is not ended");
}

#[tokio::test(start_paused = true)]
async fn pause_may_end_exactly_at_max_elapsed() {
    let policy = RetryPolicy::builder().max(9).max_elapsed(seconds(3)).build().unwrap();
    let calls = Calls::start();
    assert_eq!(policy.call(async || Err::<(), _>(calls.note())).await, Err(3));
    assert_eq!(calls.seconds(), [0, 1, 3]);
}

#[retry(max = 9, delay = 1, backoff = 2, max_delay = 20, max_elapsed = 60, retry_after = |busy| busy.0)]
async fn asked_to_wait(calls: &Calls, hints: &[Option<u64>]) -> Result<(), Busy> {
    let call = calls.note();
    match hints.get(call as usize - 1) {
        Some(hint) => Err(Busy(hint.map(seconds))),
        None => Ok(()),
    }
}

#[tokio::test(start_paused = true)]
async fn pause_is_the_longer_of_delay_and_hint() {
    let calls = Calls::start();
    assert!(asked_to_wait(&calls, &[Some(3), Some(1), None, Some(20)]).await.is_ok());
    assert_eq!(calls.seconds(), [0, 3, 5, 9, 29]);
}

#[tokio::test(start_paused = true)]
async fn retry_ends_when_hint_exceeds_limits() {
    let calls = Calls::start();
    assert!(matches!(asked_to_wait(&calls, &[Some(21)]).await, Err(Busy(Some(_)))));
    assert_eq!(calls.elapsed(), Duration::ZERO, "more than `max_delay`");

    let calls = Calls::start();
    assert!(asked_to_wait(&calls, &[Some(20), Some(20), Some(20), Some(20)]).await.is_err());
    assert_eq!(calls.seconds(), [0, 20, 40, 60], "and never past `max_elapsed`");
}

#[tokio::test(start_paused = true)]
async fn hint_of_any_length_is_respected() {
    for (hint, attempts) in [(Duration::ZERO, 2), (Duration::MAX, 1)] {
        let builder = RetryPolicy::builder().max(2).delay(Duration::ZERO).max_elapsed(seconds(1));
        let policy = builder.retry_after(move |(): &()| Some(hint)).build().unwrap();
        let calls = Calls::start();
        assert_eq!(
            policy
                .call(async || {
                    calls.note();
                    Err::<(), _>(())
                })
                .await,
            Err(())
        );
        assert_eq!(calls.seconds().len(), attempts);
    }
}

#[retry(max = 3, delay = 1, retry_if_ok = |status| *status == 503, retry_if = |error| *error)]
#[circuit(name = "options::ok", error = |_| false)]
async fn status(calls: &Calls, answers: &[Result<u16, bool>]) -> Result<u16, bool> {
    answers[calls.note() as usize - 1]
}

#[retry(max = 5, delay = 0, retry_if = &worth)]
async fn borrowed(calls: &Calls, worth: impl Fn(&u32) -> bool) -> Result<(), u32> {
    Err(calls.note())
}

#[tokio::test(start_paused = true)]
async fn retry_if_may_borrow_an_argument() {
    let name = String::from("abc");
    assert_eq!(borrowed(&Calls::start(), move |calls| name.len() > usize::try_from(*calls).unwrap()).await, Err(3));
}

#[tokio::test(start_paused = true)]
async fn retry_if_ok_retries_a_value() {
    for (answers, last) in [
        (&[Ok(503), Ok(200)][..], Ok(200)),
        (&[Ok(503), Err(true), Ok(503)], Ok(503)),
        (&[Ok(503), Err(false)], Err(false)),
        (&[Ok(404)], Ok(404)),
    ] {
        let calls = Calls::start();
        assert_eq!(status(&calls, answers).await, last);
        assert_eq!(calls.seconds().len(), answers.len());
    }
}

/// The fields of a [`RetryEvent`]: the number of the attempt, the pause in seconds, and the error. The error is `None`
/// if the attempt returned `Ok`.
type Seen = (u32, u64, Option<bool>);

#[retry(
    max = 4,
    delay = 1,
    retry_if_ok = |value| *value == 0,
    on_retry = |event| seen.borrow_mut().push((event.attempt, event.delay.as_secs(), event.error.copied()))
)]
async fn reported(calls: &Calls, seen: &RefCell<Vec<Seen>>) -> Result<u32, bool> {
    match calls.note() {
        1 => Err(true),
        2 => Ok(0),
        _ => Err(false),
    }
}

#[tokio::test(start_paused = true)]
async fn on_retry_runs_before_each_pause() {
    let seen = RefCell::default();
    assert_eq!(reported(&Calls::start(), &seen).await, Err(false));
    assert_eq!(seen.into_inner(), [(1, 1, Some(true)), (2, 2, None), (3, 4, Some(false))]);
}

fn by_path(event: &RetryEvent<'_, String>) {
    assert_eq!(event.error.map(String::as_str), Some("down"));
}

#[retry(max = 3, delay = 1, attempt = n, on_retry = by_path, clone(text))]
#[circuit(name = "options::attempt", threshold = 9, error = |open| open.to_string())]
async fn numbered(text: String, seen: &Cell<u32>) -> Result<u32, String> {
    seen.set(seen.get() * 10 + n);
    tokio::task::yield_now().await;
    let owned = move || n;
    if n < 3 { Err(text) } else { Ok(owned()) }
}

#[tokio::test(start_paused = true)]
async fn body_receives_attempt_number() {
    let seen = Cell::new(0);
    assert_eq!(numbered("down".to_owned(), &seen).await, Ok(3));
    assert_eq!(seen.get(), 123);
}

#[tokio::test(start_paused = true)]
async fn rules_of_one_kind_all_apply() {
    static TOLD: AtomicU32 = AtomicU32::new(0);
    let policy = RetryPolicy::builder()
        .max(9)
        .retry_if(|call: &u32| *call < 5)
        .retry_if(|call: &u32| *call != 3)
        .retry_after(|call: &u32| Some(seconds(u64::from(*call))))
        .retry_after(|_: &u32| Some(seconds(7)))
        .on_retry(|_: &RetryEvent<'_, u32>| _ = TOLD.fetch_add(1, Ordering::Relaxed))
        .on_retry(|_: &RetryEvent<'_, u32>| _ = TOLD.fetch_add(10, Ordering::Relaxed))
        .build()
        .unwrap();
    let calls = Calls::start();
    assert_eq!(policy.call(async || Err::<(), _>(calls.note())).await, Err(3));
    assert_eq!((calls.seconds(), TOLD.load(Ordering::Relaxed)), (vec![0, 7, 14], 22));
}

#[tokio::test(start_paused = true)]
async fn max_elapsed_counts_from_first_poll() {
    let calls = Calls::start();
    let call = limited(&calls, Duration::ZERO);
    advance(seconds(9)).await;
    assert_eq!(call.await, Err(3), "a future does nothing until it is polled");
}

#[retry(max = 20, delay = 1)]
async fn by_default(calls: &Calls) -> Result<(), u32> {
    Err(calls.note())
}

#[tokio::test(start_paused = true)]
async fn pauses_have_no_jitter_and_no_limit_by_default() {
    let calls = Calls::start();
    assert_eq!(by_default(&calls).await, Err(20));
    let expected: Vec<_> = (0..20).map(|attempt| (1_u64 << attempt) - 1).collect();
    assert_eq!(calls.seconds(), expected);
}
