//! Shows `#[circuit]`: two failures in a row open the circuit. While the circuit is open, it rejects calls, and the
//! service receives no request. After a cooldown of 30 s, the circuit admits one call, the trial. If the trial
//! succeeds, the circuit closes.
//!
//! Run this example with `cargo run --example circuit`. The program pauses tokio's clock, so that the cooldown takes no
//! real time.

use std::cell::Cell;
use std::io;
use std::time::Duration;

use resilience_runtime::{CircuitState, circuit, get_circuit_stats};
use tokio::time::sleep;

/// A client of a payment service. The service is down at first.
#[derive(Default)]
struct Payments {
    service_is_up: Cell<bool>,
    requests: Cell<u32>,
}

impl Payments {
    #[circuit(name = "payments", threshold = 2, cooldown = 30)]
    async fn pay(&self, cents: u32) -> io::Result<u32> {
        self.requests.set(self.requests.get() + 1);
        if self.service_is_up.get() { Ok(cents) } else { Err(io::Error::other("connection refused")) }
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let payments = Payments::default();
    for call in 1..=4 {
        if call == 4 {
            sleep(Duration::from_secs(30)).await;
            payments.service_is_up.set(true);
            println!("30 s later, the service is up again.");
        }
        let result = payments.pay(500).await;
        let result = result.map_or_else(|error| error.to_string(), |cents| format!("paid {cents} cents"));
        println!("call {call}: {result:<45} circuit: {}", get_circuit_stats()["payments"].state);
    }

    println!("The service received {} requests for the 4 calls.", payments.requests.get());
    assert_eq!(payments.requests.get(), 3);
    assert_eq!(get_circuit_stats()["payments"].state, CircuitState::Closed);
}
