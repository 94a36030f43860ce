//! Tests random changes of settings while calls run in several threads.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use resilience_runtime::{
    bulkhead, circuit, configure, configure_bulkhead, configure_rate_limit, configure_retry, get_circuit_stats,
    get_stats, rate_limit, retry,
};

const THREADS: u64 = 8;
const CALLS: u64 = 4_000;

static BODIES: AtomicU64 = AtomicU64::new(0);

#[retry(name = "storm_retry", max = 1, delay = 0)]
#[circuit(name = "storm", threshold = 1_000_000, cooldown = 0)]
#[bulkhead(name = "storm_bulkhead", max = 1_000)]
#[rate_limit(name = "storm_rate", per_second = 1_000_000, burst = 1_000_000)]
fn ask(fails: bool) -> io::Result<()> {
    BODIES.fetch_add(1, Ordering::Relaxed);
    if fails { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) }
}

/// Makes one random change of a setting. Returns `true` if the library accepted a valid change, or refused an invalid
/// change.
fn change(random: u64) -> bool {
    let number = u32::try_from(random % 1_000).unwrap();
    let time = Duration::from_millis(random % 50);
    match random % 8 {
        0 => configure("storm", |circuit| circuit.threshold(1_000_000 + number)).is_ok(),
        1 => configure("storm", |circuit| circuit.cooldown(time)).is_ok(),
        2 => configure("storm", |circuit| circuit.threshold(0)).is_err(),
        3 => configure_bulkhead("storm_bulkhead", |bulkhead| bulkhead.max(500 + number)).is_ok(),
        4 => configure_rate_limit("storm_rate", |limit| limit.per_second(900_000 + number)).is_ok(),
        5 => configure_retry("storm_retry", |retry| retry.max(1).delay(time)).is_ok(),
        6 => configure_retry("storm_retry", |retry| retry.max(0)).is_err(),
        _ => configure_bulkhead("storm_bulkhead", |bulkhead| bulkhead.max(0)).is_err(),
    }
}

#[test]
fn no_count_is_lost_while_settings_change() {
    let is_over = AtomicBool::new(false);
    let mut changes = 0_u64;
    thread::scope(|scope| {
        let calls: Vec<_> = (0..THREADS)
            .map(|thread| {
                scope.spawn(move || {
                    let outcomes = (0..CALLS).map(|call| ask((call + thread) % 3 == 0));
                    outcomes.flatten().count() as u64
                })
            })
            .collect();
        let configuring = scope.spawn(|| {
            let (mut random, mut changes) = (1_u64, 0);
            while !is_over.load(Ordering::Relaxed) {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                assert!(change(random >> 33), "{random}");
                changes += 1;
            }
            changes
        });
        let succeeded: u64 = calls.into_iter().map(|call| call.join().unwrap()).sum();
        is_over.store(true, Ordering::Relaxed);
        changes = configuring.join().unwrap();
        let circuit = &get_circuit_stats()["storm"];
        assert_eq!(circuit.total_succeeded, succeeded);
        assert_eq!(circuit.total_succeeded + circuit.total_failed + circuit.total_ignored, THREADS * CALLS);
        assert_eq!((circuit.total_rejected, circuit.total_opened), (0, 0), "no state jumps");
        let stats = get_stats();
        let (bulkhead, rate) = (&stats.bulkheads["storm_bulkhead"], &stats.rate_limits["storm_rate"]);
        assert_eq!(bulkhead.total_admitted + bulkhead.total_rejected, THREADS * CALLS);
        assert_eq!(rate.total_admitted + rate.total_rejected, bulkhead.total_admitted);
        assert_eq!(rate.total_admitted, BODIES.load(Ordering::Relaxed));
        assert_eq!(bulkhead.in_use, 0);
    });
    assert!(changes > 10, "{changes} changes");
}
