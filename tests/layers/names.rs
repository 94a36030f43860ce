//! Tests the option `name` of all attributes except `#[circuit]`, and the statistics of all layers.

use std::future::{Ready, pending, ready};
use std::io;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use resilience_runtime::{
    RetryBudget, SettingsMistake, TokenBucket, bulkhead, check, fallback, get_stats, hedge, rate_limit, retry, timeout,
};
use support::{Error, seconds};
use tokio::time::{Instant, sleep};

const MAIL: &str = "names::mail";

#[bulkhead(name = "names::slots", max = 1)]
async fn takes_slot(time: Duration) -> Result<(), Error> {
    sleep(time).await;
    Ok(())
}

#[bulkhead(name = "names::slots")]
async fn shares_slot() -> Result<(), Error> {
    Ok(())
}

#[bulkhead(name = "names::waits", max = 1, wait = 5)]
async fn waits_first(time: Duration) -> Result<(), Error> {
    sleep(time).await;
    Ok(())
}

#[bulkhead(name = "names::waits", wait = 0)]
async fn waits_as_first() -> Result<(), Error> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn bulkhead_with_another_wait_has_wait_of_first_attribute() {
    let (first, second) = tokio::join!(waits_first(seconds(1)), waits_as_first());
    first.unwrap();
    second.expect("waits up to 5 seconds");
}

#[tokio::test(start_paused = true)]
async fn bulkheads_of_one_name_share_slots() {
    let (first, second) = tokio::join!(takes_slot(seconds(1)), shares_slot());
    assert!(first.is_ok());
    assert_eq!(second.unwrap_err().to_string(), "bulkhead 'names::slots' is full");
    assert!(shares_slot().await.is_ok());
    let stats = &get_stats().bulkheads["names::slots"];
    assert_eq!((stats.max, stats.total_admitted, stats.total_rejected), (1, 2, 1));
}

#[retry(name = MAIL, max = 2, delay = 0)]
async fn first_place(mut outcomes: std::vec::IntoIter<io::Result<u32>>) -> io::Result<u32> {
    outcomes.next().unwrap()
}

#[retry(name = MAIL, retry_if = |error| error.kind() == io::ErrorKind::TimedOut)]
async fn second_place(error: io::ErrorKind) -> io::Result<u32> {
    Err(error.into())
}

#[tokio::test(start_paused = true)]
async fn retries_of_one_name_share_settings_and_counts() {
    let timed_out = || Err(io::ErrorKind::TimedOut.into());
    first_place(vec![Ok(1)].into_iter()).await.unwrap();
    first_place(vec![timed_out(), Ok(1)].into_iter()).await.unwrap();
    second_place(io::ErrorKind::TimedOut).await.unwrap_err();
    second_place(io::ErrorKind::NotFound).await.unwrap_err();
    let stats = &get_stats().retries[MAIL];
    assert_eq!((stats.total_first_successes, stats.total_recovered, stats.total_exhausted), (1, 1, 1));
    assert_eq!(stats.total_gave_up.iter().collect::<Vec<_>>(), [(&"not_retryable", &1)]);
    assert_eq!((stats.total_attempts, stats.total_retries), (1 + 2 + 2 + 1, 2));
}

#[retry(name = "names::budget", max = 9, delay = 0, budget = budget.clone())]
async fn with_budget(budget: &RetryBudget) -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[tokio::test]
async fn stats_count_retries_that_a_budget_granted() {
    let budget = RetryBudget::bucket(TokenBucket { capacity: 3, retry_cost: 1, ..TokenBucket::DEFAULT });
    with_budget(&budget).await.unwrap_err();
    let stats = &get_stats().retries["names::budget"];
    assert_eq!((stats.total_retries, stats.total_granted, stats.total_denied), (3, 3, 1));
}

#[timeout(1, name = "names::slow")]
async fn slow() -> Result<(), Error> {
    pending().await
}

#[timeout(name = "names::slow")]
async fn slow_too() -> Result<(), Error> {
    pending().await
}

#[tokio::test(start_paused = true)]
async fn timeouts_of_one_name_share_time_and_counts() {
    let begin = Instant::now();
    slow().await.unwrap_err();
    slow_too().await.unwrap_err();
    assert_eq!(begin.elapsed(), seconds(2));
    resilience_runtime::deadline(Duration::from_millis(500), slow()).await.unwrap_err();
    let stats = &get_stats().timeouts["names::slow"];
    assert_eq!((stats.after, stats.total_timed_out, stats.total_by_deadline), (Some(seconds(1)), 2, 1));
}

#[hedge(name = "names::hedge", after = 1, max = 3)]
async fn hedged(times: &Mutex<Vec<u64>>) -> Result<u64, Error> {
    let time = times.lock().unwrap().pop().unwrap();
    sleep(seconds(time)).await;
    Ok(time)
}

