//! Tests `dump_config`.

use std::fs;
use std::io;
use std::time::Duration;

use resilience_runtime::{
    CircuitBreaker, Config, bulkhead, circuit, configure, configure_retry, dump_config, presets, rate_limit,
    reset_configuration,
};

use crate::{Folder, ask, ask_for};

/// Returns the lines below the heading `head` in `text`, the output of `dump_config`. Removes the line numbers of Rust
/// source files.
fn section(text: &str, head: &str) -> Vec<String> {
    let lines = text.lines().skip_while(|line| *line != head).skip(1).take_while(|line| !line.is_empty());
    let without_number = |line: &str| match line.rsplit_once(".rs:") {
        Some((line, number)) if number.parse::<u32>().is_ok() => format!("{line}.rs"),
        _ => line.to_owned(),
    };
    lines.map(without_number).collect()
}

#[resilience_runtime::test]
async fn each_setting_has_its_origin() {
    let folder = Folder::new();
    let path = folder.join("settings.toml");
    fs::write(&path, "[circuit.exa_api]\nthreshold = 5\n[retry.mail]\nmax = 7\n[circuit.built]\nmax_cooldown = 90")
        .unwrap();
    CircuitBreaker::builder("built").cooldown(Duration::from_millis(1_500)).register().unwrap();
    presets::qdrant_circuit();
    Config::from_file(&path).unwrap().apply().unwrap();
    Config::from_vars([("RESILIENCE__CIRCUIT__BUILT__HALF_OPEN_MAX", "2")]).unwrap().apply().unwrap();
    configure("built", |circuit| circuit.cooldown_factor(2.0)).unwrap();
    configure_retry("mail", |retry| retry.delay(Duration::from_nanos(1))).unwrap();

    let text = dump_config();
    let file = path.display();
    assert_eq!(
        section(&text, "[circuit.exa_api]"),
        [format!("threshold = 5 # {file}:2"), "cooldown = \"30s\" # tests/config/main.rs".to_owned()]
    );
    assert_eq!(
        section(&text, "[circuit.built]"),
        [
            "cooldown = \"1500ms\" # tests/config/dump.rs".to_owned(),
            "cooldown_factor = 2.0 # configured at tests/config/dump.rs".to_owned(),
            format!("max_cooldown = \"90s\" # {file}:6"),
            "half_open_max = 2 # RESILIENCE__CIRCUIT__BUILT__HALF_OPEN_MAX".to_owned(),
        ]
    );
    assert_eq!(section(&text, "[circuit.qdrant]"), ["threshold = 5 # preset", "cooldown = \"60s\" # preset"]);
    assert_eq!(
        section(&text, "[retry.mail]"),
        [format!("max = 7 # {file}:4"), "delay = \"1ns\" # configured at tests/config/dump.rs".to_owned()]
    );
    assert_eq!(section(&text, "[retry.\"config::unnamed\"]")[0], "max = 2 # tests/config/main.rs");
    assert_eq!(section(&text, "[hedge.measured]")[0], "# after = \"p95\" # tests/config/main.rs");
    assert_eq!(section(&text, "[timeout.search]"), ["after = \"5s\" # tests/config/main.rs"]);
    Config::from_vars([("RESILIENCE__TIMEOUT__SEARCH__AFTER", "3")]).unwrap().apply().unwrap();
    let line = "after = \"3s\" # RESILIENCE__TIMEOUT__SEARCH__AFTER";
    assert_eq!(section(&dump_config(), "[timeout.search]"), [line]);
}

#[bulkhead(max = 1, wait = 0, max_queue = 5)]
#[rate_limit(per_second = 1, wait = 0, max_queue = 5)]
async fn never_waits() -> std::io::Result<()> {
    Ok(())
}

