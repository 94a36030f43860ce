//! Tests settings from a file.

use std::thread;
use std::time::Duration;

use resilience_runtime::{
    CircuitBreaker, CircuitState, Config, assert_circuit, configure, expect_events, get_stats, reset_configuration,
    testing, unregister,
};

use crate::{ask, ask_for, copies, exa_api, search, send, unnamed};

const ALL: &str = r#"
[circuit.exa_api]
threshold = 5
cooldown = "250ms"

[circuit]
tenants.threshold = 1
tenants.max_keys = 2

[retry]
mail = { max = 4, jitter = "full" }
"config::unnamed".max = 1

[timeout.search]
after = 1.5

[bulkhead.search]
max = 20

[rate_limit.search]
limit = 1
per = "1h"

[hedge.copies]
after = "50ms"
max = 3
"#;

#[resilience_runtime::test]
async fn settings_of_all_kinds_take_effect() {
    Config::from_toml(ALL).unwrap().apply().unwrap();
    for _ in 0..4 {
        ask().await.unwrap_err();
    }
    assert_circuit!("exa_api", Closed);
    ask().await.unwrap_err();
    assert_circuit!("exa_api", Open);
    tokio::time::advance(Duration::from_millis(250)).await;
    assert_circuit!("exa_api", HalfOpen);

    ask_for(1).await.unwrap_err();
    assert_circuit!("tenants[1]", Open);
    send().await.unwrap_err();
    unnamed().await.unwrap_err();
    search().await.unwrap();
    search().await.unwrap_err();
    copies().await.unwrap();

    let stats = get_stats();
    assert_eq!(stats.families["tenants"].max_keys, 2);
    assert_eq!(stats.retries["mail"].total_attempts, 4);
    assert_eq!(stats.retries["config::unnamed"].total_attempts, 1);
    assert_eq!(stats.timeouts["search"].after, Some(Duration::from_millis(1_500)));
    assert_eq!(stats.bulkheads["search"].max, 20);
    assert_eq!(stats.hedges["copies"].max, 3);
}

#[resilience_runtime::test]
async fn line_that_is_gone_returns_attribute_value() {
    Config::from_toml(ALL).unwrap().apply().unwrap();
    Config::from_toml("[circuit.exa_api]\nthreshold = 9").unwrap().apply().unwrap();
    assert_eq!((exa_api().threshold, exa_api().cooldown), (9, Duration::from_secs(30)));
    let stats = get_stats();
    assert_eq!((stats.bulkheads["search"].max, stats.hedges["copies"].max), (10, 2));
    assert_eq!(stats.families["tenants"].max_keys, 10_000);
    Config::from_toml("").unwrap().apply().unwrap();
    assert_eq!(exa_api().threshold, 3);
}

#[resilience_runtime::test]
async fn open_circuit_stays_open_after_a_change() {
    for _ in 0..3 {
        ask().await.unwrap_err();
    }
    Config::from_toml("[circuit.exa_api]\nthreshold = 9\ncooldown = 60").unwrap().apply().unwrap();
    assert_eq!((exa_api().state, exa_api().cooldown_remaining), (CircuitState::Open, Duration::from_secs(60)));
}

#[resilience_runtime::test]
async fn refused_file_changes_nothing() {
    Config::from_toml("[circuit.exa_api]\nthreshold = 4").unwrap().apply().unwrap();
    // The file also contains valid settings, which the library must not apply either.
    for mistake in ["[hedge.copies]\nmin_calls = 1", "[hedge.copis]\nmax = 3", "[hedge.measured]\nafter = 1"] {
        let text = format!("[circuit.exa_api]\nthreshold = 7\n[bulkhead.search]\nmax = 1\n{mistake}");
        let _ = Config::from_toml(&text).and_then(|config| config.apply()).unwrap_err();
        assert_eq!((exa_api().threshold, get_stats().bulkheads["search"].max), (4, 10), "{mistake}");
    }
    expect_events![
        config_applied(source = "config", settings = 1),
        config_refused(
            source = "config",
            mistakes = 1,
            mistake = "line 6: no hedge has the name `copis`; did you mean `copies`?"
        ),
        config_refused(source = "config", mistakes = 1),
    ];
}

#[resilience_runtime::test]
async fn configure_precedes_environment_file_and_builder() {
    CircuitBreaker::builder("exa_api").threshold(10).register().unwrap();
    let file = Config::from_toml("[circuit.exa_api]\nthreshold = 11").unwrap();
    let environment = Config::from_vars([("RESILIENCE__CIRCUIT__EXA_API__THRESHOLD", "12")]).unwrap();
    assert_eq!(exa_api().threshold, 10);
    environment.apply().unwrap();
    file.apply().unwrap();
    assert_eq!(exa_api().threshold, 12, "a file that comes later does not precede the environment");
    environment.apply().unwrap();
    assert_eq!(exa_api().threshold, 12);
    configure("exa_api", |circuit| circuit.threshold(13)).unwrap();
    environment.apply().unwrap();
    assert_eq!(exa_api().threshold, 13);
    reset_configuration();
    assert_eq!(exa_api().threshold, 10);
    file.apply().unwrap();
    assert_eq!(exa_api().threshold, 11);
    let mut mistakes = resilience_runtime::check().unwrap_err();
    mistakes.retain(|mistake| mistake.to_string().contains("'exa_api'"));
    assert_eq!(mistakes.len(), 1, "the builder and the attribute");
}

#[resilience_runtime::test]
async fn circuit_of_a_builder_has_settings_of_the_file() {
    let refused = Config::from_toml("[circuit.\"tenant 7\"]\nthreshold = 2").unwrap();
    assert_eq!(
        crate::messages(&refused.apply().unwrap_err()),
        ["no circuit has the name `tenant 7`; did you mean `tenants`?"]
    );
    let breaker = CircuitBreaker::builder("tenant 7").register().unwrap();
    refused.apply().unwrap();
    assert_eq!(breaker.stats().threshold, 2);
    resilience_runtime::unregister("tenant 7");
    Config::from_toml("").unwrap().apply().unwrap();
}

#[resilience_runtime::test]
async fn circuit_that_is_registered_again_needs_another_apply() {
    let register = || CircuitBreaker::builder("again").threshold(10).register().unwrap();
    let config = Config::from_toml("[circuit.again]\nthreshold = 11").unwrap();
    register();
    config.apply().unwrap();
    assert!(unregister("again"));
    assert_eq!(register().stats().threshold, 10);
    config.apply().unwrap();
    assert_eq!(register().stats().threshold, 11);
}

#[resilience_runtime::test]
async fn reset_beside_an_application_leaves_no_setting_in_force() {
    let (full, empty) =
        (Config::from_toml("[circuit.exa_api]\nthreshold = 5").unwrap(), Config::from_toml("").unwrap());
    let others: Vec<_> = (0..2_000).map(|n| format!("other {n}")).collect();
    for name in &others {
        CircuitBreaker::builder(name.clone()).register().unwrap();
    }
    let test = testing::handle();
    for round in 0..10 {
        // Each change makes the next reset longer.
        for name in &others {
            configure(name, |circuit| circuit.threshold(2)).unwrap();
        }
        thread::scope(|threads| {
            threads.spawn(|| {
                let _entered = test.enter();
                reset_configuration();
            });
            threads.spawn(|| {
                let _entered = test.enter();
                full.apply().unwrap();
            });
        });
        empty.apply().unwrap();
        assert_eq!(exa_api().threshold, 3, "round {round}");
    }
}
