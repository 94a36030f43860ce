//! Tests `#[rate_limit]`, which limits the number of calls that start in a second.

use std::cell::Cell;
use std::io;
use std::time::Duration;

use resilience_runtime::{CallError, RateLimit, circuit, fallback, get_circuit, rate_limit, retry};
use support::{Error, paused_runtime};
use tokio::time::{Instant, advance};

#[rate_limit(per_second = 4, burst = 2)]
async fn limited(calls: &Cell<u32>) -> Result<u32, Error> {
    calls.set(calls.get() + 1);
    Ok(calls.get())
}

#[tokio::test(start_paused = true)]
async fn calls_beyond_burst_pass_at_the_rate() {
    let calls = Cell::new(0);
    assert_eq!((limited(&calls).await, limited(&calls).await), (Ok(1), Ok(2)));
    let Err(Error::Limited(error)) = limited(&calls).await else { panic!("not rejected") };
    assert_eq!((error.name(), error.retry_after()), ("limited", Some(Duration::from_millis(250))));
    assert_eq!(error.to_string(), "rate limit 'limited' is reached, retry in 250ms");

    advance(Duration::from_millis(100)).await;
    let Err(Error::Limited(error)) = limited(&calls).await else { panic!("not rejected") };
    assert_eq!(error.retry_after(), Some(Duration::from_millis(150)));
    advance(error.retry_after().unwrap()).await;
    assert_eq!(limited(&calls).await, Ok(3), "a call after that delay passes");
    assert!(limited(&calls).await.is_err());

    advance(Duration::from_secs(60)).await;
    assert_eq!((limited(&calls).await, limited(&calls).await), (Ok(4), Ok(5)));
    assert!(limited(&calls).await.is_err(), "a minute adds no more than the burst");
}

#[rate_limit(per_second = 3)]
async fn by_default() -> io::Result<()> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn default_burst_is_one_second_of_calls() {
    for _ in 0..3 {
        by_default().await.unwrap();
    }
    assert_eq!(by_default().await.unwrap_err().kind(), io::ErrorKind::QuotaExceeded);
}

struct Client {
    limit: RateLimit,
}

impl Client {
    #[rate_limit(with = self.limit, error = |limited| limited.to_string())]
    async fn read(&mut self) -> Result<u32, String> {
        Ok(1)
    }

    #[rate_limit(with = self.limit)]
    async fn write(&self) -> Result<u32, Error> {
        Ok(2)
    }
}

#[tokio::test(start_paused = true)]
async fn functions_may_share_one_rate_limit() {
    let limit = RateLimit::builder(String::from("shared"), 1).build().unwrap();
    let mut client = Client { limit: limit.clone() };
    assert_eq!(client.write().await, Ok(2));
    assert_eq!(client.read().await, Err("rate limit 'shared' is reached, retry in 1s".to_owned()));
    assert_eq!((limit.stats().total_admitted, limit.stats().total_rejected), (1, 1));
    let answer = limit.call(|| async { panic!("not to be called") }).await;
    let answer: io::Result<u32> = answer.map_err(CallError::into_error);
    assert_eq!(answer.unwrap_err().kind(), io::ErrorKind::QuotaExceeded);
}

#[rate_limit(with = { &limits[index] })]
async fn chosen(limits: &[RateLimit; 2], index: usize) -> io::Result<u64> {
    Ok(limits[0].stats().total_admitted)
}

#[tokio::test(start_paused = true)]
async fn with_takes_any_expression() {
    let limits = ["first", "second"].map(|name| RateLimit::builder(name, 1).build().unwrap());
    assert_eq!(chosen(&limits, 0).await.unwrap(), 1);
    assert_eq!(chosen(&limits, 1).await.unwrap(), 1);
}

#[retry(max = 3, delay = 1, backoff = 1)]
#[circuit(name = "rate_limit::above", threshold = 1)]
#[rate_limit(with = limit)]
async fn below_others(limit: &RateLimit) -> Result<u64, Error> {
    Ok(limit.stats().total_admitted)
}

#[tokio::test(start_paused = true)]
async fn rejection_is_ignored_by_circuit_and_retried() {
    let limit = RateLimit::builder("below", 1).build().unwrap();
    let begin = Instant::now();
    assert_eq!((below_others(&limit).await, below_others(&limit).await), (Ok(1), Ok(2)));
    assert_eq!(begin.elapsed().as_secs(), 1);
    let stats = get_circuit("rate_limit::above").unwrap().stats();
    assert_eq!((stats.total_succeeded, stats.total_ignored, stats.total_failed), (2, 1, 0));
}

async fn instead(_: &RateLimit) -> Result<u64, Error> {
    std::future::ready(Ok(99)).await
}

#[fallback(instead, on = "rejected")]
#[rate_limit(with = limit)]
async fn falls_back(limit: &RateLimit) -> Result<u64, Error> {
    if limit.stats().total_admitted > 1 { Ok(2) } else { Err(Error::Down) }
}

#[tokio::test(start_paused = true)]
async fn rejection_calls_fallback() {
    let limit = RateLimit::builder("below", 1).build().unwrap();
    assert_eq!(falls_back(&limit).await, Err(Error::Down));
    assert_eq!(falls_back(&limit).await, Ok(99));
}

#[test]
fn concurrent_calls_stay_within_burst() {
    let limit = RateLimit::builder("threads", 1).burst(1000).build().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..1000).for_each(|_| drop(limit.try_acquire())));
        }
    });
    let stats = limit.stats();
    assert_eq!(stats.total_admitted + stats.total_rejected, 4000);
    // On a slow machine, the calls may take some seconds. The rate limit admits one more call in each second, so the
    // test allows nine calls more than the burst of 1,000.
    assert!((1000..1010).contains(&stats.total_admitted), "{stats:?}");
}

