//! Tests `#[circuit(key = ..)]`: each value of the key has a circuit of its own, with the name `name[key]`. All
//! circuits of one attribute have the same settings.
//!
//! These tests need a process of their own, because one test asserts that exactly one circuit of the process has
//! conflicting options.

use std::cell::Cell;
use std::io;
use std::time::Duration;

use resilience_runtime::{CircuitState, check_circuits, circuit, get_circuit, get_circuit_stats, retry};

#[circuit(name = "keyed::shard", key = shard, threshold = 2, cooldown = 30)]
async fn ask(shard: u32, works: bool) -> io::Result<u32> {
    if works { Ok(shard) } else { Err(io::ErrorKind::TimedOut.into()) }
}

#[tokio::test(start_paused = true)]
async fn failures_of_one_key_open_that_key() {
    for _ in 0..2 {
        ask(1, false).await.unwrap_err();
    }
    assert_eq!(ask(1, true).await.unwrap_err().to_string(), "Circuit 'keyed::shard[1]' is open. Retry in 30s");
    assert_eq!(ask(2, true).await.unwrap(), 2);

    let stats = get_circuit_stats();
    assert_eq!(stats["keyed::shard[1]"].state, CircuitState::Open);
    assert_eq!((stats["keyed::shard[2]"].successes, stats["keyed::shard[2]"].threshold), (1, 2));
    assert!(!stats.contains_key("keyed::shard"), "the name without a key has no circuit");
    let one = get_circuit("keyed::shard[1]").unwrap();
    assert!(get_circuit("keyed::shard[3]").is_none());

    tokio::time::advance(Duration::from_secs(30)).await;
    assert_eq!(ask(1, true).await.unwrap(), 1);
    assert_eq!(one.state(), CircuitState::Closed, "it is the same breaker");
}

struct Client {
    tenant: String,
}

impl Client {
    #[retry(max = 5, delay = 1)]
    #[circuit(name = "keyed::tenant", key = self.tenant, threshold = 2)]
    async fn get(&mut self, path: &str) -> io::Result<()> {
        self.tenant.push('!');
        Err(io::Error::other(path.to_owned()))
    }
}

#[retry(max = 3, delay = 0)]
#[circuit(name = "keyed::counted", key = evaluated.replace(evaluated.get() + 1))]
async fn counted(evaluated: &Cell<u32>) -> io::Result<()> {
    Err(io::Error::other("down"))
}

#[tokio::test(start_paused = true)]
async fn key_is_read_once_per_call() {
    let evaluated = Cell::new(0);
    counted(&evaluated).await.unwrap_err();
    assert_eq!(evaluated.get(), 1);

    let mut client = Client { tenant: "ä[b]".to_owned() };
    client.get("/").await.unwrap_err();
    assert_eq!(client.tenant, "ä[b]!!", "the retry ended when its circuit opened");
    assert_eq!(get_circuit_stats()["keyed::tenant[ä[b]]"].state, CircuitState::Open);
}

#[circuit(name = "keyed::long", key = key)]
async fn long(key: &str) -> io::Result<()> {
    Ok(())
}

#[tokio::test]
async fn any_text_can_be_a_key() {
    let keys = ["", " ", "x", &"ö".repeat(64), &"ö".repeat(65), &"long".repeat(1000), &"x".repeat(1 << 20)];
    for key in keys {
        long(key).await.unwrap();
        long(key).await.unwrap();
        assert_eq!(get_circuit(&format!("keyed::long[{key}]")).unwrap().stats().successes, 2, "{key}");
    }
}

#[circuit(name = "keyed::shortened", key = key, threshold = 1)]
async fn shortened(key: &str, works: bool) -> io::Result<()> {
    let _ = key;
    if works { Ok(()) } else { Err(io::ErrorKind::TimedOut.into()) }
}

#[tokio::test]
async fn long_keys_are_shortened_and_told_apart() {
    let names = || get_circuit_stats().into_keys().filter(|name| name.starts_with("keyed::shortened["));
    let at_limit = "k".repeat(128);
    shortened(&at_limit, true).await.unwrap();
    assert!(names().eq([format!("keyed::shortened[{at_limit}]")]), "128 bytes stay as they are");

    // If a key has more than 128 bytes, the name of its circuit contains a shortened form of the key. The long keys
    // below differ in the first byte, in a middle byte, in the last byte, or in their length.
    let long = "ö".repeat(1 << 19);
    let keys = [format!("{long}a"), format!("{long}b"), format!("x{long}"), format!("{long}-{long}"), "k".repeat(129)];
    for (number, key) in keys.iter().enumerate() {
        shortened(key, true).await.unwrap();
        assert_eq!(names().count(), number + 2);
    }
    shortened(&keys[0], false).await.unwrap_err();
    for (number, key) in keys.iter().enumerate() {
        assert_eq!(shortened(key, true).await.is_err(), number == 0, "{number}");
    }
    let longest = "keyed::shortened[]".len() + 128;
    assert!(names().all(|name| name.len() <= longest));

    let open = get_circuit(&format!("keyed::shortened[{}]", keys[0])).unwrap();
    assert_eq!(open.state(), CircuitState::Open);
    assert!(open.name().starts_with(&format!("keyed::shortened[{}", "ö".repeat(40))), "{}", open.name());
    assert_eq!(get_circuit(open.name()).unwrap().state(), CircuitState::Open, "it is found by its shorter name, too");

    let short = &open.name()["keyed::shortened[".len()..open.name().len() - 1];
    shortened(short, true).await.expect("a key that looks like the shorter one has a circuit of its own");
    assert_eq!(names().count(), 7);
}

