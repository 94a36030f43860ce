//! Tests a retry whose body makes calls through several circuits. The last of the circuits that rejects a call or
//! records a failure decides whether the retry ends.

use std::future::pending;
use std::io;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use resilience_runtime::{CircuitBreaker, Permit, circuit, fallback, hedge, retry};
use support::{Error, seconds};
use tokio::time::timeout as cut;

use crate::open_circuits::{Plain, breaker, duration, policy};
use crate::ways_to_fail::{WAYS, Way, fails_by};

#[circuit(name = "several_circuits::lower", threshold = 1, cooldown = 1000)]
async fn lower() -> io::Result<()> {
    Err(io::Error::other("down"))
}

#[circuit(name = "several_circuits::upper", threshold = 99)]
async fn upper() -> io::Result<()> {
    lower().await
}

#[retry(max = 4, delay = 8)]
async fn retries_upper() -> io::Result<()> {
    upper().await
}

#[retry(max = 4, delay = 8)]
#[circuit(name = "several_circuits::upper_of_retry", threshold = 99)]
async fn retries_with_upper() -> io::Result<()> {
    lower().await
}

#[circuit(name = "several_circuits::lower_text", threshold = 1, cooldown = 1000, error = |open| open.to_string())]
async fn lower_text() -> Result<(), String> {
    Err("down".to_owned())
}

#[circuit(name = "several_circuits::upper_text", threshold = 99, error = |open| open.to_string())]
async fn upper_text() -> Result<(), String> {
    lower_text().await
}

#[tokio::test(start_paused = true)]
async fn closed_upper_circuit_does_not_hide_open_lower_circuit() {
    let reset = || breaker("several_circuits::lower").reset();
    assert_eq!(duration(retries_upper()).await, Duration::ZERO);
    reset();
    assert_eq!(duration(retries_with_upper()).await, Duration::ZERO);
    reset();
    assert_eq!(duration(policy().call(upper)).await, Duration::ZERO);
    // The first round opens the circuit of `lower_text`. In the second round, this circuit rejects the call.
    for _ in 0..2 {
        assert_eq!(duration(policy().call(upper_text)).await, Duration::ZERO);
    }
    let lower = CircuitBreaker::builder("several_circuits::low").threshold(1).cooldown(seconds(1000)).build().unwrap();
    let upper = CircuitBreaker::builder("several_circuits::up").threshold(99).build().unwrap();
    for _ in 0..2 {
        let nested = || upper.call(|| lower.call(|| async { Err::<(), _>(Plain) }));
        assert_eq!(duration(policy().call(nested)).await, Duration::ZERO);
    }
}

