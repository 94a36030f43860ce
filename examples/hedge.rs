//! Shows `#[hedge]`: if a call has not ended after 100 ms, a second attempt starts. The call returns the first success,
//! and cancels the other attempt. A budget limits the number of second attempts of all calls together. In place of a
//! fixed time such as 100 ms, a hedge can use a percentile of the times of recent calls.
//!
//! Run this example with `cargo run --example hedge`. The program pauses tokio's clock, so that the calls take no real
//! time.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use resilience_runtime::{RetryBudget, TokenBucket, get_stats, hedge};
use tokio::time::{Instant, sleep};

/// Two replicas of a database, which receive the requests in turn. The first replica answers after 10 s, and the second
/// replica answers after 20 ms.
#[derive(Default)]
struct Replicas {
    requests: AtomicUsize,
}

impl Replicas {
    async fn read(&self, key: &str) -> String {
        let (replica, millis) = [("first", 10_000), ("second", 20)][self.requests.fetch_add(1, Ordering::Relaxed) % 2];
        println!("  the {replica} replica receives a request");
        sleep(Duration::from_millis(millis)).await;
        format!("{key}, read from the {replica} replica")
    }
}

/// The budget of `read` has ten tokens. The second attempt of a call takes five tokens from the budget.
static BUDGET: RetryBudget = RetryBudget::bucket(TokenBucket { capacity: 10, ..TokenBucket::DEFAULT });

#[hedge(after = "100ms", max = 2, budget = BUDGET)]
async fn read(replicas: &Replicas, key: &str) -> io::Result<String> {
    Ok(replicas.read(key).await)
}

/// Simulates a look-up that takes `time`. A second attempt starts if the first attempt is slower than 95 % of the
/// recent calls.
#[hedge(name = "look_up", after = "p95", min_after = "5ms", max_after = "1s")]
async fn look_up(time: Duration) -> io::Result<()> {
    sleep(time).await;
    Ok(())
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> io::Result<()> {
    let replicas = Replicas::default();
    println!("The first replica takes 10 s to answer. The budget pays for two second attempts:");
    for (replica, millis) in [("second", 120), ("second", 120), ("first", 10_000)] {
        let start = Instant::now();
        let answer = read(&replicas, "user 7").await?;
        println!("  {answer} after {:.2} s", start.elapsed().as_secs_f64());
        assert_eq!(answer, format!("user 7, read from the {replica} replica"));
        assert!((millis..millis + 5).contains(&start.elapsed().as_millis()));
    }

    let after = || get_stats().hedges["look_up"].after.unwrap_or_default().as_millis();
    println!("Before the first look-up, a second attempt would start after {} ms.", after());
    for call in 0..200 {
        look_up(Duration::from_millis(if call % 25 == 0 { 700 } else { 20 })).await?;
    }
    println!("After 200 look-ups, of which 4 % took 700 ms, it starts after {} ms.", after());
    assert!((20..25).contains(&after()));
    Ok(())
}
