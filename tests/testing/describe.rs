//! Tests `describe`, which lists the layers of a function.

use std::io;
use std::sync::LazyLock;
use std::time::Duration;

use resilience_runtime::{
    Bulkhead, CircuitBreaker, RetryPolicy, assert_stack, bulkhead, circuit, fallback, hedge, presets, rate_limit,
    retry, testing, timeout,
};
use testing::describe;

use super::panic_of;

async fn cached(_: &Client) -> io::Result<u32> {
    Ok(0)
}

static SLOTS: LazyLock<Bulkhead> = LazyLock::new(|| Bulkhead::builder("describe_slots", 2).build().unwrap());

struct Client {
    limit: Duration,
    policy: RetryPolicy,
    circuit: CircuitBreaker,
}

impl Client {
    #[fallback(cached, name = "describe_cached")]
    #[timeout(10)]
    #[retry(max = 4, delay = "100ms", backoff = 1.5, max_delay = 5, jitter = "full", max_elapsed = "1m")]
    #[circuit(
        name = "describe_all",
        calls = 100,
        failure_rate = 0.5,
        min_calls = 9,
        cooldown = "1m",
        half_open_max = 3
    )]
    #[rate_limit(name = "describe_rate", per_second = 100, burst = 10, wait = "1s")]
    #[bulkhead(max = 8, wait = 2, max_queue = 50)]
    #[hedge(after = "p95", min_after = "5ms", max_after = 1, max = 3)]
    async fn with_all(&self) -> io::Result<u32> {
        Ok(7)
    }

    #[timeout(self.limit)]
    #[retry(with = self.policy)]
    #[circuit(with = self.circuit)]
    #[bulkhead(with = SLOTS)]
    async fn with_held_layers(&self) -> io::Result<u32> {
        Ok(7)
    }
}

#[test]
fn layers_are_described_in_order() {
    assert_stack!(
        "with_all",
        r#"
            fallback(name = "describe_cached")
            timeout(timeout = 10s)
            retry(max = 4, delay = 100ms, backoff = 1.5, max_delay = 5s, jitter = "full", max_elapsed = 60s)
            circuit(name = "describe_all", calls = 100, failure_rate = 0.5, min_calls = 9, cooldown = 60s, half_open_max = 3)
            rate_limit(name = "describe_rate", per_second = 100, burst = 10, wait = 1s)
            bulkhead(max = 8, wait = 2s, max_queue = 50)
            hedge(after = "p95", min_after = 5ms, max_after = 1s, max = 3)
        "#
    );
    let layers = describe("testing::describe::with_all").layers;
    assert_eq!(layers.len(), 7);
    assert_eq!((layers[0].attribute, layers[0].name.as_deref()), ("fallback", Some("describe_cached")));
    assert_eq!((layers[1].name.as_deref(), layers[1].is_held), (None, false));
    assert_eq!(layers[1].settings, [("timeout", "10s".to_owned())]);
}

#[tokio::test]
async fn held_layers_and_evaluated_times_have_no_value() {
    assert_stack!(
        "with_held_layers",
        r"
            timeout
            retry(with = ..)
            circuit(with = ..)
            bulkhead(with = ..)
        "
    );
    assert!(describe("with_held_layers").layers[1..].iter().all(|layer| layer.is_held));
    // A call does not change the description.
    let circuit = CircuitBreaker::builder("describe_held").build().unwrap();
    let client = Client { limit: Duration::from_secs(1), policy: RetryPolicy::default(), circuit };
    assert_eq!((client.with_held_layers().await.unwrap(), client.with_all().await.unwrap()), (7, 7));
    assert_eq!(
        describe("with_held_layers").to_string(),
        "timeout\nretry(with = ..)\ncircuit(with = ..)\nbulkhead(with = ..)"
    );
}

mod merged {
    use super::{circuit, io, retry, timeout};

    #[timeout(name = "describe_merged_time")]
    #[retry(name = "describe_merged_retry", delay = 2)]
    #[circuit(name = "describe_merged", threshold = 3)]
    pub(super) async fn first() -> io::Result<()> {
        Ok(())
    }

