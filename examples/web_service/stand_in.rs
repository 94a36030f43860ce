//! Implements a stand-in for an upstream: a local HTTP server that fails on demand, and ends with the program.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse;
use axum::{Json, Router};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::time::sleep;

/// The status of an answer, and the time until the answer.
pub(crate) type Mood = (StatusCode, Duration);
pub(crate) const WELL: Mood = (StatusCode::OK, Duration::ZERO);
pub(crate) const SLOW: Mood = (StatusCode::OK, Duration::from_millis(400));
pub(crate) const FAILING: Mood = (StatusCode::SERVICE_UNAVAILABLE, Duration::ZERO);

/// The beginning of a path, and the [`Mood`] for requests whose path begins with this text. All other requests succeed
/// at once.
pub(crate) type Moods = Arc<Mutex<(&'static str, Mood)>>;

/// Starts the server. Returns its URL, and the [`Moods`] with which the example changes the answers of the server.
pub(crate) async fn start(answer: Value) -> io::Result<(String, Moods)> {
    let moods = Moods::new(Mutex::new(("/", WELL)));
    let current = moods.clone();
    let respond = |uri: Uri| async move {
        let (start, mood) = *current.lock().unwrap();
        let (status, time) = if uri.path().starts_with(start) { mood } else { WELL };
        sleep(time).await;
        (status, Json(answer)).into_response()
    };
    Ok((serve(Router::new().fallback(respond)).await?, moods))
}

/// Starts a server, and returns its URL.
pub(crate) async fn serve(router: Router) -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(axum::serve(listener, router).into_future());
    Ok(url)
}
