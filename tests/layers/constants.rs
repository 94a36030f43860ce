//! Tests options whose values are constants or expressions of the user.

use std::future::{Ready, pending, ready};
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use resilience_runtime::{
    Bulkhead, BulkheadFullError, CircuitBreaker, Hedge, Jitter, Rejection, RetryBudget, Timeout, TokenBucket, bulkhead,
    circuit, fallback, get_circuit, hedge, rate_limit, retry, timeout,
};
use support::{Calls, Error, seconds};
use tokio::time::{Instant, sleep};

mod limits {
    use std::time::Duration;

    pub(super) const ATTEMPTS: u32 = 4;
    pub(super) const COOLDOWN: Duration = Duration::from_secs(7);
}

const NAME: &str = "constants::named";
const FACTOR: f64 = 3.0;
const JITTER: Jitter = Jitter::Full;
const NO: bool = false;
const REQUESTS: &str = "requests";

// Generated code may contain local variables and items with these names. The options must nevertheless use these
// constants.
const CIRCUIT: u32 = 2;
const BULKHEAD: u32 = 1;
const LIMIT: u32 = 5;
const SITE: Duration = Duration::from_secs(11);
const RETRY: u32 = 2;
const TIMEOUT: Duration = Duration::from_secs(3);

#[retry(max = limits::ATTEMPTS, delay = SITE, backoff = FACTOR, count_nested = NO)]
async fn repeated(calls: &Calls) -> Result<(), u32> {
    Err(calls.note())
}

#[tokio::test(start_paused = true)]
async fn retry_with_constants_pauses_by_them() {
    let calls = Calls::start();
    assert_eq!(repeated(&calls).await, Err(4));
    assert_eq!(calls.seconds(), [0, 11, 44, 143]);
}

#[retry(max = 1 + 1, delay = Duration::ZERO, jitter = JITTER)]
async fn twice(calls: &Calls) -> Result<(), u32> {
    Err(calls.note())
}

#[tokio::test(start_paused = true)]
async fn constant_expression_is_an_option() {
    assert_eq!(twice(&Calls::start()).await, Err(2));
}

#[circuit(name = NAME, threshold = CIRCUIT, cooldown = limits::COOLDOWN, count = REQUESTS, shadow = NO, durations = NO)]
async fn named() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[tokio::test(start_paused = true)]
async fn circuit_with_constants_has_their_settings() {
    let _ = named().await;
    let stats = get_circuit("constants::named").unwrap().stats();
    assert_eq!((stats.threshold, stats.cooldown, stats.failures), (2, seconds(7), 1));
}

