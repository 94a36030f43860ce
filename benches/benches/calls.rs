//! Measures the time of a call in several scenarios, such as a success through a closed circuit. Each scenario has
//! several subjects: ways to make the call, for example through this crate or through another library. The program
//! prints a table for each scenario, with the median time of each subject.
//!
//! Each round measures every subject, so a slowdown of the machine during one round affects all subjects alike. The
//! environment variable `ROUNDS` sets the number of rounds (default 7).
//! `cargo bench --bench calls -- "open"` runs only the scenarios whose names contain `open`.

use std::collections::BTreeMap;
use std::env::{args, var};
use std::hint::black_box;
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use core_affinity::CoreId;
use criterion::Criterion;
use resilience_benches::{SCENARIOS, Subject};

/// The measured times of a call, in nanoseconds. A key of the map contains the index of the scenario, the number of
/// threads, and the index of the subject.
type Times = Mutex<BTreeMap<(usize, usize, usize), Vec<f64>>>;

/// The smallest number of calls in a measurement that the program keeps. The program discards measurements with fewer
/// calls, such as the first measurements of Criterion's warm-up.
const ENOUGH_CALLS: u64 = 10_000;

fn main() {
    let filter = args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let rounds = var("ROUNDS").map_or(7, |rounds| rounds.parse().expect("a number of rounds"));
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    assert!(cores.len() >= 2, "two threads need two cores");
    let times = Times::default();
    for round in 0..rounds {
        eprintln!("round {} of {rounds}", round + 1);
        for (place, scenario) in SCENARIOS.iter().enumerate() {
            if scenario.name.contains(&filter) {
                let subjects = (scenario.subjects)();
                for threads in if scenario.shared { 1..=2 } else { 1..=1 } {
                    for (nth, subject) in subjects.iter().enumerate() {
                        let id = format!("{}/{} x{threads}/{round}", scenario.name, subject.name);
                        criterion().bench_function(&id, |bencher| {
                            bencher.iter_custom(|calls| {
                                let time = elapsed(subject, calls, &cores[..threads]);
                                if calls >= ENOUGH_CALLS {
                                    let nanos = time.as_secs_f64() * 1e9 / calls as f64;
                                    times.lock().unwrap().entry((place, threads, nth)).or_default().push(nanos);
                                }
                                time
                            });
                        });
                    }
                }
            }
        }
    }
    print(times.into_inner().unwrap());
}

fn criterion() -> Criterion {
    Criterion::default()
        .without_plots()
        .with_output_color(false)
        .warm_up_time(Duration::from_millis(50))
        .measurement_time(Duration::from_millis(150))
        .sample_size(10)
}

/// Makes `calls` calls on each core of `cores`. The cores work at the same time. Measures the time that each core takes
/// for all its calls, and returns the mean of these times.
fn elapsed(subject: &Subject, calls: u64, cores: &[CoreId]) -> Duration {
    let start = Barrier::new(cores.len());
    let all: Vec<Duration> = thread::scope(|scope| {
        let threads: Vec<_> = cores
            .iter()
            .map(|&core| {
                let start = &start;
                scope.spawn(move || {
                    core_affinity::set_for_current(core);
                    start.wait();
                    let begun = Instant::now();
                    black_box((subject.calls)(calls));
                    begun.elapsed()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread that ends")).collect()
    });
    all.iter().sum::<Duration>() / u32::try_from(all.len()).expect("few threads")
}

fn print(times: BTreeMap<(usize, usize, usize), Vec<f64>>) {
    let mut bare = 0.0;
    let mut heading = usize::MAX;
    for ((place, threads, nth), mut samples) in times {
        samples.sort_by(f64::total_cmp);
        let at = |share: f64| samples[((samples.len() - 1) as f64 * share) as usize];
        let scenario = &SCENARIOS[place];
        if heading != place * 2 + threads {
            heading = place * 2 + threads;
            bare = at(0.5);
            println!("\n{}, {threads} thread{}", scenario.name, if threads > 1 { "s, each" } else { "" });
            println!("{:<24} {:>8} {:>8}   middle half of the samples", "", "over bare", "median");
        }
        let name = (scenario.subjects)()[nth].name;
        println!("{name:<24} {:>8.1} {:>8.1}   {:.1} to {:.1}", at(0.5) - bare, at(0.5), at(0.25), at(0.75));
    }
}
