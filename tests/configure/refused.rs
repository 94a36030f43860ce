//! Tests that a refused change of a setting has no effect.

use std::io;
use std::time::Duration;

use resilience_runtime::{
    CircuitBreaker, ConfigError, KeyedCircuits, RateLimitSettings, bulkhead, circuit, configure, configure_bulkhead,
    configure_hedge, configure_rate_limit, configure_retry, configure_timeout, get_circuit_stats, get_stats, hedge,
    presets, rate_limit, reset_configuration, retry, testing, timeout,
};

const SECOND: Duration = Duration::from_secs(1);

struct Client {
    limit: Duration,
}

impl Client {
    const MAX: u32 = 3;

    #[timeout(self.limit)]
    #[bulkhead(max = 3, wait = self.limit)]
    async fn evaluated(&self) -> io::Result<()> {
        Ok(())
    }

    #[bulkhead(name = "refused::mixed", max = 3, wait = self.limit)]
    async fn mixed_plain(&self) -> io::Result<()> {
        Ok(())
    }

    #[retry(max = Self::MAX)]
    async fn own_constant(&self) -> io::Result<()> {
        Ok(())
    }
}

#[retry(max = 2, delay = 1)]
#[hedge(after = 1, max = 2)]
#[bulkhead(max = 3)]
#[rate_limit(per_second = 1)]
async fn unnamed() -> io::Result<()> {
    Ok(())
}

#[hedge(after = "p95", min_after = 0.1, max_after = 1, name = "refused::percentile")]
async fn measured() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "refused::circuit", threshold = 3, max_cooldown = 60)]
async fn ask() -> io::Result<()> {
    Ok(())
}

#[bulkhead(name = "refused::mixed", key = key, max = 3)]
async fn mixed_keyed(key: u32) -> io::Result<()> {
    assert!(key > 0);
    Ok(())
}

fn refused(changed: Result<(), ConfigError>, option: &str, part: &str) {
    let error = changed.unwrap_err();
    assert_eq!(error.option(), option, "{error}");
    assert!(error.to_string().contains(part), "{error}");
}

#[tokio::test]
async fn unknown_name_is_refused_with_the_nearest() {
    refused(configure("refused::circiut", |circuit| circuit.threshold(1)), "name", "did you mean `refused::circuit`?");
    refused(configure_timeout("nothing like it", |timeout| timeout.after(SECOND)), "name", "the name of a timeout");
    refused(configure_hedge("refused::percentil", |hedge| hedge.max(3)), "name", "`refused::percentile`");
    ask().await.unwrap();
    measured().await.unwrap();
}

#[test]
fn unknown_name_of_one_megabyte_is_shortened_in_the_error() {
    let name = "é".repeat(500_000);
    let shown = format!("{:?}", "é".repeat(100));
    for error in [
        configure(&name, |circuit| circuit.threshold(1)).unwrap_err(),
        configure_retry(&name, |retry| retry.max(1)).unwrap_err(),
        configure_bulkhead(&name, |bulkhead| bulkhead.max(1)).unwrap_err(),
    ] {
        assert_eq!((error.option(), error.value()), ("name", &*shown));
    }
}

#[tokio::test]
async fn option_that_each_call_evaluates_is_refused() {
    let client = Client { limit: SECOND };
    client.evaluated().await.unwrap();
    client.own_constant().await.unwrap();
    let label = "configure::refused::evaluated";
    let part = "each call evaluates an expression";
    refused(configure_timeout(label, |timeout| timeout.after(SECOND)), "timeout", part);
    refused(configure_bulkhead(label, |bulkhead| bulkhead.wait(SECOND)), "wait", part);
    configure_bulkhead(label, |bulkhead| bulkhead.max(4)).unwrap();
    refused(configure_retry("configure::refused::own_constant", |retry| retry.max(5)), "max", part);
}

