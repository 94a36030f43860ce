//! Tests functions in options that read an argument after `#[fallback(path)]` has received the argument.

use std::future::Future;
use std::io;
use std::pin::Pin;

use resilience_runtime::{circuit, fallback, get_circuit, timeout, CircuitState};

fn down(text: String) -> io::Result<usize> {
    Err(io::Error::other(text))
}

async fn instead(text: String) -> io::Result<usize> {
    tokio::task::yield_now().await;
    down(text)
}

async fn length(text: String) -> io::Result<usize> {
    tokio::task::yield_now().await;
    Ok(text.len())
}

#[circuit(name = "rules_above::failure_if", threshold = 1, failure_if = |_| text == "four")]
#[fallback(instead, clone(text))]
async fn failure_if(text: String) -> io::Result<usize> {
    down(text)
}

#[circuit(name = "rules_above::failure_if_ok", threshold = 1, failure_if_ok = |_| text == "four")]
#[fallback(length, clone(text))]
async fn failure_if_ok(mut text: String) -> io::Result<usize> {
    text.push_str("of the clone");
    down(text)
}

#[timeout(5, error = |_| io::Error::other(text.clone()))]
#[fallback(hang, clone(text))]
async fn error_of_a_timeout(text: String) -> io::Result<usize> {
    down(text)
}

async fn hang(text: String) -> io::Result<usize> {
    std::future::pending::<()>().await;
    down(text)
}

#[circuit(name = "rules_above::boxed", threshold = 1, failure_if = |_| text == "four")]
#[fallback(instead, clone(text))]
fn boxed(text: String) -> Pin<Box<dyn Future<Output = io::Result<usize>> + Send>> {
    Box::pin(async move { down(text) })
}

#[circuit(name = "rules_above::plain", threshold = 1, failure_if = |_| text == "four")]
#[fallback(plain_length, clone(text), on = "rejected")]
fn plain(text: String) -> io::Result<usize> {
    down(text)
}

fn plain_length(text: String) -> io::Result<usize> {
    Ok(text.len())
}

#[tokio::test(start_paused = true)]
async fn rule_reads_the_argument_after_the_fallback() {
    let text = || "four".to_owned();
    let is_open = |name| get_circuit(name).unwrap().state() == CircuitState::Open;
    failure_if(text()).await.unwrap_err();
    assert!(is_open("rules_above::failure_if"));
    assert_eq!(failure_if_ok(text()).await.unwrap(), 4);
    assert!(is_open("rules_above::failure_if_ok"));
    assert_eq!(error_of_a_timeout(text()).await.unwrap_err().to_string(), "four");
    boxed(text()).await.unwrap_err();
    assert!(is_open("rules_above::boxed"));
    plain(text()).unwrap_err();
    assert!(is_open("rules_above::plain"));
}
