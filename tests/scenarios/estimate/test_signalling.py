"""When calls are set up over lines that delay what comes first on them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scenario_factory import NORTH, scenario

from giaoban.scenarios.estimate.network.hops import lines_of
from giaoban.scenarios.estimate.network.idle import IdleRoute
from giaoban.scenarios.estimate.network.paths import find_paths
from giaoban.scenarios.estimate.signalling import signal
from giaoban.scenarios.estimate.timeline import SignallingDatagram, Timeline
from giaoban.scenarios.plan.question import make_question

JITTER = 'jitter = { model = "gamma", shape = 2.0, scale_ms = 20.0 }'
SET_UP = 2
"""Datagrams of a bridge that dials before its media begin: INVITE and ACK."""


def on_line(link: str, direction: str, what: str = JITTER) -> str:
    return f'[[impairment]]\nlink = "{link}"\ndirection = "{direction}"\n{what}\n'


def sent(timeline: Timeline, path: int) -> list[SignallingDatagram]:
    return [each for each in timeline.messages if each.path == path]


@pytest.mark.parametrize("reorder", [False, True])
def test_a_call_is_set_up_as_the_jitter_of_its_line_lets_it(tmp_path: Path, reorder: bool) -> None:
    """The line's generator begins with the call: each datagram takes its next number, as netem's
    packets do, and is answered when it has come."""
    what = JITTER.replace("}", ", reorder = true }") if reorder else JITTER
    lines = on_line("access-north", "up", what) + on_line("access-north", "down", what)
    plain, bent = (
        make_question(
            scenario(tmp_path / f"{n}.toml", bridges=(NORTH,), phases=(3, 3, 2), more=more)
        ).plan
        for n, more in enumerate(("", lines))
    )
    before, after = signal(plain), signal(bent)
    [number] = [n for n, call in enumerate(plain.calls) if call.bridge == "north"]
    up, down = 2 * number, 2 * number + 1
    paths = find_paths(bent)
    ends = lines_of(bent, paths)
    ways = {path: IdleRoute(paths, path) for path in (up, down)}
    own = {up: paths.of(up)[0], down: paths.of(down)[-1]}

    def came(path: int) -> list[int]:
        """When each of the datagrams of the set-up came over the line."""
        [end] = ends[own[path]]
        times = [ways[path].arrival_ns(each.at_ns, each.size) for each in sent(after, path)]
        first = [ns for ns in times[: SET_UP if path == up else None] if ns is not None]
        return [int(end.pass_on(np.array([ns])).out_ns[0]) for ns in first]

    invited, _ = came(up)
    assert sent(after, up)[0] == sent(before, up)[0]
    assert invited > sent(before, down)[0].at_ns + 1_000_000
    assert sent(after, down)[0].at_ns == invited
    acknowledged = sent(after, up)[1].at_ns
    assert acknowledged in came(down)
    [leg] = [leg for leg in after.bridge_legs if leg.number == number]
    assert leg.from_ns >= acknowledged
    others = {2 * n + way for n in range(len(plain.calls)) if n != number for way in (0, 1)}
    for path in others:
        early = [each for each in sent(before, path) if each.at_ns < invited]
        assert [each for each in sent(after, path) if each.at_ns < invited] == early


def test_what_a_line_loses_by_chance_leaves_calls_as_they_are(tmp_path: Path) -> None:
    lines = on_line("access-north", "up", 'loss = { model = "bernoulli", p = 0.5 }')
    made = [
        signal(
            make_question(
                scenario(tmp_path / f"{n}.toml", bridges=(NORTH,), phases=(3, 3, 2), more=more)
            ).plan
        ).messages
        for n, more in enumerate(("", lines))
    ]
    assert made[0] == made[1]
