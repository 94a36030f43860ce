//! Shows a client library for the service of a language model (`client.rs`). Before another attempt, the client waits
//! for the delay that the service asks for. The client repeats the request for a streaming answer only if no text has
//! arrived yet, so the user sees no text twice.
//!
//! Run this example with `cargo run --example llm_sdk`. The program starts stand-ins for the service on this machine.

mod client;
mod stand_in;

use std::time::{Duration, Instant, SystemTime};

use futures_util::StreamExt;

use crate::client::Client;
use crate::stand_in::{Answer, TEXTS};

const PROMPT: &str = "Tell me a story.";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // Ignores proxy settings and installed certificates, so that the program runs on every machine.
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build()?;
    let connect = async |answers| -> anyhow::Result<Client> {
        Ok(Client::new(3, Duration::from_millis(500), http.clone(), stand_in::start(answers).await?)?)
    };

    println!("The service is overloaded, then hangs, and then answers:");
    let client = connect(vec![Answer::Status(529, "0".to_owned()), Answer::Never]).await?;
    println!("  {:?} after {} failures", client.complete(PROMPT).await?, client.breaker.stats().total_failed);
    assert_eq!(client.breaker.stats().total_failed, 2);

    println!("The service answers with 429 and the two forms of `Retry-After`:");
    let date = || httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(2));
    for delay in [|| "1".to_owned(), date] {
        let begin = Instant::now();
        let client = connect(vec![Answer::Status(429, delay())]).await?;
        println!("  {:?} after {:.1} s", client.complete(PROMPT).await?, begin.elapsed().as_secs_f64());
        assert!(begin.elapsed() >= Duration::from_secs(1));
        assert_eq!(client.breaker.stats().total_failed, 0, "the circuit ignores the status 429");
    }

    println!("The first text does not come, then a stream breaks before its first text, and then a stream succeeds:");
    let client = connect(vec![Answer::Never, Answer::BreakAfter(0)]).await?;
    let texts: Vec<_> = client.stream(PROMPT).await?.map(Result::unwrap).collect().await;
    println!("  {texts:?}");
    assert_eq!((texts.concat(), client.breaker.stats().total_failed), (TEXTS.concat(), 2));

    println!("A streaming answer breaks after two texts, and the stream ends with an error:");
    let client = connect(vec![Answer::BreakAfter(2)]).await?;
    let texts: Vec<_> =
        client.stream(PROMPT).await?.map(|text| text.map_err(|error| error.to_string())).collect().await;
    println!("  {texts:?}");
    assert!(matches!(&texts[..], [Ok(first), Ok(second), Err(_)] if [first, second] == TEXTS[..2]));
    Ok(())
}
