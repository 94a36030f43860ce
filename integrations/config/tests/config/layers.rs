//! Declares the layers whose settings the tests change.
#![allow(dead_code)] // The functions declare layers, and no test calls the functions.

use std::io;

use resilience_runtime::{bulkhead, circuit, retry, timeout};

#[circuit(name = "exa_api", threshold = 3, cooldown = 30)]
#[timeout(5, name = "search")]
#[bulkhead(name = "search", max = 10)]
async fn search() -> io::Result<()> {
    Ok(())
}

/// The name of this circuit contains upper-case letters. The crates `config` and `figment` turn the names of
/// environment variables into lower case, and the library must still find the circuit.
#[circuit(name = "Tavily-API", threshold = 3, cooldown = 30)]
async fn ask() -> io::Result<()> {
    Ok(())
}

/// The retry has the name `config::layers::submit`.
#[retry(max = 3, delay = 0)]
async fn submit() -> io::Result<()> {
    Ok(())
}
