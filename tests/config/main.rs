//! Tests settings from files and from the environment. The command `cargo test --features config,test-util --test
//! config` runs these tests. Each test is isolated, so all tests can change the same layers (attributes).

mod deserialize;
mod dump;
mod environment;
mod file;
mod refused;
mod watch;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{fs, io};

use resilience_runtime::{
    CircuitStats, ConfigMistake, RefusedConfig, bulkhead, circuit, get_circuit_stats, hedge, rate_limit, retry, timeout,
};

#[circuit(name = "exa_api", threshold = 3, cooldown = 30)]
async fn ask() -> io::Result<u32> {
    Err(io::ErrorKind::TimedOut.into())
}

#[circuit(name = "tenants", key = tenant)]
async fn ask_for(tenant: u32) -> io::Result<u32> {
    let _ = tenant;
    Err(io::ErrorKind::TimedOut.into())
}

#[retry(name = "mail", max = 3, delay = 0)]
async fn send() -> io::Result<u32> {
    Err(io::ErrorKind::TimedOut.into())
}

#[timeout(5, name = "search")]
#[bulkhead(name = "search", max = 10)]
#[rate_limit(name = "search", per_second = 1_000)]
async fn search() -> io::Result<u32> {
    Ok(7)
}

#[hedge(after = 0.2, name = "copies")]
async fn copies() -> io::Result<u32> {
    Ok(7)
}

#[allow(dead_code)] // This function only declares a layer. No test calls this function.
#[hedge(after = "p95", min_after = 0.005, max_after = 1, name = "measured")]
async fn measured() -> io::Result<u32> {
    Ok(7)
}

#[retry(max = 2, delay = 0)]
async fn unnamed() -> io::Result<u32> {
    Err(io::ErrorKind::TimedOut.into())
}

fn exa_api() -> CircuitStats {
    get_circuit_stats()["exa_api"].clone()
}

/// A folder that is removed at the end of the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static FOLDERS: AtomicU32 = AtomicU32::new(0);
        let name = format!("resilience-{}-{}", std::process::id(), FOLDERS.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn messages(refused: &RefusedConfig) -> Vec<&str> {
    refused.mistakes().iter().map(ConfigMistake::message).collect()
}