#[circuit(name = "keyed::number", key = key)]
async fn number(key: i128) -> io::Result<()> {
    Ok(())
}

#[tokio::test]
async fn any_whole_number_can_be_a_key() {
    for key in [0, 9, 10, 907, i128::from(u64::MAX), i128::from(u64::MAX) + 1, i128::MAX, -1, i128::MIN] {
        number(key).await.unwrap();
        assert!(get_circuit(&format!("keyed::number[{key}]")).is_some(), "{key}");
    }
}

#[circuit(name = "keyed::conflict", key = key, threshold = 2)]
async fn two(key: bool) -> io::Result<()> {
    Ok(())
}

#[circuit(name = "keyed::conflict", key = key, threshold = 3)]
async fn three(key: char) -> io::Result<()> {
    Ok(())
}

#[tokio::test]
async fn conflict_of_keyed_circuits_is_found() {
    three('x').await.unwrap();
    two(true).await.unwrap();
    assert_eq!(get_circuit_stats()["keyed::conflict[x]"].threshold, 2);
    let conflicts = check_circuits().unwrap_err();
    let [conflict] = &conflicts[..] else { panic!("{conflicts:?}") };
    assert_eq!((conflict.name.as_str(), conflict.option), ("keyed::conflict", "threshold"));
}

#[circuit(name = "keyed::half", key = key, max_keys = 64)]
async fn half(key: u32) -> io::Result<()> {
    Ok(())
}

#[circuit(name = "keyed::many", key = key, max_keys = 1024)]
async fn many(key: u32) -> io::Result<()> {
    Ok(())
}

#[tokio::test]
async fn no_key_is_evicted_below_max_keys() {
    for key in 0..64 {
        half(key).await.unwrap();
    }
    let is_known = |key| get_circuit(&format!("keyed::half[{key}]")).is_some();
    assert!((0..64).all(is_known));
    for key in 0..600 {
        many(key).await.unwrap();
    }
    let known = get_circuit_stats().keys().filter(|name| name.starts_with("keyed::many[")).count();
    assert_eq!(known, 600);
}

#[circuit(name = "keyed::joined", key = key)]
async fn first(key: u32, works: bool) -> io::Result<()> {
    if works { Ok(()) } else { Err(io::ErrorKind::TimedOut.into()) }
}

#[circuit(name = "keyed::joined", key = key, threshold = 1)]
async fn second(key: u32) -> io::Result<()> {
    let _ = key;
    Ok(())
}

#[tokio::test]
async fn option_of_another_function_applies_to_every_key() {
    drop(second(2));
    for key in [1, 2, 3] {
        first(key, false).await.unwrap_err();
        assert_eq!(get_circuit(&format!("keyed::joined[{key}]")).unwrap().state(), CircuitState::Open, "{key}");
    }
}

#[circuit(name = "keyed::never_called", key = key)]
async fn never_called(key: u32) -> io::Result<()> {
    let _ = key;
    Ok(())
}

#[test]
fn keyed_circuit_is_not_listed_before_first_call() {
    drop(never_called(1));
    assert!(get_circuit_stats().keys().all(|name| !name.starts_with("keyed::never_called")));
    assert!(get_circuit("keyed::never_called").is_none());
}

#[circuit(name = "keyed::hashed", key = key)]
async fn hashed(key: &str) -> io::Result<()> {
    let _ = key;
    Ok(())
}

/// Starts this test in two child processes. Each child process prints the circuit name of a long key.
#[tokio::test]
async fn hash_of_long_key_differs_in_each_process() {
    const CHILD: &str = "RESILIENCE_TEST_PRINTS_KEY";
    if std::env::var_os(CHILD).is_some() {
        hashed(&"k".repeat(1000)).await.unwrap();
        let names: Vec<_> = get_circuit_stats().into_keys().filter(|name| name.starts_with("keyed::hashed")).collect();
        println!("{}", names.join(" "));
        return;
    }
    let name = || {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "hash_of_long_key_differs_in_each_process", "--nocapture"]).env(CHILD, "1");
        let output = String::from_utf8(command.output().unwrap().stdout).unwrap();
        output.lines().find(|line| line.contains("keyed::hashed[")).expect("the name of the key").to_owned()
    };
    assert_ne!(name(), name());
}
