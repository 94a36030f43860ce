//! Tests of settings from files and from the environment. The command `cargo test --features config,test-util --test
//! config` runs these tests.

mod file;

use std::io;
use std::time::Duration;

use resilience_runtime::circuit;

#[circuit(name = "exa_api", threshold = 3, cooldown = 30)]
async fn ask() -> io::Result<u32> {
    Err(io::ErrorKind::TimedOut.into())
}
