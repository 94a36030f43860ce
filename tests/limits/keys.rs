//! Tests `key` and `max_keys` of `#[bulkhead]` and `#[rate_limit]`, and the type `KeyedCircuits`.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use resilience_runtime::metrics::MetricsReader;
use resilience_runtime::{
    BulkheadFullError, CircuitOpenError, CircuitState, KeyedCircuits, RateLimitedError, bulkhead, check, circuit,
    get_circuit, get_circuit_stats, get_stats, presets, rate_limit, retry, unregister,
};
use support::Error;
use tokio::time::{Instant, advance, sleep};

const SECOND: Duration = Duration::from_secs(1);

#[rate_limit(per_second = 1, key = tenant)]
async fn search(tenant: &str) -> Result<(), RateLimitedError> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn each_key_has_its_own_rate() {
    search("acme").await.unwrap();
    search("other").await.unwrap();
    let limited = search("acme").await.unwrap_err();
    assert_eq!((limited.name(), limited.retry_after()), ("search[acme]", Some(SECOND)));
    let stats = get_stats();
    assert_eq!(stats.rate_limits["limits::keys::search[acme]"].total_rejected, 1);
    assert_eq!(stats.rate_limits["limits::keys::search[other]"].total_rejected, 0);
    assert_eq!(stats.keyed_rate_limits["limits::keys::search"].keys, 2);
    assert_eq!(stats.keyed_rate_limits["limits::keys::search"].max_keys, 10_000);
}

