//! Tests `health`. The command `cargo test --features test-util --test health` runs these tests. Each test is isolated,
//! because `health` reports all circuits.

use std::io;
use std::time::Duration;

use resilience_runtime::{
    CircuitBreaker, CircuitState, Health, HealthRules, HealthStatus, KeyedCircuits, circuit, get_circuit, health,
    health_with, set_health_rules,
};
use tokio::time::advance;

const SECOND: Duration = Duration::from_secs(1);

#[circuit(name = "search", threshold = 1, cooldown = 30)]
async fn search(is_up: bool) -> io::Result<u32> {
    if is_up { Ok(7) } else { Err(io::ErrorKind::TimedOut.into()) }
}

#[circuit(name = "host", threshold = 1, cooldown = 30, key = host)]
async fn ask(host: u32, is_up: bool) -> io::Result<u32> {
    if is_up { Ok(host) } else { Err(io::ErrorKind::TimedOut.into()) }
}

fn essential(name: &str) {
    set_health_rules(HealthRules::new().essential(name)).unwrap();
}

fn statuses(health: &Health) -> Vec<(&str, HealthStatus)> {
    health.outages.iter().map(|outage| (&*outage.name, outage.status)).collect()
}

#[resilience_runtime::test]
async fn open_circuit_without_rules_is_degraded_at_once() {
    assert_eq!((health().status, health().to_string()), (HealthStatus::Ok, "ok".to_owned()));
    search(false).await.unwrap_err();
    let report = health();
    assert_eq!(report.status, HealthStatus::Degraded);
    assert_eq!(report.to_string(), "degraded: search (open for 0s)");
    assert!(format!("{report:?}").contains("\"search\""), "{report:?}");
    assert_eq!(report.outages[0].cooldown_remaining, 30 * SECOND);
}

#[resilience_runtime::test]
async fn essential_circuit_stays_down_for_two_years() {
    set_health_rules(HealthRules::new().essential("search").tolerate(60 * SECOND)).unwrap();
    get_circuit("search").unwrap().force_open();
    for _ in 0..2 {
        advance(365 * 24 * 60 * 60 * SECOND).await;
        assert_eq!(health().status, HealthStatus::Down, "{}", health());
    }
}

#[resilience_runtime::test]
async fn essential_circuit_is_down_until_its_cooldown_ends() {
    essential("search");
    search(false).await.unwrap_err();
    assert_eq!(statuses(&health()), [("search", HealthStatus::Down)]);
    advance(30 * SECOND).await;
    let report = health();
    assert_eq!(report.to_string(), "degraded: search (half_open for 30s)");
    assert!(report.outages[0].is_essential);
    search(false).await.unwrap_err();
    assert_eq!(health().to_string(), "down: search (open for 30s)");
    advance(31 * SECOND).await;
    search(true).await.unwrap();
    assert_eq!(health().status, HealthStatus::Ok);
}

#[resilience_runtime::test]
async fn outage_counts_after_the_tolerated_time() {
    let rules = HealthRules::new().essential("search").tolerate(45 * SECOND);
    search(false).await.unwrap_err();
    assert_eq!(statuses(&health_with(&rules).unwrap()), [("search", HealthStatus::Ok)]);
    advance(30 * SECOND).await;
    search(false).await.unwrap_err();
    assert_eq!(health_with(&rules).unwrap().status, HealthStatus::Ok);
    advance(15 * SECOND).await;
    // The failed trial call did not begin a new outage.
    assert_eq!(health_with(&rules).unwrap().status, HealthStatus::Down);
    let rules = rules.tolerate_for("search", 46 * SECOND);
    assert_eq!(health_with(&rules).unwrap().status, HealthStatus::Ok);
    assert_eq!(health().status, HealthStatus::Degraded, "`health_with` sets no rules");
}

#[resilience_runtime::test]
async fn essential_keys_are_down_only_together() {
    essential("host");
    for (host, is_up) in [(1, false), (2, true), (3, true)] {
        let _ = ask(host, is_up).await;
    }
    assert_eq!(statuses(&health()), [("host[1]", HealthStatus::Degraded)]);
    for host in [2, 3] {
        ask(host, false).await.unwrap_err();
    }
    assert_eq!(health().status, HealthStatus::Down);
    let rules = HealthRules::new().essential("host[1]");
    let report = health_with(&rules).unwrap();
    assert_eq!(
        statuses(&report),
        [("host[1]", HealthStatus::Down), ("host[2]", HealthStatus::Degraded), ("host[3]", HealthStatus::Degraded)]
    );
    let rules = HealthRules::new().ignore("host");
    assert_eq!(health_with(&rules).unwrap().outages, []);
}

