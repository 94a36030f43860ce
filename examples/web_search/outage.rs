//! An outage of both services, played on this machine, and what the search made of it.

use std::error::Error;
use std::time::Duration;

use resilience_runtime::{CircuitBreaker, CircuitState, get_circuit};
use tokio::time::sleep;

use crate::search::{Source, WebSearch};
use crate::services::{Endpoint, Exa, Tavily};
use crate::stand_in::{self, KEY, Mood, Service, StandIn};
use crate::timeline::{Timeline, print_stats};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Thirty seconds in earnest. Nobody wants to watch that.
const COOLDOWN: Duration = Duration::from_secs(2);

/// Plays the outage; an error if it did not come out as told here.
pub(crate) async fn play() -> Result<()> {
    println!(
        "A web search plays through an outage. It asks Exa, then Tavily if Exa gives no answer; here both are stand-ins\n\
         on this machine. A circuit opens after 3 failures in a row, and lets a trial pass {} s later.\n\
         A line with an arrow tells what a circuit did during the search in the line below it.",
        COOLDOWN.as_secs()
    );
    for name in ["exa_api", "tavily_api"] {
        CircuitBreaker::builder(name).threshold(3).cooldown(COOLDOWN).register()?;
    }
    let mut story = Story::begin().await?;

    chapter("All is well.");
    story.search("circuit breakers", Ok(Source::Exa), [1, 0]).await?;
    story.search("circuit breakers", Ok(Source::Cache), [0, 0]).await?;

    chapter("Exa answers 503. A retry and Tavily make up for it, until the circuit spares Exa the asking.");
    story.exa.set(Mood::Failing);
    story.search("retries", Ok(Source::Tavily), [2, 1]).await?;
    story.search("backoff", Ok(Source::Tavily), [1, 1]).await?;
    story.search("jitter", Ok(Source::Tavily), [0, 1]).await?;

    chapter("The cooldown passes. Now Exa hangs, and costs one search its patience.");
    story.exa.set(Mood::Hanging);
    story.cooldown("exa_api").await?;
    story.search("timeouts", Ok(Source::Tavily), [1, 1]).await?;
    story.search("deadlines", Ok(Source::Tavily), [0, 1]).await?;

    chapter("The cooldown passes. Now Exa refuses connections.");
    story.exa.stop().await?;
    story.cooldown("exa_api").await?;
    story.search("sockets", Ok(Source::Tavily), [0, 1]).await?;

    chapter("Tavily goes down, too. What failed is not kept, and asked again.");
    story.tavily.set(Mood::Failing);
    let failed = Err("Search failed: the service says 503 Service Unavailable");
    story.search("quorums", failed, [0, 2]).await?;
    story.search("quorums", failed, [0, 1]).await?;
    story.search("quorums", Err("Search failed: All search services unavailable"), [0, 0]).await?;

    chapter("Exa comes back, and its trial closes the circuit.");
    story.exa.restart().await?;
    story.exa.set(Mood::Well);
    story.cooldown("exa_api").await?;
    story.search("quorums", Ok(Source::Exa), [1, 0]).await?;

    chapter("Tavily comes back, too, and has its trial when Exa has a hiccup.");
    story.tavily.set(Mood::Well);
    story.exa.set(Mood::Failing);
    story.cooldown("tavily_api").await?;
    story.search("hiccups", Ok(Source::Tavily), [2, 1]).await?;

    print_stats();
    story.end().await
}

fn chapter(title: &str) {
    println!("\n{title}");
}

struct Story {
    timeline: Timeline,
    exa: StandIn,
    tavily: StandIn,
    search: WebSearch,
}

impl Story {
    async fn begin() -> Result<Self> {
        let (exa, tavily) = (StandIn::start(Service::Exa).await?, StandIn::start(Service::Tavily).await?);
        let http = stand_in::client()?;
        let endpoint = |stand_in: &StandIn| Endpoint { url: stand_in.url(), key: KEY.to_owned() };
        let search =
            WebSearch::new(Exa::new(http.clone(), endpoint(&exa)), Some(Tavily::new(http.clone(), endpoint(&tavily))));
        Ok(Self { timeline: Timeline::begin()?, exa, tavily, search })
    }

    /// Searches, and expects this answer and so many requests at Exa and Tavily.
    async fn search(
        &self,
        query: &str,
        expected: std::result::Result<Source, &str>,
        expected_requests: [u32; 2],
    ) -> Result<()> {
        let before = [self.exa.requests(), self.tavily.requests()];
        let answer = self.search.search(query).await.map(|answer| answer.source).map_err(|error| error.to_string());
        let requests = [self.exa.requests() - before[0], self.tavily.requests() - before[1]];

        let asked = match requests {
            [0, 0] => "asked nobody".to_owned(),
            [exa, tavily] => format!("asked Exa {exa}×, Tavily {tavily}×"),
        };
        let outcome = match &answer {
            Ok(source) => format!("answered by {source}"),
            Err(message) => message.clone(),
        };
        self.timeline.say(format_args!("{query:<18}{asked:<25}{outcome}"));
        if answer != expected.map_err(str::to_owned) {
            return Err(format!("“{query}” was to come to {expected:?}").into());
        }
        if requests != expected_requests {
            return Err(format!("“{query}” was to make {expected_requests:?} requests").into());
        }
        Ok(())
    }

    /// Waits until a trial may pass.
    async fn cooldown(&self, name: &str) -> Result<()> {
        let circuit = get_circuit(name).ok_or_else(|| format!("no circuit of the name {name}"))?;
        sleep(circuit.stats().cooldown_remaining).await;
        match circuit.state() {
            CircuitState::HalfOpen => Ok(()),
            state => Err(format!("{name} was to be half-open after its cooldown, and is {state}").into()),
        }
    }

    async fn end(mut self) -> Result<()> {
        for name in ["exa_api", "tavily_api"] {
            let state = get_circuit(name).map(|circuit| circuit.state());
            if state != Some(CircuitState::Closed) {
                return Err(format!("{name} was to be closed in the end, and is {state:?}").into());
            }
        }
        // Connections that a client keeps would keep a server.
        drop(self.search);
        self.exa.stop().await?;
        self.tavily.stop().await?;
        Ok(())
    }
}
