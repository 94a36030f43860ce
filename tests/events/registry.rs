//! Tests the events of the registry (the list of all named circuits): conflicting options of one circuit, and circuits
//! with more keys than `max_keys`.

use std::io;
use std::time::Duration;

use resilience_runtime::{CircuitBreaker, bulkhead, circuit, get_circuit, get_circuit_stats, presets, rate_limit};
use tokio::time::{advance, sleep};

use crate::recorder::{record, recorded};

/// Returns the warnings of the current thread since the last call of `recorded`, without the lines and columns of
/// source positions.
fn warnings() -> Vec<String> {
    let mut lines = recorded();
    lines.retain(|line| line.starts_with("WARN"));
    let is_place = |c: char| c.is_ascii_digit() || c == ':';
    lines
        .iter()
        .map(|line| {
            line.split("registry.rs")
                .map(|part| part.trim_start_matches(is_place))
                .collect::<Vec<_>>()
                .join("registry.rs")
        })
        .collect()
}

const PLACES: [&str; 2] = ["kept_at=\"tests/events/registry.rs\"", "ignored_at=\"tests/events/registry.rs\""];

fn conflict(name: &str, option: &str, [kept, ignored]: [&str; 2]) -> String {
    let [kept_at, ignored_at] = PLACES;
    format!(
        "WARN circuit_conflict circuit={name} option={option:?} kept={kept:?} {kept_at} ignored={ignored:?} {ignored_at}"
    )
}

#[circuit(name = "registry::called", threshold = 2)]
async fn first() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "registry::called", threshold = 5)]
async fn second() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "registry::called", threshold = 5)]
async fn third() -> io::Result<()> {
    Ok(())
}

#[tokio::test]
async fn first_call_emits_conflicts_of_the_name_once() {
    record();
    get_circuit_stats();
    assert!(warnings().is_empty(), "listing registers nothing");
    third().await.unwrap();
    let expected = conflict("registry::called", "threshold", ["2", "5"]);
    assert_eq!(warnings(), [expected.clone(), expected], "one for each of the two places that do not apply");
    for _ in 0..2 {
        first().await.unwrap();
        second().await.unwrap();
    }
    get_circuit("registry::called").unwrap();
    assert!(warnings().is_empty());
}

#[circuit(name = "registry::looked_up", cooldown = 2)]
async fn looked_up() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "registry::looked_up", cooldown = 5)]
async fn looked_up_again() -> io::Result<()> {
    Ok(())
}

#[tokio::test]
async fn get_circuit_emits_conflicts_of_the_name_once() {
    record();
    get_circuit("registry::looked_up").unwrap();
    assert_eq!(warnings(), [conflict("registry::looked_up", "cooldown", ["2s", "5s"])]);
    looked_up_again().await.unwrap();
    looked_up().await.unwrap();
    assert!(warnings().is_empty());
}

#[circuit(name = "registry::registered", threshold = 2, cooldown = 5)]
async fn registered() -> io::Result<()> {
    Ok(())
}

#[tokio::test]
async fn register_emits_each_conflict_with_declarations_once() {
    record();
    let builder = || CircuitBreaker::builder("registry::registered");
    let threshold = builder().threshold(3);
    threshold.clone().register().unwrap();
    assert_eq!(warnings(), [conflict("registry::registered", "threshold", ["3", "2"])]);
    builder().cooldown(Duration::from_secs(6)).register().unwrap();
    assert_eq!(warnings(), [conflict("registry::registered", "cooldown", ["6s", "5s"])]);
    threshold.register().unwrap();
    registered().await.unwrap();
    assert!(warnings().is_empty());
}

#[circuit(name = "registry::keyed", key = key, max_keys = 2)]
async fn keyed(key: u32) -> io::Result<()> {
    let _ = key;
    Ok(())
}

#[circuit(name = "registry::keyed", key = key, max_keys = 3)]
async fn keyed_again(key: u32) -> io::Result<()> {
    let _ = key;
    Ok(())
}

#[tokio::test]
async fn first_call_with_key_emits_conflicts_once() {
    record();
    keyed_again(1).await.unwrap();
    assert_eq!(warnings(), [conflict("registry::keyed", "max_keys", ["2", "3"])]);
    keyed(2).await.unwrap();
    keyed_again(3).await.unwrap();
    assert!(warnings().is_empty());
}

#[circuit(name = "registry::kinds", key = key)]
async fn with_key(key: u32) -> io::Result<()> {
    let _ = key;
    Ok(())
}

#[circuit(name = "registry::kinds")]
async fn without_key() -> io::Result<()> {
    Ok(())
}

#[tokio::test]
async fn name_with_and_without_key_emits_one_conflict() {
    record();
    without_key().await.unwrap();
    assert_eq!(warnings(), [conflict("registry::kinds", "key", ["present", "absent"])]);
    with_key(1).await.unwrap();
    get_circuit("registry::kinds").unwrap();
    assert!(warnings().is_empty());
}

#[circuit(name = "qdrant", key = key)]
async fn key_over_a_preset(key: u32) -> io::Result<()> {
    let _ = key;
    Ok(())
}

