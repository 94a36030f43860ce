//! Tests a circuit breaker with a million calls from eight threads. The outcomes are random, and each thread resets the
//! breaker after some of its calls.
//!
//! This test is a unit test, because the test reads the private field `ticket` of a permit.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::thread;
use std::time::Duration;

use crate::base::clock::Tick;
use crate::base::sync::{Mutex, lock};
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::core::ticket::Ticket;
use crate::circuit::permit::OwnedPermit;

const THREADS: u64 = 8;
const CALLS: u64 = 125_000;
const HALF_OPEN_MAX: u32 = 2;
const COOLDOWN: Duration = Duration::from_micros(5);

/// The number of calls with each outcome, in one thread or in all threads.
#[derive(Debug, Default, PartialEq)]
struct Counts {
    succeeded: u64,
    failed: u64,
    ignored: u64,
    cancelled: u64,
    rejected: u64,
}

struct Stress {
    breaker: CircuitBreaker,
    /// The number of running trial calls with each ticket. Trial calls of the same half-open circuit have equal
    /// tickets.
    trials: Mutex<HashMap<Ticket, u32>>,
    /// For each generation (the period between two state changes), the number of trial calls that were ignored or
    /// cancelled. After three of these calls, each further call allows one more running trial call.
    undecided: Mutex<HashMap<u32, u32>>,
    /// For each generation, a time just before the first failure. This failure
    /// opens the circuit, because the threshold is 1. The test checks that the next trial call starts at least one
    /// cooldown later.
    failing: Mutex<HashMap<u32, Tick>>,
}

impl Stress {
    fn begin(&self) -> Option<OwnedPermit> {
        let permit = self.breaker.try_acquire_owned().ok()?;
        let ticket = permit.0.admitted.ticket;
        if ticket.is_trial() {
            let now = Tick::now();
            let mut trials = lock(&self.trials);
            let under_way = trials.entry(ticket).or_default();
            *under_way += 1;
            let undecided = lock(&self.undecided).get(&ticket.generation()).copied().unwrap_or(0);
            assert!(*under_way <= HALF_OPEN_MAX + undecided.saturating_sub(3), "{under_way} trials at once");
            // If the half-open circuit has the generation `n`, the open circuit had the generation `n - 1`. The failure
            // that opened the circuit happened in the generation `n - 2`.
            let failing = lock(&self.failing)[&(ticket.generation() - 2)];
            assert!(now.since(failing) >= COOLDOWN, "admitted after {:?}", now.since(failing));
        }
        Some(permit)
    }

    fn end(&self, permit: OwnedPermit, dice: u64, counts: &mut Counts) {
        let ticket = permit.0.admitted.ticket;
        if ticket.is_trial() {
            *lock(&self.trials).get_mut(&ticket).expect("it began") -= 1;
            if dice % 64 < 2 {
                *lock(&self.undecided).entry(ticket.generation()).or_default() += 1;
            }
        }
        match dice % 64 {
            0 => {
                counts.ignored += 1;
                permit.ignore();
            }
            1 => {
                counts.cancelled += 1;
                drop(permit);
            }
            2 => {
                counts.failed += 1;
                let now = Tick::now();
                lock(&self.failing)
                    .entry(ticket.generation())
                    .and_modify(|first| *first = now.min(*first))
                    .or_insert(now);
                permit.failure();
            }
            _ => {
                counts.succeeded += 1;
                permit.success();
            }
        }
    }

    fn thread(&self, number: u64) -> Counts {
        let mut counts = Counts::default();
        // Holds the permit of a slow call while this thread makes other calls. Some slow calls are trial calls that
        // last longer than `trial_timeout`.
        let mut slow = None;
        for call in 0..CALLS {
            let mut dice = DefaultHasher::new();
            (number, call).hash(&mut dice);
            let dice = dice.finish();
            match self.begin() {
                None => counts.rejected += 1,
                Some(permit) if dice % 64 == 0 => {
                    if let Some(slow) = slow.replace(permit) {
                        self.end(slow, dice >> 32, &mut counts);
                    }
                }
                Some(permit) => self.end(permit, dice >> 32, &mut counts),
            }
            if dice % 4096 == 1 {
                self.breaker.reset();
            }
        }
        if let Some(slow) = slow {
            self.end(slow, 0, &mut counts);
        }
        counts
    }
}

#[test]
fn a_million_calls_from_eight_threads() {
    let breaker = CircuitBreaker::builder("stress")
        .threshold(1)
        .cooldown(COOLDOWN)
        .half_open_max(HALF_OPEN_MAX)
        .trial_timeout(COOLDOWN)
        .build()
        .unwrap();
    let stress = Stress { breaker, trials: Mutex::default(), undecided: Mutex::default(), failing: Mutex::default() };
    let mut counts = Counts::default();
    thread::scope(|scope| {
        let stress = &stress;
        let threads: Vec<_> = (0..THREADS).map(|number| scope.spawn(move || stress.thread(number))).collect();
        for thread in threads {
            let Counts { succeeded, failed, ignored, cancelled, rejected } = thread.join().expect("a thread that ends");
            counts.succeeded += succeeded;
            counts.failed += failed;
            counts.ignored += ignored;
            counts.cancelled += cancelled;
            counts.rejected += rejected;
        }
    });
    let stats = stress.breaker.stats();
    let told = Counts {
        succeeded: stats.total_succeeded,
        failed: stats.total_failed,
        ignored: stats.total_ignored,
        cancelled: stats.total_cancelled,
        rejected: stats.total_rejected,
    };
    assert_eq!(told, counts);
    assert_eq!(told.succeeded + told.failed + told.ignored + told.cancelled + told.rejected, THREADS * CALLS);
    assert!(lock(&stress.trials).len() > 100, "hardly any trial");
    println!("{told:?}, {} generations with trials", lock(&stress.trials).len());
}
