//! Tests breakers that read different clocks: the system's clock outside a tokio runtime, tokio's paused clock, and two
//! clocks that show different times.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use resilience_runtime::{CircuitBreaker, CircuitBuilder, CircuitState};
use support::{calls, paused_runtime};
use tokio::runtime::Runtime;
use tokio::time::{advance, sleep};
use tracing::subscriber::with_default;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;

const COOLDOWN: Duration = Duration::from_secs(30);

fn breaker() -> CircuitBreaker {
    CircuitBreaker::builder("clocks").threshold(1).cooldown(COOLDOWN).build().unwrap()
}

/// Creates a tokio runtime whose paused clock is ahead of the system's clock by the duration `ahead`.
fn paused(ahead: Duration) -> Runtime {
    let runtime = paused_runtime();
    runtime.block_on(advance(ahead));
    runtime
}

#[test]
fn breaker_works_without_runtime() {
    let breaker = breaker();
    breaker.try_acquire().unwrap().failure();
    assert_eq!(breaker.state(), CircuitState::Open);
    let left = breaker.try_acquire().unwrap_err().cooldown_remaining();
    assert!(left <= COOLDOWN && left > COOLDOWN / 2, "{left:?}");
}

#[test]
fn opening_in_the_future_counts_from_now() {
    let (ahead, behind) = (paused(Duration::from_secs(3600)), paused(Duration::ZERO));
    let breaker = breaker();
    ahead.block_on(async { breaker.try_acquire().unwrap().failure() });
    behind.block_on(async {
        assert_eq!(breaker.stats().cooldown_remaining, COOLDOWN, "never more than the cooldown");
        assert_eq!(breaker.try_acquire().unwrap_err().cooldown_remaining(), COOLDOWN);
        advance(COOLDOWN).await;
        assert_eq!(breaker.state(), CircuitState::HalfOpen);
        breaker.try_acquire().unwrap().success();
        assert_eq!(breaker.state(), CircuitState::Closed);
    });
}

#[test]
fn trial_in_the_future_counts_from_now() {
    let (ahead, behind) = (paused(Duration::from_secs(3600)), paused(Duration::ZERO));
    let breaker = breaker();
    breaker.try_acquire().unwrap().failure();
    let hanging = ahead.block_on(async { breaker.try_acquire().unwrap() });
    behind.block_on(async {
        assert_eq!(breaker.try_acquire().unwrap_err().retry_after(), Duration::from_secs(1));
        advance(COOLDOWN).await;
        breaker.try_acquire().unwrap().success();
    });
    drop(hanging);
    assert_eq!(breaker.state(), CircuitState::Closed);
}

/// If a clock reading is older than the newest reading by at most one second, the breaker assumes that a delayed thread
/// read the same clock.
#[test]
fn clock_slightly_behind_does_not_shorten_cooldown_or_lease() {
    for (cooldown, lease) in [(COOLDOWN, COOLDOWN), (Duration::ZERO, COOLDOWN)] {
        let (ahead, behind) = (paused(Duration::from_millis(999)), paused(Duration::ZERO));
        let builder = CircuitBreaker::builder("clocks").threshold(1).cooldown(cooldown).trial_timeout(lease);
        let breaker = builder.half_open_max(2).build().unwrap();
        let trial = ahead.block_on(async {
            breaker.try_acquire().unwrap().failure();
            breaker.try_acquire_owned().ok()
        });
        // The second trial begins on the clock that is behind.
        let second = behind.block_on(async { breaker.try_acquire_owned().ok() });
        assert_eq!((trial.is_some(), second.is_some()), (cooldown.is_zero(), cooldown.is_zero()));
        behind.block_on(async { breaker.try_acquire().map(drop).unwrap_err() });
        ahead.block_on(async {
            advance(Duration::from_millis(29_500)).await;
            breaker.try_acquire().map(drop).unwrap_err();
            advance(Duration::from_millis(500)).await;
            breaker.try_acquire().unwrap().ignore();
        });
    }
}

#[test]
fn clock_ahead_ends_cooldown_for_its_readers_only() {
    let breaker = breaker();
    breaker.try_acquire().unwrap().failure();
    assert_eq!(paused(COOLDOWN).block_on(async { breaker.state() }), CircuitState::HalfOpen);
    assert_eq!(breaker.state(), CircuitState::Open, "reading the state changed nothing");
}

#[test]
fn window_in_the_future_counts_from_now() {
    let looks: [fn(&CircuitBreaker); 3] = [|_| {}, CircuitBreaker::reset, |breaker| drop(breaker.stats())];
    for look in looks {
        let (ahead, behind) = (paused(Duration::from_secs(86_400)), paused(Duration::ZERO));
        let breaker = CircuitBreaker::builder("clocks").threshold(2).window(Duration::from_secs(10)).build().unwrap();
        ahead.block_on(async { look(&breaker) });
        behind.block_on(async {
            for _ in 0..3 {
                breaker.try_acquire().unwrap().failure();
                advance(Duration::from_secs(3600)).await;
            }
            assert_eq!(breaker.state(), CircuitState::Closed, "one failure an hour");
        });
    }
}

fn slow_calls() -> CircuitBuilder {
    CircuitBreaker::builder("clocks").slow_call(Duration::from_secs(1)).slow_rate(0.5).min_calls(4).calls(10)
}

#[test]
fn slow_call_counts_on_clock_paused_later() {
    let breaker = slow_calls().build().unwrap();
    let runtime = paused_runtime();
    let slow = breaker.call(|| async {
        sleep(Duration::from_secs(5)).await;
        Ok::<_, ()>(())
    });
    runtime.block_on(slow).unwrap();
    assert_eq!(breaker.stats().window_slow, 1);
}

