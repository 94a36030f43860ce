use std::time::Duration;

use crate::base::clock::Tick;
use crate::circuit::core::decision::{Effect, End};
use crate::circuit::core::machine::Machine;
use crate::circuit::core::state::{Phase, SuccessPath};
use crate::circuit::core::ticket::Ticket;
use crate::circuit::options::Options;
use crate::circuit::settings::Settings;

fn settings(half_open_max: u32) -> Settings {
    Settings::from(Options {
        threshold: Some(1),
        cooldown: Some(Duration::ZERO),
        half_open_max: Some(half_open_max),
        ..Options::NONE
    })
}

fn end() -> End {
    End { slow: false, retry_after: None, successes: 0 }
}

/// Returns the state machine of a half-open circuit, and the ticket of a running trial call. The circuit closes after
/// three successful trial calls, and one trial call has already succeeded.
fn half_open() -> (Machine, Ticket) {
    let (mut machine, now, settings) = (Machine::new(&settings(3), Tick::now), Tick::now(), settings(3));
    let ticket = machine.admit(now, &settings).unwrap().ticket;
    machine.fail(ticket, &settings, &end());
    let first = machine.admit(now, &settings).unwrap().ticket;
    machine.succeed(first, &settings, &end());
    let second = machine.admit(now, &settings).unwrap().ticket;
    (machine, second)
}

#[test]
fn fewer_trials_than_have_succeeded_still_let_one_pass() {
    let (mut machine, trial) = half_open();
    let fewer = settings(1);
    assert!(matches!(machine.phase(&fewer).0, Phase::Full { .. }));
    assert!(machine.admit(Tick::now(), &fewer).is_err(), "while one is under way");
    machine.abandon(trial);
    assert_eq!(machine.phase(&fewer).0, Phase::HalfOpen);
    let last = machine.admit(Tick::now(), &fewer).unwrap().ticket;
    assert_eq!(machine.succeed(last, &fewer, &end()), Effect::Closed);
}

#[test]
fn more_trials_pass_as_soon_as_more_are_allowed() {
    let (mut machine, _trial) = half_open();
    let more = settings(4);
    assert!(machine.admit(Tick::now(), &settings(2)).is_err());
    assert!(machine.admit(Tick::now(), &more).is_ok());
}

#[test]
fn a_ticket_of_another_generation_changes_nothing() {
    let (mut machine, trial) = half_open();
    machine.reset(Tick::now());
    assert_eq!(machine.fail(trial, &settings(3), &end()), Effect::Stale);
    assert_eq!(machine.succeed(trial, &settings(3), &end()), Effect::Stale);
    machine.abandon(trial);
    assert!(matches!(machine.phase(&settings(3)).0, Phase::Closed { success: SuccessPath::Quiet, .. }));
}

#[test]
fn a_lease_that_comes_round_is_not_that_of_a_closed_circuit() {
    let (mut machine, _trial) = half_open();
    machine.lease = u16::MAX;
    let expired = Settings { trial_timeout: Duration::ZERO, ..settings(3) };
    let admission = machine.admit(Tick::now(), &expired).unwrap();
    assert_eq!((admission.expired, admission.ticket.lease()), (1, 1));
}
