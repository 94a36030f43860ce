//! Makes a given number of calls in one scenario, such as a success through a closed circuit. The subject is the way to
//! make the call, for example through this crate. The script `.ci/instructions` runs this program under callgrind,
//! which counts the instructions.
//!
//! Usage: `instructions <scenario> <subject> <calls>`. Without arguments, the program lists all scenarios and subjects.

use std::env::args;
use std::hint::black_box;

use resilience_benches::SCENARIOS;

fn main() {
    let arguments: Vec<_> = args().skip(1).collect();
    let [scenario, subject, calls] = &arguments[..] else {
        for scenario in SCENARIOS {
            for subject in (scenario.subjects)() {
                println!("{}\t{}", scenario.name, subject.name);
            }
        }
        return;
    };
    let scenario = SCENARIOS.iter().find(|found| found.name == scenario).expect("a scenario of the list");
    let subjects = (scenario.subjects)();
    let subject = subjects.iter().find(|found| found.name == subject).expect("a subject of the list");
    black_box((subject.calls)(calls.parse().expect("a number of calls")));
}
