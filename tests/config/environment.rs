//! Tests settings from environment variables.

use std::time::Duration;

use resilience_runtime::{CircuitBreaker, Config, bulkhead, dump_config, get_stats, rate_limit};

use crate::{exa_api, messages};

fn variables(variables: &[(&str, &str)]) -> Result<(), resilience_runtime::RefusedConfig> {
    Config::from_vars(variables.iter().copied())?.apply()
}

#[resilience_runtime::test]
async fn variable_sets_an_option_of_each_type() {
    CircuitBreaker::builder("a__b::c d-é7").register().unwrap();
    variables(&[
        ("PATH", "/bin"),
        ("RESILIENCE_BLESS", "1"),
        ("RESILIENCE__CIRCUIT__EXA_API__THRESHOLD", "5"),
        ("RESILIENCE__CIRCUIT__EXA_API__COOLDOWN", "250ms"),
        ("RESILIENCE__CIRCUIT__EXA_API__COOLDOWN_FACTOR", "2"),
        ("RESILIENCE__CIRCUIT__EXA_API__SHADOW", "true"),
        ("RESILIENCE__CIRCUIT__EXA_API__COUNT", "requests"),
        ("RESILIENCE__CIRCUIT__A__B__C_D__7__THRESHOLD", "6"),
        ("RESILIENCE__TIMEOUT__SEARCH__AFTER", "0.5"),
        ("RESILIENCE__RATE_LIMIT__SEARCH__PER_SECOND", "6"),
        ("RESILIENCE__RETRY__CONFIG__UNNAMED__MAX", "6"),
    ])
    .unwrap();
    assert_eq!((exa_api().threshold, exa_api().cooldown), (5, Duration::from_millis(250)));
    let stats = get_stats();
    assert_eq!(stats.circuits["a__b::c d-é7"].threshold, 6);
    assert_eq!(stats.timeouts["search"].after, Some(Duration::from_millis(500)));
    variables(&[]).unwrap();
    assert_eq!(exa_api().threshold, 3);
}

#[resilience_runtime::test]
async fn wrong_variable_is_refused_by_its_name() {
    let cases = [
        ("RESILIENCE__CIRCIUT__EXA_API__THRESHOLD", "5", "`circiut` is no table of settings; did you mean `circuit`?"),
        ("RESILIENCE__CIRCUIT", "5", "`` must be a name and a setting, as in RESILIENCE__CIRCUIT__NAME__SETTING"),
        (
            "RESILIENCE__CIRCUIT__EXA_API",
            "5",
            "`EXA_API` must be a name and a setting, as in RESILIENCE__CIRCUIT__NAME__SETTING",
        ),
        ("RESILIENCE__CIRCUIT__EXA_AP__THRESHOLD", "5", "no circuit has the name `EXA_AP`; did you mean `EXA_API`?"),
        (
            "RESILIENCE__CIRCUIT__EXA_API__TRESHOLD",
            "5",
            "circuit `EXA_API`: `treshold` is no setting; did you mean `threshold`?",
        ),
        (
            "RESILIENCE__CIRCUIT__EXA_API__THRESHOLD",
            "five",
            "circuit `EXA_API`: `threshold` is \"five\", but must be a whole number from 1 to 4294967295",
        ),
        (
            "RESILIENCE__CIRCUIT__EXA_API__FAILURE_RATE",
            "inf",
            "circuit `EXA_API`: `failure_rate` is \"inf\", but must be a number",
        ),
        (
            "RESILIENCE__CIRCUIT__EXA_API__MAX_KEYS",
            "5",
            "circuit `exa_api`: `max_keys` is 5, but must be left out: no circuit of this name has keys",
        ),
    ];
    for (variable, value, message) in cases {
        let refused = variables(&[(variable, value)]).unwrap_err();
        assert_eq!(messages(&refused), [message]);
        assert_eq!(refused.mistakes()[0].variable(), Some(variable));
        assert_eq!(refused.to_string(), format!("{variable}: {message}"));
    }
}

#[resilience_runtime::test]
async fn origin_is_the_variable_whose_value_is_in_force() {
    let [upper, lower] = ["RESILIENCE__CIRCUIT__EXA_API__THRESHOLD", "RESILIENCE__circuit__exa-api__threshold"];
    variables(&[(lower, "5"), (upper, "4")]).unwrap();
    assert_eq!(exa_api().threshold, 5);
    assert!(dump_config().contains(&format!("threshold = 5 # {lower}\n")), "{}", dump_config());
    let [upper, lower] = [upper, lower].map(|name| name.replace("THRESHOLD", "CALLS").replace("threshold", "calls"));
    let refused = variables(&[(&upper, "4"), (&lower, "2")]).unwrap_err();
    assert_eq!(refused.mistakes()[0].variable(), Some(&*lower));
}

#[resilience_runtime::test]
async fn names_that_collide_are_refused_if_used() {
    CircuitBreaker::builder("exa-api").register().unwrap();
    variables(&[("RESILIENCE__RETRY__MAIL__MAX", "5")]).unwrap();
    let refused = variables(&[("RESILIENCE__CIRCUIT__EXA_API__THRESHOLD", "5")]).unwrap_err();
    let message = "the variable can stand for circuit `exa-api` and for circuit `exa_api`: rename one of them, or use \
                   a file";
    assert_eq!(messages(&refused), [message]);
    assert_eq!(exa_api().threshold, 3);
}

#[bulkhead(name = "both kinds", max = 1)]
#[rate_limit(name = "both kinds", per_second = 1)]
async fn without_key() -> std::io::Result<()> {
    Ok(())
}

#[bulkhead(name = "both kinds", key = key, max = 1)]
#[rate_limit(name = "both kinds", key = key, per_second = 1)]
async fn with_key(key: u32) -> std::io::Result<u32> {
    Ok(key)
}

#[resilience_runtime::test]
async fn variable_of_a_name_with_and_without_keys_sets_both() {
    variables(&[
        ("RESILIENCE__BULKHEAD__BOTH_KINDS__MAX", "5"),
        ("RESILIENCE__RATE_LIMIT__BOTH_KINDS__PER_SECOND", "2"),
    ])
    .unwrap();
    for _ in 0..2 {
        without_key().await.unwrap();
        with_key(7).await.unwrap();
    }
    let stats = get_stats();
    for name in ["both kinds", "both kinds[7]"] {
        assert_eq!((stats.bulkheads[name].max, stats.rate_limits[name].total_admitted), (5, 2), "{name}");
    }
}

#[cfg(unix)]
#[resilience_runtime::test]
async fn value_without_utf_8_is_refused() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;
    let value = || OsString::from_vec(vec![0xff]);
    let refused = Config::from_vars([("RESILIENCE__RETRY__MAIL__MAX", value())]).unwrap_err();
    assert_eq!(messages(&refused), ["the value is no UTF-8 text"]);
    assert!(Config::from_vars([(value(), value())]).is_ok());
}

#[resilience_runtime::test]
async fn environment_of_the_process_is_read() {
    Config::from_env().unwrap().apply().unwrap();
}