#[tokio::test(start_paused = true)]
async fn last_of_several_circuits_decides() {
    for way in WAYS {
        let open =
            CircuitBreaker::builder("several_circuits::first").threshold(1).cooldown(seconds(1000)).build().unwrap();
        let before = || async {
            let _ = open.call(|| async { Err::<(), _>(Plain) }).await;
            fails_by(way, async { Ok(()) }).await;
            Err::<(), _>(Plain)
        };
        // In the first round, the first attempt opens the circuit `open`. In the second round, this circuit rejects
        // the call in each attempt.
        for _ in 0..2 {
            let hung = if format!("{way:?}").starts_with("Hang") { 4 } else { 0 };
            assert_eq!(
                duration(policy().call(before)).await,
                seconds(56 + hung),
                "{way:?}: the closed circuit is last"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn last_of_two_open_circuits_decides() {
    let open = |cooldown| {
        CircuitBreaker::builder("several_circuits::two").threshold(1).cooldown(seconds(cooldown)).build().unwrap()
    };
    for (first, last, expected) in [(1000, 1, 56), (1, 1000, 0)] {
        let (first, last) = (open(first), open(last));
        let both = || async {
            let _ = first.call(|| async { Err::<(), _>(Plain) }).await;
            let _ = last.call(|| async { Err::<(), _>(Plain) }).await;
            Err::<(), _>(Plain)
        };
        assert_eq!(duration(policy().call(both)).await, seconds(expected));
    }
}

/// Calls the circuit `open` several times, and returns an error that the retry can search.
#[retry(max = 4, delay = 8)]
async fn handles_several(open: &CircuitBreaker, calls: u32, then: Option<Way>) -> io::Result<()> {
    for _ in 0..calls {
        let _ = open.call(|| async { Err::<(), _>(Plain) }).await;
    }
    if let Some(way) = then {
        fails_by(way, async { Ok(()) }).await;
        let _ = open.call(|| async { Err::<(), _>(Plain) }).await;
    }
    Err(io::ErrorKind::NotFound.into())
}

#[retry(max = 4, delay = 8, retry_if_ok = |()| true)]
async fn selects_several(open: &CircuitBreaker, calls: u32) -> io::Result<()> {
    for _ in 0..calls {
        let _ = open.call(|| async { Err::<(), _>(Plain) }).await;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn rejection_does_not_hide_failure_of_same_circuit() {
    let new = || {
        let builder = CircuitBreaker::builder("several_circuits::several");
        builder.threshold(1).cooldown(seconds(1000)).build().unwrap()
    };
    for calls in [1, 2, 3, 9] {
        assert_eq!(duration(handles_several(&new(), calls, None)).await, Duration::ZERO, "{calls} calls");
        assert_eq!(duration(selects_several(&new(), calls)).await, Duration::ZERO, "{calls} calls, `Ok`");
    }
    for way in WAYS {
        // Each hung call takes one second. A second attempt would also take the pause of eight seconds.
        let hung = u32::from(format!("{way:?}").starts_with("Hang")) * seconds(1);
        let retry = duration(handles_several(&new(), 1, Some(way))).await;
        assert_eq!(retry, hung, "{way:?}: a closed circuit between failure and rejection");
    }
}

#[tokio::test(start_paused = true)]
async fn failure_before_poll_does_not_end_retry() {
    let open =
        CircuitBreaker::builder("several_circuits::before").threshold(1).cooldown(seconds(1000)).build().unwrap();
    let _ = open.call(|| async { Err::<(), _>(Plain) }).await;
    for (calls, rejected) in [(1, 4), (9, 36)] {
        let before = open.stats().total_rejected;
        assert_eq!(duration(handles_several(&open, calls, None)).await, seconds(56), "{calls} calls");
        assert_eq!(open.stats().total_rejected - before, rejected, "{calls} calls");
    }
}

#[circuit(with = circuit, failure_if = |_| open.try_acquire().map(Permit::failure).is_ok())]
async fn opens_in_option(circuit: &CircuitBreaker, open: &CircuitBreaker) -> io::Result<()> {
    Err(io::ErrorKind::NotFound.into())
}

#[retry(max = 4, delay = 8)]
async fn handles_after_option(circuit: &CircuitBreaker, open: &CircuitBreaker) -> io::Result<()> {
    let outcome = opens_in_option(circuit, open).await;
    assert!(open.try_acquire().is_err());
    outcome
}

#[tokio::test(start_paused = true)]
async fn failure_in_option_does_not_end_retry_after_rejection() {
    let [circuit, open] = ["several_circuits::option", "several_circuits::in_option"]
        .map(|name| CircuitBreaker::builder(name).threshold(1).cooldown(seconds(1000)).build().unwrap());
    circuit.disable();
    assert_eq!(duration(handles_after_option(&circuit, &open)).await, seconds(56));
    assert_eq!(open.stats().total_opened, 1);
}

#[tokio::test(start_paused = true)]
async fn earlier_messages_do_not_hide_open_circuit() {
    let other = CircuitBreaker::builder("several_circuits::other").build().unwrap();
    other.force_open();
    for messages in [0, 4, 65_534, 65_535, 65_536] {
        // With a message, a circuit tells outer retries for how long it will reject calls. A circuit leaves a message
        // when it rejects a call, or when it is open after a failure. The failure in `fails_by` makes retries ignore
        // all earlier messages. The counter of messages has 16 bits, and overflows at 65,536.
        fails_by(Way::Error, async { Ok(()) }).await;
        (0..messages).for_each(|_| drop(other.try_acquire().unwrap_err()));
        let open =
            CircuitBreaker::builder("several_circuits::later").threshold(1).cooldown(seconds(1000)).build().unwrap();
        let opens = || open.call(|| async { Err::<(), _>(Plain) });
        assert_eq!(duration(policy().call(opens)).await, Duration::ZERO, "after {messages} messages");
    }
}

#[tokio::test(start_paused = true)]
async fn failure_of_closed_circuit_around_does_not_hide_open_circuit() {
    for way in WAYS {
        let open =
            CircuitBreaker::builder("several_circuits::inner").threshold(1).cooldown(seconds(1000)).build().unwrap();
        let around = || async {
            fails_by(way, async { open.call(|| async { Err::<(), _>(Plain) }).await.map_err(|_| Plain) }).await;
            Err::<(), _>(Plain)
        };
        for _ in 0..2 {
            let hung = u64::from(format!("{way:?}").starts_with("Hang"));
            assert_eq!(duration(policy().call(around)).await, seconds(hung), "{way:?}");
        }
    }
}

/// The circuit `closed` records a failure when its hung call is dropped. Before this drop, the body of the retry calls
/// the circuit `open`, which rejects the call.
#[tokio::test(start_paused = true)]
async fn hung_call_that_is_dropped_last_decides() {
    let open = CircuitBreaker::builder("several_circuits::rejects_before_drop").build().unwrap();
    let closed =
        CircuitBreaker::builder("several_circuits::hangs").hung_after(seconds(1)).threshold(99).build().unwrap();
    open.force_open();
    let attempt = || async {
        let mut hung = Box::pin(closed.call(pending::<Result<(), Plain>>));
        assert!(cut(seconds(1), &mut hung).await.is_err());
        let _ = open.call(pending::<Result<(), Plain>>).await;
        drop(hung);
        Err::<(), _>(Plain)
    };
    assert_eq!(duration(policy().call(attempt)).await, seconds(56 + 4));
    assert_eq!((closed.stats().failures, open.stats().total_rejected), (4, 4));
}

#[circuit(name = "several_circuits::inside_hung", threshold = 1, hung_after = 1, cooldown = 1000)]
async fn hangs_inside() -> Result<(), Error> {
    pending().await
}

#[circuit(name = "several_circuits::around_hung", threshold = 99, hung_after = 1)]
async fn waits_for_hung_call() -> Result<(), Error> {
    hangs_inside().await
}

#[tokio::test(start_paused = true)]
async fn closed_circuit_of_hung_call_does_not_hide_open_circuit_inside() {
    let attempt = || async { cut(seconds(2), waits_for_hung_call()).await.map_err(|_| Plain) };
    assert_eq!(duration(policy().call(attempt)).await, seconds(2));
    assert_eq!(breaker("several_circuits::around_hung").stats().failures, 1);
}

#[retry(max = 2, delay = 1)]
async fn logs() -> io::Result<()> {
    Ok(())
}

#[retry(max = 4, delay = 8)]
async fn logs_after_failure() -> Result<(), String> {
    let outcome = lower_text_of_logs().await;
    let _ = logs().await;
    outcome
}

#[circuit(name = "several_circuits::logs", threshold = 1, cooldown = 1000, error = |open| open.to_string())]
async fn lower_text_of_logs() -> Result<(), String> {
    Err("down".to_owned())
}

#[tokio::test(start_paused = true)]
async fn another_retry_in_body_does_not_hide_open_circuit() {
    assert_eq!(duration(logs_after_failure()).await, Duration::ZERO, "the attempt opens the circuit");
    assert_eq!(duration(logs_after_failure()).await, Duration::ZERO, "the circuit rejects the attempt");
}

async fn instead() -> Result<(), Plain> {
    std::future::ready(Ok(())).await
}

#[fallback(instead, on = "rejected")]
async fn replica() -> Result<(), Plain> {
    Err(Plain)
}

#[circuit(name = "several_circuits::primary", threshold = 1, cooldown = 1000)]
async fn primary() -> Result<(), Plain> {
    Err(Plain)
}

#[retry(max = 3, delay = 10)]
async fn asks_both() -> Result<(), Plain> {
    if primary().await.is_ok() {
        return Ok(());
    }
    replica().await
}

#[tokio::test(start_paused = true)]
async fn failure_without_circuit_does_not_hide_open_circuit() {
    assert_eq!(duration(asks_both()).await, Duration::ZERO);
}

#[retry(max = 2, delay = 10)]
#[circuit(name = "several_circuits::upper_own", threshold = 1, cooldown = 1)]
#[circuit(name = "several_circuits::lower_own", threshold = 1, cooldown = 1)]
async fn opens_own_circuits() -> io::Result<()> {
    lower().await
}

#[retry(max = 2, delay = 10)]
#[hedge(after = 1)]
#[circuit(name = "several_circuits::own_below_hedge", threshold = 1, cooldown = 1)]
async fn opens_own_circuit_below_hedge() -> io::Result<()> {
    lower().await
}

#[tokio::test(start_paused = true)]
async fn own_open_circuit_does_not_hide_called_open_circuit() {
    breaker("several_circuits::lower").reset();
    assert_eq!(duration(opens_own_circuits()).await, Duration::ZERO);
    breaker("several_circuits::lower").reset();
    assert_eq!(duration(opens_own_circuit_below_hedge()).await, Duration::ZERO);
}

async fn waits_and_panics(_: &CircuitBreaker) -> Result<(), Plain> {
    tokio::task::yield_now().await;
    panic!("down")
}

#[circuit(with = closed)]
#[fallback(waits_and_panics)]
async fn falls_back(closed: &CircuitBreaker) -> Result<(), Plain> {
    Err(Plain)
}

#[tokio::test(start_paused = true)]
async fn closed_circuit_whose_fallback_panics_is_last() {
    let [open, closed] = [1, 99].map(|threshold| {
        CircuitBreaker::builder("several_circuits::fallback")
            .threshold(threshold)
            .cooldown(seconds(1000))
            .build()
            .unwrap()
    });
    let both = || async {
        let first = async {
            tokio::task::yield_now().await;
            let _ = open.call(|| async { Err::<(), _>(Plain) }).await;
        };
        let last = AssertUnwindSafe(falls_back(&closed)).catch_unwind();
        assert!(futures_util::future::join(first, last).await.1.is_err());
        Err::<(), _>(Plain)
    };
    assert_eq!(duration(policy().call(both)).await, seconds(56));
    assert_eq!(closed.stats().failures, 4);
}
