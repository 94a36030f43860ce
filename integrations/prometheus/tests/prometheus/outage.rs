//! Simulates an outage. Makes calls through layers of every kind until the test ends. Some of the calls fail.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use resilience_runtime::chaos::{self, Fault};
use resilience_runtime::{
    RetryBudget, RetryRatio, bulkhead, circuit, deadline, fallback, hedge, rate_limit, retry, timeout,
};
use tokio::time::sleep;

const MS: Duration = Duration::from_millis(1);

fn down() -> io::Error {
    io::ErrorKind::ConnectionRefused.into()
}

#[circuit(name = "search", threshold = 3, cooldown = 600)]
async fn search() -> io::Result<()> {
    Err(down())
}

/// Fails if `works` is `false`. The test makes 20 calls that succeed, then 20 calls that fail, and so on.
#[circuit(name = "mail", threshold = 3, cooldown = "50ms", durations = true)]
async fn mail(works: bool) -> io::Result<()> {
    sleep(MS).await;
    if works { Ok(()) } else { Err(down()) }
}

#[circuit(name = "prices", key = shop, threshold = 3)]
async fn price(shop: u32) -> io::Result<()> {
    if shop == 7 { Err(down()) } else { Ok(()) }
}

static BUDGET: RetryBudget = RetryBudget::ratio(RetryRatio { min_per_second: 1, ..RetryRatio::DEFAULT });

#[retry(name = "orders", max = 3, delay = "1ms", budget = BUDGET)]
async fn order(works: bool) -> io::Result<()> {
    if works { Ok(()) } else { Err(down()) }
}

#[timeout("2ms", name = "stock")]
async fn stock() -> io::Result<()> {
    sleep(20 * MS).await;
    Ok(())
}

#[fallback(value = 0, name = "stars")]
#[hedge(after = "2ms", max = 2, name = "stars")]
async fn stars(attempts: &AtomicU32) -> io::Result<u32> {
    if attempts.fetch_add(1, Ordering::Relaxed) == 0 {
        sleep(20 * MS).await;
        return Err(down());
    }
    Err(down())
}

#[hedge(after = "2ms", max = 2, name = "photos")]
async fn photo(attempts: &AtomicU32) -> io::Result<u32> {
    if attempts.fetch_add(1, Ordering::Relaxed) == 0 {
        sleep(20 * MS).await;
    }
    Ok(7)
}

#[bulkhead(name = "reports", max = 1)]
async fn report() -> io::Result<()> {
    sleep(5 * MS).await;
    Ok(())
}

#[rate_limit(name = "quotes", per_second = 50)]
async fn quote() -> io::Result<()> {
    Ok(())
}

#[bulkhead(name = "tenants", key = tenant, max = 1)]
#[rate_limit(name = "tenants", key = tenant, per_second = 50)]
async fn rent(tenant: u32) -> io::Result<()> {
    let _ = tenant;
    sleep(MS).await;
    Ok(())
}

/// Calls the functions of this file in an endless loop.
pub(crate) async fn run() {
    let armed = chaos::arm();
    let _errors = armed.inject("reports", 0.2, Fault::error(down)).unwrap();
    let _latencies = armed.inject("quotes", 0.2, Fault::latency(MS..=2 * MS)).unwrap();
    for round in 0_u32.. {
        let works = round % 40 < 20;
        let (one, two) = (AtomicU32::new(0), AtomicU32::new(0));
        let _ = tokio::join!(
            search(),
            mail(works),
            price(round % 9),
            order(works),
            stock(),
            deadline(MS, stock()),
            stars(&one),
            photo(&two),
            report(),
            report(),
            rent(round % 3),
            rent(round % 3),
        );
        let _ = tokio::join!(quote(), quote(), quote());
        sleep(5 * MS).await;
    }
}
