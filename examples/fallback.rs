//! Shows `#[fallback]`: if a call fails, another function is called with the same arguments. In this example, the other
//! function returns the last known value. A fallback can also be a value.
//!
//! Run this example with `cargo run --example fallback`.

use std::cell::Cell;
use std::collections::HashMap;
use std::io;

use resilience_runtime::fallback;
use tokio::sync::RwLock;

/// A client of an exchange rate service. The client stores each rate that the service has returned.
#[derive(Default)]
struct Rates {
    service_is_down: Cell<bool>,
    last_known: RwLock<HashMap<String, f64>>,
}

impl Rates {
    #[fallback(Self::last_known)]
    async fn rate(&self, currency: &str) -> io::Result<f64> {
        if self.service_is_down.get() {
            return Err(io::Error::other("connection refused"));
        }
        let rate = 0.94;
        self.last_known.write().await.insert(currency.to_owned(), rate);
        Ok(rate)
    }

    async fn last_known(&self, currency: &str) -> io::Result<f64> {
        let rate = self.last_known.read().await.get(currency).copied();
        rate.ok_or_else(|| io::Error::other(format!("no last known rate of {currency}")))
    }

    #[fallback(value = vec![own.to_owned()])]
    async fn currencies(&self, own: &str) -> io::Result<Vec<String>> {
        if self.service_is_down.get() {
            return Err(io::Error::other("connection refused"));
        }
        Ok(vec![own.to_owned(), "EUR".to_owned()])
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let rates = Rates::default();
    println!("The service works:  EUR is {}", rates.rate("EUR").await?);

    rates.service_is_down.set(true);
    let rate = rates.rate("EUR").await?;
    println!("The service fails:  EUR is {rate}, from the fallback");
    let error = rates.rate("JPY").await.unwrap_err();
    println!("The fallback fails: {error}");
    let currencies = rates.currencies("CHF").await?;
    println!("A value as fallback: the shop accepts {currencies:?}");
    assert_eq!(currencies, ["CHF"]);
    assert_eq!((rate, error.to_string().as_str()), (0.94, "no last known rate of JPY"));
    Ok(())
}
