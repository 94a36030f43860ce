//! Shows a client library for the service of a language model (`client.rs`). The user of the library sets the attempts,
//! the time limit, the rate in tokens per minute and the retry budget. The library waits if the service asks for it,
//! and repeats a streaming answer that breaks before its first text. If a streaming answer breaks later, the library
//! reports the error and repeats nothing, so that its user sees no text twice.
//!
//! Run this example with `cargo run --example llm_sdk`. The program starts stand-ins for the service on this machine.

mod client;
mod error;
mod http;
mod stand_in;

use std::error::Error;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use futures_util::{StreamExt, TryStreamExt};
use resilience_runtime::{CircuitState, RetryBudget, TokenBucket, deadline, get_stats};
use tokio::join;

use crate::client::{Client, ClientBuilder};
use crate::error::LlmError;
use crate::stand_in::{Answer, StandIn, TEXTS};

const STORY: &str = "Once upon a time";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Ignores proxies and certificates, so that the program runs on every machine.
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build()?;
    let build = |builder: ClientBuilder, service: &StandIn| builder.build(http.clone(), &service.url);

    println!("The service is overloaded, then hangs, and then answers:");
    let service = StandIn::start([Answer::Status(529), Answer::Never]).await?;
    let client = build(Client::builder().time_limit(Duration::from_millis(500)), &service)?;
    let answer = client.complete("Tell me a story.").await?;
    println!("  {answer:?} after {} requests", service.requests());
    assert_eq!((answer.as_str(), service.requests(), client.circuit().total_failed), (STORY, 3, 2));

    println!(
        "Two services answer with 429 and the two forms of `Retry-After`. A third service reports an empty quota:"
    );
    let mut clients = Vec::new();
    for answer in [Answer::RetryInOneSecond, Answer::RetryAtDate, Answer::LastOfQuota] {
        clients.push(build(Client::builder(), &StandIn::start([answer]).await?)?);
    }
    let begin = Instant::now();
    clients[2].complete("Tell me a story.").await?;
    let ask = async |client: &Client| Ok::<_, LlmError>((client.complete("Tell me a story.").await?, begin.elapsed()));
    for (answer, time) in try_join_all(clients.iter().map(ask)).await? {
        println!("  {answer:?} after {:.1} s", time.as_secs_f64());
        assert!(answer == STORY && time >= Duration::from_secs(1), "the client waits as long as the service asks");
    }
    assert!(clients.iter().all(|client| client.circuit().total_failed == 0), "the circuit ignores the status 429");

    println!("The service stays overloaded, and the budget of the user pays for three retries:");
    let service = StandIn::start([Answer::Status(529); 9]).await?;
    let budget = RetryBudget::bucket(TokenBucket { capacity: 15, ..TokenBucket::DEFAULT });
    let client = build(Client::builder().attempts(3).budget(&budget), &service)?;
    for (requests, tokens) in [(3, 5), (5, 0), (6, 0)] {
        let error = client.complete("Tell me a story.").await.unwrap_err();
        println!("  {error} ({} requests)", service.requests());
        assert_eq!((service.requests(), budget.stats().tokens), (requests, tokens));
    }

    println!(
        "The first text does not come, then a stream breaks before its first text, and the third attempt succeeds:"
    );
    let service = StandIn::start([Answer::Never, Answer::BreakAfter(0)]).await?;
    let client = build(Client::builder().time_limit(Duration::from_millis(500)), &service)?;
    let texts: Vec<String> = client.stream("Tell me a story.").await?.try_collect().await?;
    println!("  {texts:?} after {} requests", service.requests());
    assert_eq!((texts, service.requests()), (TEXTS.map(str::to_owned).into(), 3));
    assert_eq!((client.circuit().total_failed, client.circuit().total_succeeded), (2, 1));

    println!("A streaming answer breaks after two texts, and the stream ends with an error:");
    let service = StandIn::start([Answer::BreakAfter(2)]).await?;
    let client = build(Client::builder(), &service)?;
    let items: Vec<Result<String, LlmError>> = client.stream("Tell me a story.").await?.collect().await;
    println!("  {:?}", items.iter().map(|item| item.as_ref().map_err(ToString::to_string)).collect::<Vec<_>>());
    assert!(matches!(&items[..], [Ok(first), Ok(second), Err(LlmError::Http(_))] if [first, second] == TEXTS[..2]));
    assert_eq!((service.requests(), client.circuit().total_failed), (1, 1));

    println!(
        "A caller has set a deadline. The deadline ends the wait for the first text, and is no fault of the service:"
    );
    let service = StandIn::start([Answer::Never]).await?;
    let client = build(Client::builder(), &service)?;
    let error = deadline(Duration::from_millis(50), client.stream("Tell me a story.")).await.err();
    println!("  {}", error.ok_or("the stream begins")?);
    assert_eq!((client.circuit().total_failed, client.circuit().total_ignored), (0, 1));

    println!("With 600,000 tokens per minute, calls of 1,000 tokens start every 100 ms after a burst of 2,000 tokens:");
    let service = StandIn::start([]).await?;
    let client = build(Client::builder().tokens_per_minute(600_000), &service)?;
    let (prompt, begin) = ("long ".repeat(800), Instant::now());
    let ask = || client.complete(&prompt);
    let (first, second, third, fourth) = join!(ask(), ask(), ask(), ask());
    println!("  four answers after {:.1} s", begin.elapsed().as_secs_f64());
    assert!([first, second, third, fourth].iter().all(Result::is_ok) && begin.elapsed() >= Duration::from_millis(200));
    let error = client.complete(&"long ".repeat(2_000)).await.unwrap_err();
    println!("  {error}");
    assert_eq!((service.requests(), client.rate().total_rejected), (4, 1));

    assert_eq!(client.circuit().state, CircuitState::Closed);
    assert!(get_stats().circuits.is_empty(), "the library registers no circuit");
    Ok(())
}