#[resilience_runtime::test]
async fn essential_key_also_counts_among_all_keys() {
    let rules = HealthRules::new().essential("host").essential("host[1]");
    for (host, is_up) in [(1, true), (2, false), (3, false)] {
        let _ = ask(host, is_up).await;
    }
    let report = health_with(&rules).unwrap();
    let degraded = [("host[2]", HealthStatus::Degraded), ("host[3]", HealthStatus::Degraded)];
    assert_eq!(statuses(&report), degraded, "host 1 answers");
    ask(2, true).await.unwrap_err();
    ask(1, false).await.unwrap_err();
    assert!(health_with(&rules).unwrap().outages.iter().all(|outage| outage.status == HealthStatus::Down));
    ask(4, true).await.unwrap();
    let down = [("host[1]", HealthStatus::Down), degraded[0], degraded[1]];
    assert_eq!(statuses(&health_with(&rules).unwrap()), down);
}

#[resilience_runtime::test]
async fn rule_for_a_key_beats_rule_for_all_keys() {
    for host in [1, 2] {
        ask(host, false).await.unwrap_err();
    }
    let kept = HealthRules::new().ignore("host").essential("host[1]");
    let report = health_with(&kept).unwrap();
    assert_eq!(statuses(&report), [("host[1]", HealthStatus::Down)]);
    assert!(report.outages[0].is_essential);
    let left_out = HealthRules::new().essential("host").ignore("host[1]");
    assert_eq!(statuses(&health_with(&left_out).unwrap()), [("host[2]", HealthStatus::Down)]);
    ask(3, true).await.unwrap();
    assert_eq!(health_with(&left_out).unwrap().status, HealthStatus::Degraded);
}

#[resilience_runtime::test]
async fn name_both_essential_and_ignored_is_refused() {
    essential("search");
    search(false).await.unwrap_err();
    let long = "k".repeat(200);
    for name in ["search", "host", "host[1]", &*format!("host[{long}]")] {
        let rules = HealthRules::new().essential(name).ignore(name);
        let error = health_with(&rules).unwrap_err();
        assert_eq!((error.option(), error.allowed()), ("name", "either essential or ignored, not both"));
        assert_eq!(set_health_rules(rules).unwrap_err(), error);
    }
    let error = health_with(&HealthRules::new().ignore("search").essential("search")).unwrap_err();
    assert_eq!(error.to_string(), "`name` is \"search\", but must be either essential or ignored, not both");
    assert_eq!(health().status, HealthStatus::Down, "the earlier rules stay in force");
}

#[resilience_runtime::test]
async fn unknown_name_is_refused_with_the_nearest() {
    let message = "`name` is \"serach\", but must be the name of a circuit; did you mean `search`?";
    for rules in [
        HealthRules::new().essential("serach"),
        HealthRules::new().ignore("serach"),
        HealthRules::new().tolerate_for("serach", SECOND),
    ] {
        assert_eq!(set_health_rules(rules.clone()).unwrap_err().to_string(), message);
        assert_eq!(health_with(&rules).unwrap_err().to_string(), message);
    }
    set_health_rules(HealthRules::new().essential("host[never called]")).unwrap();
    let error = set_health_rules(HealthRules::new().essential("search[7]")).unwrap_err();
    assert_eq!(error.value(), "\"search[7]\"", "the circuit has no keys");
}

#[resilience_runtime::test]
async fn rule_may_contain_a_whole_long_key() {
    let circuits = KeyedCircuits::builder("long").register().unwrap();
    let (tolerated, ignored, essential) = ("a".repeat(129), "b".repeat(200), format!("c,{}", "d".repeat(200)));
    for key in [&tolerated, &ignored, &essential] {
        circuits.get(key).force_open();
    }
    let rules = HealthRules::new()
        .tolerate_for(format!("long[{tolerated}]"), SECOND)
        .ignore(format!("long[{ignored}]"))
        .essential(format!("long[{essential}]"));
    let report = health_with(&rules).unwrap();
    let expected = [(&essential, HealthStatus::Down), (&tolerated, HealthStatus::Ok)];
    let expected = expected.map(|(key, status)| (circuits.get(key).name().to_owned(), status));
    assert_eq!(statuses(&report), expected.each_ref().map(|(name, status)| (&**name, *status)));
}

#[resilience_runtime::test]
async fn rule_for_a_text_with_a_comma_may_lack_the_quotation_marks() {
    let circuits = KeyedCircuits::builder("comma").register().unwrap();
    let long = format!("c,{}", "d".repeat(125));
    for key in ["a,b", "\"\\,", &long] {
        let circuit = circuits.get(key);
        circuit.force_open();
        let name = format!("comma[{key}]");
        assert_eq!(get_circuit(&name).unwrap().name(), circuit.name());
        assert_ne!(circuit.name(), name);
        for name in [&*name, circuit.name()] {
            let ignored = HealthRules::new().ignore("comma").essential(name);
            assert_eq!(statuses(&health_with(&ignored).unwrap()), [(circuit.name(), HealthStatus::Down)]);
            let tolerated = HealthRules::new().tolerate_for("comma", SECOND).tolerate_for(name, 2 * SECOND);
            advance(SECOND).await;
            assert_eq!(health_with(&tolerated).unwrap().status, HealthStatus::Ok);
            assert_eq!(health_with(&HealthRules::new().ignore(name)).unwrap().status, HealthStatus::Ok);
            circuit.reset();
            circuit.force_open();
        }
        circuit.reset();
    }
}

