//! Compares two ways to protect a service of ten shards (independent servers). The first way is one circuit for all
//! shards, and the second way is one circuit for each shard. The program simulates ten minutes during which one of the
//! ten shards is down.
//!
//! Run this example with `cargo run --example partial_outage`. The program pauses tokio's clock, and advances the clock
//! step by step, so that ten simulated minutes take no real time.

use std::io;
use std::time::Duration;

use resilience_runtime::{circuit, get_circuit_stats};
use tokio::time::advance;

const SHARDS: u32 = 10;
const BROKEN: u32 = 3;
const SECONDS: u32 = 600;

fn ask(shard: u32) -> io::Result<()> {
    if shard == BROKEN { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) }
}

#[circuit(name = "shared", threshold = 5, window = 10, cooldown = 5.3)]
async fn ask_with_shared_circuit(shard: u32) -> io::Result<()> {
    ask(shard)
}

#[circuit(name = "keyed", key = shard, threshold = 5, window = 10, cooldown = 5.3)]
async fn ask_with_keyed_circuit(shard: u32) -> io::Result<()> {
    ask(shard)
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let [mut shared, mut keyed] = [0, 0];
    for _ in 0..SECONDS {
        for shard in 0..SHARDS {
            shared += u32::from(ask_with_shared_circuit(shard).await.is_ok());
            keyed += u32::from(ask_with_keyed_circuit(shard).await.is_ok());
            advance(Duration::from_secs(1) / SHARDS).await;
        }
    }

    let healthy = SECONDS * (SHARDS - 1);
    let stats = get_circuit_stats();
    println!("Calls in {SECONDS} s: {healthy} to healthy shards, {SECONDS} to the broken shard.\n");
    println!("{:<22}{:>18}{:>16}", "", "healthy shards:", "broken shard:");
    println!("{:<22}{:>18}{:>16}", "circuit", "calls admitted", "calls admitted");
    let row = |title: &str, successes: u32, circuit: &str| {
        let percent = 100 * successes / healthy;
        println!("{title:<22}{:>18}{:>16}", format!("{successes} ({percent} %)"), stats[circuit].total_failed);
    };
    row("one for all shards", shared, "shared");
    row("one for each shard", keyed, &format!("keyed[{BROKEN}]"));

    assert_eq!(keyed, healthy, "a circuit for each shard rejects no call to a healthy shard");
    assert!(shared < healthy * 3 / 4, "a shared circuit rejects calls to healthy shards, too");
}
