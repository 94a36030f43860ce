//! Tests settings that `serde` deserializes.

use resilience_runtime::{CircuitBreaker, Config, dump_config, get_stats, rate_limit};
use serde::Deserialize;

use crate::{exa_api, messages};

#[derive(Deserialize)]
struct Service {
    resilience: Config,
}

#[resilience_runtime::test]
async fn config_is_a_part_of_a_larger_config() {
    // The `threshold` is a text, because sources such as the environment contain only texts.
    let text = r#"{
        "port": 80,
        "resilience": {
            "circuit": {"exa_api": {"threshold": "5", "cooldown": 0.25}},
            "retry": {"mail": {"max": 4, "backoff": 2, "retry_rejected": true}}
        }
    }"#;
    let service: Service = serde_json::from_str(text).unwrap();
    service.resilience.apply().unwrap();
    assert_eq!((exa_api().threshold, exa_api().cooldown.as_millis()), (5, 250));
    assert_eq!(get_stats().retries["mail"].total_attempts, 0);
    assert!(dump_config().contains("\nmax = 4 # deserialized\n"), "{}", dump_config());
}

#[resilience_runtime::test]
async fn mistake_is_an_error_of_the_format() {
    for (text, message) in [
        (
            r#"{"circuit": {"exa_api": {"threshold": 0}}}"#,
            "circuit `exa_api`: `threshold` is 0, but must be a whole number of at least 1",
        ),
        (
            r#"{"circuit": {"exa_api": {"threshold": null}}}"#,
            "circuit `exa_api`: `threshold` is empty, but must be a whole number from 1 to 4294967295",
        ),
        (
            r#"{"circuit": {"exa_api": {"threshold": [[{}]]}}}"#,
            "circuit `exa_api`: `threshold` is an array, but must be a whole number from 1 to 4294967295",
        ),
        (r#"{"circut": {"exa_api": {"x": 0}}}"#, "`circut` is no table of settings; did you mean `circuit`?"),
        (r#"{"circuit": 5}"#, "`circuit` must be a table of layers, such as [circuit.name]"),
        (r#"{"circuit": {"exa_api": 5}}"#, "`exa_api` must be a table of settings, such as [circuit.name]"),
        ("5", "invalid type: integer `5`, expected a table at line 1 column 1"),
        (
            r#"{"circuit": 5, "retry": {"mail": {"max": 0}}}"#,
            "`circuit` must be a table of layers, such as [circuit.name]",
        ),
    ] {
        assert_eq!(serde_json::from_str::<Config>(text).unwrap_err().to_string(), message, "{text}");
    }
}

fn apply(text: &str) -> Result<(), resilience_runtime::RefusedConfig> {
    serde_json::from_str::<Config>(text).unwrap().apply()
}

#[resilience_runtime::test]
async fn name_that_is_not_exact_is_the_name_of_a_variable() {
    let breaker = CircuitBreaker::builder("Exa-Two").register().unwrap();
    apply(r#"{"circuit": {"exa_two": {"threshold": 5}}}"#).unwrap();
    assert_eq!(breaker.stats().threshold, 5);
    // The crates `config` and `figment` split the name of an environment variable at each `__`. A variable with
    // `CONFIG__UNNAMED` in its name therefore becomes two nested tables.
    apply(r#"{"retry": {"config": {"unnamed": {"max": 6}}}}"#).unwrap();
    assert!(dump_config().contains("[retry.\"config::unnamed\"]\nmax = 6 # deserialized\n"), "{}", dump_config());
    assert_eq!(breaker.stats().threshold, 3, "the later settings do not contain the circuit");
}

#[resilience_runtime::test]
async fn exact_name_is_the_weaker_of_two_names() {
    let breaker = CircuitBreaker::builder("exa-two").register().unwrap();
    // In sorted order, the exact name `exa-two` is between `EXA_TWO` and `exa_two`. This order must not decide which
    // name takes precedence.
    for [exact, other] in [["exa-two", "exa_two"], ["exa-two", "EXA_TWO"]] {
        let text = format!(
            r#"{{"circuit": {{"{exact}": {{"threshold": 7, "cooldown": 2}}, "{other}": {{"threshold": 5, "shadow": true}}}}}}"#
        );
        apply(&text).unwrap();
        assert_eq!((breaker.stats().threshold, breaker.stats().cooldown.as_secs()), (5, 2), "{text}");
        let dump = dump_config();
        assert!(dump.contains("threshold = 5 # deserialized\n") && dump.contains("shadow = true # deserialized\n"));
    }
}

#[rate_limit(name = "Paid-API", per_second = 1)]
async fn paid() -> std::io::Result<()> {
    Ok(())
}

#[resilience_runtime::test]
async fn name_that_is_not_exact_replaces_settings_that_exclude_its_settings() {
    let circuit = CircuitBreaker::builder("Paid-API").register().unwrap();
    apply(
        r#"{
            "circuit": {
                "Paid-API": {"threshold": 4, "cooldown": 40},
                "paid_api": {"failure_rate": "0.5", "calls": "10", "min_calls": "5", "max_cooldown": "20"}
            },
            "rate_limit": {"Paid-API": {"limit": 60, "per": "1m"}, "paid_api": {"per_second": "2"}}
        }"#,
    )
    .unwrap();
    assert_eq!(circuit.stats().cooldown.as_secs(), 20);
    for _ in 0..2 {
        paid().await.unwrap();
    }
    assert!(paid().await.is_err());
    assert!(dump_config().contains("\nfailure_rate = 0.5 # deserialized\n"), "{}", dump_config());
}

#[resilience_runtime::test]
async fn name_of_two_layers_is_refused_unless_exact() {
    let names = ["exa two", "exa-two"];
    let [one, other] = names.map(|name| CircuitBreaker::builder(name).register().unwrap());
    let refused = apply(r#"{"circuit": {"exa_two": {"threshold": 5}}}"#).unwrap_err();
    let message = "circuit `exa_two` can stand for circuit `exa two` and for circuit `exa-two`: rename one of them, or \
                   use a file";
    assert_eq!(messages(&refused), [message]);
    apply(r#"{"circuit": {"exa-two": {"threshold": 5}}}"#).unwrap();
    assert_eq!((one.stats().threshold, other.stats().threshold), (3, 5));
    let refused = apply(r#"{"circuit": {"exa_apii": {"threshold": 5}}}"#).unwrap_err();
    assert_eq!(messages(&refused), ["no circuit has the name `exa_apii`; did you mean `exa_api`?"]);
}

#[resilience_runtime::test]
async fn deep_tables_are_refused() {
    let nested = |depth| format!("{}1{}", r#"{"retry":"#.repeat(depth), "}".repeat(depth));
    let error = |depth| serde_json::from_str::<Config>(&nested(depth)).unwrap_err().to_string();
    assert!(error(32).starts_with("retry `retry__retry__"), "{}", error(32));
    assert!(error(33).starts_with("too many tables inside each other"), "{}", error(33));
}

#[resilience_runtime::test]
async fn absent_field_has_no_settings() {
    #[derive(Deserialize)]
    struct Optional {
        #[serde(default)]
        resilience: Config,
    }
    let optional: Optional = serde_json::from_str("{}").unwrap();
    assert_eq!(optional.resilience, Config::from_toml("").unwrap());
    optional.resilience.apply().unwrap();
    assert_eq!(exa_api().threshold, 3);
}