#[tokio::test]
async fn option_without_effect_is_refused() {
    unnamed().await.unwrap();
    let label = "configure::refused::unnamed";
    refused(configure_retry(label, |retry| retry.max_elapsed(SECOND)), "max_elapsed", "`max_elapsed` or `name`");
    refused(configure_hedge(label, |hedge| hedge.max(3)), "max", "at most 2");
    refused(configure_bulkhead(label, |bulkhead| bulkhead.wait(SECOND)), "wait", "`wait` or `name`");
    refused(configure_bulkhead(label, |bulkhead| bulkhead.max_keys(3)), "max_keys", "`key`");
    refused(configure_rate_limit(label, |limit| limit.max_queue(3)), "max_queue", "`wait` or `name`");
    refused(configure_hedge("refused::percentile", |hedge| hedge.after(SECOND)), "after", "measures");
    refused(
        configure("refused::circuit", |circuit| circuit.max_keys(3)),
        "max_keys",
        "no circuit of this name has keys",
    );
}

#[test]
fn value_outside_its_range_changes_nothing() {
    let before = || {
        let circuit = get_circuit_stats()["refused::circuit"].clone();
        (circuit.threshold, circuit.cooldown, format!("{:?}", get_stats().hedges["refused::percentile"].max))
    };
    let expected = before();
    refused(configure("refused::circuit", |circuit| circuit.threshold(0).cooldown(SECOND)), "threshold", "at least 1");
    refused(
        configure("refused::circuit", |circuit| circuit.failure_rate(1.5).calls(3).min_calls(1)),
        "failure_rate",
        "",
    );
    refused(configure("refused::circuit", |circuit| circuit.min_calls(3)), "min_calls", "beside");
    refused(configure("refused::circuit", |circuit| circuit.cooldown_factor(f64::NAN)), "cooldown_factor", "");
    refused(configure_hedge("refused::percentile", |hedge| hedge.max(6)), "max", "2 to 5");
    let label = "configure::refused::unnamed";
    refused(configure_retry(label, |retry| retry.max(0)), "max", "at least 1");
    refused(configure_retry(label, |retry| retry.backoff(0.5)), "backoff", "");
    refused(configure_retry(label, |retry| retry.max_delay(SECOND / 2)), "max_delay", "");
    refused(configure_bulkhead(label, |bulkhead| bulkhead.max(0)), "max", "at least 1");
    refused(configure_rate_limit(label, |limit| limit.per_second(0)), "per_second", "1 to");
    refused(configure_rate_limit(label, |limit| limit.limit(3)), "per", "set beside");
    refused(configure_rate_limit(label, |limit| limit.per_second(3).limit(3).per(SECOND)), "limit", "absent beside");
    assert_eq!(before(), expected);
}

#[tokio::test]
async fn change_that_one_of_two_layers_refuses_changes_neither() {
    Client { limit: SECOND }.mixed_plain().await.unwrap();
    mixed_keyed(1).await.unwrap();
    let name = "refused::mixed";
    refused(configure_bulkhead(name, |bulkhead| bulkhead.max(9).wait(SECOND).max_keys(5)), "wait", "expression");
    let stats = get_stats();
    assert_eq!(stats.bulkheads[name].max, 3);
    assert_eq!(stats.keyed_bulkheads[name].max_keys, 10_000);

    configure_bulkhead(name, |bulkhead| bulkhead.max(9).max_keys(5)).unwrap();
    let stats = get_stats();
    assert_eq!(stats.bulkheads[name].max, 9);
    assert_eq!(stats.keyed_bulkheads[name].max_keys, 5);
}

#[rate_limit(name = "refused::rates", limit = 1, per = 600, wait = wait)]
async fn rate_without_key(wait: Duration) -> io::Result<()> {
    let _ = wait;
    Ok(())
}

#[rate_limit(name = "refused::rates", key = key, limit = 1, per = 600, max_keys = 50)]
async fn rate_of_key(key: u32) -> io::Result<()> {
    let _ = key;
    Ok(())
}

#[resilience_runtime::test]
async fn refused_change_forgets_no_rate() {
    rate_without_key(SECOND).await.unwrap();
    for key in 0..40 {
        rate_of_key(key).await.unwrap();
    }
    let name = "refused::rates";
    refused(configure_rate_limit(name, |limit| limit.max_keys(2).wait(SECOND)), "wait", "expression");
    assert_eq!(get_stats().keyed_rate_limits[name].keys, 40);
    for key in 0..40 {
        rate_of_key(key).await.unwrap_err();
    }
    configure_rate_limit(name, |limit| limit.max_keys(2)).unwrap();
    assert_eq!(get_stats().keyed_rate_limits[name].keys, 2);
}

