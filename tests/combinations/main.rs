//! Compares random combinations of attributes (or of `call` methods) with a model, which implements their behaviour in
//! plain code. Each call runs through up to three nested functions. The innermost functions of some calls are not
//! `async`, and block their thread.
//!
//! A failed test prints the seed of its random history of calls. `RESILIENCE_SEED=7 cargo test --test combinations`
//! repeats the history of seed 7. The variable `RESILIENCE_HISTORIES` sets the number of histories, for example to
//! `100000`.

mod breaker;
mod context;
mod functions;
mod history;
mod library;
mod model;

use std::cell::Cell;
use std::env;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use resilience_runtime::set_blocking_sleep;
use support::paused_runtime;
use tokio::time::{advance, sleep};

use crate::functions::{FUNCTIONS, PLAIN_FUNCTIONS};
use crate::history::{Call, Frame, History, Layer, Stacks, Step};
use crate::library::{BUDGET, World};
use crate::model::Model;

/// The capacity of the retry budget (a limit on the retries of all calls), in tokens. Each history starts with a full
/// budget.
const CAPACITY: u64 = 12;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Ok(u32),
    Err,
    Ignored,
    Busy(Duration),
    /// A body returned its own error in place of the error of a called function.
    Replaced,
    Open,
    Full,
    Limited,
    Timeout,
    Deadline,
    /// The caller's deadline had passed before the call started.
    DeadlineBefore,
    Panic,
    Dropped,
}

/// A call that has ended: its result, the number of runs of the innermost body, and the duration of the call.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ended {
    kind: Kind,
    runs: usize,
    time: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Circuit {
    state: &'static str,
    cooldown_remaining: Duration,
    failures: u64,
    succeeded: u64,
    failed: u64,
    ignored: u64,
    cancelled: u64,
    rejected: u64,
    opened: u64,
}

