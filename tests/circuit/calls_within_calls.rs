//! Tests calls of a circuit inside the body of an outer call of the same circuit. If the outer call is a trial (a call
//! of a half-open circuit), the circuit admits the inner call as a part of this trial.

use std::cell::Cell;
use std::future::{Future, ready};
use std::io;
use std::time::Duration;

use async_recursion::async_recursion;
use async_trait::async_trait;
use resilience_runtime::{
    CircuitBreaker, CircuitState, KeyedCircuits, OwnedPermit, Permit, bulkhead, circuit, fallback, get_circuit, hedge,
    retry, timeout,
};
use tokio::time::{advance, sleep};

fn breaker(name: &str) -> CircuitBreaker {
    get_circuit(name).expect("declared by an attribute")
}

fn down() -> io::Error {
    io::Error::other("down")
}

async fn half_open(name: &str) -> CircuitBreaker {
    let breaker = breaker(name);
    breaker.trip();
    advance(Duration::from_secs(60)).await;
    assert_eq!(breaker.state(), CircuitState::HalfOpen);
    breaker
}

#[circuit(name = "within::redis")]
async fn get(up: bool) -> io::Result<u32> {
    if up { Ok(1) } else { Err(down()) }
}

#[circuit(name = "within::redis")]
async fn get_or_default(up: bool) -> io::Result<u32> {
    Ok(get(up).await.unwrap_or_default())
}

#[circuit(name = "within::redis")]
async fn get_through(up: bool) -> io::Result<u32> {
    tokio::task::yield_now().await;
    get(up).await
}

#[tokio::test(start_paused = true)]
async fn call_within_trial_belongs_to_it() {
    let redis = half_open("within::redis").await;
    assert_eq!(get_through(true).await.unwrap(), 1);
    assert_eq!(redis.state(), CircuitState::Closed);

    half_open("within::redis").await;
    assert_eq!(get_or_default(false).await.unwrap(), 0, "the body handled the failure of the call inside");
    assert_eq!(redis.state(), CircuitState::Closed);

    half_open("within::redis").await;
    get_through(false).await.unwrap_err();
    assert_eq!(redis.state(), CircuitState::Open);
    assert_eq!(redis.stats().total_rejected, 0);
}

#[tokio::test(start_paused = true)]
async fn call_within_closed_circuit_counts_twice() {
    #[circuit(name = "within::closed", threshold = 9)]
    async fn inner() -> io::Result<()> {
        Err(down())
    }
    #[circuit(name = "within::closed", threshold = 9)]
    async fn outer() -> io::Result<()> {
        inner().await
    }
    outer().await.unwrap_err();
    assert_eq!(breaker("within::closed").stats().failures, 2);
}

#[async_recursion]
#[circuit(name = "within::recursive")]
async fn recursive(depth: u32) -> io::Result<u32> {
    if depth == 0 { Ok(0) } else { Ok(1 + recursive(depth - 1).await?) }
}

#[tokio::test(start_paused = true)]
async fn recursion_within_trial_closes_circuit() {
    let recursive_breaker = half_open("within::recursive").await;
    assert_eq!(recursive(20).await.unwrap(), 20);
    assert_eq!(recursive_breaker.state(), CircuitState::Closed);
}

#[circuit(name = "within::a")]
async fn a(depth: u32) -> io::Result<()> {
    if depth == 0 { Ok(()) } else { Box::pin(b(depth - 1)).await }
}

#[circuit(name = "within::b")]
async fn b(depth: u32) -> io::Result<()> {
    if depth == 0 { Ok(()) } else { Box::pin(a(depth - 1)).await }
}

#[tokio::test(start_paused = true)]
async fn trials_of_two_circuits_contain_each_other() {
    let (first, second) = (half_open("within::a").await, half_open("within::b").await);
    a(9).await.unwrap();
    assert_eq!([first.state(), second.state()], [CircuitState::Closed; 2]);
}

