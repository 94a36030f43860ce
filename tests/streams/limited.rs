//! Tests `LimitedStream`, which limits the time for each item of a stream.

use std::cell::Cell;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::stream::{self, FusedStream};
use futures_util::{FutureExt, Stream, StreamExt};
use resilience_runtime::{LimitedStream, Rejection, TimeoutError, deadline, fallback};
use support::{DropCounter, Error, assert_send, seconds};
use tokio::time::{Instant, advance, sleep};

use crate::script::{Script, Step, poll};

/// Returns a stream with one item for each number in `pauses`. The number is the pause before the item, in seconds.
fn paused(pauses: &'static [u64]) -> impl Stream<Item = Result<u64, Error>> {
    stream::iter(pauses).then(|pause| async move {
        sleep(seconds(*pause)).await;
        Ok(*pause)
    })
}

fn after(item: Option<Result<u64, Error>>) -> Duration {
    match item {
        Some(Err(Error::Timeout(error))) => error.after(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn late_first_item_ends_the_stream() {
    let drops = Cell::new(0);
    let guard = DropCounter(&drops);
    let inner = paused(&[60]).inspect(move |_| {
        let _ = &guard;
    });
    let mut stream = pin!(LimitedStream::new(inner).first_item(seconds(5)));
    let begin = Instant::now();
    assert_eq!(after(stream.next().await), seconds(5));
    assert_eq!((begin.elapsed(), drops.get()), (seconds(5), 1));
    for _ in 0..2 {
        assert_eq!((stream.next().await, stream.is_terminated()), (None, true));
    }
}

#[tokio::test(start_paused = true)]
async fn time_of_the_first_poll_counts() {
    let busy = || {
        stream::poll_fn(|_| {
            let _ = advance(seconds(3)).now_or_never(); // moves the clock at the first poll
            Poll::<Option<Result<u64, Error>>>::Pending
        })
    };
    let begin = Instant::now();
    assert_eq!(after(pin!(LimitedStream::new(busy()).first_item(seconds(3))).next().await), seconds(3));
    assert_eq!(begin.elapsed(), seconds(3));
    let mut limited = pin!(LimitedStream::new(busy()).first_item(seconds(30)));
    assert_eq!(after(deadline(seconds(2), limited.next()).await), seconds(2));
    assert_eq!(begin.elapsed(), seconds(6));
}

#[tokio::test(start_paused = true)]
async fn late_item_or_end_ends_the_stream() {
    let mut stream = pin!(LimitedStream::new(paused(&[60, 4, 4, 6])).idle(seconds(5)));
    for item in [60, 4, 4] {
        assert_eq!(stream.next().await, Some(Ok(item)));
    }
    assert_eq!(after(stream.next().await), seconds(5));
    assert_eq!(stream.next().await, None);

    let endless = paused(&[1]).chain(stream::pending());
    let mut stream = pin!(LimitedStream::new(endless).idle(seconds(2)));
    assert_eq!(stream.next().await, Some(Ok(1)));
    assert_eq!(after(stream.next().await), seconds(2));
}

#[tokio::test(start_paused = true)]
async fn first_item_limit_does_not_apply_to_later_items() {
    let mut stream = pin!(LimitedStream::new(paused(&[4, 60])).first_item(seconds(5)));
    assert_eq!(stream.next().await, Some(Ok(4)));
    assert_eq!(stream.next().await, Some(Ok(60)));
    assert_eq!((stream.next().await, stream.is_terminated()), (None, true));
}

#[tokio::test(start_paused = true)]
async fn time_without_polls_does_not_count() {
    let limited = LimitedStream::new(paused(&[1, 1])).first_item(seconds(2)).idle(seconds(2));
    let mut stream = pin!(limited);
    for _ in 0..2 {
        advance(seconds(60)).await;
        assert_eq!(stream.next().await, Some(Ok(1)));
    }
}

#[tokio::test(start_paused = true)]
async fn item_that_is_ready_at_the_end_of_a_limit_wins() {
    let script = Script::new(&[Step::Pending, Step::Item(1), Step::Pending, Step::Pending]);
    let mut stream = pin!(LimitedStream::new(script).first_item(seconds(1)).idle(seconds(1)));
    assert_eq!(poll(stream.as_mut()), Poll::Pending);
    advance(seconds(1)).await;
    assert_eq!(poll(stream.as_mut()), Poll::Ready(Some(Ok(1))));
    assert_eq!(poll(stream.as_mut()), Poll::Pending);
    advance(seconds(1)).await;
    assert!(matches!(poll(stream.as_mut()), Poll::Ready(Some(Err(Error::Timeout(_))))));
}

#[tokio::test(start_paused = true)]
async fn limit_of_zero_does_not_poll_the_stream() {
    let ready = || stream::iter([Ok(1), Ok(2)]);
    let mut stream = pin!(LimitedStream::new(ready()).first_item(Duration::ZERO));
    assert_eq!(after(stream.next().await), Duration::ZERO);
    assert_eq!(stream.next().await, None);

    let mut stream = pin!(LimitedStream::new(ready()).idle(Duration::ZERO));
    assert_eq!(stream.next().await, Some(Ok(1)));
    assert_eq!(after(stream.next().await), Duration::ZERO);
    assert_eq!(stream.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn longest_limit_never_ends() {
    let longest = LimitedStream::new(paused(&[60, 60])).first_item(Duration::MAX).idle(Duration::MAX);
    assert_eq!(longest.count().await, 2);
}

#[tokio::test(start_paused = true)]
async fn limit_ends_at_the_deadline_of_the_caller() {
    let mut stream = pin!(LimitedStream::new(paused(&[1, 60])).idle(seconds(10)));
    assert_eq!(stream.next().await, Some(Ok(1)));
    let error = deadline(seconds(3), stream.next()).await;
    let Some(Err(Error::Timeout(error))) = error else { panic!("{error:?}") };
    assert_eq!((error.by_deadline(), error.after()), (true, seconds(3)));
}

#[tokio::test(start_paused = true)]
async fn error_function_converts_the_timeout() {
    let late: fn(TimeoutError) -> String = |error| error.to_string();
    let inner = stream::pending::<Result<u8, String>>();
    let mut stream = pin!(LimitedStream::with_error(inner, late).first_item(seconds(1)));
    assert_eq!(stream.next().await, Some(Err("timed out after 1s".to_owned())));
}

#[test]
fn stream_without_a_wait_needs_no_runtime() {
    let stream = LimitedStream::new(stream::iter([Ok::<u8, Error>(1)])).first_item(seconds(1)).idle(seconds(1));
    let stream = assert_send(stream);
    assert_eq!(stream.size_hint(), (0, Some(2)));
    let shown = format!("{stream:?}");
    assert!(shown.contains("first_item: Some(1s)") && shown.contains("is_ended: false"), "{shown}");
    let mut stream = pin!(stream);
    assert_eq!(stream.next().now_or_never(), Some(Some(Ok(1))));
    assert_eq!(stream.next().now_or_never(), Some(None));
    assert_eq!(stream.size_hint(), (0, Some(0)));
}

#[fallback(value = None, on = "rejected")]
async fn slowly_read(first: Option<u64>) -> Result<Option<u64>, Error> {
    let inner = stream::iter(first.into_iter().chain([8]).map(Ok));
    let mut stream = pin!(LimitedStream::new(inner).first_item(seconds(9)).idle(seconds(9)));
    if first.is_some() {
        assert_eq!(stream.next().await, first.map(Ok));
    }
    sleep(seconds(2)).await;
    stream.next().await.transpose()
}

#[tokio::test(start_paused = true)]
async fn deadline_between_items_is_no_rejection() {
    for first in [Some(7), None] {
        let error = deadline(seconds(1), slowly_read(first)).await.unwrap_err();
        let Error::Timeout(error) = error else { panic!("{error:?}") };
        assert!(error.by_deadline() && Rejection::from(error).was_called(), "{first:?}");
    }
    let mut stream = pin!(LimitedStream::new(stream::iter([Ok(1), Ok(2)])).idle(Duration::ZERO));
    assert_eq!(stream.next().await, Some(Ok(1)));
    let Some(Err(Error::Timeout(error))) = stream.next().await else { panic!("no time for an item") };
    assert!(!error.by_deadline() && Rejection::from(error).was_called());
}
