//! Tests changes of the settings of retries, timeouts, bulkheads, rate limits and hedges.

use std::io;
use std::time::Duration;

use resilience_runtime::{
    Jitter, Rejection, bulkhead, circuit, configure_bulkhead, configure_hedge, configure_rate_limit, configure_retry,
    configure_timeout, deadline, get_circuit, get_stats, hedge, rate_limit, reset_all, reset_configuration, retry,
    testing, timeout,
};
use tokio::task::yield_now;
use tokio::time::{Instant, advance, sleep};

const SECOND: Duration = Duration::from_secs(1);

fn timed_out() -> io::Error {
    io::ErrorKind::TimedOut.into()
}

#[retry(name = "configure::retry", max = 3, delay = 1)]
async fn named_retry() -> io::Result<()> {
    Err(timed_out())
}

#[retry(max = 3, delay = 1)]
async fn unnamed_retry() -> io::Result<()> {
    Err(timed_out())
}

#[resilience_runtime::test]
async fn retry_takes_new_attempts_and_pauses() {
    configure_retry("configure::retry", |retry| retry.max(4).delay(10 * SECOND).backoff(1.0)).unwrap();
    let begin = Instant::now();
    assert!(named_retry().await.is_err());
    assert_eq!(begin.elapsed(), 30 * SECOND);
    configure_retry("configure::retry", |retry| retry.max_elapsed(15 * SECOND)).unwrap();
    let begin = Instant::now();
    assert!(named_retry().await.is_err());
    assert_eq!(begin.elapsed(), 10 * SECOND);
}

#[retry(name = "configure::retry_of_slow", max = 3, delay = 1, backoff = 1)]
async fn retry_of_slow() -> io::Result<()> {
    sleep(5 * SECOND).await;
    Err(timed_out())
}

#[resilience_runtime::test]
async fn new_max_elapsed_applies_to_later_calls() {
    let running = testing::handle().spawn(retry_of_slow());
    yield_now().await;
    configure_retry("configure::retry_of_slow", |retry| retry.max_elapsed(SECOND)).unwrap();
    let begin = Instant::now();
    assert!(retry_of_slow().await.is_err());
    assert_eq!(begin.elapsed(), 5 * SECOND);
    assert!(running.await.unwrap().is_err());
    assert_eq!(begin.elapsed(), 17 * SECOND, "the running call makes all attempts");
}

#[retry(name = "configure::panics", max = 3, delay = 0, retry_if = |_| panic!("rule"))]
async fn panics_in_rule() -> io::Result<()> {
    Err(timed_out())
}

#[retry(name = "configure::panics", max = 3, delay = 0)]
async fn panics_in_body() -> io::Result<()> {
    panic!("body")
}

#[resilience_runtime::test]
async fn attempt_that_panics_is_not_counted() {
    assert!(testing::handle().spawn(panics_in_rule()).await.unwrap_err().is_panic());
    assert!(testing::handle().spawn(panics_in_body()).await.unwrap_err().is_panic());
    assert_eq!(get_stats().retries["configure::panics"].total_attempts, 0);
}

#[resilience_runtime::test]
async fn layer_without_a_name_is_configured_by_its_label() {
    assert!(unnamed_retry().await.is_err());
    let label = "configure::layers::unnamed_retry";
    configure_retry(label, |retry| retry.max(2)).unwrap();
    assert!(unnamed_retry().await.is_err());
    assert_eq!(get_stats().retries[label].total_attempts, 3 + 2);
    reset_configuration();
    assert!(unnamed_retry().await.is_err());
    assert_eq!(get_stats().retries[label].total_attempts, 3 + 2 + 3);
}

#[resilience_runtime::test]
async fn change_in_the_pause_of_a_call_concerns_its_next_decision() {
    let call = testing::handle().spawn(named_retry());
    advance(Duration::from_millis(500)).await;
    configure_retry("configure::retry", |retry| retry.max(2)).unwrap();
    assert!(call.await.unwrap().is_err());
    assert_eq!(get_stats().retries["configure::retry"].total_attempts, 2);
}

#[timeout(5, name = "configure::timeout")]
async fn slow() -> io::Result<()> {
    sleep(60 * SECOND).await;
    Ok(())
}

#[resilience_runtime::test]
async fn timeout_ends_the_next_call_at_the_new_time() {
    let running = testing::handle().spawn(slow());
    yield_now().await;
    advance(SECOND).await;
    configure_timeout("configure::timeout", |timeout| timeout.after(2 * SECOND)).unwrap();
    let begin = Instant::now();
    assert!(slow().await.is_err());
    assert_eq!(begin.elapsed(), 2 * SECOND);
    assert!(running.await.unwrap().is_err());
    assert_eq!(begin.elapsed(), 4 * SECOND, "a running call keeps its time");
}

