//! Implements the page of the service, the clients of its two upstreams, and stand-ins for the upstreams.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::StatusCode;
use resilience_runtime::{circuit, fallback, retry};

pub(crate) static SEARCH_IS_UP: AtomicBool = AtomicBool::new(true);
pub(crate) static SUGGESTIONS_ARE_UP: AtomicBool = AtomicBool::new(true);

fn answer(is_up: &AtomicBool, answer: &'static str) -> io::Result<&'static str> {
    if is_up.load(Ordering::Relaxed) { Ok(answer) } else { Err(io::ErrorKind::TimedOut.into()) }
}

#[retry(name = "search", max = 1)]
#[circuit(name = "search", threshold = 3, cooldown = 30)]
async fn search() -> io::Result<&'static str> {
    answer(&SEARCH_IS_UP, "three results")
}

#[fallback(value = "no suggestions")]
#[circuit(name = "suggestions", threshold = 1, cooldown = 2)]
async fn suggestions() -> io::Result<&'static str> {
    answer(&SUGGESTIONS_ARE_UP, "two suggestions")
}

/// Answers the request of a user. The page needs the results of the search, but works without suggestions.
pub(crate) async fn page() -> Result<String, (StatusCode, String)> {
    let fail = |error: io::Error| (StatusCode::BAD_GATEWAY, error.to_string());
    Ok(format!("{}, {}", search().await.map_err(fail)?, suggestions().await.map_err(fail)?))
}
