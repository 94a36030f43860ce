use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

/// Returns a duration of this number of seconds.
pub const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Creates a single-threaded tokio runtime whose clock is paused.
pub fn paused_runtime() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}
