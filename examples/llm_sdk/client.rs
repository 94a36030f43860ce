//! A client library for the service of a language model. A user of the library sets the attempts, the time limit, the
//! rate and the retry budget at run time.
#![allow(unreachable_pub, reason = "in a library, these items are public")]

use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use resilience_runtime::{
    CircuitBreaker, CircuitStats, ConfigError, Jitter, LimitedStream, RateLimit, RateLimitStats, RetryBudget,
    RetryPolicy, circuit, rate_limit, retry, timeout,
};
use serde_json::json;

use crate::error::LlmError;
use crate::http;

/// The largest number of tokens of a prompt.
const MAX_TOKENS: u32 = 2_000;

/// The settings of a [`Client`].
pub struct ClientBuilder {
    attempts: u32,
    time_limit: Duration,
    tokens_per_minute: u32,
    budget: Option<RetryBudget>,
}

impl ClientBuilder {
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Sets the longest time for a whole answer, and for each text of a streaming answer.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    pub fn tokens_per_minute(mut self, tokens: u32) -> Self {
        self.tokens_per_minute = tokens;
        self
    }

    /// Limits the retries of all clients that share the budget.
    pub fn budget(mut self, budget: &RetryBudget) -> Self {
        self.budget = Some(budget.clone());
        self
    }

    pub fn build(self, http: reqwest::Client, url: &str) -> Result<Client, ConfigError> {
        let mut retry = RetryPolicy::builder()
            .max(self.attempts)
            .delay(Duration::from_millis(20))
            .jitter(Jitter::Full)
            .retry_if(LlmError::is_transient);
        // The builder refuses a cost without a budget.
        if let Some(budget) = &self.budget {
            retry = retry.budget(budget).cost(LlmError::cost);
        }
        let rate = RateLimit::per("tokens", self.tokens_per_minute, Duration::from_secs(60));
        Ok(Client {
            retry: retry.build()?,
            breaker: CircuitBreaker::builder("llm").threshold(10).build()?,
            rate: rate.burst(MAX_TOKENS).wait(Duration::from_secs(60)).build()?,
            time_limit: self.time_limit,
            http,
            url: url.to_owned(),
        })
    }
}

pub struct Client {
    retry: RetryPolicy<LlmError>,
    breaker: CircuitBreaker,
    rate: RateLimit,
    time_limit: Duration,
    http: reqwest::Client,
    url: String,
}

impl Client {
    pub fn builder() -> ClientBuilder {
        ClientBuilder { attempts: 3, time_limit: Duration::from_secs(30), tokens_per_minute: 50_000, budget: None }
    }

    /// Returns the whole answer to a prompt.
    #[retry(with = self.retry)]
    #[circuit(with = self.breaker, failure_if = LlmError::is_failure, retry_after = LlmError::retry_after)]
    #[rate_limit(with = self.rate, tokens = tokens(prompt))]
    #[timeout(self.time_limit)]
    pub async fn complete(&self, prompt: &str) -> Result<String, LlmError> {
        let response = http::send(self.request(prompt, false), &self.rate).await?;
        Ok(response.json::<http::Text>().await?.text)
    }

    /// Returns the answer to a prompt as a stream of texts. An error before the first text leads to another attempt. An
    /// error after the first text is the last item of the stream, because a further attempt would repeat texts.
    #[retry(with = self.retry)]
    #[circuit(with = self.breaker, stream, failure_if = LlmError::is_failure, retry_after = LlmError::retry_after)]
    #[rate_limit(with = self.rate, tokens = tokens(prompt))]
    pub async fn stream(
        &self,
        prompt: &str,
    ) -> Result<impl Stream<Item = Result<String, LlmError>> + Unpin + use<>, LlmError> {
        let texts = http::texts(self.request(prompt, true), self.rate.clone());
        let mut texts = Box::pin(LimitedStream::new(texts).first_item(self.time_limit).idle(self.time_limit));
        match texts.next().await {
            Some(first) => Ok(stream::iter([Ok(first?)]).chain(texts)),
            None => Err(LlmError::Incomplete),
        }
    }

    fn request(&self, prompt: &str, stream: bool) -> reqwest::RequestBuilder {
        self.http.post(&self.url).json(&json!({ "prompt": prompt, "stream": stream }))
    }

    pub fn circuit(&self) -> CircuitStats {
        self.breaker.stats()
    }

    pub fn rate(&self) -> RateLimitStats {
        self.rate.stats()
    }
}

/// Estimates the number of tokens of a prompt: one token for four bytes.
fn tokens(prompt: &str) -> u32 {
    u32::try_from(prompt.len().div_ceil(4)).unwrap_or(u32::MAX)
}
