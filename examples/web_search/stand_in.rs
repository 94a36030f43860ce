//! Implements stand-ins for the search services Exa and Tavily. A stand-in is a local HTTP server that answers in the
//! format of its service. A stand-in can also fail on demand.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header::AUTHORIZATION};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The only API key that the local servers of this file accept.
pub(crate) const KEY: &str = "stand-in";

/// Returns an HTTP client that reaches the local servers of this file on every machine. The client ignores the proxy
/// settings in environment variables. The client loads no certificates, because loading fails on a machine without
/// installed certificates.
pub(crate) fn client() -> reqwest::Result<Client> {
    Client::builder().no_proxy().tls_certs_only([]).build()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Exa,
    Tavily,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Well,
    /// The server answers with "503 Service Unavailable".
    Failing,
    /// The server accepts requests and never answers.
    Hanging,
}

pub(crate) struct StandIn {
    address: SocketAddr,
    shared: Arc<Shared>,
    running: Option<Running>,
}

struct Shared {
    service: Service,
    mood: Mutex<Mood>,
    requests: AtomicU32,
}

struct Running {
    stop: oneshot::Sender<()>,
    server: JoinHandle<io::Result<()>>,
}

impl StandIn {
    pub(crate) async fn start(service: Service) -> io::Result<Self> {
        let shared = Arc::new(Shared { service, mood: Mutex::new(Mood::Well), requests: AtomicU32::new(0) });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let running = Some(serve(listener, shared.clone()));
        Ok(Self { address, shared, running })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/search", self.address)
    }

    pub(crate) fn requests(&self) -> u32 {
        self.shared.requests.load(Ordering::Relaxed)
    }

    pub(crate) fn set(&self, mood: Mood) {
        *self.shared.mood.lock().unwrap_or_else(PoisonError::into_inner) = mood;
    }

    /// Stops the server, so that new connections are refused.
    pub(crate) async fn stop(&mut self) -> io::Result<()> {
        match self.running.take() {
            Some(Running { stop, server }) => {
                // Ignores the result, because sending fails only if the server has already ended.
                let _ = stop.send(());
                server.await?
            }
            None => Ok(()),
        }
    }

    pub(crate) async fn restart(&mut self) -> io::Result<()> {
        self.stop().await?;
        self.running = Some(serve(TcpListener::bind(self.address).await?, self.shared.clone()));
        Ok(())
    }
}

fn serve(listener: TcpListener, shared: Arc<Shared>) -> Running {
    let (stop, stopped) = oneshot::channel::<()>();
    let app = Router::new().route("/search", post(search)).with_state(shared);
    let server = axum::serve(listener, app).with_graceful_shutdown(async {
        // Ignores the result, because the server also stops if the sender is dropped without a message.
        let _ = stopped.await;
    });
    Running { stop, server: tokio::spawn(server.into_future()) }
}

async fn search(State(shared): State<Arc<Shared>>, headers: HeaderMap, Json(request): Json<Value>) -> Response {
    shared.requests.fetch_add(1, Ordering::Relaxed);
    let mood = *shared.mood.lock().unwrap_or_else(PoisonError::into_inner);
    if mood == Mood::Hanging {
        return pending().await;
    }
    let service = shared.service;
    let key = match service {
        Service::Exa => headers.get("x-api-key").is_some_and(|key| key == KEY),
        Service::Tavily => headers.get(AUTHORIZATION).is_some_and(|key| key == &format!("Bearer {KEY}")[..]),
    };
    let answer = match mood {
        _ if !key => (StatusCode::UNAUTHORIZED, service.error("Invalid API key")),
        Mood::Failing => (StatusCode::SERVICE_UNAVAILABLE, service.error("Service unavailable")),
        _ => (StatusCode::OK, service.hits(request["query"].as_str().unwrap_or_default())),
    };
    answer.into_response()
}

impl Service {
    fn error(self, message: &str) -> Json<Value> {
        Json(match self {
            Self::Exa => {
                let tag = message.to_uppercase().replace(' ', "_");
                json!({ "requestId": "b5947044c4b78efa", "error": message, "tag": tag })
            }
            Self::Tavily => json!({ "detail": { "error": message } }),
        })
    }

    fn hits(self, query: &str) -> Json<Value> {
        let titles = [format!("{query}, explained"), format!("Everything about {query}")];
        let url = |place: usize| format!("https://example.org/{place}");
        let hits = titles.iter().enumerate().map(|(place, title)| match self {
            Self::Exa => json!({
                "id": url(place), "title": title, "url": url(place), "publishedDate": "2024-11-11T00:00:00.000Z",
                "author": null,
            }),
            Self::Tavily => json!({
                "title": title, "url": url(place), "content": title, "score": 0.81, "raw_content": null,
            }),
        });
        let results: Value = hits.collect();
        Json(match self {
            Self::Exa => json!({ "requestId": "b5947044c4b78efa", "resolvedSearchType": "neural", "results": results }),
            Self::Tavily => json!({
                "query": query, "answer": null, "images": [], "results": results, "response_time": 0.01,
            }),
        })
    }
}
