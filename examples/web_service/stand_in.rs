//! Implements a stand-in for an upstream: a local HTTP server that fails on demand, and ends with the program.

use std::future::pending;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::time::sleep;

#[derive(Clone, Copy)]
pub(crate) enum Mood {
    Well,
    /// The server answers after 200 ms.
    Slow,
    /// The server answers with "503 Service Unavailable".
    Failing,
    /// The server never answers.
    Hanging,
}

pub(crate) struct StandIn {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    answer: Value,
    /// A start of the path, and the mood for requests with this start of the path.
    mood: Mutex<(&'static str, Mood)>,
    requests: AtomicU32,
}

impl StandIn {
    pub(crate) async fn start(answer: Value) -> io::Result<Self> {
        let shared = Arc::new(Shared { answer, mood: Mutex::new(("/", Mood::Well)), requests: AtomicU32::new(0) });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let app = Router::new().fallback(answer_request).with_state(shared.clone());
        tokio::spawn(axum::serve(listener, app).into_future());
        Ok(Self { url, shared })
    }

    /// Sets the mood for requests whose path begins with `start`. All other requests succeed.
    pub(crate) fn set(&self, start: &'static str, mood: Mood) {
        *self.shared.mood.lock().unwrap() = (start, mood);
    }

    pub(crate) fn requests(&self) -> u32 {
        self.shared.requests.load(Ordering::Relaxed)
    }
}

async fn answer_request(State(shared): State<Arc<Shared>>, uri: Uri) -> Response {
    shared.requests.fetch_add(1, Ordering::Relaxed);
    let (start, mood) = *shared.mood.lock().unwrap();
    match if uri.path().starts_with(start) { mood } else { Mood::Well } {
        Mood::Well => {}
        Mood::Slow => sleep(Duration::from_millis(200)).await,
        Mood::Failing => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Mood::Hanging => pending().await,
    }
    Json(shared.answer.clone()).into_response()
}
