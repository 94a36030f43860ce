//! Shows `#[bulkhead]`: at most two calls run at the same time. Further calls are rejected at once, so that calls do
//! not pile up while a service is slow.
//!
//! Run this example with `cargo run --example bulkhead`.

use std::io;
use std::time::Duration;

use resilience_runtime::bulkhead;
use tokio::time::sleep;

/// A slow service: each conversion takes 100 ms.
async fn convert(video: &str) -> String {
    sleep(Duration::from_millis(100)).await;
    format!("{video} is converted")
}

#[bulkhead(max = 2)]
async fn convert_video(video: &str) -> io::Result<String> {
    Ok(convert(video).await)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    println!("Three calls at the same time:");
    let (first, second, third) =
        tokio::join!(convert_video("one.mp4"), convert_video("two.mp4"), convert_video("three.mp4"));
    let results = [first, second, third];
    for result in &results {
        print(result);
    }
    assert_eq!(results.map(|result| result.is_ok()), [true, true, false]);

    println!("One more call, after the first two have ended:");
    let result = convert_video("three.mp4").await;
    print(&result);
    assert!(result.is_ok());
}

fn print(result: &io::Result<String>) {
    match result {
        Ok(video) => println!("  {video}"),
        Err(rejection) => println!("  rejected: {rejection}"),
    }
}