#[circuit(name = "configure::timed", threshold = 9)]
#[timeout(2, name = "configure::timed")]
async fn timed() -> io::Result<()> {
    sleep(60 * SECOND).await;
    Ok(())
}

#[resilience_runtime::test]
async fn change_during_a_call_keeps_the_cause_of_its_end() {
    for (new, deadline_after, failed, by_deadline) in [(5, 9, 1, 0), (1, 1, 1, 1)] {
        reset_configuration();
        let running = testing::handle().spawn(deadline(deadline_after * SECOND, timed()));
        yield_now().await;
        advance(SECOND / 2).await;
        configure_timeout("configure::timed", |timeout| timeout.after(new * SECOND / 2)).unwrap();
        let error = running.await.unwrap().unwrap_err();
        let Some(Rejection::Timeout(error)) = Rejection::find(&error) else { panic!("{error}") };
        assert_eq!(error.by_deadline(), by_deadline == 1);
        let (circuit, timeout) =
            (get_circuit("configure::timed").unwrap().stats(), &get_stats().timeouts["configure::timed"]);
        assert_eq!((circuit.total_failed, circuit.total_ignored), (failed, by_deadline));
        assert_eq!((timeout.total_timed_out, timeout.total_by_deadline), (failed, by_deadline));
    }
}

#[bulkhead(name = "configure::bulkhead", max = 2)]
async fn occupied() -> io::Result<()> {
    sleep(10 * SECOND).await;
    Ok(())
}

fn bulkhead_stats() -> (u32, u32) {
    let stats = &get_stats().bulkheads["configure::bulkhead"];
    (stats.max, stats.in_use)
}

#[resilience_runtime::test]
#[expect(clippy::async_yields_async, reason = "the test awaits the spawned calls later")]
async fn bulkhead_grows_at_once_and_shrinks_as_calls_end() {
    let test = testing::handle();
    let begin = || async {
        let call = test.spawn(occupied());
        yield_now().await;
        call
    };
    let first = [begin().await, begin().await];
    assert!(occupied().await.is_err());
    configure_bulkhead("configure::bulkhead", |bulkhead| bulkhead.max(4)).unwrap();
    advance(5 * SECOND).await;
    let later = [begin().await, begin().await];
    assert!(occupied().await.is_err());
    assert_eq!(bulkhead_stats(), (4, 4));

    configure_bulkhead("configure::bulkhead", |bulkhead| bulkhead.max(3)).unwrap();
    assert_eq!(bulkhead_stats(), (3, 4));
    configure_bulkhead("configure::bulkhead", |bulkhead| bulkhead.max(1)).unwrap();
    for call in first {
        call.await.unwrap().unwrap();
    }
    assert_eq!(bulkhead_stats(), (1, 2));
    assert!(occupied().await.is_err(), "two calls of the old size run");
    for call in later {
        call.await.unwrap().unwrap();
    }
    assert_eq!(bulkhead_stats(), (1, 0));
    let one = begin().await;
    assert!(occupied().await.is_err());
    configure_bulkhead("configure::bulkhead", |bulkhead| bulkhead.max(2)).unwrap();
    let two = begin().await;
    assert_eq!(bulkhead_stats(), (2, 2));
    assert!(one.await.unwrap().is_ok() && two.await.unwrap().is_ok());
}

#[rate_limit(name = "configure::rate", per_second = 1)]
async fn limited() -> io::Result<()> {
    Ok(())
}

#[resilience_runtime::test]
async fn rate_limit_takes_the_new_rate() {
    limited().await.unwrap();
    assert!(limited().await.is_err());
    configure_rate_limit("configure::rate", |limit| limit.per_second(10).burst(1)).unwrap();
    advance(SECOND / 10).await;
    limited().await.unwrap();
    assert!(limited().await.is_err());
    configure_rate_limit("configure::rate", |limit| limit.limit(2).per(60 * SECOND)).unwrap();
    advance(29 * SECOND).await;
    assert!(limited().await.is_err());
    advance(SECOND).await;
    limited().await.unwrap();
}

#[resilience_runtime::test]
async fn lower_rate_counts_the_recent_calls() {
    let admitted = async || {
        let mut admitted = 0;
        while limited().await.is_ok() {
            admitted += 1;
        }
        admitted
    };
    let change =
        |rate: u32| configure_rate_limit("configure::rate", |limit| limit.per_second(rate).burst(100)).unwrap();
    change(100);
    assert_eq!(admitted().await, 100);
    change(1);
    assert_eq!(admitted().await, 0, "the burst is used up");
    advance(10 * SECOND).await;
    change(10);
    assert_eq!(admitted().await, 10, "a higher rate keeps the ten tokens of ten seconds");
}

