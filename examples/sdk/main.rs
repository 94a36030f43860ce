//! Shows a client library (`client.rs`) that uses attributes. The user of the library sets options at run time, such as
//! the threshold and the time limit. The library registers no circuit, so the user's program can use every name for its
//! own circuits.
//!
//! Run this example with `cargo run --example sdk`.

mod client;

use std::error::Error;
use std::time::Duration;

use client::{Answer, Client, WeatherError};
use resilience_runtime::{CircuitState, Rejection, RetryBudget, TokenBucket, check, get_stats};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // In a real program, these numbers come from a file or from the environment.
    let (attempts, limit) = (3, Duration::from_millis(50));
    let budget = RetryBudget::bucket(TokenBucket { capacity: 15, ..TokenBucket::DEFAULT });
    let builder = || Client::builder().attempts(attempts).time_limit(limit).threshold(3).budget(&budget);

    println!("Two attempts fail, and the third attempt succeeds:");
    let client = builder().build([Answer::Status(503), Answer::Never, Answer::Degrees(17)])?;
    let degrees = client.temperature("Lisbon").await?;
    println!("  {degrees} degrees");
    assert_eq!(degrees, 17);

    println!("The service does not know the city, so that the call is not repeated:");
    let client = builder().build([Answer::Status(404)])?;
    let error = client.temperature("Atlantis").await.unwrap_err();
    println!("  {error}");
    assert!(matches!(error, WeatherError::Status(404)));

    println!("The service is down, and the budget pays two more retries:");
    let client = builder().build([Answer::Status(500); 9])?;
    while client.circuit().state == CircuitState::Closed {
        println!("  {}", client.temperature("Oslo").await.unwrap_err());
    }
    let error = client.temperature("Oslo").await.unwrap_err();
    println!("  {error}");
    let wait = Rejection::find(&error).and_then(|rejection| rejection.retry_after());
    // Rounds up, because a caller who waits too short a time would be rejected again.
    println!("  a handler can tell its caller to wait for {:?} s", wait.map(|wait| wait.as_secs_f64().ceil()));
    assert!(matches!(error, WeatherError::Rejected(_)) && wait.is_some());
    assert_eq!((budget.stats().granted, budget.stats().tokens), (4, 0));

    let stats = get_stats();
    assert!(stats.circuits.is_empty() && stats.families.is_empty(), "the library registers no circuit");
    println!("The layers of the library in the statistics: {:?}", stats.timeouts.keys().collect::<Vec<_>>());
    assert!(stats.timeouts.keys().all(|name| name.starts_with("sdk::client::")));
    assert_eq!(check(), Ok(()));
    Ok(())
}