#[tokio::test]
async fn preset_of_keyed_name_emits_one_conflict() {
    record();
    key_over_a_preset(1).await.unwrap();
    assert!(warnings().is_empty());
    presets::qdrant_circuit();
    presets::qdrant_circuit();
    let expected = conflict("qdrant", "key", ["present", "absent"]);
    assert_eq!(warnings(), [expected.replace(PLACES[1], "ignored_at=\"a preset\"")]);
}

#[circuit(name = "registry::full", key = key, max_keys = 2)]
async fn full(key: u32) -> io::Result<()> {
    let _ = key;
    sleep(Duration::from_secs(1000)).await;
    Ok(())
}

async fn cancel(key: u32) {
    let call = tokio::spawn(full(key));
    tokio::task::yield_now().await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn full_table_of_busy_keys_warns_once_a_minute() {
    record();
    let calls = [1, 2].map(|key| tokio::spawn(full(key)));
    tokio::task::yield_now().await;
    assert!(warnings().is_empty());
    let expected = ["WARN keys_full circuit=registry::full max_keys=2"];
    for key in 3..6 {
        cancel(key).await;
    }
    assert_eq!(warnings(), expected);
    advance(Duration::from_secs(59)).await;
    cancel(6).await;
    assert!(warnings().is_empty());
    advance(Duration::from_secs(1)).await;
    cancel(7).await;
    assert_eq!(warnings(), expected);

    advance(Duration::from_secs(60)).await;
    calls[0].abort();
    tokio::task::yield_now().await;
    cancel(8).await;
    assert!(warnings().is_empty(), "an idle key makes room");
}

#[bulkhead(name = "registry::slots", max = 3)]
async fn three_slots() -> io::Result<()> {
    Ok(())
}

#[bulkhead(name = "registry::slots", max = 5)]
async fn five_slots() -> io::Result<()> {
    Ok(())
}

#[rate_limit(name = "registry::no_rate")]
async fn no_rate() -> io::Result<()> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn first_call_reports_mistakes_of_layers_once() {
    record();
    for _ in 0..2 {
        three_slots().await.unwrap();
        five_slots().await.unwrap();
        no_rate().await.unwrap_err();
    }
    let lines: Vec<_> = recorded().into_iter().filter(|line| !line.starts_with("DEBUG")).collect();
    assert_eq!(lines.len(), 2, "{lines:#?}");
    let start = "WARN layer_conflict layer=\"bulkhead\" name=registry::slots option=\"max\" kept=\"3\" kept_at=";
    assert!(lines[0].starts_with(start), "{lines:#?}");
    let start = "ERROR option_missing layer=\"rate limit\" name=registry::no_rate option=\"per_second\" place=";
    assert!(lines[1].starts_with(start), "{lines:#?}");
}

#[bulkhead(name = "registry::kinds", max = 3)]
async fn slots_without_key() -> io::Result<()> {
    Ok(())
}

#[bulkhead(name = "registry::kinds", key = key, max = 3)]
async fn slots_with_key(key: u32) -> io::Result<()> {
    let _ = key;
    Ok(())
}

#[rate_limit(name = "registry::kinds", key = key, per_second = 3)]
async fn rate_with_key(key: u32) -> io::Result<()> {
    let _ = key;
    Ok(())
}

#[rate_limit(name = "registry::kinds", per_second = 3)]
async fn rate_without_key() -> io::Result<()> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn layer_with_and_without_key_emits_one_conflict() {
    record();
    let conflicts = |layer: &str| {
        let lines: Vec<_> = recorded().into_iter().filter(|line| !line.starts_with("DEBUG")).collect();
        let start = format!(
            "WARN layer_conflict layer=\"{layer}\" name=registry::kinds option=\"key\" kept=\"absent\" kept_at="
        );
        assert!(lines.iter().all(|line| line.starts_with(&start)), "{lines:#?}");
        lines.len()
    };
    slots_without_key().await.unwrap();
    assert_eq!(conflicts("bulkhead"), 1);
    slots_with_key(1).await.unwrap();
    slots_without_key().await.unwrap();
    rate_with_key(1).await.unwrap();
    assert_eq!(conflicts("rate limit"), 1);
    rate_without_key().await.unwrap();
    rate_with_key(2).await.unwrap();
    assert_eq!(conflicts("rate limit"), 0);
}

#[circuit(name = "registry::full_of_two_clocks", key = key, max_keys = 1)]
async fn keyed_of_two_clocks(key: u32) -> io::Result<()> {
    sleep(Duration::from_secs(u64::from(key))).await;
    Ok(())
}

#[test]
fn full_table_warns_on_a_clock_behind_the_last_warning() {
    record();
    for (ahead, warnings) in [(100_000, 1), (0, 1), (30, 0)] {
        support::paused_runtime().block_on(async {
            advance(Duration::from_secs(ahead)).await;
            let _ = tokio::join!(keyed_of_two_clocks(1), keyed_of_two_clocks(2));
        });
        assert_eq!(self::warnings().len(), warnings, "{ahead} s ahead");
    }
}
