//! Implements the client of a search service, and a stand-in for the service.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use resilience_runtime::{circuit, retry};

/// Whether the stand-in answers.
pub(crate) static IS_UP: AtomicBool = AtomicBool::new(true);

#[retry(name = "search", max = 1)]
#[circuit(name = "search", threshold = 3, cooldown = 30)]
pub(crate) async fn search() -> io::Result<&'static str> {
    if IS_UP.load(Ordering::Relaxed) { Ok("three results") } else { Err(io::ErrorKind::TimedOut.into()) }
}
