//! Shows `#[timeout]`: a call that takes longer than 200 ms is cancelled, and its caller receives an error.
//!
//! Run this example with `cargo run --example timeout`.

use std::time::Duration;

use resilience_runtime::{TimeoutError, timeout};
use tokio::time::{Instant, sleep};

#[derive(Debug, PartialEq, thiserror::Error)]
enum ReportError {
    #[error("no report: {0}")]
    Timeout(#[from] TimeoutError),
}

/// Writes a report. Each page takes one millisecond, so 10,000 pages take ten seconds.
#[timeout("200ms")]
async fn write_report(pages: u32) -> Result<String, ReportError> {
    sleep(Duration::from_millis(1) * pages).await;
    Ok("the report is written".to_owned())
}

#[tokio::main]
async fn main() {
    for (pages, in_time) in [(20, true), (10_000, false)] {
        let start = Instant::now();
        let result = write_report(pages).await;
        match &result {
            Ok(report) => println!("{pages} pages: {report}"),
            Err(error) => println!("{pages} pages: {error}"),
        }
        assert_eq!(result.is_ok(), in_time);
        assert!(start.elapsed() < Duration::from_secs(5), "the caller does not wait for the long report");
    }
}