    #[timeout(7, name = "describe_merged_time")]
    #[retry(name = "describe_merged_retry", max = 5)]
    #[circuit(name = "describe_merged", cooldown = 5)]
    pub(super) async fn second() -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn options_of_one_name_are_merged() {
    let merged = "timeout(name = \"describe_merged_time\", timeout = 7s)\n\
                  retry(name = \"describe_merged_retry\", max = 5, delay = 2s)\n\
                  circuit(name = \"describe_merged\", threshold = 3, cooldown = 5s)";
    assert_eq!(describe("merged::first").to_string(), merged);
    assert_eq!(describe("testing::describe::merged::second").to_string(), merged);
    merged::first().await.unwrap();
    merged::second().await.unwrap();
    assert_eq!(describe("merged::first").to_string(), merged);
}

#[allow(dead_code)] // A test lists the layers of this function, but does not call it.
#[circuit(name = "describe_built", threshold = 3)]
async fn built() -> io::Result<()> {
    Ok(())
}

#[resilience_runtime::test]
async fn options_of_builders_are_described_in_their_test() {
    assert_stack!("built", r#"circuit(name = "describe_built", threshold = 3)"#);
    CircuitBreaker::builder("describe_built").cooldown(Duration::from_secs(9)).register().unwrap();
    assert_stack!("built", r#"circuit(name = "describe_built", threshold = 3, cooldown = 9s)"#);
}

#[allow(dead_code)] // A test lists the layers of this function, but does not call it.
#[circuit(name = "firebase", half_open_max = 2)]
async fn of_preset() -> io::Result<()> {
    Ok(())
}

#[resilience_runtime::test]
async fn options_of_preset_are_described() {
    assert_stack!("of_preset", r#"circuit(name = "firebase", half_open_max = 2)"#);
    presets::firebase_circuit();
    assert_stack!("of_preset", r#"circuit(name = "firebase", threshold = 5, cooldown = 60s, half_open_max = 2)"#);
}

#[circuit(name = "describe_keys", key = tenant, max_keys = 10, threshold = 2)]
#[rate_limit(key = tenant, limit = 60, per = "1m", max_keys = 20)]
#[bulkhead(name = "describe_key_slots", key = tenant, max = 3, max_keys = 30)]
fn plain(tenant: &str) -> io::Result<usize> {
    Ok(tenant.len())
}

#[test]
fn keyed_layers_of_plain_function_are_described() {
    let expected = "circuit(name = \"describe_keys\", threshold = 2, max_keys = 10)\n\
                    rate_limit(limit = 60, per = 60s, max_keys = 20)\n\
                    bulkhead(name = \"describe_key_slots\", max = 3, max_keys = 30)";
    assert_eq!(describe("describe::plain").to_string(), expected);
    plain("acme").unwrap();
    assert_eq!(describe("describe::plain").to_string(), expected);
}

const MAX: u32 = 6;

#[allow(dead_code)] // A test lists the layers of this function, but does not call it.
#[retry(max = MAX, delay = 0)]
async fn with_constant() -> Result<(), ()> {
    Err(())
}

#[allow(dead_code)] // A test lists the layers of this function, but does not call it.
#[retry]
#[circuit(name = "describe \"quoted\"")]
async fn with_defaults() -> io::Result<()> {
    Ok(())
}

#[test]
fn constants_have_values_and_defaults_are_left_out() {
    assert_stack!("with_constant", "retry(max = 6, delay = 0s)");
    assert_stack!("with_defaults", "retry\ncircuit(name = \"describe \\\"quoted\\\"\")\n");
}

struct Limits {
    limit: Duration,
}

impl Limits {
    #[timeout(self.limit, name = "describe_shared")]
    #[bulkhead(name = "describe_shared", wait = self.limit)]
    async fn of_each_call(&self) -> io::Result<()> {
        Ok(())
    }
}

#[timeout(5, name = "describe_shared")]
#[bulkhead(name = "describe_shared", max = 1, wait = 1)]
async fn of_all_calls() -> io::Result<()> {
    Ok(())
}

#[tokio::test]
async fn evaluated_option_is_left_out_if_another_attribute_sets_it() {
    let evaluated = r#"
        timeout(name = "describe_shared")
        bulkhead(name = "describe_shared", max = 1)
    "#;
    let set = r#"
        timeout(name = "describe_shared", timeout = 5s)
        bulkhead(name = "describe_shared", max = 1, wait = 1s)
    "#;
    assert_stack!("of_each_call", evaluated);
    assert_stack!("of_all_calls", set);
    Limits { limit: Duration::from_secs(2) }.of_each_call().await.unwrap();
    of_all_calls().await.unwrap();
    assert_stack!("of_each_call", evaluated);
    assert_stack!("of_all_calls", set);
}

struct Cat;
struct Dog;

const FIRST_LINE: u32 = line!() + 3;
impl Cat {
    #[rustfmt::skip]
    #[retry(max = 3)]
    #[circuit(name = "describe_cat")]
    async fn feed(&self) -> io::Result<()> { Ok(()) }
}
impl Dog {
    #[circuit(name = "describe_dog")]
    async fn feed(&self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn methods_with_equal_paths_are_told_apart_by_line() {
    Cat.feed().await.unwrap();
    Dog.feed().await.unwrap();
    let path = |line| format!("testing::describe::feed:{line}");
    let (cat, dog) = (path(FIRST_LINE), path(FIRST_LINE + 5));
    for ambiguous in ["feed", "testing::describe::feed"] {
        assert_eq!(
            panic_of(|| drop(describe(ambiguous))),
            format!("2 functions have the path `{ambiguous}`: write one of {cat}, {dog}")
        );
    }
    assert_stack!(cat, "retry(max = 3)\ncircuit(name = \"describe_cat\")");
    assert_stack!(format!("feed:{}", FIRST_LINE + 5), r#"circuit(name = "describe_dog")"#);
}

#[test]
fn unknown_function_is_named_with_the_nearest() {
    for (path, rest) in [
        ("with_al", " did you mean `with_all`? write"),
        ("testing::describe::with_al", " did you mean `testing::describe::with_all`? write"),
        ("ith_all", " did you mean `with_all`? write"),
        ("no_such_thing_at_all", " write"),
        ("feed:1", " did you mean `feed`? write"),
        ("", " write"),
    ] {
        let message = panic_of(|| drop(describe(path)));
        let expected =
            format!("no decorated function has the path `{path}`:{rest} a path such as `shop::orders::submit`");
        assert_eq!(message, expected);
    }
}

#[test]
fn other_layers_are_told() {
    let message = panic_of(|| assert_stack!("with_constant", "retry(max = 7)\ntimeout(timeout = 1s)"));
    assert_eq!(
        message,
        "the layers of `with_constant` are\nretry(max = 6, delay = 0s)\n\nexpected\nretry(max = 7)\ntimeout(timeout = 1s)"
    );
}