#[resilience_runtime::test]
async fn rule_for_a_tuple_with_a_comma_selects_the_tuple() {
    let circuits = KeyedCircuits::builder("tuple").register().unwrap();
    circuits.get((1, 2)).force_open();
    circuits.get((3, 4)).force_open();
    let rules = HealthRules::new().essential("tuple[1,2]").ignore("tuple[3,4]");
    assert_eq!(statuses(&health_with(&rules).unwrap()), [("tuple[1,2]", HealthStatus::Down)]);
}

#[resilience_runtime::test]
async fn unknown_name_of_one_megabyte_is_shortened_in_the_error() {
    let error = health_with(&HealthRules::new().essential("é".repeat(500_000))).unwrap_err();
    assert_eq!(error.value(), format!("{:?}", "é".repeat(100)));
    let name = "s".repeat(1_000_000);
    CircuitBreaker::builder(name.clone()).register().unwrap();
    let error = health_with(&HealthRules::new().essential(name.clone()).ignore(name)).unwrap_err();
    assert_eq!(error.value(), format!("{:?}", "s".repeat(100)));
}

#[resilience_runtime::test]
async fn circuit_that_rejects_nothing_has_no_outage() {
    let shadow = CircuitBreaker::builder("shadow").shadow(true).register().unwrap();
    shadow.trip();
    let disabled = CircuitBreaker::builder("disabled").register().unwrap();
    disabled.trip();
    disabled.disable();
    assert_eq!(health().outages, []);
    disabled.force_open();
    advance(2 * SECOND).await;
    let report = health();
    let forced = &report.outages[0];
    assert_eq!(
        (forced.state, forced.lasts.as_secs(), forced.status),
        (CircuitState::ForcedOpen, 2, HealthStatus::Degraded)
    );
    disabled.reset();
    assert_eq!(health().status, HealthStatus::Ok);
}

#[resilience_runtime::test]
async fn report_in_json_has_every_field() {
    assert_eq!(serde_json::to_string(&health()).unwrap(), r#"{"status":"ok","outages":[],"more":0}"#);
    essential("search");
    ask(7, false).await.unwrap_err();
    advance(Duration::from_millis(29_100)).await;
    search(false).await.unwrap_err();
    advance(Duration::from_millis(999)).await;
    let mut report = health();
    assert_eq!(report.outages.iter().map(|outage| outage.lasts.as_millis()).collect::<Vec<_>>(), [999, 30_099]);
    for (outage, lasts) in report.outages.iter_mut().zip([1_000, 30_100]) {
        outage.lasts = Duration::from_millis(lasts) + Duration::from_nanos(999_999);
    }
    let expected = [
        r#"{"status":"down","outages":["#,
        r#"{"name":"search","state":"open","status":"down","is_essential":true,"lasts":1,"cooldown_remaining":30},"#,
        r#"{"name":"host[7]","state":"half_open","status":"degraded","is_essential":false,"#,
        r#""lasts":30.1,"cooldown_remaining":0}],"more":0}"#,
    ];
    assert_eq!(serde_json::to_string(&report).unwrap(), expected.concat());
}

#[resilience_runtime::test]
async fn report_lists_at_most_100_circuits() {
    for number in 0..1_000 {
        CircuitBreaker::builder(format!("a\n{number:03}")).register().unwrap().force_open();
    }
    advance(SECOND).await;
    essential("search");
    search(false).await.unwrap_err();
    let report = health();
    assert_eq!((report.outages.len(), report.more, &*report.outages[0].name), (100, 901, "search"));
    let text = "down: search (open for 0s), a\\n000 (forced_open for 1s), a\\n001 (forced_open for 1s), a\\n002 \
                (forced_open for 1s), a\\n003 (forced_open for 1s) and 996 more";
    assert_eq!(report.to_string(), text);
}

#[resilience_runtime::test]
async fn tolerated_outage_counts_after_exactly_the_tolerated_time() {
    let breaker = CircuitBreaker::builder("tolerated").register().unwrap();
    let rules = HealthRules::new().essential("tolerated").tolerate(Duration::from_millis(10));
    let status = || health_with(&rules).unwrap().status;
    for _ in 0..100 {
        advance(Duration::from_millis(3)).await;
        breaker.reset();
        breaker.trip();
        advance(Duration::from_millis(9)).await;
        assert_eq!(status(), HealthStatus::Ok);
        advance(Duration::from_millis(1)).await;
        assert_eq!(status(), HealthStatus::Down);
    }
}

#[resilience_runtime::test]
async fn circuit_that_rejects_calls_comes_before_half_open_circuits() {
    for host in 0..120 {
        ask(host, false).await.unwrap_err();
    }
    advance(365 * 24 * 3600 * SECOND).await;
    search(false).await.unwrap_err();
    let report = health();
    assert_eq!((report.outages.len(), report.more), (100, 21));
    assert_eq!((report.outages[0].name.as_str(), report.outages[0].state), ("search", CircuitState::Open));
}
