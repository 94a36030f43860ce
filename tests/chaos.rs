//! Tests `chaos`, which injects faults into a running service. Each test is isolated, so its faults and events affect
//! no other test.

use std::collections::BTreeMap;
use std::io;
use std::thread;
use std::time::Duration;

use resilience_runtime::chaos::{self, Fault};
use resilience_runtime::{bulkhead, circuit, expect_events, get_stats, prometheus_text, testing, timeout};
use support::paused_runtime;
use tokio::time::{Instant, advance};

const MINUTE: Duration = Duration::from_secs(60);

#[timeout(5)]
#[circuit(name = "chaos", threshold = 1_000)]
async fn ask() -> io::Result<u32> {
    Ok(7)
}

#[bulkhead(name = "chaos_plain", max = 10)]
fn plain() -> io::Result<u32> {
    Ok(7)
}

fn down() -> io::Error {
    io::Error::other("down")
}

#[resilience_runtime::test]
async fn fault_hits_the_stated_share_of_calls() {
    let armed = chaos::arm();
    let _fault = armed.inject("chaos", 0.1, Fault::error(down)).unwrap();
    let mut failed = 0;
    for _ in 0..10_000 {
        failed += u32::from(ask().await.is_err());
    }
    assert!((900..1_100).contains(&failed), "{failed} of 10,000");
    let stats = get_stats().chaos;
    assert!(stats.is_armed);
    assert_eq!(stats.faults["chaos"].total_errors, u64::from(failed));
    let metric = format!("resilience_chaos_injected_total{{name=\"chaos\",kind=\"error\"}} {failed}\n");
    assert!(prometheus_text().contains(&metric));
}

/// Calls `f` in a runtime whose paused clock is an hour ahead. The call of `f` belongs to the current isolated test.
fn on_clock_ahead<T: Send>(f: impl FnOnce() -> T + Send) -> T {
    let test = testing::handle();
    let call = async {
        advance(60 * MINUTE).await;
        let _entered = test.enter();
        f()
    };
    thread::scope(|scope| scope.spawn(|| paused_runtime().block_on(call)).join().unwrap())
}

#[resilience_runtime::test]
async fn fault_armed_on_another_clock_ends_at_once() {
    let (armed, _fault) = on_clock_ahead(|| {
        let armed = chaos::arm_for(MINUTE);
        let fault = armed.inject("chaos_plain", 1.0, Fault::error(down)).unwrap();
        assert!(plain().is_err(), "its own clock");
        (armed, fault)
    });
    assert!(!get_stats().chaos.is_armed);
    assert_eq!(plain().unwrap(), 7);
    let _later = armed.inject("chaos_plain", 1.0, Fault::error(down)).unwrap();
    assert_eq!(plain().unwrap(), 7, "the time of the arming is over");
    expect_events![chaos_disarmed(reason = "time"), chaos_disarmed(reason = "time")];
}

#[resilience_runtime::test]
async fn fault_injected_on_another_clock_is_reported_each_minute() {
    let armed = chaos::arm();
    let _fault = on_clock_ahead(|| armed.inject("chaos", 0.000_001, Fault::panic()).unwrap());
    for _ in 0..250 {
        ask().await.unwrap();
        advance(Duration::from_secs(1)).await;
    }
    let reports = testing::events().iter().filter(|event| event.name() == "chaos_armed").count();
    assert_eq!(reports, 1 + 5);
}

#[resilience_runtime::test]
async fn fault_ends_after_ten_minutes() {
    let armed = chaos::arm();
    let _fault = armed.inject("chaos", 1.0, Fault::error(down)).unwrap();
    advance(9 * MINUTE + Duration::from_secs(59)).await;
    assert!(ask().await.is_err());
    advance(Duration::from_secs(1)).await;
    assert_eq!(ask().await.unwrap(), 7);
    assert!(!get_stats().chaos.is_armed);
    expect_events![
        chaos_armed(name = "chaos", fault = "error", rate = 1, remaining = 600),
        fault_injected(name = "chaos", func = "ask", fault = "error"),
        chaos_disarmed(name = "chaos", fault = "error", reason = "time"),
    ];
    assert!(armed.inject("chaos", 1.0, Fault::hang()).is_ok());
    assert_eq!(ask().await.unwrap(), 7, "the time of the arming is over");
}

