//! Tests each cell of the table in `resilience-runtime/docs/guide/what_counts.md`. The test runs a scenario for each
//! cell, and compares the result with the text of the cell.
//!
//! A row of the table ([`rows`]) is a way in which a call ends. A column ([`COLUMNS`]) is a layer (an attribute such as
//! `#[circuit]`), the budget of a retry, or the statistics of a circuit. The scenario of a cell calls a function with
//! the layer of the column. This call ends as the row describes. The scenario returns a word for the effect on the
//! layer, such as `wins`.

mod functions;
mod world;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use resilience_runtime::RetryPolicy;
use support::{paused_runtime, seconds};
use tokio::runtime::Runtime;
use tokio::time::{Instant, sleep};

use crate::functions::{
    BULKHEAD, CIRCUIT, Call, Family, Kind, Layers, NO_TIME, Outcome, RATE_LIMIT, RULES, SELECTED, SHORT_TIMEOUT, STALE,
    TIMEOUT, USUAL,
};
use crate::world::{End, LAST, World, ended};

const PAGE: &str = include_str!("../../resilience-runtime/docs/guide/what_counts.md");

/// The place of the attribute under test. The inner attributes are the attributes below it, such as a `#[timeout]` that
/// ends the call. At `SameFunction`, one function has this attribute and the inner attributes. At `CallingFunction`, a
/// second function has this attribute, and calls the function with the inner attributes. At `Method`, a method such as
/// `CircuitBreaker::call` replaces this attribute. The places that begin with `Plain` use functions that are not
/// `async`.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    SameFunction,
    CallingFunction,
    Method,
    PlainSameFunction,
    PlainCallingFunction,
    PlainMethod,
}

use Place::{CallingFunction, Method, PlainCallingFunction, PlainMethod, PlainSameFunction, SameFunction};

const SAME: &[Place] = &[SameFunction, PlainSameFunction];
const CALLING: &[Place] = &[CallingFunction, Method, PlainCallingFunction, PlainMethod];
/// The places at which a circuit can have the option `failure_if`.
const ATTRIBUTES: &[Place] = &[SameFunction, CallingFunction, PlainSameFunction, PlainCallingFunction];
const ALL: &[Place] = &[SameFunction, CallingFunction, Method, PlainSameFunction, PlainCallingFunction, PlainMethod];
/// The places at which a timeout can end the call. `PlainSameFunction` is missing, because a plain function cannot have
/// `#[timeout]`.
const WITH_TIMEOUT: &[Place] = &[SameFunction, CallingFunction, Method, PlainCallingFunction, PlainMethod];
/// The places at which a call can be cancelled. The plain places are missing, because a plain function has no future
/// that a caller could drop.
const CANCELLED: &[Place] = &[SameFunction, CallingFunction, Method];

impl Place {
    fn is_plain(self) -> bool {
        matches!(self, PlainSameFunction | PlainCallingFunction | PlainMethod)
    }

    /// Runs a scenario. A plain function calls `block_on`, which tokio does not allow inside another `block_on`. The
    /// method therefore polls a scenario with plain functions outside `block_on`. Such a scenario ends in its first
    /// poll.
    fn run<T>(self, scenario: impl AsyncFnOnce(&Runtime) -> T) -> T {
        let runtime = paused_runtime();
        if !self.is_plain() {
            return runtime.block_on(scenario(&runtime));
        }
        let _guard = runtime.enter();
        match pin!(scenario(&runtime)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => result,
            Poll::Pending => panic!("a plain function waited without blocking"),
        }
    }
}

/// A row of the table in `what_counts.md`. The row describes a way in which a call can end.
struct Row {
    title: &'static str,
    family: &'static Family,
    end: End,
    /// Prepares the inner circuit, bulkhead or rate limit to reject the next call.
    reject: fn(&World<'_>),
    places: &'static [Place],
    time: Duration,
    dropped_after: Option<Duration>,
    deadline: Option<Duration>,
    /// Whether the second attempt of an outer retry makes the call. If so, each circuit has `count = "requests"`.
    is_repeat: bool,
}

impl Row {
    fn new(title: &'static str, family: &'static Family, end: End) -> Self {
        let (time, dropped_after, deadline) = (Duration::ZERO, None, None);
        Self { title, family, end, reject: |_| (), places: ALL, time, dropped_after, deadline, is_repeat: false }
    }

    fn by_rules(title: &'static str, end: End) -> Self {
        Self { places: ATTRIBUTES, ..Self::new(title, &RULES, end) }
    }

