#!/usr/bin/env python3
"""Records random sequences of operations and the answers of the specification's breaker, for tests/differential/main.rs.

One line of JSON per sequence: threshold, cooldown in seconds, and steps of the form
  [op, seconds, [admitted, state, failures, successes, remaining, has_failed, has_succeeded]]
where op is ok, fail, panic or cancel (a call inside which the seconds pass), advance, reset or observe; admitted is
null unless the op is a call, and the rest are the stats after the op.

The sequences contain only operations on which the specification and the library agree on purpose. The tests of the
intended differences are in tests/circuit/differences.rs:
  - one trial at a time closes the circuit (half_open_max 1), and calls do not overlap;
  - no call succeeds while there are failures to forget: the specification never forgets them;
  - no step ends exactly at the cooldown's end: the specification rejects there;
  - no outcome is ignored: the specification knows none.
Times are multiples of 1/64 s, which are exact both in floats and in nanoseconds.
"""
import argparse, json, random

from reference import CLOSED, Runner

# Weights: enough failures to open a circuit whose threshold is six, and rarely a reset that undoes it all.
OPS = {"fail": 8, "ok": 6, "panic": 2, "cancel": 2, "advance": 8, "observe": 1, "reset": 0.5}


def seconds(rng, runner):
    """A span of time, every other one close to the end of the cooldown."""
    span = rng.randint(0, 128 * runner.b.cooldown) / 64
    since = runner.b._last_failure
    if since is not None and rng.random() < 0.5:
        near = since + runner.b.cooldown - runner.clock() + rng.choice([-64, -1, 1, 64]) / 64
        return near if near > 0 else span
    return span


def operation(rng, runner):
    op = {"op": rng.choices(list(OPS), OPS.values())[0]}
    if op["op"] == "advance":
        op["s"] = seconds(rng, runner)
    elif op["op"] in Runner.CALLS and rng.random() < 0.3:
        op["took"] = seconds(rng, runner)
    return op


def disputed(op, runner):
    b = runner.b
    ends = runner.clock() + op.get("s", op.get("took", 0))
    return (op["op"] == "ok" and b.state == CLOSED and b._failures > 0) or (
        b._last_failure is not None and ends - b._last_failure == b.cooldown)


def sequence(rng):
    config = {"threshold": rng.randint(1, 6), "cooldown": rng.randint(1, 90)}
    runner = Runner({**config, "half_open_max": 1})
    steps = []
    for _ in range(rng.randint(10, 40)):
        op = operation(rng, runner)
        while disputed(op, runner):
            op = operation(rng, runner)
        out = runner.apply(op)
        stats = out["stats"]
        steps.append([op["op"], op.get("s", op.get("took", 0)), [
            out.get("admitted"), stats["state"], stats["failures"], stats["successes"], stats["cooldown_remaining"],
            stats["last_failure"] is not None, stats["last_success"] is not None]])
    return {**config, "steps": steps}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    for _ in range(args.count):
        print(json.dumps(sequence(rng), separators=(",", ":")))


if __name__ == "__main__":
    main()
