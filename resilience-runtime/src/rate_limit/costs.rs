//! Checks that a rate limit locks a mutex only while a quota applies.
//!
//! These tests are unit tests, because the public interface does not show locks.

use std::time::Duration;

use crate::base::sync::LOCKS;
use crate::rate_limit::rate_limit::RateLimit;

fn locks(limit: &RateLimit) -> (bool, u32) {
    let before = LOCKS.get();
    let is_admitted = limit.try_acquire().is_ok();
    (is_admitted, LOCKS.get() - before)
}

#[test]
fn check_takes_lock_only_under_a_quota() {
    let limit = RateLimit::builder("costs", 1).burst(2).build().unwrap();
    assert_eq!([locks(&limit), locks(&limit), locks(&limit)], [(true, 0), (true, 0), (false, 0)]);
    limit.update(0, Duration::from_secs(3600));
    assert_eq!(locks(&limit), (false, 1));
}
