//! Shows a web service that stays useful while its upstreams fail. A page of a shop needs the title of a product from
//! the catalogue. The price and the reviews are optional: if their upstream is down, the page leaves them out, and says
//! so. Each tenant has its own circuit for prices, so that the outage of one tenant's prices affects no other tenant.
//!
//! The program starts the service and stand-ins for the three upstreams on this machine. Then the program sends
//! requests through outages and recoveries, and checks each answer and the health route.
//!
//! Run this example with `cargo run --example web_service`.

mod service;
mod stand_in;
mod upstreams;

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use axum::http::StatusCode;
use reqwest::Client;
use resilience_runtime::{CircuitBreaker, KeyedCircuits, check, get_circuit};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::stand_in::{Mood, StandIn};
use crate::upstreams::Upstreams;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Cooldown of the circuits in this program. In production, the circuits have the default cooldown of 30 s.
const COOLDOWN: Duration = Duration::from_millis(500);

#[tokio::main]
async fn main() -> Result<()> {
    // By hand until attributes take settings from a file or the environment: one line for each circuit.
    CircuitBreaker::builder("catalogue").cooldown(COOLDOWN).register()?;
    CircuitBreaker::builder("reviews").cooldown(COOLDOWN).register()?;
    KeyedCircuits::builder("prices").cooldown(COOLDOWN).register()?;
    assert_eq!(check(), Ok(()));

    let catalogue = StandIn::start(json!("Teapot")).await?;
    let prices = StandIn::start(json!(1990)).await?;
    let reviews = StandIn::start(json!(["Pours well"])).await?;
    // Ignores proxies and certificates, so that the program runs on every machine.
    let http = Client::builder().no_proxy().tls_certs_only([]).build()?;
    let upstreams = Upstreams::new(http.clone(), [&catalogue.url, &prices.url, &reviews.url]);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let shop = Shop { http, url: format!("http://{}", listener.local_addr()?) };
    tokio::spawn(axum::serve(listener, service::router(upstreams)).into_future());

    println!("All upstreams work:");
    let full = json!({ "title": "Teapot", "price": 1990, "reviews": ["Pours well"], "missing": [] });
    assert_eq!(shop.get("/acme/products/7", None).await?, (200, full.clone()));
    assert_eq!(shop.get("/health", None).await?.1["status"], "ok");

    println!("\nThe prices of the tenant acme are down. Other tenants do not notice:");
    prices.set("/acme/", Mood::Failing);
    for requests in [2, 3, 3] {
        let (status, page) = shop.get("/acme/products/7", None).await?;
        assert_eq!((status, &page["price"], &page["missing"]), (200, &Value::Null, &json!(["price"])));
        assert_eq!(prices.requests(), requests, "two failures open the circuit");
    }
    assert_eq!(shop.get("/bolt/products/7", None).await?, (200, full.clone()));
    let (status, health) = shop.get("/health", None).await?;
    assert_eq!(
        (status, &health["status"], &health["circuits"]["prices[acme]"]),
        (200, &json!("degraded"), &json!("open"))
    );

    println!("\nThe reviews hang. A timeout ends the first two requests, and then the circuit is open:");
    reviews.set("/", Mood::Hanging);
    for _ in 0..3 {
        assert_eq!(shop.get("/bolt/products/7", None).await?.1["missing"], json!(["reviews"]));
    }

    println!("\nThe catalogue is slow. A caller with little time receives an error in time, and opens no circuit:");
    catalogue.set("/", Mood::Slow);
    assert_eq!(shop.get("/bolt/products/7", Some("20")).await?.0, 504);
    assert_eq!(get_circuit("catalogue").ok_or("no circuit")?.stats().total_failed, 0);

    println!("\nTwelve requests arrive at the same time, and the service admits eight:");
    let mut rush = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let shop = shop.clone();
        rush.spawn(async move { shop.send("/bolt/products/7", None).await.map_err(|error| error.to_string()) });
    }
    let mut answers = BTreeMap::<u16, u32>::new();
    for answer in rush.join_all().await {
        *answers.entry(answer?.0).or_default() += 1;
    }
    println!("  answers by status: {answers:?}");
    assert_eq!(answers, BTreeMap::from([(200, 8), (503, 4)]));

    println!("\nThe catalogue is down, and no page works without its title:");
    catalogue.set("/", Mood::Failing);
    assert_eq!(shop.get("/bolt/products/7", None).await?.0, 502);
    assert_eq!(shop.get("/bolt/products/7", None).await?.0, 502);
    let response = shop.http.get(format!("{}/bolt/products/7", shop.url)).send().await?;
    println!("  and then {}, with `Retry-After: {}`", response.status(), response.headers()["retry-after"].to_str()?);
    assert_eq!(
        (response.status(), &response.headers()["retry-after"]),
        (StatusCode::SERVICE_UNAVAILABLE, &"1".parse()?)
    );
    let (status, health) = shop.get("/health", None).await?;
    assert_eq!((status, &health["status"]), (503, &json!("down")));

    println!("\nAll upstreams work again, and the cooldown is over:");
    for upstream in [&catalogue, &prices, &reviews] {
        upstream.set("/", Mood::Well);
    }
    sleep(COOLDOWN).await;
    assert_eq!(shop.get("/health", None).await?.0, 200, "a half-open circuit needs requests");
    assert_eq!(shop.get("/acme/products/7", None).await?, (200, full));
    assert_eq!(shop.get("/health", None).await?.1["status"], "ok");
    Ok(())
}

/// A client of the service.
#[derive(Clone)]
struct Shop {
    http: Client,
    url: String,
}

impl Shop {
    /// Sends a request, and prints the answer. With `time`, the caller waits for so many milliseconds.
    async fn get(&self, path: &str, time: Option<&str>) -> Result<(u16, Value)> {
        let (status, answer) = self.send(path, time).await?;
        println!("  GET {path}: {} {answer}", StatusCode::from_u16(status)?);
        Ok((status, answer))
    }

    async fn send(&self, path: &str, time: Option<&str>) -> reqwest::Result<(u16, Value)> {
        let request = self.http.get(format!("{}{path}", self.url));
        let request = time.into_iter().fold(request, |request, time| request.header(service::TIME, time));
        let response = request.send().await?;
        Ok((response.status().as_u16(), response.json().await?))
    }
}