#[circuit(name = "within::spawned")]
async fn spawns() -> io::Result<()> {
    tokio::spawn(is_spawned()).await.unwrap()
}

#[circuit(name = "within::spawned")]
async fn is_spawned() -> io::Result<()> {
    ready(Ok(())).await
}

#[tokio::test(start_paused = true)]
async fn spawned_task_makes_calls_of_its_own() {
    let spawned = half_open("within::spawned").await;
    spawns().await.unwrap_err();
    assert_eq!(spawned.stats().total_rejected, 1);
}

#[tokio::test(start_paused = true)]
async fn concurrent_call_is_judged_by_itself() {
    let breaker = CircuitBreaker::builder("within::concurrent").build().unwrap();
    breaker.trip();
    advance(Duration::from_secs(60)).await;
    let wait = || tokio::task::yield_now();
    let (first, second) = tokio::join!(
        breaker.call(async || {
            wait().await;
            wait().await;
            Ok::<_, ()>(())
        }),
        breaker.call(async || Ok::<_, ()>(())),
    );
    assert!(first.is_ok() && second.is_err());
}

#[tokio::test(start_paused = true)]
async fn every_form_of_call_belongs_to_trial() {
    let breaker = CircuitBreaker::builder("within::forms").build().unwrap();
    for form in 0..4 {
        breaker.trip();
        advance(Duration::from_secs(60)).await;
        let answer = breaker.call(async || match form {
            0 => breaker.call(|| ready(Ok::<_, ()>(()))).await.map_err(drop),
            1 => breaker.try_acquire().map(Permit::success).map_err(drop),
            2 => breaker.try_acquire_owned().map(OwnedPermit::failure).map_err(drop),
            _ => holds(&breaker).await.map_err(drop),
        });
        assert!(answer.await.is_ok(), "form {form}");
        assert_eq!(breaker.state(), CircuitState::Closed, "form {form}");
    }
}

#[circuit(with = breaker)]
async fn holds(breaker: &CircuitBreaker) -> io::Result<()> {
    ready(Ok(())).await
}

#[circuit(name = "within::keyed", key = key)]
async fn keyed(key: u32, within: bool) -> io::Result<()> {
    if within { Box::pin(keyed(key, false)).await } else { Ok(()) }
}

struct Exa;

#[async_trait]
trait Search {
    async fn search(&self, within: bool) -> io::Result<()>;
}

#[async_trait]
impl Search for Exa {
    #[circuit(name = "within::async_trait")]
    async fn search(&self, within: bool) -> io::Result<()> {
        if within { self.search(false).await } else { Ok(()) }
    }
}

#[expect(clippy::manual_async_fn, reason = "a circuit on a function that returns its future")]
#[circuit(name = "within::future")]
fn future(within: bool) -> impl Future<Output = io::Result<()>> {
    async move { if within { Box::pin(boxed_future()).await } else { Ok(()) } }
}

fn boxed_future() -> std::pin::Pin<Box<dyn Future<Output = io::Result<()>>>> {
    Box::pin(future(false))
}

#[circuit(name = "within::layers")]
#[retry(max = 2, delay = 0)]
#[hedge(after = 1)]
async fn layered() -> io::Result<()> {
    inner_of_layers().await
}

#[circuit(name = "within::layers")]
async fn inner_of_layers() -> io::Result<()> {
    ready(Ok(())).await
}

#[circuit(name = "within::fallback")]
#[fallback(same_circuit)]
async fn falls_back() -> io::Result<()> {
    ready(Err(down())).await
}

#[circuit(name = "within::fallback")]
async fn same_circuit() -> io::Result<()> {
    ready(Ok(())).await
}

