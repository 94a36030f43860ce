//! A web search that goes on while one of its services is down: Exa behind the circuit `exa_api`, Tavily behind
//! `tavily_api`, and a cache in front.
//!
//! - `cargo run --example web_search` plays an outage on this machine.
//! - `EXA_API_KEY=… TAVILY_API_KEY=… cargo run --example web_search -- your query` asks the real services.

mod outage;
mod search;
mod services;
mod stand_in;
mod timeline;

use std::env;
use std::error::Error;
use std::iter::successors;
use std::process::ExitCode;
use std::time::Duration;

use reqwest::Client;
use resilience_runtime::presets;
use tokio::time::timeout;

use crate::search::{Answer, WebSearch};
use crate::services::{Endpoint, Exa, Tavily};
use crate::timeline::print_stats;

/// More than twice what the outage takes: it ends even if a search never does.
const OUTAGE: Duration = Duration::from_secs(20);

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            for cause in successors(error.source(), |&cause| cause.source()) {
                eprintln!("  because: {cause}");
            }
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let query = env::args().skip(1).collect::<Vec<_>>().join(" ");
    match (key("EXA_API_KEY"), key("TAVILY_API_KEY")) {
        (Some(exa), tavily) => ask(&query, exa, tavily).await,
        (None, Some(_)) => Err("EXA_API_KEY is missing: Exa is asked first, Tavily only if it gives no answer".into()),
        (None, None) if query.is_empty() => {
            timeout(OUTAGE, outage::play()).await.map_err(|_| "the outage was to be over by now")?
        }
        (None, None) => Err("to ask the real services, set EXA_API_KEY and TAVILY_API_KEY".into()),
    }
}

/// The value of a variable; one that is empty counts as missing.
fn key(name: &str) -> Option<String> {
    env::var(name).ok().filter(|key| !key.is_empty())
}

/// Asks the real services; without a key for Tavily there is no second one.
async fn ask(query: &str, exa: String, tavily: Option<String>) -> Result<(), Box<dyn Error>> {
    // Three failures, thirty seconds: what the attributes leave open.
    presets::exa_circuit();
    presets::tavily_circuit();
    if tavily.is_none() {
        eprintln!("TAVILY_API_KEY is missing: there is nobody to ask if Exa gives no answer");
    }
    let http = Client::builder().build()?;
    let endpoint = |url: &str, key| Endpoint { url: url.to_owned(), key };
    let search = WebSearch::new(
        Exa::new(http.clone(), endpoint("https://api.exa.ai/search", exa)),
        tavily.map(|key| Tavily::new(http, endpoint("https://api.tavily.com/search", key))),
    );
    let outcome = search.search(query).await.map(|answer| print_hits(&answer));
    // Most worth a look when the search has failed.
    print_stats();
    Ok(outcome?)
}

fn print_hits(answer: &Answer) {
    println!("{} says:", answer.source);
    for hit in &answer.hits {
        println!("- {}\n  {}", hit.title.as_deref().unwrap_or("(no title)"), hit.url);
    }
}