#[resilience_runtime::test]
async fn dump_can_be_read_back() {
    never_waits().await.unwrap();
    CircuitBreaker::builder("a \"b\"\\\n\u{1}.é").cooldown_jitter(0.1).register().unwrap();
    CircuitBreaker::builder("rates").failure_rate(0.5).calls(10).min_calls(5).register().unwrap();
    ask().await.unwrap_err();
    ask_for(7).await.unwrap_err();
    let text = dump_config();
    let values = |text: &str| {
        let lines = text.lines().map(|line| line.split(" # ").next().unwrap().to_owned());
        lines.collect::<Vec<_>>()
    };
    let config = Config::from_toml(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    config.apply().unwrap();
    assert_eq!(values(&dump_config()), values(&text));
    assert!(dump_config().contains("threshold = 3 # line "), "{}", dump_config());
}

#[circuit(name = "left out", threshold = 3)]
async fn keeps_threshold() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "left out", failure_rate = 0.5, min_calls = 5, calls = 20)]
async fn loses_rate() -> io::Result<()> {
    Ok(())
}

const LINE: u32 = line!() + 1;
#[circuit(name = "left out", threshold = 3, calls = 20)]
async fn sets_calls() -> io::Result<()> {
    Ok(())
}

#[resilience_runtime::test]
async fn origin_is_the_place_whose_value_is_in_force() {
    keeps_threshold().await.unwrap();
    loses_rate().await.unwrap();
    sets_calls().await.unwrap();
    let text = dump_config();
    assert!(text.contains(&format!("calls = 20 # tests/config/dump.rs:{LINE}\n")), "{text}");

    let [threshold, calls] = ["THRESHOLD", "CALLS"].map(|option| format!("RESILIENCE__CIRCUIT__LEFT_OUT__{option}"));
    Config::from_toml("[circuit.\"left out\"]\nfailure_rate = 0.5\nmin_calls = 5\ncalls = 9").unwrap().apply().unwrap();
    Config::from_vars([(&threshold, "3"), (&calls, "9")]).unwrap().apply().unwrap();
    let expected = [format!("threshold = 3 # {threshold}"), format!("calls = 9 # {calls}")];
    assert_eq!(section(&dump_config(), "[circuit.\"left out\"]"), expected);
    configure("left out", |circuit| circuit.threshold(4)).unwrap();
    Config::from_vars([(&calls, "9")]).unwrap().apply().unwrap();
    let text = dump_config();
    assert!(text.contains(&format!("calls = 9 # {calls}\n")), "{text}");
}

#[resilience_runtime::test]
async fn option_of_several_changes_has_the_origin_of_the_newest() {
    keeps_threshold().await.unwrap();
    let line = line!();
    configure("left out", |circuit| circuit.threshold(9).calls(15).half_open_max(2)).unwrap();
    configure("left out", |circuit| circuit.threshold(8).max_cooldown(Duration::from_secs(90))).unwrap();
    configure("left out", |circuit| circuit.calls(20)).unwrap();
    let text = dump_config();
    for (option, number) in
        [("half_open_max = 2", 1), ("threshold = 8", 2), ("max_cooldown = \"90s\"", 2), ("calls = 20", 3)]
    {
        let line = format!("{option} # configured at tests/config/dump.rs:{}\n", line + number);
        assert!(text.contains(&line), "{line} {text}");
    }
}

#[rate_limit(name = "dump::tokens", per_second = 3, burst = 8, tokens = 4)]
async fn takes_tokens() -> io::Result<()> {
    Ok(())
}

#[tokio::test]
async fn number_of_tokens_is_not_in_the_dump() {
    takes_tokens().await.unwrap();
    let options = section(&dump_config(), "[rate_limit.\"dump::tokens\"]");
    let names: Vec<_> = options.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names, ["per_second", "burst"]);
}

#[resilience_runtime::test]
async fn file_takes_precedence_over_an_earlier_preset() {
    presets::firebase_circuit();
    let file = Config::from_toml("[circuit.firebase]\nmax_cooldown = 10").unwrap();
    file.apply().unwrap();
    let options = ["threshold = 5 # preset", "max_cooldown = \"10s\" # line 2"];
    assert_eq!(section(&dump_config(), "[circuit.firebase]"), options, "the cooldown of the preset has no effect");
    reset_configuration();
    file.apply().unwrap();
}
