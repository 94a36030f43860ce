//! Tests that a call of a hedge takes no lock.
//!
//! This test is a unit test, because the counter of taken locks, `LOCKS`, is private.

use std::time::Duration;

use tokio::time::sleep;

use crate::base::sync::LOCKS;
use crate::hedge::hedge::Hedge;
use crate::retry::budget::RetryBudget;
use crate::retry::budget::config::{RetryRatio, TokenBucket};

#[tokio::test(start_paused = true)]
async fn hedge_with_percentile_takes_no_lock() {
    let ms = Duration::from_millis;
    for budget in [RetryBudget::bucket(TokenBucket::DEFAULT), RetryBudget::ratio(RetryRatio::DEFAULT)] {
        let hedge = Hedge::builder().percentile(50.0).min_after(ms(1)).max_after(ms(100)).budget(&budget).build();
        let hedge = hedge.unwrap();
        let before = LOCKS.get();
        for call in 0..300 {
            let attempt = || async {
                sleep(ms(10 + call % 50)).await;
                Ok::<_, ()>(())
            };
            hedge.call(attempt).await.unwrap();
        }
        assert_eq!(LOCKS.get() - before, 0);
        assert!(hedge.stats().total_attempts > 300 && hedge.after() < ms(100), "{:?}", hedge.stats());
    }
}
