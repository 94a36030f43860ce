//! Implements a stand-in for the service of a language model: a local HTTP server that gives the answers of a list, and
//! ends with the program.

use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response, Sse};
use axum::routing::post;
use axum::{Json, Router};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::yield_now;

pub(crate) const TEXTS: [&str; 4] = ["Once", " upon", " a", " time"];

#[derive(Clone, Copy)]
pub(crate) enum Answer {
    /// "429 Too Many Requests" with `Retry-After: 1`.
    RetryInOneSecond,
    /// "429 Too Many Requests" with an HTTP date in `Retry-After`, one to two seconds from now.
    RetryAtDate,
    /// The story, and headers with an empty quota for one second.
    LastOfQuota,
    Status(u16),
    Never,
    /// A streaming answer whose connection breaks after a number of texts.
    BreakAfter(usize),
}

pub(crate) struct StandIn {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    answers: Mutex<VecDeque<Answer>>,
    requests: AtomicU32,
}

impl StandIn {
    /// Starts the server. After the answers of the list, each further request succeeds.
    pub(crate) async fn start(answers: impl IntoIterator<Item = Answer>) -> io::Result<Self> {
        let answers = Mutex::new(answers.into_iter().collect());
        let shared = Arc::new(Shared { answers, requests: AtomicU32::new(0) });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/complete", listener.local_addr()?);
        let app = Router::new().route("/complete", post(complete)).with_state(shared.clone());
        tokio::spawn(axum::serve(listener, app).into_future());
        Ok(Self { url, shared })
    }

    pub(crate) fn requests(&self) -> u32 {
        self.shared.requests.load(Ordering::Relaxed)
    }
}

async fn complete(State(shared): State<Arc<Shared>>, Json(request): Json<Value>) -> Response {
    shared.requests.fetch_add(1, Ordering::Relaxed);
    let answer = shared.answers.lock().unwrap().pop_front();
    let story = Json(json!({ "text": TEXTS.concat() }));
    let texts = |count| {
        let events = TEXTS.into_iter().take(count).map(|text| json!({ "text": text }).to_string());
        stream::iter(events).map(|data| Ok::<_, &str>(Event::default().data(data)))
    };
    match answer {
        Some(Answer::RetryInOneSecond) => (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, "1")]).into_response(),
        Some(Answer::RetryAtDate) => {
            let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(2));
            (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, date)]).into_response()
        }
        Some(Answer::LastOfQuota) => {
            ([("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1")], story).into_response()
        }
        Some(Answer::Status(status)) => StatusCode::from_u16(status).unwrap().into_response(),
        Some(Answer::Never) => pending().await,
        Some(Answer::BreakAfter(count)) => {
            // Lets the server send the texts before the connection breaks.
            let error = stream::once(async { yield_now().await }).map(|()| Err("the connection breaks"));
            Sse::new(texts(count).chain(error)).into_response()
        }
        None if request["stream"] == true => {
            let done = stream::once(async { Ok(Event::default().data("[DONE]")) });
            Sse::new(texts(TEXTS.len()).chain(done)).into_response()
        }
        None => story.into_response(),
    }
}