    fn rejected(
        title: &'static str,
        family: &'static Family,
        reject: fn(&World<'_>),
        places: &'static [Place],
    ) -> Self {
        Self { reject, places, ..Self::new(title, family, End::Ok) }
    }

    fn hangs(title: &'static str, family: &'static Family, places: &'static [Place]) -> Self {
        Self { time: seconds(90), places, ..Self::new(title, family, End::Ok) }
    }

    fn deadline(self, deadline: u64) -> Self {
        Self { deadline: Some(seconds(deadline)), ..self }
    }

    fn dropped_after(self, time: u64) -> Self {
        Self { dropped_after: Some(seconds(time)), ..self }
    }

    fn repeated(self) -> Self {
        Self { is_repeat: true, ..self }
    }

    /// Makes the call of this row. If `is_repeat` is `true`, the second attempt of an outer retry makes the call.
    /// Returns `None` if the call panicked or was dropped.
    async fn call(&self, call: &Call, world: &World<'_>) -> Option<Outcome> {
        let is_next = Cell::new(!self.is_repeat);
        let attempts = RetryPolicy::builder().max(2).delay(Duration::ZERO).build().unwrap();
        let attempt = async || if is_next.replace(true) { Ok(call(world).await) } else { Err(()) };
        let outcome = ended(attempts.call(attempt), self.dropped_after, self.deadline).await;
        outcome.map(|outcome| outcome.expect("the second attempt"))
    }

    fn layers(&self, place: Place) -> &'static Layers {
        let places = if place.is_plain() { &self.family.plain } else { &self.family.asynchronous };
        match place {
            SameFunction | PlainSameFunction => places.same.as_ref().expect("a function with the inner attributes"),
            CallingFunction | PlainCallingFunction => &places.called,
            Method | PlainMethod => &places.method,
        }
    }

    fn world<'r>(&self, runtime: &'r Runtime) -> World<'r> {
        World::new(runtime, self.end, self.time, self.family, self.is_repeat)
    }
}

/// Returns every row of the table in `what_counts.md`. The circuits of all rows have `hung_after = 10`.
fn rows() -> Vec<Row> {
    let circuit = |world: &World<'_>| world.circuit.force_open();
    // Takes all slots of the bulkhead. A forgotten slot is never dropped, so it stays taken.
    let bulkhead = |world: &World<'_>| while world.slots.try_acquire().map(std::mem::forget).is_ok() {};
    let rate_limit = |world: &World<'_>| while world.rate.try_acquire().is_ok() {};
    vec![
        Row::new("`Ok`", &USUAL, End::Ok),
        Row::by_rules("`Ok` that `failure_if_ok` selects", End::OkThatFails),
        Row::by_rules("`Ok` that `retry_if_ok` selects", End::OkToRepeat),
        Row::new("`Err`", &USUAL, End::Err),
        Row::by_rules("`Err` that `failure_if` excludes", End::ErrThatIsIgnored),
        Row::by_rules("`Err` that `retry_if` excludes", End::ErrNotToRepeat),
        Row::rejected("rejected by a circuit on the same function", &CIRCUIT, circuit, SAME),
        Row::rejected("rejected by a circuit in a called function", &CIRCUIT, circuit, CALLING),
        Row::rejected("rejected by a bulkhead on the same function", &BULKHEAD, bulkhead, SAME),
        Row::rejected("rejected by a bulkhead in a called function", &BULKHEAD, bulkhead, CALLING),
        Row::rejected("rejected by a rate limit on the same function", &RATE_LIMIT, rate_limit, SAME),
        Row::rejected("rejected by a rate limit in a called function", &RATE_LIMIT, rate_limit, CALLING),
        Row::rejected(
            "rejected by a circuit in a called function, and `failure_if` selects it",
            &SELECTED,
            circuit,
            &[CallingFunction, PlainCallingFunction],
        ),
        Row::hangs("the time of a timeout is over", &SHORT_TIMEOUT, WITH_TIMEOUT),
        Row::hangs("the caller's deadline has passed before the body runs", &TIMEOUT, WITH_TIMEOUT).deadline(0),
        Row::hangs("the time of a timeout is zero", &NO_TIME, WITH_TIMEOUT),
        Row::hangs("the caller's deadline ends the body before `hung_after`", &TIMEOUT, WITH_TIMEOUT).deadline(8),
        Row::hangs("the caller's deadline ends the body after `hung_after`", &TIMEOUT, WITH_TIMEOUT).deadline(20),
        Row::hangs("cancelled before `hung_after`", &USUAL, CANCELLED).dropped_after(8),
        Row::hangs("cancelled after `hung_after`", &USUAL, CANCELLED).dropped_after(20),
        Row::new("panic", &USUAL, End::Panic),
        Row::new("`Ok` that is stale", &STALE, End::Ok),
        Row::new("`Err` that is stale", &STALE, End::Err),
        Row::new("`Err` of a repeat under `count = \"requests\"`", &USUAL, End::Err).repeated(),
        Row::new("`Ok` of a repeat under `count = \"requests\"`", &USUAL, End::Ok).repeated(),
    ]
}

/// Makes the call of a row through the layer of one column, and returns the text of the cell. Returns `None` if the
/// library does not support this layer at the [`Place`].
type Scenario = fn(&Row, Place) -> Option<String>;