/// Runs `test` while another thread calls a second breaker in a loop. The other thread reads the system's clock.
fn beside_busy_thread(test: impl FnOnce()) {
    /// Ends the loop of the other thread when this value is dropped, even if `test` panics.
    struct End<'a>(&'a AtomicBool);
    impl Drop for End<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let (began, over) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            let breaker = slow_calls().build().unwrap();
            while !over.load(Ordering::Relaxed) {
                breaker.try_acquire().unwrap().success();
                began.store(true, Ordering::Relaxed);
            }
        });
        while !began.load(Ordering::Relaxed) {
            thread::yield_now();
        }
        let _end = End(&over);
        test();
    });
}

#[test]
fn busy_thread_does_not_hide_slow_call() {
    beside_busy_thread(|| {
        for _ in 0..50 {
            slow_call_counts_on_clock_paused_later();
        }
    });
}

#[test]
fn busy_thread_does_not_empty_window() {
    beside_busy_thread(|| {
        for _ in 0..50 {
            let window = Duration::from_secs(60);
            let builder = CircuitBreaker::builder("clocks").failure_rate(0.4).min_calls(4).window(window);
            let breaker = builder.build().unwrap();
            paused_runtime().block_on(async {
                calls(&breaker, ".");
                advance(Duration::from_secs(57)).await;
                calls(&breaker, ".........");
                advance(Duration::from_secs(6)).await;
                calls(&breaker, "xxxx");
                let stats = breaker.stats();
                assert_eq!((stats.state, stats.window_total, stats.window_failures), (CircuitState::Closed, 13, 4));
            });
        }
    });
}

#[test]
fn window_of_one_millisecond_keeps_successes() {
    const ROUNDS: u32 = 100_000;
    let mut valid = 0;
    for _ in 0..ROUNDS {
        let window = Duration::from_millis(1);
        let builder = CircuitBreaker::builder("clocks").failure_rate(0.9).min_calls(2).window(window);
        let breaker = builder.build().unwrap();
        let begin = Instant::now();
        while begin.elapsed() < 2 * window {
            breaker.try_acquire().unwrap().success();
        }
        let last = Instant::now();
        calls(&breaker, &".".repeat(100));
        calls(&breaker, "x");
        let stats = breaker.stats();
        // If the calls above took half of the time window or longer, skips the check, because the oldest calls may have
        // left the window.
        if last.elapsed() < window / 2 {
            assert!(stats.window_total >= 100, "{stats:?}");
            valid += 1;
        }
        if valid == 20 {
            return;
        }
    }
    panic!("interrupted in each of {ROUNDS} rounds");
}

/// A `tracing` layer that accepts every event and does nothing.
struct Silent;

impl<S: tracing::Subscriber> Layer<S> for Silent {}

#[test]
fn subscriber_does_not_make_fast_call_slow() {
    with_default(tracing_subscriber::registry().with(Silent), || {
        let breaker = slow_calls().slow_call(Duration::from_secs(60)).cooldown(Duration::ZERO).build().unwrap();
        calls(&breaker, "....");
        assert_eq!((breaker.stats().window_slow, breaker.state()), (0, CircuitState::Closed));
        breaker.trip();
        calls(&breaker, ".");
        assert_eq!((breaker.state(), breaker.stats().total_opened), (CircuitState::Closed, 1), "a fast trial");
    });
}

#[test]
fn clock_slightly_behind_does_not_empty_short_window() {
    let (ahead, behind) = (paused(Duration::from_millis(900)), paused(Duration::ZERO));
    let breaker = CircuitBreaker::builder("clocks").threshold(3).window(Duration::from_millis(10)).build().unwrap();
    ahead.block_on(async { calls(&breaker, "xx") });
    behind.block_on(async { calls(&breaker, "x") });
    assert_eq!(breaker.stats().failures, 3, "one clock with skew");
}

#[test]
fn window_in_the_future_keeps_successes_of_new_clock() {
    let (ahead, behind) = (paused(Duration::from_secs(10_000)), paused(Duration::ZERO));
    let builder = CircuitBreaker::builder("clocks").window(Duration::from_secs(60)).failure_rate(0.5).min_calls(2);
    let breaker = builder.build().unwrap();
    ahead.block_on(async { breaker.try_acquire().unwrap().success() });
    behind.block_on(async {
        for _ in 0..9 {
            breaker.try_acquire().unwrap().success();
            advance(Duration::from_millis(10)).await;
        }
        breaker.try_acquire().unwrap().failure();
        breaker.try_acquire().unwrap().failure();
    });
    let stats = breaker.stats();
    // The window also contains the success on the clock `ahead`, so the total is 12 and not 11.
    assert_eq!((stats.state, stats.window_total, stats.window_failures), (CircuitState::Closed, 12, 2));
}

#[test]
fn told_wait_suffices_on_clock_slightly_behind() {
    let (ahead, behind) = (paused(Duration::from_millis(500)), paused(Duration::ZERO));
    let breaker =
        CircuitBreaker::builder("clocks::told").threshold(1).cooldown(Duration::from_secs(5)).build().unwrap();
    ahead.block_on(async { breaker.try_acquire().unwrap().failure() });
    behind.block_on(async {
        let told = breaker.try_acquire().unwrap_err().retry_after();
        assert_eq!(breaker.stats().cooldown_remaining, told);
        advance(told).await;
        assert!(breaker.try_acquire().is_ok(), "the caller waited {told:?}");
    });
}