#[resilience_runtime::test]
async fn changes_at_one_place_replace_each_other() {
    for is_fast in [true, false, true] {
        configure_rate_limit("configure::rate", |limit| {
            if is_fast { limit.per_second(100) } else { limit.limit(60).per(60 * SECOND) }
        })
        .unwrap();
        reset_all();
        for _ in 0..if is_fast { 100 } else { 1 } {
            limited().await.unwrap();
        }
        assert!(limited().await.is_err());
    }
}

#[resilience_runtime::test]
async fn change_at_one_place_keeps_newer_rate_of_another_place() {
    let change = |burst: Option<u32>| {
        configure_rate_limit("configure::rate", |limit| match burst {
            Some(burst) => limit.burst(burst),
            None => limit.limit(5).per(60 * SECOND),
        })
    };
    change(None).unwrap();
    configure_rate_limit("configure::rate", |limit| limit.per_second(100)).unwrap();
    change(Some(3)).unwrap();
    for _ in 0..3 {
        limited().await.unwrap();
    }
    assert!(limited().await.is_err());
    advance(SECOND / 100).await;
    limited().await.unwrap();
}

#[bulkhead(name = "configure::slots", max = 3)]
async fn three_slots() -> io::Result<()> {
    Ok(())
}

#[bulkhead(name = "configure::slots", max = 5)]
async fn five_slots() -> io::Result<()> {
    Ok(())
}

#[rate_limit(name = "configure::no_rate")]
async fn no_rate() -> io::Result<()> {
    Ok(())
}

#[bulkhead(name = "configure::no_slots")]
async fn no_slots() -> io::Result<()> {
    Ok(())
}

#[resilience_runtime::test]
async fn first_call_reports_mistakes_after_a_change() {
    configure_bulkhead("configure::slots", |bulkhead| bulkhead.wait(SECOND)).unwrap();
    configure_rate_limit("configure::no_rate", |limit| limit.wait(SECOND)).unwrap();
    configure_bulkhead("configure::no_slots", |bulkhead| bulkhead.max(1)).unwrap();
    for _ in 0..2 {
        three_slots().await.unwrap();
        five_slots().await.unwrap();
        no_rate().await.unwrap_err();
        no_slots().await.unwrap();
    }
    let events = testing::events();
    let found: Vec<_> = events.iter().filter(|event| event.field("option").is_some()).collect();
    let names: Vec<_> = found.iter().map(|event| (event.name(), event.field("name").unwrap())).collect();
    assert_eq!(names, [("layer_conflict", "configure::slots"), ("option_missing", "configure::no_rate")]);
}

#[rate_limit(name = "configure::queue", limit = 1, per = "1h", wait = "2h")]
async fn queued() -> io::Result<()> {
    Ok(())
}

#[resilience_runtime::test]
async fn waiting_call_takes_the_new_rate_within_a_second() {
    let changes: [fn(); 2] =
        [|| configure_rate_limit("configure::queue", |limit| limit.per_second(10)).unwrap(), reset_all];
    for change in changes {
        reset_configuration();
        reset_all();
        queued().await.unwrap();
        let waiting = testing::handle().spawn(queued());
        yield_now().await;
        change();
        let begin = Instant::now();
        waiting.await.unwrap().unwrap();
        assert!(begin.elapsed() <= SECOND + SECOND / 100, "{:?}", begin.elapsed());
    }
}

#[rate_limit(name = "configure::rates", key = key, per_second = 1, wait = 0.1)]
async fn limited_by_key(key: u32) -> io::Result<u32> {
    Ok(key)
}

#[resilience_runtime::test]
async fn rate_limits_of_all_keys_take_the_new_rate() {
    limited_by_key(1).await.unwrap();
    configure_rate_limit("configure::rates", |limit| limit.per_second(1_000).burst(5).wait(SECOND).max_keys(7))
        .unwrap();
    for key in [1, 2] {
        for _ in 0..20 {
            limited_by_key(key).await.unwrap();
        }
    }
    assert_eq!(get_stats().keyed_rate_limits["configure::rates"].max_keys, 7);
}

#[hedge(after = 1, max = 3, name = "configure::hedge")]
async fn hedged() -> io::Result<()> {
    sleep(10 * SECOND).await;
    Ok(())
}

