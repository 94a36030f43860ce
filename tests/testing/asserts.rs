//! Tests the assertions about circuits and events. Also tests the messages of failed assertions.

use std::io;

use resilience_runtime::{
    CircuitBreaker, KeyedCircuits, assert_circuit, bulkhead, circuit, expect_events, fallback, get_circuit, rate_limit,
    testing,
};
use tokio::time::advance;

use super::{SECOND, ask, panic_of, timed_out};

#[resilience_runtime::test]
async fn each_state_is_asserted() {
    assert_circuit!("kit", Closed);
    let kit = get_circuit("kit").unwrap();
    kit.force_open();
    assert_circuit!("kit", ForcedOpen);
    kit.disable();
    assert_circuit!("kit", Disabled);
    kit.reset();
    kit.trip();
    assert_circuit!("kit", Open);
    advance(31 * SECOND).await;
    let trial = kit.try_acquire().unwrap();
    assert_circuit!(String::from("kit"), HalfOpen,);
    trial.success();
    assert_circuit!("kit", Closed);
}

#[resilience_runtime::test]
async fn whole_long_key_is_asserted() {
    let key = "k".repeat(200);
    KeyedCircuits::builder("asserts_long").register().unwrap().get(&*key).trip();
    assert_circuit!(format!("asserts_long[{key}]"), Open);
}

#[resilience_runtime::test]
async fn message_contains_statistics_and_events() {
    testing::fail_next("kit", 1, timed_out);
    ask().await.unwrap();
    let message = panic_of(|| assert_circuit!("kit", Open));
    assert!(message.starts_with("circuit `kit` is Closed, expected Open\nCircuitStats {"), "{message}");
    for part in [
        "\n    total_succeeded: 1,",
        "\n    total_failed: 1,",
        "events so far:\n    circuit_failure circuit=kit ",
        " error=timed out\n    retry_attempt func=ask attempt=1 delay=",
        "\n    circuit_success circuit=kit ",
    ] {
        assert!(message.contains(part), "`{part}` is missing in\n{message}");
    }
    assert!(!message.contains("outside the test"), "{message}");
}

#[resilience_runtime::test]
async fn message_says_if_no_event_was_recorded() {
    let message = panic_of(|| assert_circuit!("kit", HalfOpen));
    assert!(message.ends_with("\nno events so far"), "{message}");
}

#[test]
fn circuit_is_asserted_outside_of_tests() {
    CircuitBreaker::builder("asserts_outside").register().unwrap();
    assert_circuit!("asserts_outside", Closed);
    let message = panic_of(|| assert_circuit!("asserts_outside", Open));
    assert!(message.starts_with("circuit `asserts_outside` is Closed, expected Open"), "{message}");
    assert!(!message.contains("events"), "{message}");
}

#[circuit(name = "asserts_price", key = tenant, threshold = 1)]
async fn price(tenant: &str) -> io::Result<usize> {
    Ok(tenant.len())
}

#[resilience_runtime::test]
async fn circuit_of_a_key_has_a_name() {
    price("acme").await.unwrap();
    assert_circuit!("asserts_price[acme]", Closed);
    let message = panic_of(|| assert_circuit!("asserts_price[acmee]", Closed));
    assert!(message.contains("did you mean `asserts_price[acme]`?"), "{message}");
}

#[resilience_runtime::test]
async fn unknown_circuit_is_named_with_the_nearest() {
    for (name, rest) in [
        ("asserts_pirce[x]", " expected a circuit that is Open"),
        ("kitt", " did you mean `kit`? expected a circuit that is Open"),
        ("payments\n", " expected a circuit that is Open"),
    ] {
        let message = panic_of(|| assert_circuit!(name, Open));
        let name = name.escape_debug();
        assert_eq!(message.lines().next(), Some(&*format!("no circuit has the name `{name}`:{rest}")));
    }
}

async fn cached() -> io::Result<u32> {
    Ok(0)
}

#[fallback(cached)]
#[rate_limit(name = "asserts_rate", limit = 1, per = "1h")]
#[bulkhead(name = "asserts_slots", max = 1)]
#[circuit(name = "asserts_stack", threshold = 1, cooldown = 30)]
async fn stacked() -> io::Result<u32> {
    Ok(7)
}

#[resilience_runtime::test]
async fn events_are_expected_in_order() {
    testing::fail_next("asserts_stack", 1, timed_out);
    assert_eq!((stacked().await.unwrap(), stacked().await.unwrap()), (0, 0));
    expect_events![circuit_failure, circuit_opened, fell_back, rate_limited, fell_back];
    expect_events![fell_back, fell_back];
    expect_events![
        circuit_opened(circuit = "asserts_stack", reason = "threshold", failures = 1, error = "timed out"),
        rate_limited(rate_limit = "asserts_rate", retry_after = 3600.0,),
        fell_back(func = "stacked")
    ];
    let fields: Vec<_> = testing::events()[1].fields().map(|(name, _)| name).collect();
    assert_eq!(fields, ["circuit", "reason", "failures", "error"]);
    assert_eq!(testing::events()[1].field("func"), None);
}

#[resilience_runtime::test]
async fn missing_event_is_told() {
    testing::fail_next("asserts_stack", 1, timed_out);
    stacked().await.unwrap();
    let opened = "circuit_opened circuit=asserts_stack reason=threshold failures=1 error=timed out";

    let message = panic_of(|| expect_events![fell_back, circuit_opened]);
    assert!(message.starts_with("no event `circuit_opened` after the 1 expected events before it:\n"), "{message}");
    assert!(message.contains("events so far:\n    circuit_failure circuit=asserts_stack "), "{message}");
    assert!(message.contains(&format!("\n    {opened}\n    fell_back func=stacked error=timed out")), "{message}");

    let message = panic_of(|| expect_events![circuit_opened(circuit = "asserts_stack", failures = 2)]);
    assert!(message.starts_with("no event `circuit_opened circuit=asserts_stack failures=2`:\n"), "{message}");
    let message = panic_of(|| expect_events![fell_back(circuit = "asserts_stack")]);
    assert!(message.starts_with("no event `fell_back circuit=asserts_stack`:\n"), "{message}");

    let message = panic_of(|| expect_events![fell_back, fell_back]);
    assert!(message.starts_with("no event `fell_back` after the 1 expected events"), "{message}");

    let message = panic_of(|| expect_events![circuit_open]);
    assert!(message.starts_with("no event `circuit_open`: did you mean `circuit_opened`?\n"), "{message}");
}

#[resilience_runtime::test]
async fn empty_list_expects_no_event() {
    expect_events![];
    ask().await.unwrap();
    let message = panic_of(|| expect_events![]);
    assert!(message.starts_with("expected no event\nevents so far:\n    circuit_success circuit=kit"), "{message}");
    testing::reset_everything();
    expect_events![];
}

#[resilience_runtime::test]
async fn record_keeps_the_last_events() {
    let circuit = CircuitBreaker::builder("asserts_many").register().unwrap();
    for _ in 0..10_000 {
        circuit.try_acquire().unwrap().success();
    }
    circuit.force_open();
    let events = testing::events();
    assert_eq!(events.len(), 5_001);
    assert_eq!(events.last().unwrap().to_string(), "circuit_forced_open circuit=asserts_many");
    assert_eq!(events[0].name(), "circuit_success");
}

#[resilience_runtime::test]
async fn names_in_events_are_escaped() {
    let circuit = CircuitBreaker::builder("asserts\nescaped").register().unwrap();
    circuit.trip();
    expect_events![circuit_opened(circuit = "asserts\\nescaped", reason = "manual")];
}