impl Default for Circuit {
    fn default() -> Self {
        let cooldown_remaining = Duration::ZERO;
        Self {
            state: "closed",
            cooldown_remaining,
            failures: 0,
            succeeded: 0,
            failed: 0,
            ignored: 0,
            cancelled: 0,
            rejected: 0,
            opened: 0,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Observed {
    circuits: [Circuit; 2],
    /// The numbers of taken slots, admitted calls and rejected calls of the bulkhead.
    slots: (u64, u64, u64),
    /// The numbers of admitted and rejected calls of the rate limit.
    rate: (u64, u64),
    /// The number of tokens that are left in the retry budget.
    tokens: u64,
}

thread_local! {
    /// Whether a blocking sleep of a function that is not `async` moves the paused clock. The value is `false` while
    /// two calls, or two attempts of a hedge, may run at the same time. While one of two calls blocks the thread,
    /// several timers of the other call could end. The order of these timers would depend on tokio.
    static BLOCKS: Cell<bool> = const { Cell::new(true) };
}

/// Moves the paused clock by `time`, in place of a blocking sleep.
fn block(time: Duration) {
    if BLOCKS.get() && !time.is_zero() {
        // The first poll already moves the clock.
        let _pending = pin!(advance(time)).poll(&mut Context::from_waker(Waker::noop()));
    }
}

type Trace = Vec<(Vec<Ended>, Observed)>;

async fn all<F: Future<Output = Ended>>(calls: Vec<F>) -> Vec<Ended> {
    let mut calls = calls.into_iter();
    match (calls.next(), calls.next()) {
        (Some(first), Some(second)) => <[Ended; 2]>::from(tokio::join!(first, second)).into(),
        (Some(only), None) => vec![only.await],
        _ => Vec::new(),
    }
}

/// The library or the model.
trait Side {
    async fn call(&self, call: &Call) -> Ended;
    fn take_slot(&mut self);
    fn free_slot(&mut self);
    fn reset(&mut self, circuit: usize);
    fn observe(&self) -> Observed;
}

async fn trace(mut side: impl Side, history: &History) -> Trace {
    let mut trace = Trace::new();
    for step in &history.steps {
        let mut ended = Vec::new();
        match step {
            Step::Calls(calls) => {
                let has_hedge =
                    |(_, call): &(_, Call)| call.frames.iter().any(|frame| frame.layers.contains(&Layer::Hedge));
                BLOCKS.set(calls.len() == 1 && !calls.iter().any(has_hedge));
                let calls = calls.iter().map(async |(start, call)| {
                    sleep(*start).await;
                    side.call(call).await
                });
                ended = all(calls.collect()).await;
            }
            Step::Sleep(time) => sleep(*time).await,
            Step::TakeSlot => side.take_slot(),
            Step::FreeSlot => side.free_slot(),
            Step::Reset(circuit) => side.reset(*circuit),
        }
        trace.push((ended, side.observe()));
    }
    trace
}

/// Runs a history with the library and with the model. Returns a description of the first step after which they differ,
/// or `None` if they always agree.
fn difference(history: &History) -> Option<String> {
    let runtime = paused_runtime();
    while BUDGET.stats().tokens < CAPACITY {
        BUDGET.call_succeeded(None);
    }
    let library = catch_unwind(AssertUnwindSafe(|| runtime.block_on(trace(World::new(history), history))));
    let Ok(library) = library else { return Some("the library panicked".to_owned()) };
    let model = paused_runtime().block_on(trace(Model::new(history), history));
    let step = library.iter().zip(&model).position(|(library, model)| library != model)?;
    Some(format!(
        "after step {step}, {:?}\nlibrary: {:?}\nmodel:   {:?}",
        history.steps[step], library[step], model[step]
    ))
}

/// Removes parts of a history as long as the library and the model still differ.
fn shrunk(mut history: History) -> History {
    while let Some(smaller) = smaller(&history).into_iter().find(|smaller| difference(smaller).is_some()) {
        history = smaller;
    }
    history
}

/// Returns histories that each lack one part of `history`, such as a call or an attribute.
fn smaller(history: &History) -> Vec<History> {
    let mut all = Vec::new();
    let mut add = |change: &dyn Fn(&mut History)| {
        let mut smaller = history.clone();
        change(&mut smaller);
        all.push(smaller);
    };
    for (at, step) in history.steps.iter().enumerate() {
        add(&|smaller| drop(smaller.steps.remove(at)));
        let Step::Calls(calls) = step else { continue };
        for (number, (_, call)) in calls.iter().enumerate() {
            let mut add_call = |change: &dyn Fn(&mut Call)| {
                add(&|smaller| {
                    if let Step::Calls(calls) = &mut smaller.steps[at] {
                        change(&mut calls[number].1);
                    }
                });
            };
            if call.deadline.is_some() {
                add_call(&|call| call.deadline = None);
            }
            if call.dropped_after.is_some() {
                add_call(&|call| call.dropped_after = None);
            }
            for run in 0..call.runs.len() * usize::from(call.runs.len() > 1) {
                add_call(&|call| {
                    call.runs.remove(run);
                });
            }
            for (depth, frame) in call.frames.iter().enumerate() {
                if call.frames.len() > 1 {
                    add_call(&|call| drop(call.frames.remove(depth)));
                }
                for layer in 0..frame.layers.len() {
                    let mut layers = frame.layers.clone();
                    layers.remove(layer);
                    // A decorated function can lose a layer only if another decorated function has exactly the
                    // remaining layers.
                    let stacks = stacks();
                    let stacks = if frame.is_plain { stacks.plain } else { stacks.asynchronous };
                    let attribute = stacks.iter().position(|stack| **stack == layers);
                    if frame.attribute.is_none() || attribute.is_some() {
                        let attribute = frame.attribute.and(attribute);
                        let frame = Frame { layers, attribute, ..*frame };
                        add_call(&|call| call.frames[depth] = frame.clone());
                    }
                }
            }
            if calls.len() > 1 {
                add(&|smaller| {
                    if let Step::Calls(calls) = &mut smaller.steps[at] {
                        calls.remove(number);
                    }
                });
            }
        }
    }
    all
}

fn stacks() -> Stacks {
    Stacks {
        asynchronous: FUNCTIONS.iter().map(|function| function.layers).collect(),
        plain: PLAIN_FUNCTIONS.iter().map(|function| function.layers).collect(),
    }
}

#[test]
fn stacks_behave_as_their_model() {
    let number = |name| env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let seeds = match number("RESILIENCE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("RESILIENCE_HISTORIES").unwrap_or(20_000),
    };
    set_blocking_sleep(block);
    for seed in seeds {
        let history = History::random(seed, &stacks());
        let Some(first) = difference(&history) else { continue };
        let history = shrunk(history);
        match difference(&history) {
            Some(difference) => panic!("seed {seed}: {history:?}\n{difference}"),
            // This history alone shows no difference, so an attribute must have kept state from an earlier history.
            None => panic!("seed {seed}, only after the seeds before: {history:?}\n{first}"),
        }
    }
}
