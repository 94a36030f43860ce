//! Tests that isolated tests cannot be nested, and that an isolated test ends when its future ends.

use std::cell::Cell;
use std::future::pending;
use std::io;
use std::panic::catch_unwind;
use std::pin::pin;
use std::task::Poll;

use futures_util::FutureExt;
use resilience_runtime::{circuit, get_circuit_stats, testing};
use testing::isolated;
use tokio::sync::oneshot::{Sender, channel};
use tokio::time::sleep;

use super::{SECOND, panic_of, poll};

const NESTED: &str = "an isolated test inside another isolated test: leave out the inner `isolated`, or the inner \
                      `#[resilience_runtime::test]`";

#[resilience_runtime::test]
async fn nested_isolation_panics() {
    assert_eq!(panic_of(|| drop(isolated(async {}))), NESTED);
    let within = async { isolated(async {}).await };
    assert_eq!(panic_of(|| within.now_or_never().unwrap()), NESTED);
}

#[resilience_runtime::test]
async fn inner_test() {}

#[resilience_runtime::test]
async fn test_that_calls_a_test_panics() {
    assert_eq!(panic_of(inner_test), NESTED);
}

#[tokio::test(start_paused = true)]
async fn future_of_a_test_inside_another_panics() {
    let inner = isolated(async {});
    let nested = isolated(inner);
    assert_eq!(panic_of(|| nested.now_or_never().unwrap()), NESTED);
}

#[tokio::test(start_paused = true)]
async fn handle_inside_another_test_panics() {
    let other = isolated(async { testing::handle() }).await;
    isolated(async move {
        assert_eq!(panic_of(|| drop(other.enter())), NESTED);
        assert_eq!(panic_of(|| other.scope(async {}).now_or_never().unwrap()), NESTED);
        assert!(other.spawn(async {}).await.is_ok(), "the task runs in the other test only");
        testing::handle();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn panic_of_a_test_ends_its_isolation() {
    assert_eq!(panic_of(|| isolated(async { panic!("as planned") }).now_or_never().unwrap()), "as planned");
    assert!(panic_of(|| _ = testing::handle()).starts_with("`handle()` needs an isolated test"));
    isolated(async {}).await;
}

#[circuit(name = "nesting_dropped")]
fn in_destructor() -> io::Result<()> {
    Ok(())
}

struct CallsWhenDropped<'a>(&'a Cell<u64>);

impl Drop for CallsWhenDropped<'_> {
    fn drop(&mut self) {
        in_destructor().unwrap();
        self.0.set(get_circuit_stats()["nesting_dropped"].total_succeeded);
    }
}

#[tokio::test(start_paused = true)]
async fn future_dropped_half_way_is_dropped_inside() {
    let calls = Cell::new(0);
    {
        let mut future = pin!(isolated(async {
            in_destructor().unwrap();
            let _value = CallsWhenDropped(&calls);
            pending::<()>().await;
        }));
        assert!(poll(future.as_mut()).is_pending());
    }
    assert_eq!(calls.get(), 2);
    assert_eq!(get_circuit_stats()["nesting_dropped"].total_succeeded, 0);
}

#[tokio::test(start_paused = true)]
async fn future_dropped_inside_another_test_stays_in_its_own() {
    let calls = Cell::new(0);
    let mut other = Box::pin(isolated(async {
        let _value = CallsWhenDropped(&calls);
        pending::<()>().await;
    }));
    assert!(poll(other.as_mut()).is_pending());
    isolated(async {
        drop(other);
        assert_eq!((calls.get(), get_circuit_stats()["nesting_dropped"].total_succeeded), (1, 0));
        in_destructor().unwrap();
        assert_eq!(get_circuit_stats()["nesting_dropped"].total_succeeded, 1);
    })
    .await;
}

struct SendsWhenDropped(Option<Sender<bool>>);

impl Drop for SendsWhenDropped {
    fn drop(&mut self) {
        let is_inside = catch_unwind(testing::handle).is_ok();
        self.0.take().unwrap().send(is_inside).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn aborted_task_is_dropped_inside() {
    isolated(async {
        let (send, receive) = channel();
        let task = testing::handle().spawn(async {
            let _value = SendsWhenDropped(Some(send));
            pending::<()>().await;
        });
        sleep(SECOND).await;
        task.abort();
        assert!(receive.await.unwrap());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn ended_future_is_dropped_and_panics_if_polled() {
    let calls = Cell::new(0);
    let mut future = pin!(isolated(async {
        let _value = CallsWhenDropped(&calls);
    }));
    assert_eq!(poll(future.as_mut()), Poll::Ready(()));
    assert_eq!(calls.get(), 1);
    let again = panic_of(|| _ = poll(future.as_mut()));
    assert_eq!(again, "the future of an isolated test was polled after its end");
}

#[test]
fn functions_for_tests_panic_outside_of_tests() {
    for (name, f) in [
        ("handle()", (|| _ = testing::handle()) as fn()),
        ("events()", || drop(testing::events())),
        ("expect_events!", || resilience_runtime::expect_events![circuit_opened]),
        ("expect_events!", || resilience_runtime::expect_events![]),
    ] {
        let message = "needs an isolated test: write `#[resilience_runtime::test]` above the test, or put the body into \
                       `testing::isolated(async { .. })`; a spawned task or a thread joins the test by `testing::handle()`";
        assert_eq!(panic_of(f), format!("`{name}` {message}"));
    }
}
