//! Implements a client library for a weather service. A user of the library sets the number of attempts, the time
//! limit, the threshold and the retry budget at run time.
#![allow(unreachable_pub, reason = "in a library, these items are public")]

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use resilience_runtime::{
    Bulkhead, CircuitBreaker, CircuitStats, ConfigError, Rejection, RetryBudget, RetryBuilder, RetryPolicy, bulkhead,
    circuit, retry, timeout,
};

#[derive(Debug, thiserror::Error)]
pub enum WeatherError {
    /// The client's circuit or bulkhead rejected the call, or the timeout ended the call.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    #[error("the service answered with the status {0}")]
    Status(u16),
}

impl WeatherError {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Status(500..) | Self::Rejected(Rejection::Timeout(_)))
    }
}

pub struct ClientBuilder {
    attempts: u32,
    time_limit: Duration,
    threshold: u32,
    budget: Option<RetryBudget>,
}

impl ClientBuilder {
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    pub fn threshold(mut self, failures: u32) -> Self {
        self.threshold = failures;
        self
    }

    /// Limits the retries of all clients that share the budget.
    pub fn budget(mut self, budget: &RetryBudget) -> Self {
        self.budget = Some(budget.clone());
        self
    }

    pub fn build(self, answers: impl IntoIterator<Item = Answer>) -> Result<Client, ConfigError> {
        let retry = RetryPolicy::builder()
            .max(self.attempts)
            .delay(Duration::from_millis(10))
            .retry_if(WeatherError::is_transient);
        let retry = self.budget.iter().fold(retry, RetryBuilder::budget).build()?;
        Ok(Client {
            retry,
            breaker: CircuitBreaker::builder("weather").threshold(self.threshold).build()?,
            slots: Bulkhead::builder("weather", 10).build()?,
            time_limit: self.time_limit,
            answers: Mutex::new(answers.into_iter().collect()),
        })
    }
}

/// An answer of the weather service. In this example, the client sends no request, and reads its answers from a list.
#[derive(Clone, Copy)]
pub enum Answer {
    Degrees(i32),
    Status(u16),
    Never,
}

pub struct Client {
    retry: RetryPolicy<WeatherError>,
    breaker: CircuitBreaker,
    slots: Bulkhead,
    time_limit: Duration,
    answers: Mutex<VecDeque<Answer>>,
}

impl Client {
    pub fn builder() -> ClientBuilder {
        ClientBuilder { attempts: 3, time_limit: Duration::from_secs(5), threshold: 5, budget: None }
    }

    #[retry(with = self.retry)]
    #[circuit(with = self.breaker)]
    #[bulkhead(with = self.slots)]
    #[timeout(self.time_limit)]
    pub async fn temperature(&self, city: &str) -> Result<i32, WeatherError> {
        let answer = self.answers.lock().unwrap().pop_front();
        match answer.unwrap_or(Answer::Degrees(21)) {
            Answer::Degrees(degrees) => Ok(degrees),
            Answer::Status(status) => {
                println!("    {city}: status {status}");
                Err(WeatherError::Status(status))
            }
            Answer::Never => {
                println!("    {city}: no answer");
                std::future::pending().await
            }
        }
    }

    pub fn circuit(&self) -> CircuitStats {
        self.breaker.stats()
    }
}