#[tokio::test(start_paused = true)]
async fn every_form_of_circuit_contains_its_calls() {
    keyed(7, true).await.unwrap();
    let keyed_breaker = half_open("within::keyed[7]").await;
    keyed(7, true).await.unwrap();
    let traits = half_open("within::async_trait").await;
    Exa.search(true).await.unwrap();
    let futures = half_open("within::future").await;
    future(true).await.unwrap();
    let layers = half_open("within::layers").await;
    layered().await.unwrap();
    let fallbacks = half_open("within::fallback").await;
    falls_back().await.unwrap();
    for breaker in [keyed_breaker, traits, futures, layers, fallbacks] {
        assert_eq!(breaker.state(), CircuitState::Closed, "{}", breaker.name());
    }
}

/// Circuits that may be the same circuit at run time.
struct Shards {
    from: CircuitBreaker,
    to: CircuitBreaker,
    keyed: KeyedCircuits,
}

impl Shards {
    fn new(name: &'static str) -> Self {
        let from = CircuitBreaker::builder(name).build().unwrap();
        Self { to: from.clone(), from, keyed: KeyedCircuits::builder(name).build().unwrap() }
    }

    #[circuit(with = self.keyed, key = from)]
    #[circuit(with = self.keyed, key = to)]
    async fn copy(&self, from: &str, to: &str) -> io::Result<()> {
        ready(Ok(())).await
    }

    #[circuit(with = self.from)]
    #[retry(max = 2, delay = 1)]
    #[timeout(9)]
    #[circuit(with = self.to)]
    async fn retries(&self, calls: &Cell<u32>) -> io::Result<()> {
        calls.set(calls.get() + 1);
        if calls.get() == 1 { Err(down()) } else { Ok(()) }
    }

    #[circuit(with = self.from)]
    #[bulkhead(max = 9)]
    #[circuit(with = self.to)]
    #[circuit(with = self.from)]
    fn plain(&self) -> io::Result<()> {
        Ok(())
    }

    #[circuit(with = self.from)]
    #[fallback(value = ())]
    #[circuit(with = self.to)]
    fn falls_back(&self) -> io::Result<()> {
        Err(down())
    }

    #[circuit(with = self.from)]
    #[circuit(with = self.to)]
    async fn fails(&self) -> io::Result<()> {
        ready(Err(down())).await
    }

