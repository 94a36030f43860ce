//! Tests the options of `#[resilience_runtime::test]`, and the functions that the attribute can decorate.

use std::error::Error;
use std::io;
use std::process::{ExitCode, Termination};
use std::time::Duration;

use resilience_runtime::{assert_circuit, retry, testing};
use tokio::time::{Instant, sleep};

use super::{SECOND, ask, timed_out};

/// Stands for a crate that re-exports the library.
mod facade {
    pub(super) use ::resilience_runtime;
}

#[resilience_runtime::test]
async fn clock_is_paused() {
    let begin = std::time::Instant::now();
    sleep(3600 * SECOND).await;
    assert!(begin.elapsed() < 3600 * SECOND);
}

#[resilience_runtime::test(start_paused = false)]
async fn clock_runs_if_it_is_not_paused() {
    let (begin, real) = (Instant::now(), std::time::Instant::now());
    sleep(Duration::from_millis(5)).await;
    assert!(real.elapsed() >= Duration::from_millis(5));
    std::thread::sleep(Duration::from_millis(5));
    assert!(begin.elapsed() >= Duration::from_millis(10));
}

#[resilience_runtime::test(start_paused = true, crate = facade::resilience_runtime)]
async fn crate_may_have_another_path() {
    assert_circuit!("kit", Closed);
}

#[retry(max = 4, delay = 10, jitter = "full")]
async fn with_jitter() -> io::Result<()> {
    Err(timed_out())
}

async fn time_with_jitter() -> Duration {
    let begin = Instant::now();
    with_jitter().await.unwrap_err();
    begin.elapsed()
}

const SEED: u64 = 7;

#[resilience_runtime::test(seed = SEED + 1)]
async fn seed_is_an_expression() {
    let time = time_with_jitter().await;
    testing::seed(8);
    assert_eq!(time_with_jitter().await, time);
    testing::seed(0);
    assert_ne!(time_with_jitter().await, time);
}

#[resilience_runtime::test]
async fn seed_is_zero_by_default() {
    let time = time_with_jitter().await;
    testing::seed(0);
    assert_eq!(time_with_jitter().await, time);
}

#[resilience_runtime::test()]
async fn test_returns_a_result() -> io::Result<()> {
    let answer = ask().await?;
    assert_eq!(answer, 7);
    Ok(())
}

#[resilience_runtime::test]
async fn test_returns_a_boxed_error() -> Result<(), Box<dyn Error>> {
    assert_eq!(ask().await? + "1".parse::<u32>()?, 8);
    if ask().await? == 7 {
        return Ok(());
    }
    Err("another answer".into())
}

#[resilience_runtime::test]
async fn test_returns_an_exit_code() -> ExitCode {
    ExitCode::SUCCESS
}

#[resilience_runtime::test]
async fn test_returns_an_opaque_type() -> impl Termination {
    ask().await.map(drop)
}

#[resilience_runtime::test]
#[should_panic(expected = "circuit `kit` is Closed, expected Open")]
async fn failed_assertion_panics() {
    assert_circuit!("kit", Open);
}

#[should_panic(expected = "as planned")]
#[resilience_runtime::test]
async fn attributes_may_stand_above() {
    tokio::task::yield_now().await;
    panic!("as planned");
}

#[resilience_runtime::test]
#[ignore = "fails if it runs"]
async fn ignored_test_does_not_run() {
    panic!("the attribute `ignore` has no effect");
}

#[resilience_runtime::test]
#[cfg(any())]
async fn test_without_its_condition_is_left_out() {
    compile_error!("the condition is false");
}

/// This doc comment is an attribute that `#[resilience_runtime::test]` must keep.
#[resilience_runtime::test]
#[allow(unused_variables)]
async fn test_keeps_its_other_attributes() {
    let unused = 7;
}

#[resilience_runtime::test]
async fn body_borrows_across_an_await() {
    let values = [1, 2, 3];
    let sum = async { values.iter().sum::<i32>() };
    assert_eq!(sum.await, 6);
}

#[resilience_runtime::test]
async fn runtime_has_its_io_driver() -> io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (accepted, connected) = tokio::join!(listener.accept(), tokio::net::TcpStream::connect(address));
    assert_eq!(accepted?.0.local_addr()?, connected?.peer_addr()?);
    Ok(())
}

#[resilience_runtime::test]
#[ignore = "another test calls this function"]
async fn returns_an_error() -> io::Result<()> {
    testing::fail_next("kit", 2, timed_out);
    ask().await?;
    panic!("the operator `?` has no effect");
}

#[test]
fn error_of_a_test_is_returned() {
    assert_eq!(returns_an_error().unwrap_err().kind(), io::ErrorKind::TimedOut);
}