#[bulkhead(name = "refused::of_calls", max = 3, wait = wait)]
async fn named(wait: Duration) -> io::Result<()> {
    let _ = wait;
    Ok(())
}

#[bulkhead(max = 1, wait = wait, max_queue = 5)]
async fn waits_for_slot(wait: Duration) -> io::Result<()> {
    tokio::time::sleep(SECOND).await;
    Ok(())
}

#[rate_limit(limit = 1, per = 10, wait = wait, max_queue = 5, key = key)]
async fn waits_for_rate(wait: Duration, key: u32) -> io::Result<()> {
    let _ = key;
    Ok(())
}

#[resilience_runtime::test]
async fn max_queue_beside_an_evaluated_wait_is_not_refused() {
    let wait = 100 * SECOND;
    configure_bulkhead("configure::refused::waits_for_slot", |bulkhead| bulkhead.max_queue(1)).unwrap();
    let (first, second, third) = tokio::join!(waits_for_slot(wait), waits_for_slot(wait), waits_for_slot(wait));
    assert!(first.is_ok() && second.is_ok() && third.is_err(), "{second:?} {third:?}");
    configure_rate_limit("configure::refused::waits_for_rate", |limit| limit.max_queue(1)).unwrap();
    let (first, second, third) =
        tokio::join!(waits_for_rate(wait, 7), waits_for_rate(wait, 7), waits_for_rate(wait, 7));
    assert!(first.is_ok() && second.is_ok() && third.is_err(), "{second:?} {third:?}");
    configure_bulkhead("refused::of_calls", |bulkhead| bulkhead.max_queue(1)).unwrap();
    named(wait).await.unwrap();
}

#[circuit(name = "refused::rule", threshold = 3)]
async fn without_key() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[circuit(name = "refused::rule of keys", threshold = 3, key = key)]
async fn with_key(key: u32) -> io::Result<()> {
    Err(io::Error::other(key.to_string()))
}

#[resilience_runtime::test]
async fn builder_that_contradicts_a_change_is_refused() {
    let builder = || CircuitBreaker::builder("refused::rule");
    let of_keys = || KeyedCircuits::builder("refused::rule of keys");
    for name in ["refused::rule", "refused::rule of keys"] {
        configure(name, |circuit| circuit.calls(5)).unwrap();
    }
    let above = "`threshold` is 6, but must be at most `calls`";
    assert_eq!(builder().threshold(6).register().unwrap_err().to_string(), above);
    assert_eq!(of_keys().threshold(6).register().unwrap_err().to_string(), above);
    let two_windows = "`calls` is 5, but must be without `window`: the one or the other";
    let refused = builder().failure_rate(0.5).min_calls(2).window(SECOND).register().unwrap_err();
    assert_eq!(refused.to_string(), two_windows);
    let refused = of_keys().failure_rate(0.5).min_calls(2).window(SECOND).register().unwrap_err();
    assert_eq!(refused.to_string(), two_windows);
    assert_eq!(testing::events(), [], "a refused builder contradicts no attribute");

    builder().threshold(4).register().unwrap();
    of_keys().threshold(4).register().unwrap();
    for _ in 0..4 {
        assert!(without_key().await.is_err() && with_key(7).await.is_err());
    }
    let stats = get_circuit_stats();
    for name in ["refused::rule", "refused::rule of keys[7]"] {
        assert_eq!((stats[name].state.as_str(), stats[name].threshold), ("open", 4), "{name}");
    }
}

#[circuit(name = "refused::long", cooldown = 60)]
async fn long() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "refused::long of keys", key = key, cooldown = 60)]
async fn long_of_keys(key: u32) -> io::Result<()> {
    let _ = key;
    Ok(())
}

#[circuit(name = "refused::capped", max_cooldown = 60)]
async fn capped() -> io::Result<()> {
    Ok(())
}

