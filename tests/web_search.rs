//! Tests that the example `web_search` uses circuit breakers. This test is the sixth acceptance criterion of the
//! project's original specification (a circuit breaker in Python).
//!
//! This test needs a process of its own, because it resets all circuits. The test sends real HTTP requests to local
//! servers, and uses the real clock.

#[path = "../examples/web_search/search.rs"]
mod search;
#[path = "../examples/web_search/services.rs"]
mod services;
#[path = "../examples/web_search/stand_in.rs"]
mod stand_in;

use std::time::Duration;

use resilience_runtime::{CircuitState, get_circuit_stats, reset_all_circuits};
use tokio::time::timeout;

use search::{Source, WebSearch};
use services::{Endpoint, Exa, Tavily};
use stand_in::{KEY, Mood, Service, StandIn};

const PATIENCE: Duration = Duration::from_secs(10);

fn endpoint(stand_in: &StandIn, key: &str) -> Endpoint {
    Endpoint { url: stand_in.url(), key: key.to_owned() }
}

fn states() -> [CircuitState; 2] {
    ["exa_api", "tavily_api"].map(|name| get_circuit_stats()[name].state)
}

/// This file has only one test, because all searches of a process share their circuits.
#[tokio::test]
async fn web_search_uses_circuit_breakers() -> Result<(), Box<dyn std::error::Error>> {
    let (mut exa, tavily) = (StandIn::start(Service::Exa).await?, StandIn::start(Service::Tavily).await?);
    let http = stand_in::client()?;
    let second = || Some(Tavily::new(http.clone(), endpoint(&tavily, KEY)));
    let search = WebSearch::new(Exa::new(http.clone(), endpoint(&exa, KEY)), second());
    let source = async |query: &str| search.search(query).await.map(|answer| (answer.source, answer.hits.len()));
    let failure = async |search: &WebSearch, query: &str| search.search(query).await.unwrap_err().to_string();

    assert_eq!(failure(&search, " ").await, "Search failed: No query provided");
    assert_eq!(source("first").await?, (Source::Exa, 2));
    assert_eq!(source("first").await?, (Source::Cache, 2));
    assert_eq!([exa.requests(), tavily.requests()], [1, 0]);

    exa.set(Mood::Failing);
    assert_eq!(source("second").await?, (Source::Tavily, 2));
    assert_eq!(source("third").await?, (Source::Tavily, 2));
    assert_eq!(states(), [CircuitState::Open, CircuitState::Closed]);
    assert_eq!([exa.requests(), tavily.requests()], [1 + 3, 2], "one attempt of the retry was spared");
    assert_eq!(source("fourth").await?, (Source::Tavily, 2));
    assert_eq!(exa.requests(), 4, "an open circuit does not ask");
    let alone = WebSearch::new(Exa::new(http.clone(), endpoint(&exa, KEY)), None);
    assert_eq!(failure(&alone, "fifth").await, "Search failed: Exa circuit open");

    tavily.set(Mood::Failing);
    for _ in 0..2 {
        assert_eq!(failure(&search, "fifth").await, "Search failed: the service says 503 Service Unavailable");
    }
    assert_eq!(failure(&search, "fifth").await, "Search failed: All search services unavailable");
    assert_eq!(states(), [CircuitState::Open, CircuitState::Open]);

    reset_all_circuits();
    exa.set(Mood::Well);
    assert_eq!(source("fifth").await?, (Source::Exa, 2), "a failure is not cached");

    let wrong_key = WebSearch::new(Exa::new(http.clone(), endpoint(&exa, "wrong")), None);
    assert_eq!(failure(&wrong_key, "sixth").await, "Search failed: the service says 401 Unauthorized");
    exa.stop().await?;
    assert_eq!(failure(&alone, "sixth").await, "Search failed: no connection");
    exa.restart().await?;
    exa.set(Mood::Hanging);
    let patience = timeout(PATIENCE, failure(&alone, "sixth")).await;
    assert_eq!(patience.expect("a request ends by its own timeout"), "Search failed: no answer in time");
    let stats = &get_circuit_stats()["exa_api"];
    assert_eq!((stats.failures, stats.total_ignored), (2, 1), "a wrong key is not the service's fault");
    Ok(())
}
