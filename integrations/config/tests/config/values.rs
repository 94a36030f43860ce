//! Tests values of settings in a file and in the environment.

use std::time::Duration;

use resilience_runtime::{dump_config, get_circuit_stats, get_stats};

use crate::read::read;

#[test]
fn texts_of_the_environment_are_values_of_every_type() {
    let variables = [
        ("APP__RESILIENCE__CIRCUIT__EXA_API__THRESHOLD", "5"),
        ("APP__RESILIENCE__CIRCUIT__EXA_API__COOLDOWN", "250ms"),
        ("APP__RESILIENCE__CIRCUIT__EXA_API__COOLDOWN_FACTOR", "2"),
        ("APP__RESILIENCE__CIRCUIT__EXA_API__COOLDOWN_JITTER", "0.5"),
        ("APP__RESILIENCE__CIRCUIT__EXA_API__SHADOW", "true"),
        ("APP__RESILIENCE__CIRCUIT__EXA_API__COUNT", "requests"),
        ("APP__RESILIENCE__TIMEOUT__SEARCH__AFTER", "0.25"),
        ("APP__RESILIENCE__BULKHEAD__SEARCH__MAX", "20"),
    ];
    read("", &variables, |name, outcome| {
        outcome.unwrap();
        let exa = &get_circuit_stats()["exa_api"];
        assert_eq!((exa.threshold, exa.cooldown), (5, Duration::from_millis(250)), "{name}");
        let stats = get_stats();
        assert_eq!(stats.timeouts["search"].after, Some(Duration::from_millis(250)), "{name}");
        assert_eq!(stats.bulkheads["search"].max, 20, "{name}");
        let dump = dump_config();
        for line in ["cooldown_factor = 2.0", "cooldown_jitter = 0.5", "shadow = true", "count = \"requests\""] {
            assert!(dump.contains(&format!("\n{line} # deserialized\n")), "{name}: {line} is missing in\n{dump}");
        }
    });
}

#[test]
fn environment_precedes_the_file_and_adds_options() {
    let file = "[resilience.circuit.exa_api]\nthreshold = 7\ncooldown = 1.5";
    let variables = [
        ("APP__RESILIENCE__CIRCUIT__EXA_API__THRESHOLD", "5"),
        ("APP__RESILIENCE__CIRCUIT__EXA_API__HALF_OPEN_MAX", "2"),
    ];
    read(file, &variables, |name, outcome| {
        outcome.unwrap();
        let exa = &get_circuit_stats()["exa_api"];
        assert_eq!((exa.threshold, exa.cooldown), (5, Duration::from_millis(1_500)), "{name}");
        assert!(dump_config().contains("half_open_max = 2 # deserialized\n"), "{name}");
    });
}

#[test]
fn program_without_settings_of_layers_has_the_attributes() {
    for file in ["", "[resilience]", "[resilience.circuit]", "[resilience.circuit.exa_api]"] {
        read(file, &[], |name, outcome| {
            outcome.unwrap();
            assert_eq!(get_circuit_stats()["exa_api"].threshold, 3, "{name}");
        });
    }
}
