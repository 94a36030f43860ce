//! Shows `#[rate_limit]`: at most ten calls start in a second, after a burst of three. A rejection contains the time after
//! which the caller may try again.
//!
//! Start it with `cargo run --example rate_limit`. Tokio's paused clock skips the waits.

use std::cell::Cell;

use resilience_runtime::{RateLimitedError, rate_limit};
use tokio::time::{Instant, sleep};

#[derive(Debug, thiserror::Error)]
enum MailError {
    #[error(transparent)]
    TooManyMails(#[from] RateLimitedError),
}

/// A mail service that counts the mails.
#[derive(Default)]
struct MailService {
    sent: Cell<u32>,
}

#[rate_limit(per_second = 10, burst = 3)]
async fn send(service: &MailService) -> Result<(), MailError> {
    service.sent.set(service.sent.get() + 1);
    Ok(())
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let service = MailService::default();
    let start = Instant::now();
    for mail in 1..=5 {
        while let Err(MailError::TooManyMails(rejection)) = send(&service).await {
            println!("{:>3} ms: mail {mail} is rejected: {rejection}", start.elapsed().as_millis());
            sleep(rejection.retry_after()).await;
        }
        println!("{:>3} ms: mail {mail} is sent", start.elapsed().as_millis());
    }
    assert_eq!((service.sent.get(), start.elapsed().as_millis()), (5, 200));
}
