"""A line's fate of packets: what goes on from a copy of it is what the line itself does."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.scenarios.estimate.network.netem import (
    PROBABILITY_ONE,
    LineEnd,
    LineSetting,
    NetemRandom,
    scaled,
)
from giaoban.topology.lines.impairments import (
    FourState,
    GilbertElliott,
    LineImpairment,
    LineJitter,
    RandomLoss,
)

GAP_NS, SEED = 1_000_000, 7
WHAT = {
    "bernoulli": LineImpairment(loss=RandomLoss(p=0.05)),
    "gilbert-elliott": LineImpairment(
        loss=GilbertElliott(p=0.05, r=0.3, loss_bad=0.8, loss_good=0.01)
    ),
    "four states": LineImpairment(loss=FourState(p13=0.05, p31=0.3, p23=0.2, p32=0.2, p14=0.02)),
    "jitter": LineImpairment(
        jitter=LineJitter(table=list(range(-64, 64)), scale_ns=800_000, offset_ns=5_000_000)
    ),
    "doubled and damaged": LineImpairment(duplicate=0.05, corrupt=0.05),
}


def told(line: LineEnd, first: int, count: int) -> tuple[object, ...]:
    out = line.pass_on(np.arange(first, first + count) * GAP_NS)
    which = np.arange(count) if out.which is None else out.which
    return which.tolist(), out.out_ns.tolist(), line.lost, line.damaged, line.doubled


@pytest.mark.parametrize("name", WHAT)
@given(before=st.integers(0, 60), undone=st.integers(0, 120), after=st.integers(1, 120))
def test_a_step_that_is_undone_leaves_no_trace(
    name: str, before: int, undone: int, after: int
) -> None:
    line = LineEnd([LineSetting(0, WHAT[name], SEED)], own=False)
    told(line, 0, before)
    saved = copy.deepcopy(line)
    told(line, before, undone)  # a step of an estimate that turns out to be too long
    again = LineEnd([LineSetting(0, WHAT[name], SEED)], own=False)
    told(again, 0, before)
    assert told(saved, before, after) == told(again, before, after)


@given(
    gaps_ns=st.lists(st.integers(1, 2_000_000), min_size=1, max_size=60),
    ends_ns=st.integers(1, 60_000_000),
    what=st.sampled_from(["bernoulli", "gilbert-elliott", "jitter", "nothing"]),
    cut=st.integers(0, 60),
)
def test_who_waits_for_the_packet_before_it_comes_out_behind_it(
    gaps_ns: list[int], ends_ns: int, what: str, cut: int
) -> None:
    """Also behind what jitter still delays, when it is over: at no moment two, since what comes to
    a hop at one moment has no order among itself. It waits no longer than it has to."""
    at_ns = np.cumsum(gaps_ns)
    then = WHAT.get(what, LineImpairment())
    changes = [LineSetting(0, WHAT["jitter"], SEED), LineSetting(ends_ns, then, SEED)]
    line = LineEnd(changes, own=False)
    outs = [line.pass_on(part) for part in np.split(at_ns, [cut]) if len(part)]
    out_ns = np.concatenate([out.out_ns for out in outs])
    assert (np.diff(out_ns) > 0).all()
    for out, part in zip(outs, (p for p in np.split(at_ns, [cut]) if len(p)), strict=True):
        which = np.arange(len(part)) if out.which is None else out.which
        assert (np.diff(which) > 0).all()
        assert (out.out_ns >= part[which]).all()
    most_ns = 5_000_000 + 64 * 800_000 // 8192 + len(at_ns)
    assert out_ns[-1] <= at_ns[-1] + max(most_ns, 60_000_000)


def kernel_numbers(seed: int, count: int) -> list[int]:
    """prandom_u32_state, step by step as the kernel has it (lib/random32.c)."""
    word = 0xFFFFFFFF
    mixed = ((seed >> 32) ^ (seed << 10) ^ seed) & word
    s1, s2, s3, s4 = (mixed + n if mixed < n else mixed for n in (2, 8, 16, 128))
    found = []
    for _ in range(count):
        s1 = (s1 & 0xFFFFFFFE) << 18 & word ^ ((s1 << 6 & word) ^ s1) >> 13
        s2 = (s2 & 0xFFFFFFF8) << 2 & word ^ ((s2 << 2 & word) ^ s2) >> 27
        s3 = (s3 & 0xFFFFFFF0) << 7 & word ^ ((s3 << 13 & word) ^ s3) >> 21
        s4 = (s4 & 0xFFFFFF80) << 13 & word ^ ((s4 << 3 & word) ^ s4) >> 12
        found.append(s1 ^ s2 ^ s3 ^ s4)
    return found


@pytest.mark.parametrize("seed", [0, 1, 127, SEED, 1681 << 20, 2**64 - 1])
def test_numbers_are_the_kernels(seed: int) -> None:
    """Taken one by one or many at once, beyond what is drawn at a time."""
    expected = kernel_numbers(seed, 40_000)
    one_by_one, at_once = NetemRandom(seed), NetemRandom(seed)
    assert [one_by_one.draw() for _ in range(17_000)] == expected[:17_000]
    taken = [at_once.take(n).tolist() for n in (0, 1, 16_383, 5, 20_000, 3_611)]
    assert [number for part in taken for number in part] == expected
    copied = copy.deepcopy(one_by_one)
    assert copied.take(100).tolist() == one_by_one.take(100).tolist() == expected[17_000:17_100]


@given(
    p=st.floats(0.001, 0.3),
    skip=st.integers(0, 20),
    parts=st.lists(st.integers(0, 80), min_size=1, max_size=4),
)
def test_a_line_that_loses_at_random_says_with_which_other_losses_it_would_be_the_same(
    p: float, skip: int, parts: list[int]
) -> None:
    def fate(probability: float) -> tuple[list[tuple[object, ...]], LineEnd]:
        what = LineImpairment(loss=RandomLoss(p=probability))
        line = LineEnd([LineSetting(0, what, SEED)], own=True, skip=skip)
        begins = np.cumsum([0, *parts])
        return [told(line, int(at), n) for at, n in zip(begins, parts, strict=False)], line

    expected, line = fate(p)
    drawn = kernel_numbers(SEED, skip + sum(parts))[skip:]
    lost = [number for number in drawn if number <= scaled(p)]
    kept = [number for number in drawn if number > scaled(p)]
    assert line.lost == len(lost)
    fates = np.split(np.array(drawn, np.int64) > scaled(p), np.cumsum(parts)[:-1])
    assert [which for which, *_ in expected] == [np.flatnonzero(part).tolist() for part in fates]
    least, highest = line.equivalent
    assert least == max(lost, default=0)
    assert highest == min(kept, default=PROBABILITY_ONE + 1) - 1
    for other in (least, highest):
        if scaled(other / PROBABILITY_ONE) == other and other:
            assert fate(other / PROBABILITY_ONE)[0] == expected
