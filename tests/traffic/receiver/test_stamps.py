"""Kernel time stamps while somebody sets the wall clock: what came when it came, all the same."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.traffic.receiver.timestamps import StampClock

MS, S = 1_000_000, 1_000_000_000
EPOCH_NS = 1_700_000_000 * S
LOOK_EVERY_NS = 5 * MS
READING_NS = 60
"""What reading a clock takes."""


@dataclass
class Machine:
    """A machine's two clocks; what comes to it is stamped by the wall clock."""

    now_ns: int = 1000 * S
    ahead_ns: int = EPOCH_NS
    stopped_ns: list[int] = field(default_factory=list)
    """How long the process stands still before its next readings."""

    def read(self, clock: int) -> int:
        self.now_ns += READING_NS + (self.stopped_ns.pop(0) if self.stopped_ns else 0)
        return self.now_ns + (self.ahead_ns if clock == time.CLOCK_REALTIME else 0)


def stamped(machine: Machine, at_ns: int) -> int:
    return at_ns + machine.ahead_ns


@given(
    st.lists(
        st.tuples(
            st.integers(50 * MS, 3600 * S) | st.integers(-3600 * S, -50 * MS),
            st.integers(0, LOOK_EVERY_NS - 1),
        ),
        min_size=1,
        max_size=4,
    ),
    st.integers(0, 40),
)
def test_no_step_changes_when_anything_came(steps: list[tuple[int, int]], offset: int) -> None:
    """Packets come every millisecond and are read every five, also those that came before a step
    and are read after it."""
    machine = Machine()
    clock = StampClock(read=machine.read)
    began_ns = machine.now_ns
    true, found = [], []
    waiting: list[tuple[int, int]] = []
    for look in range(20 * len(steps)):
        step = steps[look // 20] if look % 20 == 10 else None
        from_ns = machine.now_ns
        for packet in range(5):
            at_ns = from_ns + packet * MS + offset
            if step is not None and at_ns - from_ns > step[1]:
                machine.ahead_ns += step[0]
                step = None
            waiting.append((at_ns, stamped(machine, at_ns)))
        if step is not None:
            machine.ahead_ns += step[0]
        machine.now_ns = from_ns + LOOK_EVERY_NS
        true += [at for at, _ in waiting]
        found += clock.monotonic_ns(np.array([stamp for _, stamp in waiting])).tolist()
        waiting.clear()
    assert np.abs(np.array(found) - np.array(true)).max() <= READING_NS
    assert clock.steps == len(steps)
    assert abs(clock.largest_step_ns) == pytest.approx(max(abs(s) for s, _ in steps), abs=1000)
    assert machine.now_ns - began_ns < 60 * S


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.mark.parametrize("step_ns", [200_000, -200_000, 20 * MS, -20 * MS])
def test_a_small_step_moves_nothing_by_more_than_itself(machine: Machine, step_ns: int) -> None:
    clock = StampClock(read=machine.read)
    before = machine.now_ns
    waiting = stamped(machine, before)
    machine.now_ns += 30 * MS
    machine.ahead_ns += step_ns
    after = machine.now_ns
    found = clock.monotonic_ns(np.array([waiting, stamped(machine, after)]))
    assert np.abs(found - [before, after]).max() <= abs(step_ns) + 1000
    later = machine.now_ns
    found = clock.monotonic_ns(np.array([stamped(machine, later)]))
    assert abs(int(found[0]) - later) <= READING_NS
    assert (clock.steps, clock.largest_step_ns) == (1, pytest.approx(step_ns, abs=1000))


def test_what_wanders_is_followed_and_not_told_of(machine: Machine) -> None:
    clock = StampClock(read=machine.read)
    for _ in range(1000):
        machine.now_ns += S
        machine.ahead_ns += 20_000
        at_ns = machine.now_ns
        found = clock.monotonic_ns(np.array([stamped(machine, at_ns)]))
        assert abs(int(found[0]) - at_ns) <= 21_000
    assert (clock.steps, clock.largest_step_ns) == (0, 0)


def test_a_process_that_is_interrupted_between_two_clocks_sees_no_step(machine: Machine) -> None:
    clock = StampClock(read=machine.read)
    for stops in ([0, 9 * MS, 0], [0, 0, 9 * MS], [9 * MS, 0, 3 * MS] * 4):
        machine.stopped_ns = list(stops)
        at_ns = machine.now_ns
        found = clock.monotonic_ns(np.array([stamped(machine, at_ns)]))
        assert abs(int(found[0]) - at_ns) <= READING_NS
    assert clock.steps == 0


def test_the_steps_told_of_are_the_largest_either_way(machine: Machine) -> None:
    clock = StampClock(read=machine.read)
    for step_ns in (S, -3 * S, 2 * S):
        machine.ahead_ns += step_ns
        machine.now_ns += S
        clock.monotonic_ns(np.array([stamped(machine, machine.now_ns)]))
    assert (clock.steps, clock.largest_step_ns) == (3, pytest.approx(-3 * S, abs=1000))


def test_in_virtual_time_nobody_looks_at_the_clock(machine: Machine) -> None:
    clock = StampClock(settable=False, read=machine.read)
    now_ns = machine.now_ns
    clock.look()
    assert clock.monotonic_ns(np.array([stamped(machine, now_ns)])).tolist() == [now_ns]
    assert machine.now_ns == now_ns


def test_a_step_while_nothing_comes_is_seen_too(machine: Machine) -> None:
    clock = StampClock(read=machine.read)
    for step_ns in (S, -S):
        machine.ahead_ns += step_ns
        clock.look()
    assert (clock.steps, clock.largest_step_ns) == (2, pytest.approx(S, abs=1000))


def test_what_is_told_others_goes_on_at_one_pace(machine: Machine) -> None:
    """RTCP reports of before and after a step are of one clock: else a round trip takes an hour."""
    clock = StampClock(read=machine.read)
    before = clock.unix_ns(machine.now_ns)
    assert before == pytest.approx(EPOCH_NS + machine.now_ns, abs=READING_NS)
    machine.ahead_ns -= 3600 * S
    clock.monotonic_ns(np.array([stamped(machine, machine.now_ns)]))
    assert clock.unix_ns(machine.now_ns) - before < S


def test_real_clocks() -> None:
    clock = StampClock()
    at_ns = time.monotonic_ns()
    found = clock.monotonic_ns(np.array([time.time_ns()]))
    assert 0 <= int(found[0]) - at_ns < 3600 * S