#[resilience_runtime::test]
async fn cooldown_above_max_cooldown_is_refused() {
    let longer = "at least as long as `cooldown`";
    for name in ["refused::long", "refused::long of keys"] {
        refused(configure(name, |circuit| circuit.max_cooldown(10 * SECOND)), "max_cooldown", longer);
    }
    refused(configure("refused::capped", |circuit| circuit.cooldown(100 * SECOND)), "max_cooldown", longer);
    capped().await.unwrap();
    long().await.unwrap();
    long_of_keys(7).await.unwrap();
    let stats = get_circuit_stats();
    assert_eq!(stats["refused::long"].cooldown, 60 * SECOND);
    assert_eq!(stats["refused::long of keys[7]"].cooldown, 60 * SECOND);
    assert_eq!(stats["refused::capped"].cooldown, 30 * SECOND);

    configure("refused::capped", |circuit| circuit.cooldown(100 * SECOND).max_cooldown(200 * SECOND)).unwrap();
    refused(configure("refused::capped", |circuit| circuit.max_cooldown(90 * SECOND)), "max_cooldown", longer);
    assert_eq!(get_circuit_stats()["refused::capped"].cooldown, 100 * SECOND);
    CircuitBreaker::builder("refused::built").register().unwrap();
    configure("refused::built", |circuit| circuit.max_cooldown(10 * SECOND)).unwrap();
    let builder = || CircuitBreaker::builder("refused::built");
    refused(builder().cooldown(11 * SECOND).register().map(drop), "max_cooldown", longer);
    assert_eq!(builder().cooldown(9 * SECOND).register().unwrap().stats().cooldown, 9 * SECOND);
}

#[circuit(name = "tavily_api", threshold = 4)]
async fn tavily() -> io::Result<()> {
    Ok(())
}

#[resilience_runtime::test]
async fn preset_after_a_change_allows_further_changes() {
    let change = |max: u64| configure("tavily_api", |circuit| circuit.max_cooldown(Duration::from_secs(max)));
    change(20).unwrap();
    presets::register();
    let cooldown = || get_circuit_stats()["tavily_api"].cooldown;
    assert_eq!(cooldown(), 20 * SECOND, "the change takes precedence over the preset");

    configure("tavily_api", |circuit| circuit.half_open_max(2)).unwrap();
    change(15).unwrap();
    assert_eq!(cooldown(), 15 * SECOND);
    let longer = "at least as long as `cooldown`";
    refused(configure("tavily_api", |circuit| circuit.cooldown(25 * SECOND)), "max_cooldown", longer);
    let builder = || CircuitBreaker::builder("tavily_api");
    refused(builder().cooldown(25 * SECOND).register().map(drop), "max_cooldown", longer);
    builder().trial_timeout(SECOND).register().unwrap();
    change(100).unwrap();
    assert_eq!(cooldown(), 30 * SECOND, "the cooldown of the preset");
    change(20).unwrap();
    assert_eq!(cooldown(), 20 * SECOND, "the change takes precedence over the preset");
    tavily().await.unwrap();
}

#[resilience_runtime::test]
async fn change_takes_precedence_over_an_earlier_preset() {
    let firebase = presets::firebase_circuit();
    configure("firebase", |circuit| circuit.max_cooldown(10 * SECOND)).unwrap();
    assert_eq!(firebase.stats().cooldown, 10 * SECOND);
    configure("firebase", |circuit| circuit.failure_rate(0.5).min_calls(3).calls(10)).unwrap();
    assert_eq!(firebase.stats().threshold, 0, "the rule of the preset has no effect");
    reset_configuration();
    assert_eq!((firebase.stats().threshold, firebase.stats().cooldown), (5, 60 * SECOND));
    configure("firebase", |circuit| circuit.calls(10)).unwrap();
    assert_eq!(firebase.stats().threshold, 5, "the threshold of the preset applies to the window");
}

#[rate_limit(name = "refused::replaced", per_second = 100)]
async fn with_replaced_limit() -> io::Result<()> {
    Ok(())
}

/// The first change also sets an option that the second change does not replace.
#[resilience_runtime::test]
async fn replaced_limit_stays_replaced() {
    let change = |change: fn(RateLimitSettings) -> RateLimitSettings| configure_rate_limit("refused::replaced", change);
    with_replaced_limit().await.unwrap();
    change(|limit| limit.limit(8).per(60 * SECOND).burst(1)).unwrap();
    change(|limit| limit.per_second(6)).unwrap();
    refused(change(|limit| limit.per(SECOND)), "limit", "not set");
}
