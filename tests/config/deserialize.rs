//! Tests settings that `serde` deserializes.

use resilience_runtime::{Config, dump_config, get_stats};
use serde::Deserialize;

use crate::exa_api;

#[derive(Deserialize)]
struct Service {
    resilience: Config,
}

#[resilience_runtime::test]
async fn config_is_a_part_of_a_larger_config() {
    // Uses texts for numbers, because some sources contain only texts, such as the environment.
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
        (r#"{"circuit": 5}"#, "invalid type: integer `5`, expected a map at line 1 column 13"),
    ] {
        assert_eq!(serde_json::from_str::<Config>(text).unwrap_err().to_string(), message, "{text}");
    }
}
