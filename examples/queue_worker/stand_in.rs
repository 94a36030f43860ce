//! Implements a stand-in for the payment service: a local HTTP server that fails on demand, and ends with the program.
//! The server charges a customer only once for each idempotency key.

use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use tokio::net::TcpListener;

#[derive(Clone, Copy, Default)]
pub(crate) enum Mood {
    #[default]
    Well,
    /// The server charges the customer. For each fourth order, it answers the first request with the status 500.
    LosingAnswers,
    /// The server charges no customer, and answers with "503 Service Unavailable".
    Failing,
    /// The server charges the customer of this order, but does not answer.
    HangingAt(u32),
}

#[derive(Default)]
pub(crate) struct StandIn {
    pub(crate) mood: Mood,
    pub(crate) requests: u32,
    /// One entry for each charge: the order whose customer was charged.
    pub(crate) charges: Vec<u32>,
}

/// Starts the server, and returns its URL.
pub(crate) async fn start(service: Arc<Mutex<StandIn>>) -> io::Result<String> {
    let charge = |headers: HeaderMap| async move {
        let order = headers["idempotency-key"].to_str().unwrap().parse().unwrap();
        let (mood, is_first) = {
            let mut service = service.lock().unwrap();
            service.requests += 1;
            let is_first = !service.charges.contains(&order);
            if is_first && !matches!(service.mood, Mood::Failing) {
                service.charges.push(order);
            }
            (service.mood, is_first)
        };
        match mood {
            Mood::Failing => StatusCode::SERVICE_UNAVAILABLE,
            Mood::LosingAnswers if is_first && order % 4 == 0 => StatusCode::INTERNAL_SERVER_ERROR,
            Mood::HangingAt(hanging) if hanging == order => pending().await,
            _ => StatusCode::OK,
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(axum::serve(listener, Router::new().fallback(charge)).into_future());
    Ok(url)
}