#[bulkhead(name = "keys::reports", max = 1, key = (region, shard), wait = 5)]
async fn report(region: &str, shard: u8) -> Result<(), BulkheadFullError> {
    sleep(SECOND).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn each_key_has_its_own_slots() {
    let begin = Instant::now();
    let (first, second, third) = tokio::join!(report("eu", 1), report("eu", 2), async {
        let third = report("eu", 1).await;
        (third, begin.elapsed())
    });
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(third, (Ok(()), 2 * SECOND));
    let bulkheads = get_stats().bulkheads;
    assert_eq!(bulkheads[r#"keys::reports["eu",1]"#].total_admitted, 2);
}

#[rate_limit(name = "keys::evicted", limit = 1, per = 10, burst = 2, tokens = tokens, key = key, max_keys = 2)]
async fn evicted(key: u32, tokens: u32) -> Result<(), RateLimitedError> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn key_whose_rate_has_not_refilled_is_evicted_last() {
    evicted(1, 2).await.unwrap();
    evicted(2, 1).await.unwrap();
    advance(12 * SECOND).await;
    evicted(3, 1).await.unwrap();
    let kept: Vec<_> = get_stats().rate_limits.into_keys().filter(|name| name.starts_with("keys::evicted")).collect();
    assert_eq!(kept, ["keys::evicted[1]", "keys::evicted[3]"], "the rate of key 2 has refilled");
    assert!(evicted(1, 2).await.is_err(), "key 1 is remembered");
    evicted(4, 1).await.unwrap();
    assert_eq!(get_stats().keyed_rate_limits["keys::evicted"].keys, 2);
}

#[bulkhead(name = "keys::shared", max = 1, key = key, max_keys = 2)]
async fn shared(key: u32) -> Result<u32, BulkheadFullError> {
    sleep(SECOND).await;
    Ok(key)
}

#[tokio::test(start_paused = true)]
async fn keys_beyond_max_keys_share_one_bulkhead() {
    let (first, second, third, fourth) = tokio::join!(shared(1), shared(2), shared(3), shared(4));
    assert_eq!((first, second, third), (Ok(1), Ok(2), Ok(3)));
    let full = fourth.unwrap_err();
    assert_eq!(full.name(), "keys::shared[…]");
    let stats = get_stats().bulkheads;
    assert_eq!((stats["keys::shared[…]"].total_admitted, stats["keys::shared[…]"].total_rejected), (1, 1));
    assert_eq!(shared(4).await, Ok(4), "an idle key makes room");
    assert_eq!(get_stats().keyed_bulkheads["keys::shared"].keys, 2);
}

#[bulkhead(name = "keys::dots", max = 1, key = key, max_keys = 1)]
async fn dots(key: &str) -> Result<(), BulkheadFullError> {
    sleep(SECOND).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn key_of_three_dots_has_the_shared_bulkhead() {
    assert_eq!(dots("…").await, Ok(()));
    let (first, second, third) = tokio::join!(dots("…"), dots("a"), dots("b"));
    assert!(first.is_ok() && second.is_ok() && third.is_err(), "the key `b` shares the bulkhead of `…`");
    let stats = get_stats();
    let all = stats.bulkheads.iter().filter(|(name, _)| name.starts_with("keys::dots["));
    let totals: Vec<_> = all.map(|(name, stats)| (&**name, stats.total_admitted, stats.total_rejected)).collect();
    assert_eq!(totals, [("keys::dots[a]", 1, 0), ("keys::dots[…]", 2, 1)]);
    let text = MetricsReader::new().top_keys(9).prometheus_text();
    let series = r#"resilience_bulkhead_key_calls_total{name="keys::dots",key="…",outcome="admitted"}"#;
    assert_eq!(text.lines().filter(|line| line.starts_with(series)).count(), 1, "{text}");
}

#[retry(max = 2, delay = 0, attempt = n)]
#[rate_limit(name = "keys::attempt", limit = 1, per = 60, key = n)]
async fn per_attempt(fails: bool) -> Result<u32, Error> {
    if fails && n == 1 { Err(Error::Down) } else { Ok(n) }
}

#[tokio::test(start_paused = true)]
async fn key_may_name_the_attempt() {
    assert_eq!(per_attempt(true).await, Ok(2));
    assert!(matches!(per_attempt(false).await, Err(Error::Limited(limited)) if limited.name() == "keys::attempt[2]"));
}

struct Client {
    price: KeyedCircuits,
}

impl Client {
    #[circuit(with = self.price, key = tenant)]
    async fn ask(&self, tenant: &str, fails: bool) -> Result<(), Error> {
        if fails { Err(Error::Down) } else { Ok(()) }
    }
}

#[tokio::test(start_paused = true)]
async fn held_circuits_have_one_circuit_for_each_key() {
    let client = Client { price: KeyedCircuits::builder("price").threshold(2).build().unwrap() };
    for _ in 0..2 {
        assert_eq!(client.ask("acme", true).await, Err(Error::Down));
    }
    assert!(matches!(client.ask("acme", false).await, Err(Error::Open(open)) if open.name() == "price[acme]"));
    assert_eq!(client.ask("other", false).await, Ok(()));
    assert_eq!(client.price.get("acme").state(), CircuitState::Open);
    assert_eq!((client.price.len(), client.price.stats().keys), (2, 2));
    assert!(get_circuit("price[acme]").is_none(), "built circuits are not registered");
    client.price.reset();
    assert_eq!(client.ask("acme", false).await, Ok(()));
}

#[test]
fn find_is_no_use_of_a_circuit() {
    let circuits = KeyedCircuits::builder("find").max_keys(2).build().unwrap();
    assert!(circuits.is_empty() && circuits.find(1).is_none());
    for key in [1, 2] {
        circuits.get(key);
    }
    assert!(circuits.find(1).is_some());
    circuits.get(3);
    assert!(circuits.find(1).is_none(), "key 1 was used least recently");
    let held = circuits.get(2);
    circuits.get(3);
    circuits.get(4);
    assert!(circuits.find(2).is_some(), "a handle keeps its circuit");
    drop(held);
}

#[test]
fn open_circuit_is_not_evicted_while_a_closed_circuit_is_idle() {
    // The keys are divided into parts with separate locks. Most of these parts contain no closed circuit.
    for family in 0..5 {
        let circuits = KeyedCircuits::builder(format!("open {family}")).max_keys(1024).build().unwrap();
        (0..1016).for_each(|key| circuits.get(key).trip());
        (1016..1040).for_each(|key| drop(circuits.get(key)));
        let open = circuits.iter().filter(|circuit| circuit.state() == CircuitState::Open).count();
        assert_eq!((open, circuits.len()), (1016, 1024));
    }
}

#[test]
fn forced_open_circuit_is_not_evicted_while_an_open_circuit_is_idle() {
    // The keys are divided into two parts. In about half of the evictions, the new key's part contains only circuits
    // that are forced open.
    let circuits = KeyedCircuits::builder("forced").max_keys(128).build().unwrap();
    (0..127).for_each(|key| circuits.get(key).force_open());
    for key in 1000..1020 {
        circuits.get(key).trip();
        circuits.get(key + 1);
        assert!(circuits.find(key).is_none(), "{key}");
        assert!((0..127).all(|key| circuits.find(key).is_some()));
    }
}

#[test]
fn two_keys_are_one_circuit_only_if_they_are_equal() {
    let circuits = KeyedCircuits::builder("equal").build().unwrap();
    let name = |circuit: resilience_runtime::CircuitBreaker| circuit.name().to_owned();
    let names = [
        name(circuits.get("7,8")),
        name(circuits.get((7, 8))),
        name(circuits.get(("7", 8))),
        name(circuits.get(r#""7",8"#)),
        name(circuits.get(("7,8", "9"))),
        name(circuits.get(("7", "8,9"))),
        name(circuits.get(("7", "8", "9"))),
        name(circuits.get(((7, 8), 9))),
        name(circuits.get((7, (8, 9)))),
        name(circuits.get(('7', true, -8_i64, "\"\\"))),
    ];
    assert_eq!(names[0], r#"equal["7,8"]"#);
    assert_eq!(names[1], "equal[7,8]");
    assert_eq!(names[7], "equal[(7,8),9]");
    assert_eq!(names[9], r#"equal["7",true,-8,"\"\\"]"#);
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:#?}");
    assert_eq!(circuits.len(), names.len());
    let seven: [resilience_runtime::CircuitBreaker; 3] =
        [circuits.get(7), circuits.get("7"), circuits.get(String::from("7"))];
    assert!(seven.iter().all(|circuit| circuit.name() == "equal[7]"));
    assert_eq!(circuits.iter().count(), circuits.len());
}

#[circuit(name = "keys::registered", key = tenant, threshold = 5, half_open_max = 2)]
async fn registered(tenant: &str) -> Result<(), CircuitOpenError> {
    Ok(())
}

#[tokio::test]
async fn registered_circuits_are_those_of_the_attribute() {
    let first = KeyedCircuits::builder("keys::registered").threshold(2).cooldown(SECOND).register().unwrap();
    registered("acme").await.unwrap();
    assert_eq!(first.len(), 1);
    let stats = first.find("acme").unwrap().stats();
    assert_eq!((stats.threshold, stats.cooldown, stats.total_succeeded), (2, SECOND, 1));
    assert_eq!(get_circuit_stats()["keys::registered[acme]"].total_succeeded, 1);
    assert!(get_circuit("keys::registered[acme]").is_some());

    let error = KeyedCircuits::builder("keys::registered").threshold(3).register().unwrap_err();
    assert!(error.to_string().starts_with("`threshold` is 3, but must be 2, which circuit 'keys::registered' has"));
    assert!(KeyedCircuits::builder("keys::registered").threshold(2).register().is_ok());
    let error = KeyedCircuits::builder("keys::registered").half_open_max(3).register().unwrap_err().to_string();
    assert!(error.starts_with("`half_open_max` is 3, but must be 2"), "the circuits are in use: {error}");
}

#[test]
fn keyed_register_of_preset_name_fails() {
    presets::qdrant_circuit();
    let error = KeyedCircuits::builder("qdrant").register().unwrap_err();
    assert_eq!(
        error.to_string(),
        "`name` is \"qdrant\", but must be a name of circuits with keys: a circuit without a key has this one from a preset"
    );
    let stats = get_stats();
    assert!(stats.circuits.contains_key("qdrant") && !stats.families.contains_key("qdrant"));
    assert!(unregister("qdrant"));
    KeyedCircuits::builder("qdrant").register().expect("the name is free");
}

#[test]
fn builder_refuses_wrong_names_and_settings() {
    let error = |builder: resilience_runtime::CircuitBuilder<KeyedCircuits>| builder.build().unwrap_err().to_string();
    assert!(error(KeyedCircuits::builder(" ")).contains("a text that is not blank"));
    assert!(error(KeyedCircuits::builder("a[b")).contains("a name without `[`"));
    assert!(error(KeyedCircuits::builder("a").max_keys(0)).contains("`max_keys` is 0"));
    assert!(error(KeyedCircuits::builder("a").threshold(0)).contains("`threshold` is 0"));
    resilience_runtime::CircuitBreaker::builder("keys::plain").register().unwrap();
    let error = KeyedCircuits::builder("keys::plain").register().unwrap_err().to_string();
    assert!(error.contains("a name of circuits with keys"), "{error}");
}

#[rate_limit(name = "keys::both", per_second = 1)]
async fn without_key() -> Result<(), RateLimitedError> {
    Ok(())
}

#[rate_limit(name = "keys::both", per_second = 1, key = key)]
async fn with_key(key: u32) -> Result<(), RateLimitedError> {
    Ok(())
}

#[tokio::test]
async fn name_with_and_without_key_is_a_mistake() {
    without_key().await.unwrap();
    with_key(1).await.unwrap();
    let mistakes: Vec<_> = check().unwrap_err().iter().map(ToString::to_string).collect();
    assert!(mistakes.iter().any(|mistake| mistake.starts_with("rate limit 'keys::both': `key` is absent at")));
}

#[bulkhead(name = "keys::same", max = 2, max_keys = 1, key = key)]
fn same_key(key: u32) -> Result<(), Error> {
    let _ = key;
    Ok(())
}

#[test]
fn threads_that_add_one_key_share_its_bulkhead() {
    for key in 0..2_000 {
        let barrier = Barrier::new(2);
        let call = || {
            barrier.wait();
            same_key(key).unwrap();
        };
        thread::scope(|threads| {
            threads.spawn(call);
            threads.spawn(call);
        });
    }
    let bulkheads = get_stats().bulkheads;
    let found: Vec<_> = bulkheads.iter().filter(|(name, _)| name.starts_with("keys::same")).collect();
    assert_eq!(found.len(), 1, "no call used the shared bulkhead: {found:?}");
    assert_eq!(found[0].1.total_admitted, 2, "{found:?}");
}