#[bulkhead(max = BULKHEAD, wait = TIMEOUT)]
#[rate_limit(per_second = LIMIT, burst = RETRY)]
async fn guarded(time: Duration) -> io::Result<()> {
    sleep(time).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn guards_with_constants_limit_by_them() {
    let begin = Instant::now();
    let (first, second, third) =
        tokio::join!(guarded(seconds(2)), guarded(Duration::ZERO), async { guarded(Duration::ZERO).await });
    assert!(first.is_ok() && second.is_ok() && third.is_ok(), "{second:?} {third:?}");
    assert_eq!(begin.elapsed(), seconds(2), "the second call waited");
    let _ = tokio::join!(guarded(Duration::ZERO), guarded(Duration::ZERO));
    assert!(guarded(Duration::ZERO).await.is_err(), "the burst is 2");
}

struct Client {
    limit: Duration,
    timeout: Timeout,
    hedge: Hedge,
    slots: Bulkhead,
    breaker: CircuitBreaker,
    begun: AtomicU32,
}

impl Client {
    const LIMIT: Duration = Duration::from_secs(2);
    const ATTEMPTS: u32 = 2;

    fn new() -> Self {
        Self {
            limit: seconds(5),
            timeout: Timeout::new(seconds(6)).unwrap(),
            hedge: Hedge::new(seconds(1), 3).unwrap(),
            slots: Bulkhead::builder("constants", 1).build().unwrap(),
            breaker: CircuitBreaker::builder("constants").build().unwrap(),
            begun: AtomicU32::new(0),
        }
    }

    async fn hang(&self) -> Result<(), Error> {
        self.begun.fetch_add(1, Ordering::Relaxed);
        pending().await
    }

    #[timeout(self.limit)]
    async fn by_field(&self) -> Result<(), Error> {
        self.hang().await
    }

    #[timeout(Self::LIMIT)]
    async fn by_own_constant(&self) -> Result<(), Error> {
        self.hang().await
    }

    #[retry(max = Self::ATTEMPTS, delay = 0)]
    #[timeout(limit * 2)]
    async fn by_argument(&self, limit: Duration) -> Result<(), Error> {
        self.hang().await
    }

    #[timeout(limit)]
    async fn by_path_of_an_argument(self, limit: Duration) -> Result<(), Error> {
        self.hang().await
    }

    #[timeout(with = self.timeout)]
    async fn by_held(&self) -> Result<(), Error> {
        self.hang().await
    }

    #[timeout(60)]
    #[hedge(with = self.hedge)]
    async fn hedged(&self) -> Result<(), Error> {
        self.hang().await
    }

    #[timeout(60)]
    #[hedge(after = self.limit, max = Client::ATTEMPTS)]
    async fn hedged_by_field(&self) -> Result<(), Error> {
        self.hang().await
    }

    #[circuit(with = self.breaker)]
    #[bulkhead(max = 1, wait = self.limit)]
    #[timeout(self.limit)]
    async fn queued(mut self, other: Self) -> Result<(), Error> {
        self.limit += other.limit;
        self.hang().await
    }

    #[bulkhead(with = self.slots, error = |full: BulkheadFullError| Error::Full(full))]
    #[fallback(Self::instead)]
    #[timeout(self.limit)]
    async fn falls_back(&mut self) -> Result<(), Error> {
        self.hang().await
    }

    fn instead(&mut self) -> Ready<Result<(), Error>> {
        self.limit = Duration::ZERO;
        ready(Ok(()))
    }
}

async fn time(call: impl Future) -> u64 {
    let begin = Instant::now();
    call.await;
    begin.elapsed().as_secs()
}

#[tokio::test(start_paused = true)]
async fn expression_of_a_time_is_evaluated_for_each_call() {
    let mut client = Client::new();
    assert_eq!(time(client.by_field()).await, 5);
    client.limit = seconds(9);
    assert_eq!(time(client.by_field()).await, 9);
    assert_eq!(time(client.by_own_constant()).await, 2);
    assert_eq!(time(client.by_argument(seconds(4))).await, 16);
    assert_eq!(time(client.by_held()).await, 6);
    assert_eq!(time(client.falls_back()).await, 9);
    assert!(client.limit.is_zero(), "the fallback was called");
    assert_eq!(time(client.by_path_of_an_argument(seconds(1))).await, 1);
    assert_eq!(time(Client::new().queued(Client::new())).await, 5);
}

#[tokio::test(start_paused = true)]
async fn held_hedge_starts_its_attempts() {
    let client = Client::new();
    let _ = client.hedged().await;
    assert_eq!(client.begun.swap(0, Ordering::Relaxed), 3);
    let _ = client.hedged_by_field().await;
    assert_eq!(client.begun.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn time_of_zero_ends_a_call_before_its_body() {
    let mut client = Client::new();
    for (limit, expected) in [(Duration::ZERO, 0), (Duration::MAX, 60)] {
        client.limit = limit;
        assert_eq!(time(tokio::time::timeout(seconds(60), client.by_field())).await, expected);
    }
    assert_eq!(client.begun.load(Ordering::Relaxed), 1);
    let years = seconds(2 * 365 * 24 * 60 * 60);
    assert_eq!(time(tokio::time::timeout(years, client.by_field())).await, years.as_secs(), "no limit");
}

trait Limits {
    const ATTEMPTS: u32;
    const TIME: Duration;
}

struct Few;

impl Limits for Few {
    const ATTEMPTS: u32 = 2;
    const TIME: Duration = Duration::from_secs(3);
}

struct Limited<L>(L);

impl<L: Limits> Limited<L> {
    #[retry(max = L::ATTEMPTS, delay = 0)]
    #[timeout(<L as Limits>::TIME)]
    async fn ask(&self) -> Result<(), Error> {
        let _ = &self.0;
        pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn constants_of_a_generic_parameter_of_the_impl_are_options() {
    assert_eq!(time(Limited(Few).ask()).await, 6);
}

#[async_trait::async_trait]
trait Service {
    async fn ask(&self) -> Result<(), Error>;
}

struct Budgeted(RetryBudget);

#[async_trait::async_trait]
impl Service for Budgeted {
    #[retry(max = 9, delay = 0, budget = self.0)]
    async fn ask(&self) -> Result<(), Error> {
        Err(Error::Down)
    }
}

#[tokio::test]
async fn budget_of_self_works_under_async_trait() {
    let budget = RetryBudget::bucket(TokenBucket { capacity: 10, ..TokenBucket::DEFAULT });
    Budgeted(budget.clone()).ask().await.unwrap_err();
    assert_eq!((budget.stats().granted, budget.stats().tokens), (2, 0));
}

#[timeout(limit)]
async fn within(limit: Duration) -> Result<(), Rejection> {
    Ok(())
}

#[tokio::test]
async fn call_with_time_of_zero_was_not_called() {
    assert!(!within(Duration::ZERO).await.unwrap_err().was_called());
}
