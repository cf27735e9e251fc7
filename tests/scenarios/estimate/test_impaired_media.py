"""Every impairment of a bridge's camera, sound and slides, however the meeting shows pictures; and
the order of what comes over a line with jitter."""

from __future__ import annotations

from pathlib import Path

import pytest
from runs import control
from scenario_factory import scenario

from giaoban.results.model.result import Result
from giaoban.results.model.streams import StreamResult
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.plan.question import make_question

SHARE = 0.05
WHAT = {
    "lost": f'loss = {{ model = "bernoulli", p = {SHARE} }}',
    "corrupted": f"corrupt = {SHARE}",
    "duplicated": f"duplicate = {SHARE}",
    "shaped": "rate = { kbps = 5000.0, buffer_packets = 500 }",
    "late": 'jitter = { model = "normal", mean_ms = 20.0, sd_ms = 8.0 }',
    "overtaken": 'jitter = { model = "normal", mean_ms = 20.0, sd_ms = 8.0, reorder = true }',
    "everything": f"corrupt = {SHARE}\nduplicate = {SHARE}\n"
    + f'loss = {{ model = "bernoulli", p = {SHARE} }}\n'
    + 'jitter = { model = "normal", mean_ms = 20.0, sd_ms = 8.0, reorder = true }',
}
CONTENT = '[content]\nbridge = "west"\nfrom_s = 1.0\nto_s = 5.0\nkbps = 500.0\n'
PICTURES = {
    "composed": "",
    "switched": '[meeting]\nvideo = "switched"\n'
    + control(2, "west", 'command = "call-to-speak", participant = "east"')
    + control(4, "west", 'command = "call-to-speak", participant = "north"'),
}


def streams(result: Result, bridge: str, kind: str, direction: str) -> list[StreamResult]:
    """Of all phases."""
    return [
        stream
        for phase in result.phases
        for one in phase.bridges
        for stream in one.streams
        if (one.id, stream.kind, stream.direction) == (bridge, kind, direction)
    ]


def plausible(found: int, tried: int, share: float) -> bool:
    """Whether a binomial count is within five of its standard deviations."""
    return abs(found - tried * share) <= 5 * (tried * share * (1 - share)) ** 0.5


@pytest.mark.parametrize("pictures", PICTURES)
@pytest.mark.parametrize("what", WHAT)
def test_each_ends_in_a_verdict_and_counts_by_theory(
    tmp_path: Path, what: str, pictures: str
) -> None:
    """Sound, camera and slides of the chair, which all others hear and see."""
    more = PICTURES[pictures] + CONTENT + f'[[impairment]]\nbridge = "west"\n{WHAT[what]}\n'
    file = scenario(tmp_path / "s.toml", id="impaired", phases=(3, 2, 2), more=more)
    result = estimate(make_question(file)).result
    assert result.verdict in ("pass", "fail")
    assert result.accounting.unaccounted == 0
    shares = {
        "packets_impaired": SHARE * (what in ("lost", "everything")),
        "packets_corrupted": SHARE * (what in ("corrupted", "everything")),
        "packets_duplicated": SHARE * (what in ("duplicated", "everything")),
    }
    for kind in ("audio", "video", "content"):
        up = streams(result, "west", kind, "up")
        for name, share in shares.items():
            found = sum(getattr(stream, name) for stream in up)
            tried = sum(
                stream.packets_received
                + (stream.packets_impaired if name == "packets_impaired" else 0)
                for stream in up
            )
            assert tried > 100
            assert plausible(found, tried, share), (kind, name, found, tried)
        overtaken = sum(stream.packets_reordered for stream in up)
        assert (overtaken > 0) == (what in ("overtaken", "everything")), kind
        for stream in streams(result, "east", kind, "down"):  # what comes twice goes on once
            assert (stream.packets_duplicated, stream.packets_impaired) == (0, 0)
            assert stream.packets_received == stream.packets_sent


@pytest.mark.parametrize("pictures", PICTURES)
@pytest.mark.parametrize("link", ["access-west", "west--east"])
def test_jitter_of_a_line_keeps_the_order_also_where_packets_have_still_to_go(
    tmp_path: Path, link: str, pictures: str
) -> None:
    """Jitter without `reorder`: a packet waits for the one before it."""
    more = PICTURES[pictures] + f'[[impairment]]\nlink = "{link}"\n{WHAT["late"]}\n'
    file = scenario(tmp_path / "s.toml", id="jitter", phases=(3, 2, 2), more=more)
    result = estimate(make_question(file)).result
    found = [s for phase in result.phases for bridge in phase.bridges for s in bridge.streams]
    assert max(stream.packets_received for stream in found) > 300
    assert [stream.packets_reordered for stream in found] == [0] * len(found)
