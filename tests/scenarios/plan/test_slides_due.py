"""Slides that were over before a bridge came are no stream of it; those it missed are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pretended_meeting import Meeting

from giaoban.scenarios.measure.captures import Captures
from giaoban.scenarios.measure.streams import FrameAnalyses, Window, bridges_in
from giaoban.traffic.log import RECEIVED, SENT
from giaoban.traffic.quality.measure import trace

SLIDES = """
[content]
bridge = "west"
from_s = 0.0
kbps = 256
"""


def cut(captures: Captures, bridge: str, until_ns: int) -> None:
    """What there is of a bridge's slides ends: nothing is sent from then on."""
    [index] = (s.index for s in captures.plan.streams if (s.bridge, s.kind) == (bridge, "content"))
    due_ns = captures.traces[index].due_ns
    sent = np.zeros(int(np.count_nonzero(due_ns < until_ns)), SENT)
    sent["sequence"] = np.arange(len(sent))
    sent["due_ns"] = sent["leaving_ns"] = due_ns[: len(sent)]
    captures.traces[index] = trace(sent, np.zeros(0, RECEIVED), 90_000)


@pytest.mark.parametrize(("shown_s", "due"), [(0.5, False), (2.5, True)])
def test_slides_are_due_to_a_bridge_while_they_are_shown(
    tmp_path: Path, shown_s: float, due: bool
) -> None:
    """North comes 1.5 s after the phase began, and no slide is sent to it."""
    captured = Meeting(tmp_path, more=SLIDES, phases=(2, 3, 4)).load()
    phase = captured.plan.phases[1]
    start_ns = captured.origin_ns + round(phase.start_s * 1e9)
    cut(captured, "west", start_ns + round(shown_s * 1e9 + 0.2e9))
    cut(captured, "north", 0)
    [bridges] = bridges_in(captured, [Window(phase)], FrameAnalyses(captured))
    found = {b.id: b for b in bridges}
    assert {s.kind for s in found["east"].streams} == {"audio", "video", "content"}
    assert ("content" in {s.kind for s in found["north"].streams}) == due
