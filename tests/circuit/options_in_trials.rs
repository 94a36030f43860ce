//! Tests code of the user that runs in the layers (attributes) below a circuit, such as `retry_if`. If the call is a
//! trial, and this code calls the circuit again, the call of the code is a part of the trial.

use std::cell::Cell;
use std::future::{Future, pending};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use resilience_runtime::{
    Bulkhead, CallError, CircuitBreaker, CircuitOpenError, CircuitState, Classifier, Rejection, RetryPolicy, bulkhead,
    circuit, fallback, hedge, retry, timeout,
};
use tokio::time::advance;

thread_local! {
    static CIRCUIT: Cell<Option<CircuitBreaker>> = const { Cell::new(None) };
    static ADMITTED: Cell<u32> = const { Cell::new(0) };
    static REJECTED: Cell<u32> = const { Cell::new(0) };
}

/// Returns the circuit of the current test.
fn current() -> CircuitBreaker {
    let circuit = CIRCUIT.take().unwrap();
    CIRCUIT.set(Some(circuit.clone()));
    circuit
}

/// Calls the circuit of the current test.
fn probe() {
    let count = match current().call_blocking(|| Ok::<_, ()>(())) {
        Ok(()) => &ADMITTED,
        Err(_) => &REJECTED,
    };
    count.set(count.get() + 1);
}

#[derive(Debug)]
struct Down;

impl From<CircuitOpenError> for Down {
    fn from(_: CircuitOpenError) -> Self {
        Self
    }
}

/// An error whose conversion calls the circuit.
#[derive(Debug)]
struct Converted;

impl From<Rejection> for Converted {
    fn from(_: Rejection) -> Self {
        probe();
        Self
    }
}

/// An argument whose clone calls the circuit.
struct Cloned;

impl Clone for Cloned {
    fn clone(&self) -> Self {
        probe();
        Self
    }
}

fn probe_and(answer: bool) -> bool {
    probe();
    answer
}

fn probe_for_error<T>(_: T) -> Down {
    probe();
    Down
}

#[circuit(with = current())]
#[retry(max = 2, delay = 0, retry_if = |_| probe_and(true))]
async fn retry_if() -> Result<(), Down> {
    Err(Down)
}

#[circuit(with = current())]
#[retry(max = 2, delay = 0, retry_if = |_| probe_and(false))]
fn retry_if_of_plain_function() -> Result<(), Down> {
    Err(Down)
}

#[circuit(with = current())]
#[retry(max = 2, delay = 0, retry_if_ok = |()| probe_and(false))]
async fn retry_if_ok() -> Result<(), Down> {
    Ok(())
}

#[circuit(with = current())]
#[retry(max = 2, delay = 0, on_retry = |_| probe())]
async fn on_retry() -> Result<(), Down> {
    Err(Down)
}

#[circuit(with = current())]
#[retry(max = 2, delay = 0, retry_after = |_| probe_and(true).then_some(Duration::ZERO))]
async fn retry_after() -> Result<(), Down> {
    Err(Down)
}

#[circuit(with = current())]
#[retry(with = policy)]
async fn policy(policy: RetryPolicy<Down>) -> Result<(), Down> {
    Err(Down)
}

#[circuit(with = current())]
#[retry(max = 2, delay = 0, clone(argument))]
async fn clone(argument: Cloned) -> Result<(), Down> {
    let Cloned = argument;
    Ok(())
}

/// Only the fallback clones the argument.
#[circuit(with = current())]
#[fallback(|_| Ok(()), clone(argument))]
async fn clone_of_fallback(argument: Cloned) -> Result<(), Down> {
    let Cloned = argument;
    Err(Down)
}

#[circuit(with = current())]
#[timeout(1, error = probe_for_error)]
async fn error_of_timeout() -> Result<(), Down> {
    pending().await
}

#[circuit(with = current())]
#[timeout(1)]
async fn conversion_of_timeout() -> Result<(), Converted> {
    pending().await
}

#[circuit(with = current())]
#[hedge(after = 5)]
#[timeout(1, error = probe_for_error)]
#[circuit(name = "options_in_trials::hedged")]
async fn error_of_timeout_below_hedge() -> Result<(), Down> {
    pending().await
}

#[circuit(with = current())]
#[bulkhead(with = full, error = probe_for_error)]
async fn error_of_bulkhead(full: &Bulkhead) -> Result<(), Down> {
    Ok(())
}

