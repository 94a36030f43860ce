//! Shows a web service that stays useful while its upstreams fail. A page always needs the title of a product. The
//! price and the reviews are missing on the page while their upstreams are down. Each tenant has its own circuit for
//! prices.
//!
//! Run this example with `cargo run --example web_service`. The program starts stand-ins for the upstreams.

mod service;
mod stand_in;

use std::time::Duration;

use resilience_runtime::{HealthRules, configure, set_health_rules};
use serde_json::{Value, json};

use crate::service::Upstreams;
use crate::stand_in::{FAILING, SLOW, WELL};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cooldown = Duration::from_millis(500);
    for name in ["catalogue", "prices", "reviews"] {
        configure(name, |circuit| circuit.cooldown(cooldown))?;
    }
    set_health_rules(HealthRules::new().essential("catalogue"))?;

    let (catalogue, catalogue_mood) = stand_in::start(json!("Teapot")).await?;
    let (prices, prices_mood) = stand_in::start(json!(1990)).await?;
    let (reviews, reviews_mood) = stand_in::start(json!(["Pours well"])).await?;
    // Ignores proxy settings and installed certificates, so that the program runs on every machine.
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build()?;
    let upstreams = Upstreams { http: http.clone(), catalogue, prices, reviews };
    let url = stand_in::serve(service::router(upstreams)).await?;

    // Sends a request with a time limit of `time` milliseconds. Returns the status, the header `Retry-After` and the
    // answer.
    let get_within = async |path, time: u32| -> anyhow::Result<(u16, String, Value)> {
        let response = http.get(format!("{url}{path}")).header(service::TIME, time).send().await?;
        let wait = response.headers().get("retry-after").and_then(|wait| wait.to_str().ok()).unwrap_or("none");
        let (status, wait, answer) = (response.status().as_u16(), wait.to_owned(), response.json().await?);
        println!("  GET {path}: {status}, Retry-After: {wait}, {answer}");
        Ok((status, wait, answer))
    };
    let get = async |path| get_within(path, 1_000).await;

    println!("All upstreams work:");
    let full = json!({ "title": "Teapot", "price": 1990, "reviews": ["Pours well"] });
    assert_eq!(get("/acme/products/7").await?.2, full);

    println!("The prices of the tenant acme are down. Other tenants do not notice:");
    *prices_mood.lock().unwrap() = ("/acme/", FAILING);
    for _ in 0..3 {
        assert_eq!(get("/acme/products/7").await?.2["price"], Value::Null);
    }
    assert_eq!(get("/bolt/products/7").await?.2, full);
    let health = get("/health").await?.2;
    assert_eq!((&health["status"], &health["outages"][0]["name"]), (&json!("degraded"), &json!("prices[acme]")));

    println!("The reviews are slow. A timeout ends the first two requests, and then the circuit is open:");
    *reviews_mood.lock().unwrap() = ("/", SLOW);
    for _ in 0..3 {
        assert_eq!(get("/bolt/products/7").await?.2["reviews"], Value::Null);
    }

    println!("The catalogue is slow. A caller with little time gets an error, and the service admits two requests:");
    *catalogue_mood.lock().unwrap() = ("/", SLOW);
    assert_eq!(get_within("/bolt/products/7", 20).await?.0, 504);
    let path = "/bolt/products/7";
    let (first, second, third) = tokio::join!(get(path), get(path), get(path));
    let rejected = [first?.0, second?.0, third?.0].into_iter().filter(|status| *status == 503);
    assert_eq!(rejected.count(), 1);

    println!("The catalogue is down, and no page works without its title:");
    *catalogue_mood.lock().unwrap() = ("/", FAILING);
    for expected in [(502, "none"), (502, "none"), (503, "1")] {
        let (status, wait, _) = get(path).await?;
        assert_eq!((status, wait.as_str()), expected);
    }
    assert_eq!(get("/health").await?.2["status"], "down");

    println!("All upstreams work again, and the cooldown is over:");
    for mood in [catalogue_mood, prices_mood, reviews_mood] {
        *mood.lock().unwrap() = ("/", WELL);
    }
    tokio::time::sleep(cooldown).await;
    assert_eq!(get("/acme/products/7").await?.2, full);
    assert_eq!(get("/health").await?.2["status"], "ok");
    Ok(())
}