#[hedge(name = "names::hedge")]
async fn hedged_too() -> Result<u64, Error> {
    Ok(1)
}

#[tokio::test(start_paused = true)]
async fn hedges_of_one_name_share_settings_and_counts() {
    assert_eq!(hedged(&Mutex::new(vec![9, 1, 9])).await.unwrap(), 1);
    hedged_too().await.unwrap();
    let stats = &get_stats().hedges["names::hedge"];
    assert_eq!((stats.after, stats.max, stats.total_attempts, stats.total_won_by_hedge), (Some(seconds(1)), 3, 3, 1));
    assert_eq!(hedged(&Mutex::new(vec![9, 2])).await.unwrap(), 2);
    let stats = &get_stats().hedges["names::hedge"];
    assert_eq!((stats.total_attempts, stats.total_won_by_hedge), (5, 1), "the first attempt won");
}

fn answer() -> Ready<Result<u64, Error>> {
    ready(Ok(42))
}

fn refuse() -> Ready<Result<u64, Error>> {
    ready(Err(Error::Other))
}

#[fallback(answer, name = "names::fallback")]
async fn answered() -> Result<u64, Error> {
    Err(Error::Down)
}

#[fallback(refuse, name = "names::fallback")]
async fn refused() -> Result<u64, Error> {
    Err(Error::Down)
}

#[fallback(refuse, name = "names::fallback")]
async fn succeeded() -> Result<u64, Error> {
    Ok(1)
}

#[tokio::test]
async fn fallbacks_of_one_name_share_counts() {
    assert_eq!(succeeded().await.unwrap(), 1);
    assert_eq!(answered().await.unwrap(), 42);
    assert!(refused().await.is_err());
    let stats = &get_stats().fallbacks["names::fallback"];
    assert_eq!((stats.total_fell_back, stats.total_failed), (2, 1));
}

#[bulkhead(max = 7)]
#[timeout(9)]
async fn unnamed() -> Result<(), Error> {
    Ok(())
}

mod twice {
    use super::*;

    pub(super) struct One;
    pub(super) struct Two;

    impl One {
        #[timeout(1)]
        pub(super) async fn ask(&self) -> Result<(), Error> {
            Ok(())
        }
    }

    impl Two {
        #[timeout(2)]
        pub(super) async fn ask(&self) -> Result<(), Error> {
            Ok(())
        }
    }
}

#[tokio::test]
async fn unnamed_layers_are_listed_by_their_places() {
    unnamed().await.unwrap();
    twice::One.ask().await.unwrap();
    twice::Two.ask().await.unwrap();
    let stats = get_stats();
    let name = concat!(module_path!(), "::unnamed");
    assert_eq!((stats.bulkheads[name].max, stats.timeouts[name].after), (7, Some(seconds(9))));
    let places = stats.timeouts.range(concat!(module_path!(), "::twice::").to_owned()..).take(2);
    let places: Vec<_> = places.map(|(name, stats)| (name.rsplit(':').next().unwrap(), stats.after)).collect();
    assert!(places.iter().all(|(line, _)| line.parse::<u32>().is_ok()), "{places:?}");
    assert_eq!(places.iter().map(|(_, after)| after.unwrap().as_secs()).collect::<Vec<_>>(), [1, 2]);
}

#[bulkhead(max = 3)]
async fn called_like() -> Result<(), Error> {
    Ok(())
}

/// The source line of the `#[bulkhead]` attribute above.
const LINE_OF_CALLED_LIKE: u32 = line!() - 6;

#[bulkhead(name = concat!(module_path!(), "::called_like"), max = 5)]
async fn named_like() -> Result<(), Error> {
    Ok(())
}

#[tokio::test]
async fn name_like_that_of_a_function_hides_no_layer() {
    let name = concat!(module_path!(), "::called_like");
    let listed = || {
        let bulkheads = get_stats().bulkheads;
        [bulkheads[name].max, bulkheads[&format!("{name}:{LINE_OF_CALLED_LIKE}")].max]
    };
    assert_eq!(listed(), [5, 3]);
    called_like().await.unwrap();
    named_like().await.unwrap();
    assert_eq!(listed(), [5, 3]);
}

#[timeout(3)]
#[retry(max = 2)]
#[timeout(1)]
async fn ends_twice() -> Result<(), Error> {
    Ok(())
}

#[tokio::test]
async fn each_of_two_timeouts_of_a_function_is_listed_with_its_line() {
    let last = line!() - 7;
    ends_twice().await.unwrap();
    let listed = |line| get_stats().timeouts[&format!("{}::ends_twice:{line}", module_path!())].after;
    assert_eq!([listed(last - 2), listed(last)], [Some(seconds(3)), Some(seconds(1))]);
}

