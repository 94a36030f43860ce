//! Implements a client library for the service of a language model. The user of the library chooses the settings at run
//! time.

use std::time::{Duration, SystemTime};

use futures_util::stream::{self, BoxStream, Stream, StreamExt, TryStreamExt};
use reqwest::header::RETRY_AFTER;
use reqwest::{RequestBuilder, Response};
use resilience_runtime::{
    CircuitBreaker, ConfigError, Jitter, LimitedStream, Rejection, RetryPolicy, circuit, retry, retry_after_header,
    timeout,
};
use serde::Deserialize;
use serde_json::json;

#[derive(Debug, thiserror::Error)]
pub(crate) enum LlmError {
    /// The circuit rejected the call, or a time limit ended the call.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    #[error("the service answers with the status {status}")]
    Status { status: u16, retry_after: Option<Duration> },
    #[error("the connection is broken")]
    Http(#[from] reqwest::Error),
    #[error("the stream has no further event that the client knows")]
    Stream,
}

impl LlmError {
    /// Returns whether the circuit counts the error as a failure. A passed deadline of the caller and a client error
    /// (status 4xx) are not the fault of the service.
    fn is_failure(&self) -> bool {
        match self {
            Self::Rejected(rejection) => matches!(rejection, Rejection::Timeout(error) if !error.by_deadline()),
            Self::Status { status, .. } => *status >= 500,
            Self::Http(_) | Self::Stream => true,
        }
    }

    fn is_transient(&self) -> bool {
        self.is_failure() || matches!(self, Self::Status { status: 429, .. })
    }

    fn retry_after(&self) -> Option<Duration> {
        if let Self::Status { retry_after, .. } = self { *retry_after } else { None }
    }
}

pub(crate) struct Client {
    retry: RetryPolicy<LlmError>,
    pub(crate) breaker: CircuitBreaker,
    /// The time limit for a whole answer, and for the wait for each text of a streaming answer.
    time_limit: Duration,
    http: reqwest::Client,
    url: String,
}

impl Client {
    pub(crate) fn new(
        attempts: u32,
        time_limit: Duration,
        http: reqwest::Client,
        url: String,
    ) -> Result<Self, ConfigError> {
        let retry = RetryPolicy::builder()
            .max(attempts)
            .delay(Duration::from_millis(20))
            .jitter(Jitter::Full)
            .retry_if(LlmError::is_transient)
            .build()?;
        let breaker = CircuitBreaker::builder("llm").threshold(10).build()?;
        Ok(Self { retry, breaker, time_limit, http, url })
    }

    /// Returns the whole answer to a prompt.
    #[retry(with = self.retry)]
    #[circuit(with = self.breaker, failure_if = LlmError::is_failure, retry_after = LlmError::retry_after)]
    #[timeout(self.time_limit)]
    pub(crate) async fn complete(&self, prompt: &str) -> Result<String, LlmError> {
        let request = self.http.post(&self.url).json(&json!({ "prompt": prompt }));
        Ok(send(request).await?.json::<Text>().await?.text)
    }

    /// Returns the answer to a prompt as a stream of texts. An error before the first text leads to another attempt. An
    /// error after the first text is the last item of the stream, because a further attempt would repeat texts.
    #[retry(with = self.retry)]
    #[circuit(with = self.breaker, stream, failure_if = LlmError::is_failure, retry_after = LlmError::retry_after)]
    pub(crate) async fn stream(&self, prompt: &str) -> Result<BoxStream<'_, Result<String, LlmError>>, LlmError> {
        let request = self.http.post(&self.url).json(&json!({ "prompt": prompt, "stream": true }));
        let texts = LimitedStream::new(texts(request));
        let mut texts = Box::pin(texts.first_item(self.time_limit).idle(self.time_limit));
        let first = texts.next().await.ok_or(LlmError::Stream)??;
        Ok(stream::iter([Ok(first)]).chain(texts).boxed())
    }
}

#[derive(Deserialize)]
struct Text {
    text: String,
}

// `resilience-runtime` has no function that converts a response to an error, so this function does the conversion.
async fn send(request: RequestBuilder) -> Result<Response, LlmError> {
    let response = request.send().await?;
    if response.status().is_success() {
        return Ok(response);
    }
    let delay = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = delay.and_then(|value| retry_after_header(value, SystemTime::now()));
    Err(LlmError::Status { status: response.status().as_u16(), retry_after })
}

/// Returns a stream of the texts in the response. The stream sends the request at its first poll.
fn texts(request: RequestBuilder) -> impl Stream<Item = Result<String, LlmError>> {
    let response = stream::once(send(request));
    response.map_ok(|response| stream::try_unfold((response, Vec::new()), next_text)).try_flatten()
}

type Unread = (Response, Vec<u8>);

/// Returns the next text, and the unread bytes of the response. Returns `None` at the last event, `[DONE]`.
async fn next_text((mut response, mut bytes): Unread) -> Result<Option<(String, Unread)>, LlmError> {
    loop {
        if let Some(end) = bytes.windows(2).position(|pair| pair == b"\n\n") {
            let event: Vec<u8> = bytes.drain(..end + 2).collect();
            return match event.trim_ascii().strip_prefix(b"data: ").ok_or(LlmError::Stream)? {
                b"[DONE]" => Ok(None),
                data => {
                    let Text { text } = serde_json::from_slice(data).map_err(|_| LlmError::Stream)?;
                    Ok(Some((text, (response, bytes))))
                }
            };
        }
        bytes.extend_from_slice(&response.chunk().await?.ok_or(LlmError::Stream)?);
    }
}
