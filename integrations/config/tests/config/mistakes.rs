//! Tests the errors that the crates `config` and `figment` return for wrong settings.

use resilience_runtime::get_circuit_stats;

use crate::read::read;

#[test]
fn error_names_the_layer_and_the_option() {
    let cases = [
        (
            "CIRCUIT__EXA_API__THRESHOLD",
            "five",
            "circuit `exa_api`: `threshold` is \"five\", but must be a whole number from 1 to 4294967295",
        ),
        (
            "CIRCUIT__EXA_API__THRESHOLD",
            "0",
            "circuit `exa_api`: `threshold` is 0, but must be a whole number of at least 1",
        ),
        (
            "CIRCUIT__EXA_API__COOLDOWN",
            "2 weeks",
            "circuit `exa_api`: `cooldown` is \"2 weeks\", but must be a number with",
        ),
        ("CIRCUIT__EXA_API__TRESHOLD", "5", "circuit `exa_api`: `treshold` is no setting; did you mean `threshold`?"),
        ("CIRCUIT__EXA_APY__THRESHOLD", "5", "no circuit has the name `exa_apy`; did you mean `exa_api`?"),
        ("CIRCUIT__EXA_API", "5", "`exa_api` must be a table of settings, such as [circuit.name]"),
        ("CIRCUIT", "5", "`circuit` must be a table of layers, such as [circuit.name]"),
        ("CIRCIUT__EXA_API__THRESHOLD", "5", "`circiut` is no table of settings; did you mean `circuit`?"),
    ];
    for (variable, value, message) in cases {
        read("", &[(&format!("APP__RESILIENCE__{variable}"), value)], |name, outcome| {
            let error = outcome.unwrap_err();
            assert!(error.starts_with(message), "{name}: {error}");
            assert_eq!(get_circuit_stats()["exa_api"].threshold, 3, "{name}");
        });
    }
}

#[test]
fn name_with_many_parts_is_refused() {
    let variable = format!("APP__RESILIENCE__CIRCUIT{}__THRESHOLD", "__A".repeat(100));
    read("", &[(&variable, "5")], |name, outcome| {
        let error = outcome.unwrap_err();
        assert!(error.starts_with("too many tables inside each other"), "{name}: {error}");
    });
}
