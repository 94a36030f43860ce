//! Sends the requests of the client, and reads whole and streaming answers.

use std::time::{Duration, SystemTime};

use futures_util::{Stream, TryStreamExt, stream};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{RequestBuilder, Response};
use resilience_runtime::{RateLimit, retry_after_header};
use serde::Deserialize;

use crate::error::LlmError;

#[derive(Deserialize)]
pub(crate) struct Text {
    pub(crate) text: String,
}

/// Sends a request. Tells the rate limit the remaining quota that the service reports.
pub(crate) async fn send(request: RequestBuilder, rate: &RateLimit) -> Result<Response, LlmError> {
    let response = request.send().await?;
    let (status, headers) = (response.status(), response.headers());
    // By hand until the library reads the headers of a quota.
    if let (Some(remaining), Some(reset)) =
        (number(headers, "x-ratelimit-remaining"), number(headers, "x-ratelimit-reset"))
    {
        rate.update(remaining, Duration::from_secs(reset.into()));
    }
    if status.is_success() {
        return Ok(response);
    }
    // By hand until the library converts HTTP responses to errors.
    let delay = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = delay.and_then(|value| retry_after_header(value, SystemTime::now()));
    Err(LlmError::Status { status: status.as_u16(), retry_after })
}

fn number(headers: &HeaderMap, name: &str) -> Option<u32> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}

/// Sends a request, and returns the texts of its server-sent events. The stream sends the request at its first poll.
pub(crate) fn texts(request: RequestBuilder, rate: RateLimit) -> impl Stream<Item = Result<String, LlmError>> {
    let response = stream::once(async move { send(request, &rate).await });
    response.map_ok(|response| stream::try_unfold((response, Vec::new()), next_text)).try_flatten()
}

type Unread = (Response, Vec<u8>);

/// Returns the next text, and the rest of the answer. Returns `None` after the last event, `[DONE]`.
async fn next_text((mut response, mut bytes): Unread) -> Result<Option<(String, Unread)>, LlmError> {
    loop {
        if let Some(end) = bytes.windows(2).position(|pair| pair == b"\n\n") {
            let event: Vec<u8> = bytes.drain(..end + 2).collect();
            return match event.trim_ascii().strip_prefix(b"data: ").unwrap_or_default() {
                b"[DONE]" => Ok(None),
                data => Ok(Some((serde_json::from_slice::<Text>(data)?.text, (response, bytes)))),
            };
        }
        bytes.extend_from_slice(&response.chunk().await?.ok_or(LlmError::Incomplete)?);
    }
}
