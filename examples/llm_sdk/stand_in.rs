//! Implements a stand-in for the service of a language model: a local HTTP server that ends with the program.

use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::sse::Event;
use axum::response::{IntoResponse, Sse};
use axum::{Json, Router};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::yield_now;

pub(crate) const TEXTS: [&str; 4] = ["Once", " upon", " a", " time"];

pub(crate) enum Answer {
    /// An error response: the status, and the value of the header `Retry-After`.
    Status(u16, String),
    Never,
    /// A streaming answer whose connection breaks after this number of texts.
    BreakAfter(usize),
}

/// Starts the server, and returns its URL. The server gives the `answers` to the first requests, in this order. Each
/// further request succeeds.
pub(crate) async fn start(answers: Vec<Answer>) -> io::Result<String> {
    let answers = Arc::new(Mutex::new(VecDeque::from(answers)));
    let respond = |Json(request): Json<Value>| async move {
        let answer = answers.lock().unwrap().pop_front();
        let texts = |count| {
            let events = TEXTS.into_iter().take(count).map(|text| json!({ "text": text }).to_string());
            stream::iter(events).map(|data| Ok::<_, &str>(Event::default().data(data)))
        };
        match answer {
            Some(Answer::Status(status, delay)) => {
                (StatusCode::from_u16(status).unwrap(), [(RETRY_AFTER, delay)]).into_response()
            }
            Some(Answer::Never) => pending().await,
            Some(Answer::BreakAfter(count)) => {
                // Yields once, so that the server sends the texts before the connection breaks.
                let error = stream::once(yield_now()).map(|()| Err("the connection breaks"));
                Sse::new(texts(count).chain(error)).into_response()
            }
            None if request["stream"] == true => {
                let done = stream::iter([Ok(Event::default().data("[DONE]"))]);
                Sse::new(texts(TEXTS.len()).chain(done)).into_response()
            }
            None => Json(json!({ "text": TEXTS.concat() })).into_response(),
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(axum::serve(listener, Router::new().fallback(respond)).into_future());
    Ok(url)
}
