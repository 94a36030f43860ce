//! Compares the counts of a circuit's window (the latest calls) with counts from a list of all calls. The inputs are
//! random sequences of calls.

use std::time::Duration;

use proptest::prelude::*;
use resilience_runtime::{CircuitBreaker, CircuitState};
use support::paused_runtime;
use tokio::time::{Instant, advance};

const SLOW: Duration = Duration::from_millis(200);

#[derive(Clone, Copy, Debug)]
enum Window {
    /// A window of time, whose length is this number of seconds. The window consists of ten equal parts.
    Tenths(u32),
    /// A window that contains this number of calls.
    Calls(u32),
}

#[derive(Clone, Copy, Debug)]
struct Rule {
    window: Window,
    min_calls: u32,
    /// The rate in tenths, from 1 (10 %) to 10 (100 %).
    failure_rate: u32,
    /// The rate in tenths, from 1 (10 %) to 10 (100 %).
    slow_rate: u32,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Call {
        failed: bool,
        slow: bool,
    },
    Advance(Duration),
    /// Compares the circuit's statistics with the model.
    Look,
    Reset,
}

fn rule() -> impl Strategy<Value = Rule> {
    let window = prop_oneof![(1..30_u32).prop_map(Window::Tenths), (1..90_u32).prop_map(Window::Calls)];
    (window, 1..20_u32, 1..=10_u32, 1..=10_u32).prop_map(|(window, min_calls, failed, slow)| Rule {
        window,
        min_calls: match window {
            Window::Calls(calls) => min_calls.min(calls),
            Window::Tenths(_) => min_calls,
        },
        failure_rate: failed,
        slow_rate: slow,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => (prop::bool::weighted(0.3), prop::bool::weighted(0.2)).prop_map(|(failed, slow)| Step::Call { failed, slow }),
        4 => (0..3000_u64).prop_map(|ms| Step::Advance(Duration::from_millis(ms))),
        4 => Just(Step::Look),
        1 => Just(Step::Reset),
    ]
}

struct Ended {
    /// The time from the last reset of the circuit to the end of the call, in whole tenths of the window.
    tenth: u128,
    failed: bool,
    slow: bool,
}

/// Stores all calls since the last reset of the circuit.
struct Model {
    rule: Rule,
    begun: Instant,
    calls: Vec<Ended>,
}

impl Model {
    /// Returns the time since the last reset in whole tenths of the window, or 0 for a window of calls.
    fn tenth(&self) -> u128 {
        match self.rule.window {
            Window::Tenths(tenths) => self.begun.elapsed().as_nanos() * 10 / (u128::from(tenths) * 1_000_000_000),
            Window::Calls(_) => 0,
        }
    }

    fn remembered(&self) -> &[Ended] {
        let first = match self.rule.window {
            Window::Calls(calls) => self.calls.len().saturating_sub(calls as usize),
            Window::Tenths(_) => self.calls.partition_point(|call| call.tenth + 10 <= self.tenth()),
        };
        &self.calls[first..]
    }

    fn counts(&self) -> [u64; 3] {
        let calls = self.remembered();
        let count = |is: fn(&Ended) -> bool| calls.iter().filter(|call| is(call)).count() as u64;
        [calls.len() as u64, count(|call| call.failed), count(|call| call.slow)]
    }

    fn opens(&self, failed: bool, slow: bool) -> bool {
        let [total, failures, slows] = self.counts();
        let over = |part: u64, rate: u32| part * 10 >= u64::from(rate) * total;
        total >= u64::from(self.rule.min_calls)
            && (failed && over(failures, self.rule.failure_rate)
                || (failed || slow) && over(slows, self.rule.slow_rate))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn window_counts_as_list_of_all_calls(rule in rule(), steps in prop::collection::vec(step(), 1..200)) {
        paused_runtime().block_on(async {
            let builder = CircuitBreaker::builder("window")
                .min_calls(rule.min_calls)
                .failure_rate(f64::from(rule.failure_rate) / 10.0)
                .slow_call(SLOW)
                .slow_rate(f64::from(rule.slow_rate) / 10.0);
            let breaker = match rule.window {
                Window::Tenths(tenths) => builder.window(Duration::from_secs(tenths.into())),
                Window::Calls(calls) => builder.calls(calls),
            };
            let breaker = breaker.build().unwrap();
            let mut model = Model { rule, begun: Instant::now(), calls: Vec::new() };
            for step in steps {
                let mut opens = false;
                match step {
                    Step::Call { failed, slow } => {
                        let permit = breaker.try_acquire().expect("a closed circuit");
                        if slow {
                            advance(SLOW).await;
                        }
                        if failed { permit.failure() } else { permit.success() }
                        model.calls.push(Ended { tenth: model.tenth(), failed, slow });
                        opens = model.opens(failed, slow);
                    }
                    Step::Advance(time) => advance(time).await,
                    Step::Look => {
                        let stats = breaker.stats();
                        assert_eq!([stats.window_total, stats.window_failures, stats.window_slow], model.counts());
                    }
                    Step::Reset => {}
                }
                assert_eq!(breaker.state(), if opens { CircuitState::Open } else { CircuitState::Closed });
                if opens || matches!(step, Step::Reset) {
                    breaker.reset();
                    model = Model { rule, begun: Instant::now(), calls: Vec::new() };
                }
            }
        });
    }
}