#[test]
fn invalid_setting_is_refused_by_name() {
    let error = |builder: resilience_runtime::RateLimitBuilder| builder.build().unwrap_err().to_string();
    assert_eq!(error(RateLimit::builder("a", 0)), "`per_second` is 0, but must be a whole number from 1 to 1000000");
    assert_eq!(error(RateLimit::builder("a", u32::MAX)).split(',').next(), Some("`per_second` is 4294967295"));
    assert_eq!(error(RateLimit::builder("a", 1).burst(0)), "`burst` is 0, but must be a whole number of at least 1");
    assert_eq!(error(RateLimit::builder("", 1)), "`name` is \"\", but must be a text that is not blank");
    assert!(RateLimit::builder("a", 1_000_000).burst(u32::MAX).build().is_ok());
}

#[tokio::test(start_paused = true)]
async fn rate_that_does_not_divide_a_second_holds() {
    let limit = RateLimit::builder("rate_limit::odd", 600_500).burst(1000).build().unwrap();
    while limit.try_acquire().is_ok() {}
    let burst = limit.stats().total_admitted;
    for _ in 0..1000 {
        advance(Duration::from_millis(1)).await;
        while limit.try_acquire().is_ok() {}
    }
    let admitted = limit.stats().total_admitted - burst;
    assert!((600_000..=600_500).contains(&admitted), "{admitted} in a second");
}

#[rate_limit(per_second = 100, burst = 3)]
async fn on_two_clocks() -> Result<(), Error> {
    Ok(())
}

#[test]
fn clock_slightly_behind_gets_no_new_burst() {
    let clocks = [paused_runtime(), paused_runtime()];
    let [one, other] = clocks.each_ref().map(|clock| clock.block_on(async { Instant::now() }));
    clocks[0].block_on(advance(other + Duration::from_millis(1) - one));
    for (clock, expected) in clocks.iter().zip([3, 0]) {
        let passed = clock.block_on(async {
            let mut passed = 0;
            for _ in 0..5 {
                passed += u32::from(on_two_clocks().await.is_ok());
            }
            passed
        });
        assert_eq!(passed, expected);
    }
    clocks[1].block_on(async {
        let Err(Error::Limited(limited)) = on_two_clocks().await else { panic!("not rejected") };
        let retry_after = limited.retry_after().unwrap();
        assert!(retry_after >= Duration::from_millis(11), "its step and the skew: {limited}");
        advance(retry_after).await;
        assert_eq!(on_two_clocks().await, Ok(()));
    });
}

#[rate_limit(per_second = 1)]
async fn first_of_two() -> Result<(), Error> {
    Ok(())
}

#[rate_limit(per_second = 1)]
async fn second_of_two() -> Result<(), Error> {
    Ok(())
}

#[rate_limit(per_second = 1)]
async fn generic<T>(_: T) -> Result<(), Error> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn each_function_has_its_own_rate_limit() {
    first_of_two().await.unwrap();
    assert!(first_of_two().await.is_err());
    assert_eq!(second_of_two().await, Ok(()));
    generic(1).await.unwrap();
    assert!(generic("two").await.is_err(), "all instances of a generic function share one");
}

#[rate_limit(with = limit)]
#[retry(max = 3, delay = 0)]
async fn above_a_retry(limit: &RateLimit, attempts: &Cell<u32>) -> Result<(), Error> {
    attempts.set(attempts.get() + 1);
    let _ = limit;
    Err(Error::Down)
}

#[retry(max = 3, delay = 0)]
#[rate_limit(with = limit)]
async fn below_a_retry(limit: &RateLimit, attempts: &Cell<u32>) -> Result<(), Error> {
    attempts.set(attempts.get() + 1);
    let _ = limit;
    Err(Error::Down)
}

#[tokio::test(start_paused = true)]
async fn rate_limit_counts_calls_above_and_attempts_below_retry() {
    let (limit, attempts) = (RateLimit::builder("retry", 9).build().unwrap(), Cell::new(0));
    assert_eq!(above_a_retry(&limit, &attempts).await, Err(Error::Down));
    assert_eq!((limit.stats().total_admitted, attempts.take()), (1, 3));
    assert_eq!(below_a_retry(&limit, &attempts).await, Err(Error::Down));
    assert_eq!((limit.stats().total_admitted, attempts.take()), (4, 3));
}

#[rate_limit(per_second = 100)]
async fn at_default_burst() -> Result<(), Error> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn first_second_admits_rate_and_burst() {
    let limit = RateLimit::builder("first_second", 100).build().unwrap();
    let (mut of_handle, mut of_attribute) = (0, 0);
    for _ in 0..1000 {
        while limit.try_acquire().is_ok() {
            of_handle += 1;
        }
        while at_default_burst().await.is_ok() {
            of_attribute += 1;
        }
        advance(Duration::from_millis(1)).await;
    }
    assert_eq!((of_handle, of_attribute), (199, 199));
}

#[tokio::test(start_paused = true)]
async fn call_after_the_wait_is_admitted() {
    // At these rates, the time between two calls is no multiple of eight nanoseconds, the resolution of the clock.
    for rate in [3, 7, 999_999] {
        let limit = RateLimit::builder("third", rate).burst(1).build().unwrap();
        for _ in 0..5 {
            limit.try_acquire().unwrap();
            advance(limit.try_acquire().unwrap_err().retry_after().unwrap()).await;
        }
        limit.try_acquire().unwrap();
    }
}

#[test]
fn rate_limit_needs_no_runtime() {
    let limit = RateLimit::builder("no_runtime", 1).build().unwrap();
    assert!(limit.try_acquire().is_ok());
    assert!(limit.try_acquire().is_err());
}
