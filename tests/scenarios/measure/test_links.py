"""Each link's load, drops and queueing, rebuilt from captures: equal to what really happened."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pretended
import pytest
from pretended import ORIGIN_NS, Told
from scenario_factory import NORTH, scenario

from giaoban.results.model.result import LinkResult
from giaoban.scenarios.measure import captures
from giaoban.scenarios.measure.captures import Captures
from giaoban.scenarios.measure.hop_delays import rebuild
from giaoban.scenarios.measure.links import links_in
from giaoban.scenarios.plan.question import make_question
from giaoban.topology.network import Hop

SLOW = {**NORTH, "rate_mbps": 2.5, "km": 10.0}


def meeting(folder: Path, **how: object) -> tuple[Captures, Told]:
    """Three bridges, one of them on a slow line, in a network of two routers."""
    more = '[[link]]\nlink = "west--east"\nrate_mbps = 8.0\nsource = "test"'
    file = scenario(folder / "s.toml", bridges=(SLOW,), more=more)
    plan = make_question(file).plan
    told = pretended.emulate(plan, folder, **how)  # type: ignore[arg-type]
    return captures.load(folder, plan), told


def test_waits_are_those_of_the_events(tmp_path: Path) -> None:
    """Every packet's wait at every queue, to the nanosecond, and the arrivals at the ends."""
    captured, told = meeting(tmp_path)
    rebuilt = rebuild(captured)
    assert rebuilt.error_us == 0.0
    assert set(rebuilt.passages) == set(told.passages)
    queued = 0
    for hop, passage in rebuilt.passages.items():
        mine = sorted(zip(passage.arrival_ns.tolist(), passage.wait_ns.tolist(), strict=True))
        assert mine == sorted(told.passages[hop])
        queued += int(np.count_nonzero(passage.wait_ns))
    assert queued > 1000  # otherwise nothing was tried


def test_drops_are_left_out_from_where_they_happen(tmp_path: Path) -> None:
    """A dropped packet waits in the queues before, and in none from the dropping one on."""

    def drop(stream: int, number: int, hop: Hop) -> bool:
        return hop.link == "access-north" and hop.target == "north" and number % 7 == 3

    captured, told = meeting(tmp_path, drop=drop)
    rebuilt = rebuild(captured)
    assert rebuilt.error_us == 0.0
    for hop in told.passages:
        assert sorted(rebuilt.passages[hop].wait_ns.tolist()) == sorted(
            wait for _, wait in told.passages[hop]
        )
    found = {
        (link.id, link.direction): link.drops
        for link in links_in(captured, 2, rebuilt)
        if link.drops
    }
    phase = captured.plan.phases[2]
    edges = [ORIGIN_NS + round(s * 1e9) for s in (phase.start_s, phase.end_s)]
    [(hop, times)] = told.drops.items()
    assert found == {hop: sum(edges[0] <= t < edges[1] for t in times)}
    assert hop == ("access-north", "r-east->north")


def test_a_wrong_arrival_shows_as_an_error(tmp_path: Path) -> None:
    captured, _ = meeting(tmp_path)
    trace = captured.traces[4]
    trace.arrival_ns[50] += 7_000
    rebuilt = rebuild(captured)
    assert rebuilt.error_us == pytest.approx(7.0)
    assert rebuilt.trusted


def test_an_error_that_nothing_explains_is_not_trusted(tmp_path: Path) -> None:
    captured, _ = meeting(tmp_path)
    assert all(link.queue_p99_ms is not None for link in _crossed(captured))
    captured.traces[4].arrival_ns[50] += 20_000_000  # five packets' time on the slowest link
    assert not rebuild(captured).trusted
    assert all(link.queue_p99_ms is None for link in _crossed(captured))


def _crossed(captured: Captures) -> list[LinkResult]:
    links = links_in(captured, 1, rebuild(captured))
    return [link for link in links if link.utilisation_pct]


def test_what_reports_took_of_a_full_link_is_in_its_queueing(tmp_path: Path) -> None:
    """Every packet down to north came 2 ms later than the media before it explains."""
    captured, _ = meeting(tmp_path)
    before = rebuild(captured)
    [call] = [c for c in captured.plan.calls if c.bridge == "north"]
    for index in call.down.values():
        trace = captured.traces[index]
        trace.arrival_ns[trace.arrived] += 2_000_000
    after = rebuild(captured)
    assert after.trusted
    for hop, passage in after.passages.items():
        later = passage.wait_ns - before.passages[hop].wait_ns
        assert set(later.tolist()) == (
            {2_000_000} if hop == ("access-north", "r-east->north") else {0}
        )


def test_queueing_percentiles_and_load_of_each_phase(tmp_path: Path) -> None:
    captured, told = meeting(tmp_path)
    rebuilt = rebuild(captured)
    for number, phase in enumerate(captured.plan.phases):
        start, end = (ORIGIN_NS + round(s * 1e9) for s in (phase.start_s, phase.end_s))
        for link in links_in(captured, number, rebuilt):
            hop = (link.id, link.direction)
            waits = [wait for at, wait in told.passages.get(hop, []) if start <= at < end]
            if waits:
                # tolerance: what is rounded away, 0.05 µs
                assert link.queue_p99_ms == pytest.approx(np.percentile(waits, 99) / 1e6, abs=5e-5)
            else:
                assert link.queue_p99_ms is None
            # loads are counted between samples, 11 ms after each second
            seconds = []
            for second in range(round(phase.start_s), round(phase.end_s)):
                a = ORIGIN_NS + second * 10**9 + pretended.SAMPLE_OFFSET_NS
                sent = sum(size for at, size in told.departures.get(hop, []) if a < at <= a + 10**9)
                seconds.append(sent * 8 / (link.rate_mbps * 1e6) * 100)
            assert link.peak_pct == pytest.approx(max(seconds), abs=1e-3)
            assert link.utilisation_pct == pytest.approx(np.mean(seconds), abs=1e-3)
            assert link.drops == 0


def test_every_direction_of_every_link_is_there(tmp_path: Path) -> None:
    captured, _ = meeting(tmp_path)
    found = [(link.id, link.direction) for link in links_in(captured, 0, rebuild(captured))]
    network = captured.plan.network
    assert found == [(link.id, hop.direction) for link in network.links for hop in link.hops]