#[retry(max = 2)]
#[bulkhead(name = "names::differing", max = 3)]
async fn differs() -> Result<(), Error> {
    Ok(())
}

#[bulkhead(name = "names::differing", max = 5)]
async fn differs_too() -> Result<(), Error> {
    Ok(())
}

/// The source lines of the two `#[bulkhead]` attributes above.
const LINES_OF_DIFFERING: [u32; 2] = [line!() - 11, line!() - 6];

mod incomplete {
    use super::*;

    #[bulkhead(name = "names::no_max")]
    pub(super) async fn slots() -> Result<(), Error> {
        Ok(())
    }

    #[rate_limit(name = "names::no_rate")]
    pub(super) async fn rate() -> Result<(), Error> {
        Ok(())
    }

    #[timeout(name = "names::no_time")]
    pub(super) async fn time() -> Result<(), Error> {
        sleep(seconds(60)).await;
        Ok(())
    }

    #[hedge(name = "names::no_after")]
    pub(super) async fn hedged() -> Result<(), Error> {
        sleep(seconds(60)).await;
        Ok(())
    }
}

#[tokio::test]
async fn check_reports_values_that_differ() {
    differs().await.unwrap();
    differs_too().await.unwrap();
    let mistakes = check().unwrap_err();
    let found: Vec<_> = mistakes.iter().filter(|mistake| mistake.to_string().contains("differing")).collect();
    let [mistake @ SettingsMistake::LayerConflict(conflict)] = found[..] else { panic!("{found:?}") };
    let [first, second] = &conflict.places;
    let expected = format!("bulkhead 'names::differing': `max` is 3 at {first}, but 5 at {second}");
    assert_eq!(mistake.to_string(), expected);
    for (place, line) in conflict.places.iter().zip(LINES_OF_DIFFERING) {
        assert!(place.starts_with(&format!("tests/layers/names.rs:{line}:")), "{place} is not in line {line}");
    }
    assert_eq!(get_stats().bulkheads["names::differing"].max, 3, "the first place wins");
}

#[tokio::test(start_paused = true)]
async fn layer_without_required_option_is_reported_and_rejects() {
    let error = incomplete::slots().await.unwrap_err().to_string();
    assert_eq!(error, "bulkhead 'names::no_max' has no `max`: write it in one of the attributes with this name");
    let error = incomplete::rate().await.unwrap_err().to_string();
    assert_eq!(
        error,
        "rate limit 'names::no_rate' has no `per_second`: write it in one of the attributes with this name"
    );
    incomplete::time().await.unwrap();
    incomplete::hedged().await.unwrap();
    assert_eq!(get_stats().hedges["names::no_after"].total_attempts, 1);
    let mistakes = check().unwrap_err();
    let missing = mistakes.iter().filter_map(|mistake| match mistake {
        SettingsMistake::MissingOption(missing) => Some((missing.name.as_str(), missing.option)),
        _ => None,
    });
    assert_eq!(
        missing.collect::<Vec<_>>(),
        [
            ("names::no_time", "timeout"),
            ("names::no_max", "max"),
            ("names::no_rate", "per_second"),
            ("names::no_after", "after")
        ]
    );
}

macro_rules! clients {
    ($($client:ident $max:literal),*) => {
        $(
            struct $client;

            impl $client {
                #[bulkhead(max = $max)]
                async fn generated(&self) -> Result<(), Error> {
                    Ok(())
                }
            }
        )*
    };
}
clients!(Three 3, Five 5);

#[tokio::test]
async fn functions_of_one_macro_call_are_all_listed() {
    let listed = || {
        let bulkheads = get_stats().bulkheads.into_iter().filter(|(name, _)| name.contains("::generated"));
        bulkheads.map(|(_, stats)| (stats.max, stats.total_admitted)).collect::<std::collections::BTreeMap<_, _>>()
    };
    assert_eq!(listed().into_iter().collect::<Vec<_>>(), [(3, 0), (5, 0)]);
    Three.generated().await.unwrap();
    Five.generated().await.unwrap();
    Five.generated().await.unwrap();
    assert_eq!(listed().into_iter().collect::<Vec<_>>(), [(3, 1), (5, 2)]);
}

macro_rules! tenants {
    ($($tenant:ident $max:literal),*) => {
        $(
            struct $tenant;

            impl $tenant {
                #[bulkhead(max = $max)]
                async fn listed(&self) -> Result<(), Error> {
                    Ok(())
                }
            }
        )*
    };
}
tenants!(A 3, B 5, C 7);

