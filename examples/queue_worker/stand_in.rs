//! Implements a stand-in for the payment service: a local HTTP server that fails on demand, and ends with the program.
//! The server charges a customer only once for each idempotency key.

use std::collections::BTreeMap;
use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::sync::Notify;

#[derive(Clone, Copy)]
pub(crate) enum Mood {
    Well,
    /// The server charges the customer, but answers the first request for each fourth order with a status of 500.
    LosingAnswers,
    /// The server charges no customer, and answers with "503 Service Unavailable".
    Failing,
    /// The server charges the customer of this order, but does not answer.
    HangingAt(u32),
}

#[derive(Clone)]
pub(crate) struct StandIn {
    url: String,
    shared: Arc<Mutex<Shared>>,
    hanging: Arc<Notify>,
}

struct Shared {
    mood: Mood,
    requests: u32,
    /// The number of charges for each order.
    charges: BTreeMap<u32, u32>,
}

impl StandIn {
    pub(crate) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/charges", listener.local_addr()?);
        let shared = Arc::new(Mutex::new(Shared { mood: Mood::Well, requests: 0, charges: BTreeMap::new() }));
        let stand_in = Self { url, shared, hanging: Arc::default() };
        let app = Router::new().route("/charges", post(charge)).with_state(stand_in.clone());
        tokio::spawn(axum::serve(listener, app).into_future());
        Ok(stand_in)
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    pub(crate) fn set(&self, mood: Mood) {
        self.shared().mood = mood;
    }

    pub(crate) fn requests(&self) -> u32 {
        self.shared().requests
    }

    /// Returns one entry for each charge, in the order of the numbers.
    pub(crate) fn charged(&self) -> Vec<u32> {
        let shared = self.shared();
        shared.charges.iter().flat_map(|(&order, &charges)| (0..charges).map(move |_| order)).collect()
    }

    /// Waits for a request that the server does not answer.
    pub(crate) async fn hanging(&self) {
        self.hanging.notified().await;
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap()
    }
}

async fn charge(State(stand_in): State<StandIn>, headers: HeaderMap) -> StatusCode {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()?.parse().ok());
    let Some(order) = key else { return StatusCode::BAD_REQUEST };
    let (mood, is_first) = {
        let mut shared = stand_in.shared();
        shared.requests += 1;
        let (mood, is_first) = (shared.mood, !shared.charges.contains_key(&order));
        if !matches!(mood, Mood::Failing) && is_first {
            *shared.charges.entry(order).or_default() += 1;
        }
        (mood, is_first)
    };
    match mood {
        Mood::Failing => StatusCode::SERVICE_UNAVAILABLE,
        Mood::LosingAnswers if is_first && order % 4 == 0 => StatusCode::INTERNAL_SERVER_ERROR,
        Mood::HangingAt(hanging) if hanging == order => {
            stand_in.hanging.notify_one();
            pending().await
        }
        _ => StatusCode::OK,
    }
}