#[resilience_runtime::test]
async fn hedge_takes_new_time_and_attempts() {
    hedged().await.unwrap();
    assert_eq!(get_stats().hedges["configure::hedge"].total_attempts, 3);
    configure_hedge("configure::hedge", |hedge| hedge.after(6 * SECOND).max(5)).unwrap();
    hedged().await.unwrap();
    assert_eq!(get_stats().hedges["configure::hedge"].total_attempts, 3 + 2);
}

#[resilience_runtime::test]
async fn all_options_of_a_retry_change() {
    configure_retry("configure::retry", |retry| {
        retry.max_delay(2 * SECOND).jitter(Jitter::Full).count_nested(false).retry_rejected(true)
    })
    .unwrap();
    let begin = Instant::now();
    assert!(named_retry().await.is_err());
    assert!(begin.elapsed() < 3 * SECOND, "full jitter");
}

#[bulkhead(name = "configure::pinned", key = key, max = 2, max_keys = 1)]
async fn occupied_by_key(key: u32) -> io::Result<u32> {
    sleep(SECOND).await;
    Ok(key)
}

#[resilience_runtime::test]
async fn idle_key_is_evicted_after_its_bulkhead_has_shrunk() {
    let (one, other, ()) = tokio::join!(occupied_by_key(1), occupied_by_key(1), async {
        yield_now().await;
        configure_bulkhead("configure::pinned", |bulkhead| bulkhead.max(1)).unwrap();
    });
    assert!(one.is_ok() && other.is_ok());
    occupied_by_key(2).await.unwrap();
    let bulkheads = get_stats().bulkheads;
    assert_eq!(bulkheads.keys().filter(|name| name.contains("pinned")).collect::<Vec<_>>(), ["configure::pinned[2]"]);
    assert_eq!(bulkheads["configure::pinned[2]"].max, 1);
}

#[bulkhead(max = 3)]
#[bulkhead(key = key, max = 4)]
async fn plain_above_keyed(key: u32) -> io::Result<u32> {
    Ok(key)
}

const LINES_OF_BULKHEADS: [u32; 2] = [line!() - 6, line!() - 5];

#[resilience_runtime::test]
async fn layers_of_one_function_with_and_without_key_have_different_labels() {
    plain_above_keyed(1).await.unwrap();
    let [plain, keyed] = LINES_OF_BULKHEADS.map(|line| format!("configure::layers::plain_above_keyed:{line}"));
    assert_eq!(get_stats().bulkheads[&plain].max, 3);
    assert_eq!(get_stats().keyed_bulkheads[&keyed].max_keys, 10_000);

    configure_bulkhead(&plain, |bulkhead| bulkhead.max(5)).unwrap();
    configure_bulkhead(&keyed, |bulkhead| bulkhead.max_keys(6)).unwrap();
    assert_eq!(get_stats().bulkheads[&plain].max, 5);
    assert_eq!(get_stats().keyed_bulkheads[&keyed].max_keys, 6);
}

#[rate_limit(name = "configure::hot", key = key, limit = 1, per = "1h")]
async fn hourly(key: u32) -> io::Result<()> {
    let _ = key;
    Ok(())
}

#[resilience_runtime::test]
async fn few_keys_set_before_the_first_call_keep_the_used_key() {
    configure_rate_limit("configure::hot", |limit| limit.max_keys(2)).unwrap();
    hourly(1).await.unwrap();
    for other in 100..300 {
        hourly(other).await.unwrap();
        assert!(hourly(1).await.is_err(), "evicted for {other}");
    }
}

macro_rules! plain_above_keyed {
    ($function:ident) => {
        #[bulkhead(max = 3)]
        #[bulkhead(key = key, max = 4)]
        async fn $function(key: u32) -> io::Result<u32> {
            Ok(key)
        }
    };
}
plain_above_keyed!(written_by_a_macro);

#[resilience_runtime::test]
async fn layers_of_one_macro_call_with_and_without_key_have_different_labels() {
    written_by_a_macro(1).await.unwrap();
    let of_function = |name: &&String| name.contains("::written_by_a_macro");
    let stats = get_stats();
    let plain = stats.bulkheads.keys().filter(|name| !name.contains('[')).find(of_function).unwrap();
    let keyed = stats.keyed_bulkheads.keys().find(of_function).unwrap();
    assert_ne!(plain, keyed);
    configure_bulkhead(keyed, |bulkhead| bulkhead.max(1)).unwrap();
    let stats = get_stats();
    assert_eq!((stats.bulkheads[plain].max, stats.bulkheads[&format!("{keyed}[1]")].max), (3, 1));
}
