//! Shows a web search with two services, Exa and Tavily. The search keeps working while one service is down. The search
//! calls Exa through the circuit `exa_api`. If Exa fails, the search calls Tavily through the circuit `tavily_api`. The
//! search caches the answers.
//!
//! - `cargo run --example web_search` simulates an outage on this machine. The simulation takes about nine seconds.
//! - `EXA_API_KEY=… TAVILY_API_KEY=… cargo run --example web_search -- your query` searches with the real services.

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

/// Time limit of the simulation, which usually takes nine seconds. If a search hangs, the limit ends the program.
const OUTAGE: Duration = Duration::from_secs(20);

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            for cause in successors(error.source(), |&cause| cause.source()) {
                eprintln!("  caused by: {cause}");
            }
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let query = env::args().skip(1).collect::<Vec<_>>().join(" ");
    match (key("EXA_API_KEY"), key("TAVILY_API_KEY")) {
        (Some(exa), tavily) => ask(&query, exa, tavily).await,
        (None, Some(_)) => Err("set EXA_API_KEY, too: the search calls Exa first, and Tavily only if Exa fails".into()),
        (None, None) if query.is_empty() => {
            timeout(OUTAGE, outage::play()).await.map_err(|_| format!("the outage took longer than {OUTAGE:?}"))?
        }
        (None, None) => Err("set EXA_API_KEY and TAVILY_API_KEY to call the real services".into()),
    }
}

fn key(name: &str) -> Option<String> {
    env::var(name).ok().filter(|key| !key.is_empty())
}

/// Searches with the real services Exa and Tavily. Without an API key for Tavily, the search calls Exa only.
async fn ask(query: &str, exa: String, tavily: Option<String>) -> Result<(), Box<dyn Error>> {
    // Registers both circuits with the settings of the presets: a threshold of 3 failures and a cooldown of 30 s.
    presets::exa_circuit();
    presets::tavily_circuit();
    if tavily.is_none() {
        eprintln!("TAVILY_API_KEY is missing: the search fails if Exa fails");
    }
    let http = Client::builder().build()?;
    let endpoint = |url: &str, key| Endpoint { url: url.to_owned(), key };
    let search = WebSearch::new(
        Exa::new(http.clone(), endpoint("https://api.exa.ai/search", exa)),
        tavily.map(|key| Tavily::new(http, endpoint("https://api.tavily.com/search", key))),
    );
    let outcome = search.search(query).await.map(|answer| print_hits(&answer));
    // Prints the circuits even if the search failed, because the state of a circuit may explain the failure.
    print_stats()?;
    Ok(outcome?)
}

fn print_hits(answer: &Answer) {
    println!("Answered by {}:", answer.source);
    for hit in &answer.hits {
        println!("- {}\n  {}", hit.title.as_deref().unwrap_or("(no title)"), hit.url);
    }
}
