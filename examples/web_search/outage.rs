//! Simulates an outage of the services Exa and Tavily on this machine, and checks the result of each search.

use std::error::Error;
use std::time::{Duration, Instant};

use resilience_runtime::{CircuitBreaker, CircuitState, get_circuit};
use tokio::time::sleep;

use crate::search::{Source, WebSearch};
use crate::services::{Endpoint, Exa, Tavily};
use crate::stand_in::{self, KEY, Mood, Service, StandIn};
use crate::timeline::{Timeline, print_stats};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Cooldown of the two circuits `exa_api` and `tavily_api`. The simulation uses 2 s instead of the 30 s of the
/// library's presets, so that the program ends soon.
const COOLDOWN: Duration = Duration::from_secs(2);

/// Simulates the outage. Returns an error if a search or a circuit does not behave as expected.
pub(crate) async fn play() -> Result<()> {
    println!(
        "A web search calls Exa first. If Exa fails, a fallback calls Tavily. Both services are stand-ins on this machine.\n\
         Each service has a retry (2 attempts), a circuit (opens after 3 failures in a row, cooldown {} s) and a timeout (2 s).\n\
         Each line below is one search. The arrows under it show which attribute acted during this search.",
        COOLDOWN.as_secs()
    );
    for name in ["exa_api", "tavily_api"] {
        CircuitBreaker::builder(name).threshold(3).cooldown(COOLDOWN).register()?;
    }
    let mut story = Story::begin().await?;

    chapter("Both services work. The cache answers the second search.");
    story.search("circuit breakers", Ok(Source::Exa), [1, 0]).await?;
    story.search("circuit breakers", Ok(Source::Cache), [0, 0]).await?;

    chapter("Exa answers every request with 503. Its circuit opens, and later searches skip Exa.");
    story.exa.set(Mood::Failing);
    story.search("retries", Ok(Source::Tavily), [2, 1]).await?;
    story.search("backoff", Ok(Source::Tavily), [1, 1]).await?;
    story.search("jitter", Ok(Source::Tavily), [0, 1]).await?;

    chapter("The cooldown of exa_api is over. Exa accepts requests but does not answer. Only one search waits for it.");
    story.exa.set(Mood::Hanging);
    story.cooldown("exa_api").await?;
    story.search("timeouts", Ok(Source::Tavily), [1, 1]).await?;
    story.search("deadlines", Ok(Source::Tavily), [0, 1]).await?;

    chapter("The cooldown of exa_api is over. Exa refuses connections, so that the trial sends no request.");
    story.exa.stop().await?;
    story.cooldown("exa_api").await?;
    story.search("sockets", Ok(Source::Tavily), [0, 1]).await?;

    chapter("Tavily answers with 503, too. Failed searches are not cached. Then both circuits are open.");
    story.tavily.set(Mood::Failing);
    let failed = Err("Search failed: the service says 503 Service Unavailable");
    story.search("quorums", failed, [0, 2]).await?;
    story.search("quorums", failed, [0, 1]).await?;
    story.search("quorums", Err("Search failed: All search services unavailable"), [0, 0]).await?;

    chapter("Exa works again, and the cooldown of exa_api is over.");
    story.exa.restart().await?;
    story.exa.set(Mood::Well);
    story.cooldown("exa_api").await?;
    story.search("quorums", Ok(Source::Exa), [1, 0]).await?;

    chapter("Tavily works again, and the cooldown of tavily_api is over. Exa fails twice, so Tavily gets its trial.");
    story.tavily.set(Mood::Well);
    story.exa.set(Mood::Failing);
    story.cooldown("tavily_api").await?;
    story.search("fallbacks", Ok(Source::Tavily), [2, 1]).await?;

    print_stats()?;
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
        Ok(Self { timeline: Timeline::begin(), exa, tavily, search })
    }

    /// Runs a search and prints its result. Returns an error if the result or the number of requests to a service is
    /// not as expected.
    async fn search(
        &mut self,
        query: &str,
        expected: std::result::Result<Source, &str>,
        expected_requests: [u32; 2],
    ) -> Result<()> {
        let start = Instant::now();
        let before = [self.exa.requests(), self.tavily.requests()];
        let answer = self.search.search(query).await.map(|answer| answer.source).map_err(|error| error.to_string());
        let requests = [self.exa.requests() - before[0], self.tavily.requests() - before[1]];

        let sent = match requests {
            [0, 0] => "none".to_owned(),
            [exa, 0] => format!("Exa {exa}"),
            [0, tavily] => format!("Tavily {tavily}"),
            [exa, tavily] => format!("Exa {exa}, Tavily {tavily}"),
        };
        match &answer {
            Ok(source) => self.timeline.print(start, query, &sent, format_args!("answered by {source}")),
            Err(message) => self.timeline.print(start, query, &sent, message),
        }
        if answer != expected.map_err(str::to_owned) {
            return Err(format!("the search for \"{query}\" should return {expected:?}").into());
        }
        if requests != expected_requests {
            return Err(format!("the search for \"{query}\" should send {expected_requests:?} requests").into());
        }
        Ok(())
    }

    /// Waits for the end of a circuit's cooldown, and checks that the circuit is half-open (admits a trial call).
    async fn cooldown(&self, name: &str) -> Result<()> {
        let circuit = get_circuit(name).ok_or_else(|| format!("no circuit is named {name}"))?;
        sleep(circuit.stats().cooldown_remaining).await;
        match circuit.state() {
            CircuitState::HalfOpen => Ok(()),
            state => Err(format!("{name} should be half-open after its cooldown, but is {state}").into()),
        }
    }

    async fn end(mut self) -> Result<()> {
        for name in ["exa_api", "tavily_api"] {
            let state = get_circuit(name).map(|circuit| circuit.state());
            if state != Some(CircuitState::Closed) {
                return Err(format!("{name} should be closed at the end, but is {state:?}").into());
            }
        }
        // Drops the search first, because its HTTP client keeps idle connections open. A server stops only after its
        // connections are closed.
        drop(self.search);
        self.exa.stop().await?;
        self.tavily.stop().await?;
        Ok(())
    }
}
