"""Kernel time stamps while the wall clock is set: arrival times stay right."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np
import pytest

from giaoban.traffic.receiver.timestamps import StampClock

MS, S = 1_000_000, 1_000_000_000
EPOCH_NS = 1_700_000_000 * S
READING_NS = 60
"""Duration of one reading of a clock."""


@dataclass
class Machine:
    """A machine's two clocks; datagrams are stamped by the wall clock."""

    now_ns: int = 1000 * S
    ahead_ns: int = EPOCH_NS
    stopped_ns: list[int] = field(default_factory=list)
    """How long the process stands still before its next readings."""

    def read(self, clock: int) -> int:
        self.now_ns += READING_NS + (self.stopped_ns.pop(0) if self.stopped_ns else 0)
        return self.now_ns + (self.ahead_ns if clock == time.CLOCK_REALTIME else 0)

    def stamped(self, at_ns: int) -> int:
        return at_ns + self.ahead_ns


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.mark.parametrize("step_ns", [50 * MS, -50 * MS, 3600 * S, -3600 * S])
def test_stamps_from_before_and_after_a_step(machine: Machine, step_ns: int) -> None:
    clock = StampClock(read=machine.read)
    before_ns = machine.now_ns + MS
    waiting = machine.stamped(before_ns)
    machine.now_ns += 3 * MS
    machine.ahead_ns += step_ns
    after_ns = machine.now_ns
    machine.now_ns += 2 * MS
    found = clock.monotonic_ns(np.array([waiting, machine.stamped(after_ns)]))
    assert np.abs(found - [before_ns, after_ns]).max() <= READING_NS
    machine.now_ns += S
    later_ns = machine.now_ns
    found = clock.monotonic_ns(np.array([machine.stamped(later_ns)]))
    assert abs(int(found[0]) - later_ns) <= READING_NS
    assert (clock.steps, clock.largest_step_ns) == (1, pytest.approx(step_ns, abs=1000))


def test_a_clock_that_wanders_is_followed_without_a_step(machine: Machine) -> None:
    clock = StampClock(read=machine.read)
    for _ in range(100):
        machine.now_ns += S
        machine.ahead_ns += 20_000
        at_ns = machine.now_ns
        found = clock.monotonic_ns(np.array([machine.stamped(at_ns)]))
        assert abs(int(found[0]) - at_ns) <= 21_000
    assert (clock.steps, clock.largest_step_ns) == (0, 0)


def test_an_interruption_between_two_clocks_is_no_step(machine: Machine) -> None:
    clock = StampClock(read=machine.read)
    for stops in ([0, 9 * MS, 0], [0, 0, 9 * MS], [9 * MS, 0, 3 * MS] * 4):
        machine.stopped_ns = list(stops)
        at_ns = machine.now_ns
        found = clock.monotonic_ns(np.array([machine.stamped(at_ns)]))
        assert abs(int(found[0]) - at_ns) <= READING_NS
    assert clock.steps == 0


def test_in_virtual_time_the_clock_is_not_read(machine: Machine) -> None:
    clock = StampClock(settable=False, read=machine.read)
    now_ns = machine.now_ns
    clock.look()
    assert clock.monotonic_ns(np.array([machine.stamped(now_ns)])).tolist() == [now_ns]
    assert machine.now_ns == now_ns


def test_written_times_keep_one_pace_over_steps(machine: Machine) -> None:
    clock = StampClock(read=machine.read)
    before = clock.unix_ns(machine.now_ns)
    for step_ns in (S, -3 * S, 2 * S):
        machine.ahead_ns += step_ns
        clock.look()
    assert clock.unix_ns(machine.now_ns) - before < S
    assert (clock.steps, clock.largest_step_ns) == (3, pytest.approx(-3 * S, abs=1000))
