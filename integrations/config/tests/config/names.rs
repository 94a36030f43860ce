//! Tests lower-case names of layers. The crates `config` and `figment` turn the names of environment variables into
//! lower case.

use resilience_runtime::{CircuitBreaker, dump_config, get_circuit_stats, unregister};

use crate::read::read;

#[test]
fn lower_case_name_stands_for_any_name() {
    let variables = [
        ("APP__RESILIENCE__CIRCUIT__TAVILY_API__THRESHOLD", "5"),
        ("APP__RESILIENCE__RETRY__CONFIG__LAYERS__SUBMIT__MAX", "6"),
    ];
    read("", &variables, |name, outcome| {
        outcome.unwrap();
        assert_eq!(get_circuit_stats()["Tavily-API"].threshold, 5, "{name}");
        assert!(dump_config().contains("[retry.\"config::layers::submit\"]\nmax = 6 # deserialized\n"), "{name}");
    });
}

#[test]
fn lower_case_name_precedes_the_exact_name() {
    let file = "[resilience.circuit.Tavily-API]\nthreshold = 7\ncooldown = 2";
    let variables = [("APP__RESILIENCE__CIRCUIT__TAVILY_API__THRESHOLD", "5")];
    read(file, &variables, |name, outcome| {
        outcome.unwrap();
        let tavily = &get_circuit_stats()["Tavily-API"];
        assert_eq!((tavily.threshold, tavily.cooldown.as_secs()), (5, 2), "{name}");
    });
}

#[test]
fn name_of_two_layers_is_refused() {
    let names = ["two names", "two-names"];
    let breakers = names.map(|name| CircuitBreaker::builder(name).register().unwrap());
    read("", &[("APP__RESILIENCE__CIRCUIT__TWO_NAMES__THRESHOLD", "5")], |name, outcome| {
        let message = "circuit `two_names` can stand for circuit `two names` and for circuit `two-names`: rename one of \
                       them, or use a file";
        assert_eq!(outcome.unwrap_err(), message, "{name}");
        assert!(breakers.iter().all(|breaker| breaker.stats().threshold == 3), "{name}");
    });
    assert!(names.iter().all(|name| unregister(name)));
}
