"""A line's fate of packets: what goes on from a copy of it is what the line itself does."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.scenarios.estimate.network.netem import LineEnd, LineSetting
from giaoban.topology.impairments import (
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


def told(line: LineEnd, first: int, count: int) -> object:
    out = line.pass_on(np.arange(first, first + count) * GAP_NS)
    return out.which.tolist(), out.out_ns.tolist(), line.lost, line.damaged, line.doubled


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
