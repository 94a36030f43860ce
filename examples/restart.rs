//! Shows a circuit that stays open after a restart of the program. The first process opens a circuit, writes a snapshot
//! to a file, and starts this program again. The second process restores the snapshot, and its circuit therefore
//! rejects the first call.
//!
//! Run this example with `cargo run --example restart`.

use std::process::{Command, id};
use std::{env, error::Error, fs, io};

use resilience_runtime::{CircuitState, Snapshot, circuit, get_circuit_stats, restore, snapshot};

#[circuit(name = "search", threshold = 3, cooldown = 30)]
async fn search(query: &str) -> io::Result<String> {
    println!("  the service receives {query:?}");
    Err(io::ErrorKind::TimedOut.into())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    match env::args_os().nth(1) {
        None => {
            println!("first process:");
            for _ in 0..3 {
                search("rust").await.unwrap_err();
            }
            let file = env::temp_dir().join(format!("resilience-restart-{}.json", id()));
            fs::write(&file, serde_json::to_string_pretty(&snapshot())?)?;
            println!("{}", fs::read_to_string(&file)?);
            let status = Command::new(env::current_exe()?).arg(&file).status()?;
            fs::remove_file(file)?;
            assert!(status.success(), "{status}");
        }
        Some(file) => {
            println!("second process:");
            restore(serde_json::from_str::<Snapshot>(&fs::read_to_string(file)?)?)?;
            let stats = &get_circuit_stats()["search"];
            println!("  {}", serde_json::to_string(stats)?);
            assert_eq!((stats.state, stats.failures), (CircuitState::Open, 3));
            let rejection = search("rust").await.unwrap_err();
            println!("  {rejection}");
            assert!(rejection.to_string().starts_with("Circuit 'search' is open. Retry in "));
        }
    }
    Ok(())
}
