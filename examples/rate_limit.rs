//! Shows `#[rate_limit]`: three calls may start immediately, and further calls may start at a rate of ten per second.
//! The error of a rejected call contains the delay after which the caller may try again. With the option `wait`, a call
//! waits instead of being rejected.
//!
//! Run this example with `cargo run --example rate_limit`. The program pauses tokio's clock, so that the delays take no
//! real time.

use std::cell::Cell;

use resilience_runtime::{RateLimitedError, rate_limit};
use tokio::time::{Instant, sleep};
use tokio::try_join;

#[derive(Debug, thiserror::Error)]
enum MailError {
    #[error(transparent)]
    TooManyMails(#[from] RateLimitedError),
}

/// A mail service that counts the mails that it has sent.
#[derive(Default)]
struct MailService {
    sent: Cell<u32>,
}

#[rate_limit(per_second = 10, burst = 3)]
async fn send(service: &MailService) -> Result<(), MailError> {
    service.sent.set(service.sent.get() + 1);
    Ok(())
}

#[rate_limit(limit = 60, per = "1m", wait = "5m")]
async fn send_newsletter(service: &MailService) -> Result<(), MailError> {
    service.sent.set(service.sent.get() + 1);
    Ok(())
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), MailError> {
    let service = MailService::default();
    let start = Instant::now();
    for mail in 1..=5 {
        while let Err(MailError::TooManyMails(rejection)) = send(&service).await {
            println!("{:>3} ms: mail {mail} is rejected: {rejection}", start.elapsed().as_millis());
            sleep(rejection.retry_after().unwrap_or_default()).await;
        }
        println!("{:>3} ms: mail {mail} is sent", start.elapsed().as_millis());
    }
    assert_eq!((service.sent.get(), start.elapsed().as_millis()), (5, 200));

    let start = Instant::now();
    try_join!(send_newsletter(&service), send_newsletter(&service), send_newsletter(&service))?;
    println!("Three newsletters wait for their turn, and are sent within {} s", start.elapsed().as_secs());
    assert_eq!((service.sent.get(), start.elapsed().as_secs()), (8, 2));
    Ok(())
}
