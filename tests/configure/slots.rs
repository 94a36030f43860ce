//! Tests changes of the number of slots of a bulkhead while calls run and wait.

use std::io;
use std::time::Duration;

use resilience_runtime::{bulkhead, configure_bulkhead, get_stats, reset_configuration, testing};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

#[bulkhead(name = "configure::shrinks", max = 3, wait = 100)]
async fn occupies(time: Duration) -> io::Result<Instant> {
    let begin = Instant::now();
    sleep(time).await;
    Ok(begin)
}

/// Starts three calls of 1, 2 and 3 seconds, and reduces the number of slots to one. Then a fourth call waits for a
/// slot, and `change` changes the settings again. Returns the time from the start of the first call to the start of the
/// fourth call.
#[expect(clippy::async_yields_async, reason = "the calls end later")]
async fn fourth_call_after(change: impl FnOnce()) -> Duration {
    let test = testing::handle();
    let start = |time| {
        let call = test.spawn(occupies(time));
        async {
            yield_now().await;
            call
        }
    };
    let begin = Instant::now();
    let first = [start(SECOND).await, start(2 * SECOND).await, start(3 * SECOND).await];
    configure_bulkhead("configure::shrinks", |bulkhead| bulkhead.max(1)).unwrap();
    let fourth = start(Duration::ZERO).await;
    change();
    let started = fourth.await.unwrap().unwrap();
    for call in first {
        call.await.unwrap().unwrap();
    }
    assert_eq!(get_stats().bulkheads["configure::shrinks"].in_use, 0);
    reset_configuration();
    started - begin
}

#[resilience_runtime::test]
async fn further_change_does_not_delay_the_removal_of_slots() {
    let set = |max| move || configure_bulkhead("configure::shrinks", |bulkhead| bulkhead.max(max)).unwrap();
    assert_eq!(fourth_call_after(|| ()).await, 3 * SECOND, "the first three slots were occupied");
    let queue = || configure_bulkhead("configure::shrinks", |bulkhead| bulkhead.max_queue(9)).unwrap();
    assert_eq!(fourth_call_after(queue).await, 3 * SECOND);
    assert_eq!(fourth_call_after(set(1)).await, 3 * SECOND);
    assert_eq!(fourth_call_after(set(2)).await, 2 * SECOND);
    assert_eq!(fourth_call_after(set(3)).await, SECOND);
    assert_eq!(fourth_call_after(set(4)).await, Duration::ZERO);
}
