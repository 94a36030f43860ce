//! Creates random histories, which are the inputs of the test. A history contains the settings of the layers, and steps
//! such as calls, pauses and resets.

use std::time::Duration;

/// A layer around a function: an attribute, or a call of a method such as `CircuitBreaker::call`. Each kind of layer
/// has the same options on all functions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Layer {
    /// The circuit breaker A, without the options `failure_if`, `failure_if_ok` and `retry_after`.
    CircuitA,
    /// The circuit breaker B. Its attribute has three options that the method `CircuitBreaker::call` does not have.
    /// `failure_if` is `false` for [`End::Ignored`], `failure_if_ok` is `true` for [`End::BadOk`], and `retry_after`
    /// returns the delay of [`End::Busy`].
    CircuitB,
    /// A retry with at most two attempts, a pause of 1 s, and a retry budget (a limit on the retries of all calls).
    Retry2,
    /// A retry with at most three attempts, and with pauses of 2 s and 4 s. `retry_if` is `false` for
    /// [`End::Ignored`], `retry_if_ok` is `true` for [`End::BadOk`], and `retry_after` returns the delay of
    /// [`End::Busy`].
    Retry3,
    /// A retry with at most two attempts, no pause, and `retry_rejected = true`. This option makes the retry repeat an
    /// attempt after a rejection by the circuit of a called function.
    Failover,
    /// A timeout of 7 s.
    Timeout,
    /// A timeout of 29 s.
    LongTimeout,
    Bulkhead,
    RateLimit,
    Fallback,
    FallbackRejected,
    /// A hedge with at most two attempts. The second attempt starts 3 s after the first attempt.
    Hedge,
}

/// One of the nested functions of a call. Its body calls the next function, or is the innermost body.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) layers: Vec<Layer>,
    /// The index of the decorated function with these layers, in `FUNCTIONS` or `PLAIN_FUNCTIONS`. The value is `None`
    /// if the test calls methods such as [`CircuitBreaker::call`](resilience_runtime::CircuitBreaker::call) instead.
    pub(crate) attribute: Option<usize>,
    /// Whether the body replaces an error of the next function with [`Error::Other`](support::Error::Other).
    pub(crate) replaces: bool,
    /// Whether the function is plain (not `async`). A plain function calls only plain functions.
    pub(crate) is_plain: bool,
}

/// The layers of each decorated function.
pub(crate) struct Stacks {
    pub(crate) asynchronous: Vec<&'static [Layer]>,
    pub(crate) plain: Vec<&'static [Layer]>,
}

/// The way in which one run of the innermost body ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum End {
    Ok,
    /// The `Ok` value that the options `failure_if_ok` and `retry_if_ok` select.
    BadOk,
    Err,
    /// The error for which the options `failure_if` and `retry_if` return `false`.
    Ignored,
    /// An error that asks for this delay before the next attempt.
    Busy(Duration),
    Panic,
}

const BUSY_3_S: End = End::Busy(Duration::from_secs(3));
const BUSY_40_S: End = End::Busy(Duration::from_secs(40));
const BUSY_12_H: End = End::Busy(Duration::from_secs(12 * 60 * 60));

/// One run of the innermost body: its duration, and the way in which it ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) time: Duration,
    pub(crate) end: End,
}

#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The nested functions of the call, outermost first.
    pub(crate) frames: Vec<Frame>,
    /// The runs of the innermost body, in order. After the last entry, the list starts again.
    pub(crate) runs: Vec<Run>,
    pub(crate) deadline: Option<Duration>,
    pub(crate) dropped_after: Option<Duration>,
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// One or two calls, each with its delay after the start of the step. The step ends when all its calls have ended.
    Calls(Vec<(Duration, Call)>),
    Sleep(Duration),
    TakeSlot,
    /// Frees a bulkhead slot that an earlier step `TakeSlot` has taken. Without such a slot, does nothing.
    FreeSlot,
    Reset(usize),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) threshold: u32,
    /// The number of calls in the window, or `None` if the circuit opens after `threshold` failures in a row.
    pub(crate) calls: Option<u32>,
    pub(crate) cooldown: Duration,
    pub(crate) half_open_max: u32,
    pub(crate) trial_timeout: Duration,
    pub(crate) hung_after: Option<Duration>,
    pub(crate) count_requests: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) circuits: [Settings; 2],
    pub(crate) slots: u32,
    /// The longest time that a call waits for a slot of the bulkhead.
    pub(crate) wait: Duration,
    pub(crate) burst: u32,
    pub(crate) steps: Vec<Step>,
}

/// A random number generator (splitmix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap()
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }

    fn seconds(&mut self, values: &[u64]) -> Duration {
        Duration::from_secs(self.pick(values))
    }
}