#[circuit(with = current())]
#[circuit(with = open, error = probe_for_error)]
async fn error_of_circuit(open: &CircuitBreaker) -> Result<(), Down> {
    Ok(())
}

#[circuit(with = current())]
#[circuit(name = "options_in_trials::below", failure_if = |_| probe_and(false))]
async fn failure_if_below() -> Result<(), Down> {
    Err(Down)
}

#[circuit(with = current(), failure_if = |_| probe_and(true))]
async fn own_failure_if() -> Result<(), Down> {
    Err(Down)
}

fn classifier() -> Classifier<Down> {
    Classifier::builder().failure_if(|_: &Down| probe_and(true)).build().unwrap()
}

/// Runs `call`, which calls [`probe`] in the code of a layer. The call is a trial of the circuit [`current`].
async fn check<T>(place: &str, call: impl Future<Output = T>) {
    let circuit = CircuitBreaker::builder("options_in_trials").threshold(1).build().unwrap();
    circuit.trip();
    advance(circuit.stats().cooldown_remaining).await;
    CIRCUIT.set(Some(circuit));
    call.await;
    assert_eq!((ADMITTED.take(), REJECTED.take()), (1, 0), "{place}");
    assert_eq!(current().stats().total_rejected, 0, "{place}");
}

#[tokio::test(start_paused = true)]
async fn code_of_layers_below_a_trial_belongs_to_the_trial() {
    let full = Bulkhead::builder("options_in_trials", 1).build().unwrap();
    let _slot = full.try_acquire().unwrap();
    let open = CircuitBreaker::builder("options_in_trials::open").build().unwrap();
    open.force_open();
    let rules = RetryPolicy::builder().max(2).delay(Duration::ZERO).retry_if(|_: &Down| probe_and(true));
    let rules = rules.build().unwrap();
    check("retry_if", retry_if()).await;
    check("retry_if of a plain function", async { retry_if_of_plain_function() }).await;
    check("retry_if_ok", retry_if_ok()).await;
    check("on_retry", on_retry()).await;
    check("retry_after", retry_after()).await;
    check("a policy", policy(rules)).await;
    check("clone", clone(Cloned)).await;
    check("clone of a fallback", clone_of_fallback(Cloned)).await;
    check("error of a timeout", error_of_timeout()).await;
    check("From for a timeout", conversion_of_timeout()).await;
    check("error of a timeout below a hedge", error_of_timeout_below_hedge()).await;
    check("error of a bulkhead", error_of_bulkhead(&full)).await;
    check("error of a circuit", error_of_circuit(&open)).await;
    check("failure_if of another circuit", failure_if_below()).await;
}

#[tokio::test(start_paused = true)]
async fn rules_of_the_circuit_belong_to_the_trial_that_they_judge() {
    check("failure_if", own_failure_if()).await;
    let call = async { current().call_with(&classifier(), async || Err::<(), _>(Down)).await };
    check("call_with", async { drop(call.await.unwrap_err() as CallError<Down>) }).await;
    check("settle", async { current().try_acquire().unwrap().settle(&classifier(), &Err::<(), _>(Down)) }).await;
    let items = async {
        let failed = stream::iter([Err::<(), _>(Down)]);
        let items = current().watch_with(&classifier(), || failed).unwrap();
        assert_eq!(items.count().await, 1);
    };
    check("watch_with", items).await;
}

/// In each trial, the first attempt fails, and `retry_if` asks whether the service works.
#[tokio::test(start_paused = true)]
async fn circuit_closes_after_a_trial_whose_retry_calls_the_circuit() {
    #[circuit(with = current())]
    #[retry(max = 2, delay = 0, retry_if = |_| current().call_blocking(|| Ok::<_, ()>(())).is_ok())]
    async fn second_succeeds(calls: &Cell<u32>) -> Result<(), Down> {
        calls.set(calls.get() + 1);
        if calls.get() == 1 { Err(Down) } else { Ok(()) }
    }

    let circuit = CircuitBreaker::builder("options_in_trials::closes").threshold(1).build().unwrap();
    circuit.trip();
    advance(circuit.stats().cooldown_remaining).await;
    CIRCUIT.set(Some(circuit));
    second_succeeds(&Cell::new(0)).await.unwrap();
    assert_eq!(current().state(), CircuitState::Closed);
}
