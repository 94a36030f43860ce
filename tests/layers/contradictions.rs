//! Tests attributes with the same name whose options cannot be combined. Only the options that contradict the first
//! attribute are left out.

use std::io;

use resilience_runtime::{LayerConflict, SettingsMistake, check, configure_retry, get_stats, rate_limit, retry};
use support::{Error, seconds};
use tokio::time::Instant;

/// Returns the option and the two values of each conflict between attributes with the name `wanted`.
fn conflicts(wanted: &str) -> Vec<String> {
    let text = |mistake| match mistake {
        SettingsMistake::LayerConflict(LayerConflict { name, option, values: [kept, ignored], .. }) => {
            (name == wanted).then(|| format!("`{option}` is {kept}, but {ignored}"))
        }
        _ => None,
    };
    check().unwrap_err().into_iter().filter_map(text).collect()
}

#[retry(name = "contradictions::delay", delay = 5)]
async fn slow() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[retry(name = "contradictions::delay", max_delay = 2, max = 2)]
async fn quick() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[retry(name = "contradictions::max_delay", max_delay = 2)]
async fn quick_first() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[retry(name = "contradictions::max_delay", delay = 5, max = 4)]
async fn slow_next() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[tokio::test(start_paused = true)]
async fn retry_keeps_options_that_contradict_nothing() {
    let begin = Instant::now();
    slow().await.unwrap_err();
    quick().await.unwrap_err();
    assert_eq!((begin.elapsed(), get_stats().retries["contradictions::delay"].total_attempts), (seconds(2 * 5), 4));
    assert_eq!(conflicts("contradictions::delay"), ["`max_delay` is limited (at least as long as `delay`), but 2s"]);

    let begin = Instant::now();
    quick_first().await.unwrap_err();
    slow_next().await.unwrap_err();
    assert_eq!(begin.elapsed(), seconds(2 * (1 + 2 + 2)), "the default `delay` is 1 s");
    assert_eq!(conflicts("contradictions::max_delay"), ["`delay` is absent, but 5s"]);
}

#[retry(name = "contradictions::lost", delay = 5, max = 2)]
async fn keeps_delay() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[retry(name = "contradictions::lost", max_delay = 2)]
async fn loses_max_delay() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[retry(name = "contradictions::lost", max_delay = 20, backoff = 5.0)]
async fn sets_max_delay() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[tokio::test(start_paused = true)]
async fn option_that_was_left_out_conflicts_with_no_other() {
    keeps_delay().await.unwrap_err();
    loses_max_delay().await.unwrap_err();
    configure_retry("contradictions::lost", |retry| retry.max(3)).unwrap();
    let begin = Instant::now();
    sets_max_delay().await.unwrap_err();
    assert_eq!(begin.elapsed(), seconds(5 + 20));
    assert_eq!(conflicts("contradictions::lost"), ["`max_delay` is limited (at least as long as `delay`), but 2s"]);
}

#[rate_limit(name = "contradictions::second", per_second = 1)]
async fn each_second() -> Result<(), Error> {
    Ok(())
}

#[rate_limit(name = "contradictions::second", limit = 600, per = "1m", burst = 2, wait = 3)]
async fn ten_a_second() -> Result<(), Error> {
    Ok(())
}

#[rate_limit(name = "contradictions::minute", limit = 60, per = "1m")]
async fn each_minute() -> Result<(), Error> {
    Ok(())
}

#[rate_limit(name = "contradictions::minute", per_second = 9, burst = 2)]
async fn nine_a_second() -> Result<(), Error> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn rate_limit_keeps_options_that_contradict_nothing() {
    let begin = Instant::now();
    for _ in 0..2 {
        each_second().await.unwrap();
        ten_a_second().await.unwrap();
    }
    assert_eq!(
        begin.elapsed(),
        seconds(2),
        "one call each second, with the `burst` and the `wait` of the second place"
    );
    assert_eq!(conflicts("contradictions::second"), ["`limit` is limited (absent beside `per_second`), but 600"]);

    each_minute().await.unwrap();
    nine_a_second().await.unwrap();
    nine_a_second().await.unwrap_err();
    assert_eq!(conflicts("contradictions::minute"), ["`per_second` is absent, but 9"]);
}
