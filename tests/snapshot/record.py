#!/usr/bin/env python3
"""Records statistics of the specification's breaker as Python serializes them, for tests/snapshot/python.rs.

One line for each breaker: the values of the breaker in nanoseconds and microseconds, a tab, and the JSON text of
`get_stats()`. The class is the specification's breaker without the parts that `get_stats()` does not need.
"""
import argparse, json, random
from datetime import datetime, timedelta, timezone
from enum import Enum

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class CircuitState(Enum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitBreaker:
    def __init__(self, name, threshold, cooldown, state, failures, successes, remaining, last_failure, last_success):
        self.name, self.threshold, self.cooldown = name, threshold, cooldown
        self._state, self._failures, self._successes = state, failures, successes
        self._remaining, self._last_failure, self._last_success = remaining, last_failure, last_success

    def _cooldown_remaining(self):
        return self._remaining

    def get_stats(self):
        return {
            "name": self.name,
            "state": self._state.value,
            "failures": self._failures,
            "successes": self._successes,
            "threshold": self.threshold,
            "cooldown": self.cooldown,
            "cooldown_remaining": self._cooldown_remaining(),
            "last_failure": self._last_failure.isoformat() if self._last_failure else None,
            "last_success": self._last_success.isoformat() if self._last_success else None,
        }


NAMES = ["exa_api", "tavily_api", "price[acme]", "Grüße", "a \"quoted\" name", "two\nlines", "日本", "tab\t\x01\\"]


# Times whose seconds differ in the last digit if the whole seconds and the nanoseconds are rounded separately.
ROUNDED = [29_512_990_984, 22_537_703_188, 60_684_823_110]


def seconds(nanos):
    """A time in seconds: an `int` if the time is a number of whole seconds, and a `float` otherwise."""
    return nanos // 10**9 if nanos % 10**9 == 0 else nanos / 10**9


def stamp(rng):
    """The microseconds from 1970 to a time before the year 2500, often a whole second, or the begin of a day."""
    micros = rng.randrange(16_725_225_600 * 10**6)
    return rng.choice([None, micros, micros // 10**6 * 10**6, micros // 86_400_000_000 * 86_400_000_000])


def record(rng):
    whole, millis, nanos = rng.randint(0, 3600) * 10**9, rng.randint(1, 10**6) * 10**6, rng.randint(10**6, 10**13)
    cooldown = rng.choice([whole, millis, nanos, *ROUNDED])
    state = rng.choice(list(CircuitState))
    # The rest of a cooldown in nanoseconds. The specification reports whole seconds, rounded up.
    left = rng.randint(0, cooldown) if state == CircuitState.OPEN else 0
    failures, successes, threshold = rng.randint(0, 9), rng.randint(0, 10**9), rng.randint(1, 9)
    last = [stamp(rng), stamp(rng)]
    times = [None if micros is None else EPOCH + timedelta(microseconds=micros) for micros in last]
    name = rng.choice(NAMES)
    breaker = CircuitBreaker(name, threshold, seconds(cooldown), state, failures, successes, -(-left // 10**9), *times)
    values = [name, state.value, failures, successes, threshold, cooldown, left, *last]
    python = json.dumps(breaker.get_stats(), ensure_ascii=False, separators=(",", ":"))
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\t" + python


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    for _ in range(args.count):
        print(record(rng))


if __name__ == "__main__":
    main()