/// The columns of the table, each with its title and its [`Scenario`]. The first column (the titles of the rows) and
/// the last column (`plain`) are missing.
const COLUMNS: [(&str, Scenario); 6] = [
    ("circuit", |row, place| Some(with_circuit(row, place).0)),
    ("retry", |row, place| Some(with_retry(row, place).0)),
    ("budget", |row, place| Some(with_retry(row, place).1)),
    ("fallback", fallback),
    ("hedge", hedge),
    ("statistics", |row, place| Some(with_circuit(row, place).1)),
];

/// Calls a function with a circuit, and returns the texts for the columns `circuit` and `statistics`.
fn with_circuit(row: &Row, place: Place) -> (String, String) {
    place.run(async |runtime| {
        let world = row.world(runtime);
        (row.reject)(&world);
        row.call(&row.layers(place).circuit, &world).await;
        (world.circuit_word(), world.statistics_word())
    })
}

/// Calls a function with a retry, and returns the texts for the columns `retry` and `budget`.
fn with_retry(row: &Row, place: Place) -> (String, String) {
    place.run(async |runtime| {
        let world = row.world(runtime);
        (row.reject)(&world);
        let outcome = row.call(&row.layers(place).retry, &world).await;
        (world.retry_word(outcome.is_some()), world.budget_word())
    })
}

fn fallback(row: &Row, place: Place) -> Option<String> {
    let (any, rejected) = row.layers(place).fallbacks.as_ref()?;
    let is_called = |call: &Call| {
        place.run(async |runtime| {
            let world = row.world(runtime);
            (row.reject)(&world);
            row.call(call, &world).await;
            world.fell_back.get()
        })
    };
    let word = match (is_called(any), is_called(rejected)) {
        (true, true) => "any, rejected",
        (true, false) => "any",
        (false, true) => "rejected",
        (false, false) => "–",
    };
    Some(word.to_owned())
}

/// Calls a function with a hedge, and returns the text for the column `hedge`. The first attempt runs for 100 s and
/// succeeds. The second attempt starts after 0.8 s, and ends as `row` describes. If the deadline of `row` is zero, the
/// first attempt also ends as `row` describes.
fn hedge(row: &Row, place: Place) -> Option<String> {
    // A timeout on the same function as the hedge would also end the first attempt. The hedge is therefore on a second
    // function, which calls the function with the timeout.
    let is_ended = place == SameFunction && row.family.kind == Kind::Timeout;
    let call = row.layers(if is_ended { CallingFunction } else { place }).hedge.as_ref()?;
    let word = place.run(async |runtime| {
        let world = row.world(runtime);
        world.is_well.set(row.deadline != Some(Duration::ZERO));
        let begin = Instant::now();
        let call = row.call(call, &world);
        let change = async {
            sleep(Duration::from_millis(500)).await;
            world.is_well.set(false);
            (row.reject)(&world);
        };
        let outcome = tokio::join!(call, change).0;
        match outcome {
            None => "–",
            Some(Ok(LAST)) if begin.elapsed() >= seconds(100) => "waits",
            Some(_) if begin.elapsed() < Duration::from_millis(800) => "ends",
            Some(_) => "wins",
        }
    });
    Some(word.to_owned())
}

/// Returns the rows of the first table in `what_counts.md`, each as a list of cells.
fn table() -> Vec<Vec<&'static str>> {
    let rows = PAGE.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
    cells.filter(|cells| !cells[0].starts_with("---")).collect()
}

/// Calls `scenario` for each place that `row` allows. Returns the distinct texts, joined by `or`.
fn observed(row: &Row, scenario: Scenario) -> String {
    let mut words: Vec<_> = row.places.iter().filter_map(|place| scenario(row, *place)).collect();
    words.sort();
    words.dedup();
    words.join(" or ")
}

#[test]
fn each_cell_of_the_page_is_observed() {
    let mut table = table().into_iter();
    let columns = table.next().expect("a header");
    let mut cells = BTreeMap::new();
    for row in table {
        assert_eq!(row.len(), columns.len(), "the cells of {row:?}");
        for (column, cell) in columns.iter().zip(&row).skip(1) {
            assert!(cells.insert((row[0], *column), *cell).is_none(), "two rows {:?}", row[0]);
        }
    }
    let mut faults = Vec::new();
    for row in rows() {
        let is_plain = row.places.iter().any(|place| place.is_plain());
        let plain = ("plain", if is_plain { "yes" } else { "no" }.to_owned());
        let observed = COLUMNS.map(|(column, scenario)| (column, observed(&row, scenario)));
        for (column, observed) in observed.into_iter().chain([plain]) {
            match cells.remove(&(row.title, column)) {
                Some(cell) if cell == observed => {}
                Some(cell) => faults.push(format!("{}, {column}: the page says {cell:?}, not {observed:?}", row.title)),
                None => faults.push(format!("{}, {column}: no such cell, but {observed:?}", row.title)),
            }
        }
    }
    faults.extend(cells.keys().map(|(row, column)| format!("{row}, {column}: the cell has no scenario")));
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
