//! Shows a circuit breaker without an attribute: two failures open the circuit, and the circuit rejects the third call.
//! The original specification of this project contains a Python script that verifies a circuit breaker. This program
//! makes the same calls as the script.
//!
//! Run this example with `cargo run --example verification`.

use std::process::ExitCode;
use std::time::Duration;

use resilience_runtime::{CallError, CircuitBreaker, ConfigError};

async fn failing_call() -> Result<(), &'static str> {
    Err("Service down")
}

#[tokio::main]
async fn main() -> Result<ExitCode, ConfigError> {
    let circuit = CircuitBreaker::builder("test").threshold(2).cooldown(Duration::from_secs(5)).build()?;
    for attempt in 1..=3 {
        match circuit.call(failing_call).await {
            Err(CallError::Rejected(open)) => {
                println!("Circuit open after {attempt} attempts: {open}");
                return Ok(if attempt == 3 { ExitCode::SUCCESS } else { ExitCode::FAILURE });
            }
            Ok(()) | Err(CallError::Failed(_)) => println!("Attempt {attempt} failed"),
        }
    }
    Ok(ExitCode::FAILURE)
}
