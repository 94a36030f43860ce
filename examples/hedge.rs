//! Shows `#[hedge]`: if a call has not ended after 100 ms, a second attempt starts. The call returns the first success,
//! and cancels the other attempt.
//!
//! Run this example with `cargo run --example hedge`.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use resilience_runtime::hedge;
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

#[hedge(after = "100ms", max = 2)]
async fn read(replicas: &Replicas, key: &str) -> io::Result<String> {
    Ok(replicas.read(key).await)
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let replicas = Replicas::default();
    println!("The first replica takes 10 s to answer:");
    let start = Instant::now();
    let answer = read(&replicas, "user 7").await?;
    println!("  {answer} after {:.2} s", start.elapsed().as_secs_f64());
    assert_eq!(answer, "user 7, read from the second replica");
    assert!(start.elapsed() < Duration::from_secs(5), "the slow replica does not delay the read");
    Ok(())
}
