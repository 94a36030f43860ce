//! Uses the tool loom to test races between threads. Loom runs every interleaving of the threads. The script `.ci/loom`
//! runs these tests.
//!
//! Loom cannot advance time, so each cooldown and each time limit of a trial call is zero or an hour.

use std::time::Duration;

use loom::thread;

use crate::base::name::Name;
use crate::base::sync::{Arc, AtomicU64, Ordering};
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::core::state::CircuitState;
use crate::circuit::options::Options;
use crate::circuit::permit::OwnedPermit;
use crate::circuit::settings::Settings;
use crate::registry::declared::CircuitDeclaration;
use crate::registry::registry::get_circuit;
use crate::registry::site::Site;

const HOUR: Duration = Duration::from_secs(3600);

fn settings(threshold: u32, cooldown: Duration, trial_timeout: Duration) -> Arc<Settings> {
    Settings::shared(Options {
        threshold: Some(threshold),
        cooldown: Some(cooldown),
        half_open_max: Some(1),
        trial_timeout: Some(trial_timeout),
        ..Options::NONE
    })
}

fn breaker(settings: Arc<Settings>) -> CircuitBreaker {
    CircuitBreaker::new(Name::Static("model"), settings)
}

/// Returns a breaker that opens at the first failure. The cooldown of the breaker is zero, so the call after the
/// failure is a trial call of the half-open circuit.
fn brief() -> CircuitBreaker {
    breaker(settings(1, Duration::ZERO, HOUR))
}

fn admitted(breaker: &CircuitBreaker) -> OwnedPermit {
    breaker.try_acquire_owned().expect("a call that may pass")
}

#[test]
fn two_trials_and_one_slot() {
    loom::model(|| {
        let breaker = brief();
        admitted(&breaker).failure();
        let in_flight = Arc::new(AtomicU64::new(0));
        let trial = {
            let (breaker, in_flight) = (breaker.clone(), in_flight.clone());
            move || {
                if let Ok(permit) = breaker.try_acquire() {
                    assert_eq!(in_flight.fetch_add(1, Ordering::SeqCst), 0, "two trials at once");
                    in_flight.fetch_sub(1, Ordering::SeqCst);
                    drop(permit);
                }
            }
        };
        let other = thread::spawn(trial.clone());
        trial();
        other.join().unwrap();
        let _trial = breaker.try_acquire().expect("the slot is free again");
        assert!(breaker.try_acquire().is_err());
    });
}

#[test]
fn a_success_against_a_reset() {
    loom::model(|| {
        let breaker = breaker(settings(3, HOUR, HOUR));
        admitted(&breaker).success();
        let permit = admitted(&breaker);
        let other = thread::spawn(move || permit.success());
        breaker.reset();
        other.join().unwrap();
        let stats = breaker.stats();
        // If the success came before the reset, the reset cleared the count of successes. If the success came after the
        // reset, only `total_succeeded` counts the success, because the successful call started before the reset.
        assert_eq!((stats.successes, stats.total_succeeded), (0, 2));
        admitted(&breaker).success();
        assert_eq!((breaker.stats().successes, breaker.stats().total_succeeded), (1, 3));
    });
}

#[test]
fn two_successes_and_a_look() {
    loom::model(|| {
        let breaker = breaker(settings(3, HOUR, HOUR));
        let (one, two) = (admitted(&breaker), admitted(&breaker));
        let other = thread::spawn(move || one.success());
        two.success();
        let seen = breaker.stats();
        assert!(seen.successes >= 1 && seen.successes == seen.total_succeeded);
        other.join().unwrap();
        assert_eq!(breaker.stats().successes, 2);
    });
}

