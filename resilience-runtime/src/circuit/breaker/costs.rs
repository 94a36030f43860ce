//! Tests which calls take the lock of the breaker, and how often a call reads the clock.
//!
//! These tests are unit tests, because the public API does not show locks and clock readings.

use std::future::ready;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;

use crate::base::clock::READINGS;
use crate::base::sync::LOCKS;
use crate::circuit::breaker::CircuitBreaker;
use crate::registry::keyed_circuits::KeyedCircuits;

const HOUR: Duration = Duration::from_secs(3600);

fn succeed(breaker: &CircuitBreaker) {
    breaker.try_acquire().unwrap().success();
}

fn is_rejected(breaker: &CircuitBreaker) {
    assert!(breaker.try_acquire().is_err());
}

/// Makes a call in a second thread, while this thread holds the lock of the breaker. Returns whether the call ended
/// while the lock was held.
fn needs_no_lock(breaker: &CircuitBreaker, prepare: fn(&CircuitBreaker), call: fn(&CircuitBreaker)) -> bool {
    let ((ready, is_ready), (start, started), (end, ended)) = (mpsc::channel(), mpsc::channel(), mpsc::channel());
    let other = breaker.clone();
    let thread = thread::spawn(move || {
        prepare(&other);
        ready.send(()).unwrap();
        started.recv().unwrap();
        call(&other);
        let _ = end.send(());
    });
    is_ready.recv().unwrap();
    let free = breaker.0.gate.read(|_, _| {
        start.send(()).unwrap();
        ended.recv_timeout(Duration::from_secs(5)).is_ok()
    });
    thread.join().unwrap();
    free
}

#[test]
fn rejection_during_cooldown_takes_no_lock() {
    let breaker = CircuitBreaker::builder("costs").threshold(1).cooldown(HOUR).build().unwrap();
    breaker.try_acquire().unwrap().failure();
    assert!(needs_no_lock(&breaker, |_| (), is_rejected));
    breaker.force_open();
    assert!(needs_no_lock(&breaker, |_| (), is_rejected));
}

#[test]
fn second_success_of_thread_takes_no_lock() {
    let builder = || CircuitBreaker::builder("costs");
    let rate = || builder().failure_rate(0.5).min_calls(9);
    for (settings, builder) in [
        ("threshold", builder()),
        ("window", builder().threshold(3).window(HOUR)),
        ("calls", builder().threshold(3).calls(100)),
        ("rate", rate().window(HOUR)),
        ("slow_call", rate().calls(100).slow_call(HOUR).slow_rate(0.5)),
        ("hung_after", builder().hung_after(HOUR)),
        ("count", builder().count_requests(true)),
    ] {
        let breaker = builder.build().unwrap();
        assert!(needs_no_lock(&breaker, succeed, succeed), "{settings}");
        assert_eq!(breaker.stats().total_succeeded, 2, "{settings}");
    }
}

/// Returns how many locks a success through the circuit takes.
fn locks(breaker: &CircuitBreaker) -> u32 {
    let before = LOCKS.get();
    succeed(breaker);
    LOCKS.get() - before
}

#[test]
fn success_takes_lock_in_each_listed_case() {
    let [other, breaker] = [(); 2].map(|()| CircuitBreaker::builder("costs").build().unwrap());
    let thread = thread::scope(|scope| {
        let thread = scope.spawn(|| [locks(&other), locks(&other), locks(&breaker)]);
        thread.join().unwrap()
    });
    assert_eq!(thread, [1, 0, 0], "the first success of a thread through any circuit");
    locks(&breaker);
    breaker.try_acquire().unwrap().failure();
    assert_eq!((locks(&breaker), locks(&breaker)), (1, 0), "the first success after a failure");
    breaker.reset();
    assert_eq!((locks(&breaker), locks(&breaker)), (1, 0), "the first success after the circuit was closed");

    let permit = breaker.try_acquire().unwrap();
    breaker.trip();
    let before = LOCKS.get();
    permit.success();
    assert_eq!(LOCKS.get() - before, 1, "the state changed during the call");
    assert_eq!((breaker.stats().successes, breaker.stats().total_succeeded), (2, 7));

    let rate = |time| CircuitBreaker::builder("costs").calls(9).min_calls(9).slow_rate(0.5).slow_call(time);
    for (time, of_slow) in [(Duration::from_nanos(1), 1), (HOUR, 0)] {
        let breaker = rate(time).build().unwrap();
        let slow = || {
            let permit = breaker.try_acquire().unwrap();
            thread::sleep(Duration::from_micros(1));
            let before = LOCKS.get();
            permit.success();
            LOCKS.get() - before
        };
        slow();
        assert_eq!(slow(), of_slow, "a slow success, if slow is {time:?}");
    }

    let window = Duration::from_millis(50);
    let breaker = CircuitBreaker::builder("costs").threshold(3).window(window).build().unwrap();
    locks(&breaker);
    thread::sleep(window / 10);
    assert_eq!(locks(&breaker), 1, "the first success in a tenth of the window");

    let circuits = KeyedCircuits::builder("costs").build().unwrap();
    circuits.get(7);
    let before = LOCKS.get();
    let of_key = circuits.get(7);
    assert_eq!((LOCKS.get() - before, locks(&of_key)), (1, 0), "the search for the circuit of a key");
}

/// Returns how often a call reads tokio's clock if its body returns `outcome` without waiting.
fn readings(breaker: &CircuitBreaker, outcome: Result<(), ()>) -> u32 {
    let runtime = Builder::new_current_thread().build().unwrap();
    let call = |outcome| runtime.block_on(breaker.call(|| ready(outcome)));
    call(Ok(())).unwrap();
    let before = READINGS.get();
    assert_eq!(call(outcome).is_ok(), outcome.is_ok());
    READINGS.get() - before
}

#[test]
fn call_reads_the_clock_only_for_options_that_need_it() {
    let builder = || CircuitBreaker::builder("costs");
    let rate = || builder().failure_rate(0.5).min_calls(9);
    for (settings, builder, of_success, of_failure) in [
        ("threshold", builder(), 0, 0),
        ("hung_after", builder().hung_after(HOUR), 0, 0),
        ("window", builder().threshold(3).window(HOUR), 1, 1),
        ("rate", rate().window(HOUR), 1, 1),
        ("count", builder().count_requests(true), 1, 0),
        ("slow_call", rate().window(HOUR).slow_call(HOUR).slow_rate(0.5), 2, 3),
        ("slow_call and calls", rate().calls(99).slow_call(HOUR).slow_rate(0.5), 2, 3),
    ] {
        let breaker = builder.build().unwrap();
        assert_eq!(readings(&breaker, Ok(())), of_success, "{settings}, a success");
        assert_eq!(readings(&breaker, Err(())), of_failure, "{settings}, a failure");
    }
}