    async fn half_open(&self) {
        self.from.trip();
        advance(Duration::from_secs(60)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn equal_circuits_on_one_function_share_trial() {
    let shards = Shards::new("within::shards");
    for form in 0..3 {
        shards.half_open().await;
        match form {
            0 => shards.retries(&Cell::new(0)).await,
            1 => shards.plain(),
            _ => shards.falls_back(),
        }
        .unwrap();
        assert_eq!((shards.from.state(), shards.from.stats().total_rejected), (CircuitState::Closed, 0), "{form}");
    }
    shards.half_open().await;
    shards.fails().await.unwrap_err();
    assert_eq!((shards.from.state(), shards.from.stats().total_rejected), (CircuitState::Open, 0));
    advance(Duration::from_secs(60)).await;
    let _trial = shards.from.try_acquire().unwrap();
    assert!(shards.from.try_acquire().is_err(), "no body of a trial runs");
}

#[tokio::test(start_paused = true)]
async fn equal_keys_on_one_function_share_trial() {
    let shards = Shards::new("within::equal_keys");
    let circuit = shards.keyed.get("s");
    circuit.trip();
    advance(Duration::from_secs(60)).await;
    shards.copy("s", "s").await.unwrap();
    assert_eq!(circuit.state(), CircuitState::Closed);
    circuit.trip();
    shards.copy("other", "s").await.unwrap_err();
    assert_eq!(circuit.stats().total_rejected, 1);
    advance(Duration::from_secs(60)).await;
    shards.copy("other", "s").await.unwrap();
    assert_eq!((circuit.state(), shards.keyed.get("other").state()), (CircuitState::Closed, CircuitState::Closed));
}

#[circuit(with = first)]
#[circuit(with = second)]
async fn both(first: &CircuitBreaker, second: &CircuitBreaker) -> io::Result<()> {
    ready(Ok(())).await
}

#[tokio::test(start_paused = true)]
async fn rejected_lower_circuit_leaves_no_trial() {
    let [first, second] =
        ["within::first", "within::second"].map(|name| CircuitBreaker::builder(name).build().unwrap());
    first.trip();
    advance(Duration::from_secs(60)).await;
    second.force_open();
    both(&first, &second).await.unwrap_err();
    assert_eq!((first.state(), first.stats().total_ignored), (CircuitState::HalfOpen, 1));
    let _trial = first.try_acquire().unwrap();
    assert!(first.try_acquire().is_err(), "no body of a trial runs");
}

#[tokio::test(start_paused = true)]
async fn call_within_lost_trial_is_judged_by_itself() {
    let breaker = CircuitBreaker::builder("within::lost").build().unwrap();
    breaker.trip();
    advance(Duration::from_secs(60)).await;
    let answer = breaker.call(async || {
        breaker.trip();
        breaker.call(|| ready(Ok::<_, ()>(()))).await.map_err(drop)
    });
    assert!(answer.await.is_err(), "the trial is of an earlier generation");
    assert_eq!(breaker.stats().total_rejected, 1);
}

#[circuit(name = "within::slow")]
async fn step(time: Duration) -> io::Result<()> {
    sleep(time).await;
    Ok(())
}

/// Its first step takes longer than the `trial_timeout` of 30 s.
#[circuit(name = "within::slow")]
async fn slow() -> io::Result<()> {
    step(Duration::from_secs(40)).await?;
    step(Duration::from_secs(1)).await
}

/// A request starts every 10 s. The requests are longer than `trial_timeout`, so the circuit admits a newer trial before
/// the end of each trial.
#[tokio::test(start_paused = true)]
async fn call_within_trial_beyond_its_time_limit_belongs_to_it() {
    let breaker = half_open("within::slow").await;
    let mut requests = tokio::task::JoinSet::new();
    for _ in 0..6 {
        requests.spawn(slow());
        sleep(Duration::from_secs(10)).await;
    }
    let outcomes = requests.join_all().await;
    assert_eq!(breaker.state(), CircuitState::Closed);
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 3, "the trials, and the request after 50 s");
}

#[tokio::test(start_paused = true)]
async fn no_call_belongs_to_permit_of_trial() {
    let breaker = CircuitBreaker::builder("within::permit").build().unwrap();
    breaker.trip();
    advance(Duration::from_secs(60)).await;
    let permit = breaker.try_acquire().unwrap();
    assert!(breaker.try_acquire().is_err());
    assert!(breaker.call(|| ready(Ok::<_, ()>(()))).await.is_err());
    permit.success();
    assert_eq!((breaker.state(), breaker.stats().total_rejected), (CircuitState::Closed, 2));
}

/// Calls the first breaker with a body that calls the second breaker, and so on. The innermost body calls the last
/// breaker a second time.
fn nested(breakers: &[CircuitBreaker]) -> std::pin::Pin<Box<dyn Future<Output = Result<(), ()>> + '_>> {
    Box::pin(async move {
        match breakers {
            [] => Ok(()),
            [last] => {
                let again = async || last.call(|| ready(Ok::<_, ()>(()))).await.map_err(drop);
                last.call(again).await.map_err(drop)
            }
            [first, rest @ ..] => first.call(|| nested(rest)).await.map_err(drop),
        }
    })
}

#[tokio::test(start_paused = true)]
async fn at_most_eight_nested_trials_contain_their_calls() {
    for (depth, expected) in [(8, Ok(())), (9, Err(()))] {
        let builder = |_| CircuitBreaker::builder("within::deep").build().unwrap();
        let breakers: Vec<_> = (0..depth).map(builder).collect();
        breakers.iter().for_each(CircuitBreaker::trip);
        advance(Duration::from_secs(60)).await;
        assert_eq!(nested(&breakers).await, expected, "{depth}");
    }
}