#[test]
fn a_success_against_a_failure() {
    loom::model(|| {
        let breaker = breaker(settings(2, HOUR, HOUR));
        admitted(&breaker).failure();
        let (one, two) = (admitted(&breaker), admitted(&breaker));
        let other = thread::spawn(move || one.success());
        two.failure();
        other.join().unwrap();
        let stats = breaker.stats();
        // If the success came before the second failure, the success cleared the count of failures. If the success came
        // after the second failure, this failure had already opened the circuit.
        match stats.state {
            CircuitState::Closed => assert_eq!((stats.failures, stats.successes, stats.total_opened), (1, 1, 0)),
            _ => assert_eq!((stats.failures, stats.successes, stats.total_opened), (2, 0, 1)),
        }
        assert_eq!((stats.total_succeeded, stats.total_failed), (1, 2));
    });
}

#[test]
fn a_failure_against_an_opening() {
    loom::model(|| {
        let breaker = breaker(settings(1, HOUR, HOUR));
        let (one, two) = (admitted(&breaker), admitted(&breaker));
        let other = thread::spawn(move || one.failure());
        two.failure();
        other.join().unwrap();
        let stats = breaker.stats();
        assert_eq!((stats.state, stats.failures), (CircuitState::Open, 1));
        assert_eq!((stats.total_failed, stats.total_opened), (2, 1));
    });
}

#[test]
fn a_late_verdict_against_a_new_generation() {
    for late_fails in [true, false] {
        loom::model(move || {
            let breaker = brief();
            let late = admitted(&breaker);
            admitted(&breaker).failure();
            let other = thread::spawn(move || if late_fails { late.failure() } else { late.success() });
            admitted(&breaker).success();
            other.join().unwrap();
            let stats = breaker.stats();
            assert_eq!((stats.state, stats.failures, stats.successes), (CircuitState::Closed, 0, 0));
            assert_eq!((stats.total_opened, stats.total_failed + stats.total_succeeded), (1, 3));
        });
    }
}

#[test]
fn expiry_of_trial_races_its_end() {
    for ends_well in [true, false] {
        loom::model(move || {
            let breaker = breaker(settings(1, Duration::ZERO, Duration::ZERO));
            admitted(&breaker).failure();
            let hung = admitted(&breaker);
            let other = thread::spawn(move || if ends_well { hung.success() } else { drop(hung) });
            let next = admitted(&breaker);
            other.join().unwrap();
            breaker.apply(settings(1, Duration::ZERO, HOUR));
            if ends_well {
                assert_eq!(breaker.state(), CircuitState::Closed);
            } else {
                // The half-open circuit admits one trial call at a time. The trial call `hung` exceeded the time limit,
                // or the permit of `hung` was dropped. The only running trial call is therefore `next`.
                let room = u32::from(breaker.try_acquire().is_ok());
                assert_eq!(room, 0, "the next trial is still under way");
                drop(next);
                let _last = admitted(&breaker);
                assert!(breaker.try_acquire().is_err(), "a slot came back twice");
            }
        });
    }
}

#[test]
fn a_rejection_against_a_closing() {
    loom::model(|| {
        let breaker = brief();
        admitted(&breaker).failure();
        let trial = admitted(&breaker);
        let other = thread::spawn(move || trial.success());
        match breaker.try_acquire() {
            Ok(permit) => permit.success(),
            Err(open) => assert!(open.retry_after() == Duration::from_secs(1)),
        }
        other.join().unwrap();
        let stats = breaker.stats();
        assert_eq!((stats.state, stats.total_succeeded + stats.total_rejected), (CircuitState::Closed, 2));
        assert!(breaker.try_acquire().is_ok());
    });
}

#[test]
fn the_first_use_of_a_name_from_two_threads() {
    loom::model(|| {
        let site = |declaration| -> &'static Site<CircuitBreaker> { Box::leak(Box::new(Site::new(declaration))) };
        let one = site(CircuitDeclaration::new("first_use").threshold(7));
        let two = site(CircuitDeclaration::new("first_use").cooldown(HOUR));
        let call = |site: &'static Site<CircuitBreaker>| site.get().try_acquire().expect("a closed circuit").success();
        let other = thread::spawn(move || call(one));
        call(two);
        other.join().unwrap();
        let stats = get_circuit("first_use").expect("it is registered").stats();
        assert_eq!((stats.threshold, stats.cooldown, stats.successes), (7, HOUR, 2));
    });
}