#[resilience_runtime::test]
async fn longer_time_is_stated() {
    let armed = chaos::arm_for(60 * MINUTE);
    let _fault = armed.inject("chaos", 1.0, Fault::error(down)).unwrap();
    advance(59 * MINUTE).await;
    assert!(ask().await.is_err());
}

#[resilience_runtime::test]
async fn fault_ends_when_its_guard_or_the_arming_is_dropped() {
    let armed = chaos::arm();
    let fault = armed.inject("chaos", 1.0, Fault::error(down)).unwrap();
    assert!(ask().await.is_err());
    drop(fault);
    assert!(ask().await.is_ok());

    let fault = armed.inject("chaos", 1.0, Fault::error(down)).unwrap();
    drop(armed);
    assert!(ask().await.is_ok());
    drop(fault);
    expect_events![chaos_disarmed(reason = "removed"), chaos_disarmed(reason = "disarmed"),];
}

#[resilience_runtime::test]
async fn armed_fault_is_reported_each_minute() {
    let armed = chaos::arm();
    let _fault = armed.inject("chaos", 0.000_001, Fault::panic()).unwrap();
    for _ in 0..250 {
        ask().await.unwrap();
        advance(Duration::from_secs(1)).await;
    }
    let reports = testing::events().iter().filter(|event| event.name() == "chaos_armed").count();
    assert_eq!(reports, 1 + 4);
}

#[resilience_runtime::test]
async fn latency_is_random_in_its_range_and_hang_ends_with_the_timeout() {
    let armed = chaos::arm();
    let range = Duration::from_millis(100)..=Duration::from_millis(200);
    let slow = armed.inject("chaos", 1.0, Fault::latency(range.clone())).unwrap();
    let mut seen = Vec::new();
    for _ in 0..20 {
        let begin = Instant::now();
        ask().await.unwrap();
        seen.push(begin.elapsed());
    }
    // Allows one more millisecond, because tokio's timer rounds up to whole milliseconds.
    assert!(
        seen.iter().all(|time| *time >= *range.start() && *time <= *range.end() + Duration::from_millis(1)),
        "{seen:?}"
    );
    assert!(seen.iter().any(|time| *time != seen[0]));
    drop(slow);

    let _hang = armed.inject("chaos", 1.0, Fault::hang()).unwrap();
    assert_eq!(ask().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    let faults = get_stats().chaos.faults;
    assert_eq!((faults["chaos"].total_latencies, faults["chaos"].total_hangs), (20, 1));
}

#[resilience_runtime::test]
async fn unsuitable_fault_ends_with_an_event_and_the_call_succeeds() {
    let armed = chaos::arm();
    let _wrong = armed.inject("chaos", 1.0, Fault::error(|| 7_u8)).unwrap();
    assert_eq!(ask().await.unwrap(), 7);
    let _hang = armed.inject("chaos_plain", 1.0, Fault::hang()).unwrap();
    assert_eq!(plain().unwrap(), 7);
    expect_events![
        chaos_refused(name = "chaos", func = "ask", made = "u8", wanted = "std::io::error::Error"),
        chaos_refused(name = "chaos_plain", func = "plain", made = "a hang"),
    ];
}

#[resilience_runtime::test]
#[should_panic(expected = "the fault `panic` for `chaos`")]
async fn panic_reaches_the_caller() {
    let armed = chaos::arm();
    let _panic = armed.inject("chaos", 1.0, Fault::panic()).unwrap();
    let _ = ask().await;
}

#[test]
fn bad_names_and_rates_are_refused() {
    let armed = chaos::arm();
    for (name, suggestion) in
        [("chaoss", "; did you mean `chaos`?"), ("chaos[1]", "; did you mean `chaos`?"), ("nope", "")]
    {
        let expected = format!(
            "`name` is \"{name}\", but must be the `name` of a layer, such as a circuit, or the path of a decorated \
             function, such as `shop::orders::submit`{suggestion}"
        );
        assert_eq!(armed.inject(name, 0.5, Fault::hang()).unwrap_err().to_string(), expected);
    }
    for rate in [0.0, -0.1, 1.1, f64::NAN, f64::INFINITY] {
        assert_eq!(armed.inject("chaos", rate, Fault::hang()).unwrap_err().option(), "rate");
    }
    assert_eq!(get_stats().chaos.faults, BTreeMap::new());
}
