//! Ten shards, one of them broken for ten minutes: what one circuit for all of them makes of that, and what a circuit for
//! each does. On a clock that is moved, so that it takes no time.

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

#[circuit(name = "plain", threshold = 5, window = 10, cooldown = 5.3)]
async fn plain(shard: u32) -> io::Result<()> {
    ask(shard)
}

#[circuit(name = "keyed", key = shard, threshold = 5, window = 10, cooldown = 5.3)]
async fn keyed(shard: u32) -> io::Result<()> {
    ask(shard)
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let [mut by_plain, mut by_keyed] = [0, 0];
    for _ in 0..SECONDS {
        for shard in 0..SHARDS {
            by_plain += u32::from(plain(shard).await.is_ok());
            by_keyed += u32::from(keyed(shard).await.is_ok());
            advance(Duration::from_secs(1) / SHARDS).await;
        }
    }
    let healthy = SECONDS * (SHARDS - 1);
    let percent = |calls: u32| 100 * calls / healthy;
    let stats = get_circuit_stats();
    let broken = |name: &str| stats[name].total_failed;
    println!("{healthy} calls to healthy shards, {SECONDS} to the broken one");
    println!("one circuit for all:    {by_plain} of the healthy ones came through, {} %;", percent(by_plain));
    println!("                        the broken shard was asked {} times", broken("plain"));
    println!("a circuit for each key: {by_keyed} of the healthy ones came through, {} %;", percent(by_keyed));
    println!("                        the broken shard was asked {} times", broken(&format!("keyed[{BROKEN}]")));
    assert_eq!(by_keyed, healthy, "a healthy shard was shut out");
    assert!(by_plain < healthy * 3 / 4, "one circuit should have shut the healthy ones out");
}