impl History {
    /// Creates a random history from a seed. `stacks` contains the layers of each decorated function.
    pub(crate) fn random(seed: u64, stacks: &Stacks) -> Self {
        let mut random = Random(seed);
        let steps = 1 + random.below(8);
        let mut history = Self {
            circuits: [settings(&mut random), settings(&mut random)],
            slots: 1 + random.pick(&[0, 1, 2]),
            wait: random.seconds(&[0, 1, 4]),
            burst: random.pick(&[1, 2, 9]),
            steps: (0..steps).map(|_| step(&mut random, stacks)).collect(),
        };
        // A call of a function that is not `async` must not wait for a slot, because this wait takes real time.
        if history.frames().any(|frame| frame.is_plain && frame.layers.contains(&Layer::Bulkhead)) {
            history.wait = Duration::ZERO;
        }
        history
    }

    fn frames(&self) -> impl Iterator<Item = &Frame> {
        let calls = self.steps.iter().flat_map(|step| if let Step::Calls(calls) = step { &calls[..] } else { &[] });
        calls.flat_map(|(_, call)| &call.frames)
    }
}

fn settings(random: &mut Random) -> Settings {
    let threshold = random.pick(&[1, 2, 2, 3, 5]);
    Settings {
        threshold,
        calls: random.one_in(3).then(|| threshold + random.pick(&[0, 1, 3])),
        cooldown: random.seconds(&[0, 2, 5, 30]),
        half_open_max: random.pick(&[1, 1, 2, 3]),
        trial_timeout: random.seconds(&[4, 30]),
        hung_after: random.one_in(2).then(|| random.seconds(&[1, 4, 6])),
        count_requests: random.one_in(2),
    }
}

fn step(random: &mut Random, stacks: &Stacks) -> Step {
    match random.below(10) {
        0 => Step::Sleep(random.seconds(&[1, 2, 3, 5, 30])),
        1 if random.one_in(2) => Step::TakeSlot,
        1 => Step::FreeSlot,
        2 if random.one_in(2) => Step::Reset(random.below(2)),
        3 => Step::Calls(vec![
            (Duration::ZERO, call(random, stacks)),
            // The second call starts 137 ms after a full second. Its timers therefore never end together with a timer
            // of the first call.
            (Duration::from_millis(random.pick(&[137, 1_137, 4_137])), call(random, stacks)),
        ]),
        _ => Step::Calls(vec![(Duration::ZERO, call(random, stacks))]),
    }
}

fn call(random: &mut Random, stacks: &Stacks) -> Call {
    let depth = random.pick(&[1, 1, 2, 2, 3]);
    let ends = random.pick::<&[End]>(&[
        &[End::Ok],
        &[End::Err],
        &[End::Ok, End::Err],
        &[End::Ok, End::BadOk, End::Err, End::Err, End::Ignored, End::Panic],
        &[End::Err, End::Ok, BUSY_3_S, BUSY_40_S, BUSY_12_H],
    ]);
    let runs = 1 + random.below(4);
    let first_plain = if random.one_in(3) { random.below(depth) } else { depth };
    Call {
        frames: (0..depth).map(|depth| frame(random, stacks, depth >= first_plain)).collect(),
        runs: (0..runs).map(|_| run(random, ends)).collect(),
        deadline: random.one_in(4).then(|| random.seconds(&[0, 1, 3, 6, 11])),
        dropped_after: random.one_in(5).then(|| random.seconds(&[1, 2, 5, 9])),
    }
}

fn frame(random: &mut Random, stacks: &Stacks, is_plain: bool) -> Frame {
    let replaces = random.one_in(8);
    if random.one_in(2) {
        let stacks = if is_plain { &stacks.plain } else { &stacks.asynchronous };
        let number = random.below(stacks.len());
        return Frame { layers: stacks[number].to_vec(), attribute: Some(number), replaces, is_plain };
    }
    let layers = [
        Layer::CircuitA,
        Layer::CircuitA,
        Layer::CircuitB,
        Layer::Retry2,
        Layer::Retry3,
        Layer::Failover,
        Layer::Bulkhead,
        Layer::RateLimit,
        Layer::Timeout,
        Layer::LongTimeout,
        Layer::Hedge,
    ];
    // A function that is not `async` cannot have the last three layers.
    let layers = if is_plain { &layers[..layers.len() - 3] } else { &layers };
    let count = random.below(5);
    Frame { layers: (0..count).map(|_| random.pick(layers)).collect(), attribute: None, replaces, is_plain }
}

fn run(random: &mut Random, ends: &[End]) -> Run {
    // Each time above zero is 1 ms longer than a multiple of half a second. A body and a timer therefore seldom end at
    // the same moment.
    let time = random.pick(&[0, 0, 0, 501, 2_001, 5_001, 8_001, 60_001]);
    Run { time: Duration::from_millis(time), end: random.pick(ends) }
}
