//! Shows `#[retry]`: after a temporary error, another attempt follows. The delay before an attempt grows with each
//! attempt. An error that is not temporary is returned at once.
//!
//! Run this example with `cargo run --example retry`.

use std::cell::Cell;

use resilience_runtime::retry;

#[derive(Debug, PartialEq, thiserror::Error)]
enum WeatherError {
    #[error("503 Service Unavailable")]
    Unavailable,
    #[error("404 Not Found")]
    NotFound,
}

/// A client of a weather service. The first two requests to the service fail.
#[derive(Default)]
struct Weather {
    requests: Cell<u32>,
}

impl Weather {
    #[retry(
        max = 3,
        delay = "50ms",
        backoff = 2.0,
        retry_if = |error| *error == WeatherError::Unavailable,
        on_retry = |event| println!("  attempt {} failed, the next one follows in {:?}", event.attempt, event.delay),
    )]
    async fn temperature(&self, city: &str) -> Result<i32, WeatherError> {
        self.requests.set(self.requests.get() + 1);
        match city {
            _ if self.requests.get() <= 2 => Err(WeatherError::Unavailable),
            "Zurich" => Ok(21),
            _ => Err(WeatherError::NotFound),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), WeatherError> {
    let weather = Weather::default();
    println!("Zurich:");
    println!("  {} °C after {} attempts", weather.temperature("Zurich").await?, weather.requests.get());
    println!("Atlantis:");
    let error = weather.temperature("Atlantis").await.unwrap_err();
    println!("  {error} after {} attempt, because this error is not temporary", weather.requests.get() - 3);
    assert_eq!((error, weather.requests.get()), (WeatherError::NotFound, 3 + 1));
    Ok(())
}