#[tokio::test]
async fn labels_of_one_macro_call_do_not_depend_on_the_first_call() {
    let labels = || {
        let bulkheads = get_stats().bulkheads.into_iter().filter(|(name, _)| name.contains("::listed"));
        bulkheads.map(|(name, stats)| (name, stats.max)).collect::<Vec<_>>()
    };
    let before = labels();
    assert_eq!(before.len(), 3);
    for call in [B.listed().await, C.listed().await, A.listed().await] {
        call.unwrap();
        assert_eq!(labels(), before);
    }
}

macro_rules! functions {
    ($($function:ident)*) => {
        $(
            #[bulkhead(max = 1_000)]
            async fn $function() -> Result<(), Error> {
                Ok(())
            }
        )*

        const FUNCTIONS: &[(&str, fn() -> BoxFuture)] = &[$((stringify!($function), || Box::pin($function()))),*];
    };
}
type BoxFuture = std::pin::Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;
functions!(a0 a1 a2 a3 a4 a5 a6 a7 a8 a9 b0 b1 b2 b3 b4 b5 b6 b7 b8 b9 c0 c1 c2 c3 c4 c5 c6 c7 c8 c9);

#[test]
fn concurrent_first_calls_share_one_unnamed_layer() {
    for (name, function) in FUNCTIONS {
        let barrier = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    barrier.wait();
                    let mut call = function();
                    let polled = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                    assert!(matches!(polled, Poll::Ready(Ok(()))));
                });
            }
        });
        let end = format!("::{name}");
        let stats = get_stats().bulkheads;
        let admitted: Vec<_> =
            stats.iter().filter(|(name, _)| name.ends_with(&end)).map(|(_, stats)| stats.total_admitted).collect();
        assert_eq!(admitted, [8], "{name}");
    }
}

#[retry(name = "names::merged", delay = 5)]
async fn slow_retry() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[retry(name = "names::merged", max_delay = 2, max = 2)]
async fn quick_retry() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[tokio::test(start_paused = true)]
async fn options_that_contradict_those_of_another_place_are_left_out() {
    let begin = Instant::now();
    quick_retry().await.unwrap_err();
    slow_retry().await.unwrap_err();
    assert_eq!(begin.elapsed(), seconds(2 * 5), "only `max_delay` contradicts the first place, so `max` applies");
    let mistakes = check().unwrap_err();
    assert!(
        mistakes.iter().any(|mistake| mistake.to_string().contains("'names::merged': `max_delay`")),
        "{mistakes:?}"
    );
}

#[retry(name = "names::both", backoff = 3, max = 2)]
async fn exponential_retry() -> io::Result<()> {
    Ok(())
}

#[retry(name = "names::both", jitter = "decorrelated", max = 4)]
async fn decorrelated_retry() -> io::Result<()> {
    Ok(())
}

#[rate_limit(name = "names::both rates", per_second = 3, burst = 2)]
async fn rate_per_second() -> Result<(), Error> {
    Ok(())
}

#[rate_limit(name = "names::both rates", limit = 60, per = "1m", burst = 4)]
async fn rate_per_minute() -> Result<(), Error> {
    Ok(())
}

#[tokio::test]
async fn option_without_effect_is_reported_beside_a_value_that_differs() {
    exponential_retry().await.unwrap();
    decorrelated_retry().await.unwrap();
    rate_per_second().await.unwrap();
    rate_per_minute().await.unwrap();
    let mistakes = check().unwrap_err();
    let conflicts = mistakes.iter().filter_map(|mistake| match mistake {
        SettingsMistake::LayerConflict(conflict) if conflict.name.starts_with("names::both") => Some(conflict),
        _ => None,
    });
    let options: Vec<_> = conflicts.map(|conflict| (conflict.option, conflict.values[1].as_str())).collect();
    assert_eq!(options, [("max", "4"), ("jitter", "\"decorrelated\""), ("burst", "4"), ("limit", "60")]);
}

#[hedge(name = "names::most", after = 1, max = 4)]
async fn four_attempts() -> Result<(), Error> {
    sleep(seconds(30)).await;
    Ok(())
}

#[hedge(name = "names::most", max = 2)]
async fn two_attempts() -> Result<(), Error> {
    sleep(seconds(30)).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn hedge_makes_attempts_of_first_place() {
    two_attempts().await.unwrap();
    four_attempts().await.unwrap();
    let stats = &get_stats().hedges["names::most"];
    assert_eq!((stats.max, stats.total_attempts), (4, 8));
}

const THREE: u32 = 3;

#[retry(name = "names::expression", max = THREE + 1, delay = Duration::from_millis(0))]
async fn by_expression() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[retry(name = "names::expression")]
async fn shares_expression() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[tokio::test(start_paused = true)]
async fn constant_expressions_of_a_retry_are_shared() {
    shares_expression().await.unwrap_err();
    by_expression().await.unwrap_err();
    assert_eq!(get_stats().retries["names::expression"].total_attempts, 8);
}
