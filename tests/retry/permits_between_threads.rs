//! Tests a retry whose body ends a permit that another thread acquired.

use std::thread;
use std::time::Duration;

use resilience_runtime::{CircuitBreaker, OwnedPermit, RetryPolicy};
use support::seconds;
use tokio::runtime::Builder;
use tokio::time::Instant;

/// Returns a permit of `closed` that a new thread acquired, after a circuit has rejected `rejections` calls on this
/// thread.
fn permit_of_other_thread(closed: &CircuitBreaker, open: &CircuitBreaker, rejections: u32) -> OwnedPermit {
    let acquire = || {
        (0..rejections).for_each(|_| drop(open.try_acquire().unwrap_err()));
        closed.try_acquire_owned().unwrap()
    };
    thread::scope(|scope| scope.spawn(acquire).join().unwrap())
}

/// Returns the time of a retry. In its body, the circuit `open` rejects a call. Then the call of `permit` fails.
async fn duration_of_retry(open: &CircuitBreaker, permit: OwnedPermit) -> Duration {
    let start = Instant::now();
    let mut permit = Some(permit);
    let retry = RetryPolicy::builder().max(4).delay(seconds(8)).build().unwrap();
    let attempt = || {
        drop(open.try_acquire().unwrap_err());
        permit.take().into_iter().for_each(OwnedPermit::failure);
        async { Err::<(), _>("down") }
    };
    assert_eq!(retry.call(attempt).await, Err("down"));
    start.elapsed()
}

#[test]
fn permit_of_other_thread_does_not_hide_open_circuit() {
    let open = CircuitBreaker::builder("permits_between_threads::open").build().unwrap();
    let closed = CircuitBreaker::builder("permits_between_threads::closed").threshold(99).build().unwrap();
    open.force_open();
    for rejections in 0..4 {
        // Each new thread counts its rejections from zero. The retry ends the permit after one rejection on its own
        // thread, so the two counts are equal in one of the iterations.
        let retries = || {
            let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            runtime.block_on(duration_of_retry(&open, permit_of_other_thread(&closed, &open, rejections)))
        };
        let duration = thread::scope(|scope| scope.spawn(retries).join().unwrap());
        assert_eq!(duration, Duration::ZERO, "{rejections} rejections");
    }
    assert_eq!(closed.stats().failures, 4);
}
