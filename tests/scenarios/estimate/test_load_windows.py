"""The worst windows of an estimate's links: the same as of packets counted one by one."""

from __future__ import annotations

import copy
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scenario_factory import giaoban, scenario

from giaoban.clock import NEVER_NS
from giaoban.errors import InputError
from giaoban.results.model.result import LinkResult
from giaoban.scenarios.estimate.estimate import estimate, judge_alone
from giaoban.scenarios.estimate.network.meter import HopCounters
from giaoban.scenarios.estimate.network.queues import Batch, BatchServed, Served
from giaoban.scenarios.estimate.static import second_limit_pct
from giaoban.scenarios.measure.assemble import criteria_of
from giaoban.scenarios.plan.plan import SAMPLE_OFFSET_NS
from giaoban.scenarios.plan.question import Question, make_question

SECONDS = 6
OVERHEAD = 24


def counters(hops: int) -> HopCounters:
    """Of hops whose rates count 24 bytes more of each frame."""
    return HopCounters(
        np.full(hops, OVERHEAD, np.int64), SECONDS, streams=1, from_ns=NEVER_NS, windows=True
    )


def one_by_one(size: list[int], out_ns: list[int], window_ms: int) -> list[int]:
    """Bytes of the worst window before each sample."""
    worst: dict[int, dict[int, int]] = {n: {} for n in range(SECONDS + 1)}
    for each, at_ns in zip(size, out_ns, strict=True):
        since_ns = at_ns - SAMPLE_OFFSET_NS
        sample = since_ns // 1_000_000_000 + 1
        window = since_ns // (window_ms * 1_000_000)
        if sample <= SECONDS:
            worst[sample][window] = worst[sample].get(window, 0) + each + OVERHEAD
    return [max(windows.values(), default=0) for windows in worst.values()]


def served(out_ns: np.ndarray) -> Served:
    """Packets that came as they went, none lost."""
    return Served(
        came_ns=out_ns, began_ns=out_ns, out_ns=out_ns, lost=np.zeros(len(out_ns), np.bool_)
    )


@pytest.mark.parametrize("seed", range(5))
def test_hop_by_hop_all_at_once_and_one_by_one(seed: int) -> None:
    """In parts as they are served, with what was told before a step that is undone forgotten."""
    rng = np.random.default_rng(seed)
    hops, count = 3, 4000
    packets = [
        (
            rng.integers(60, 1500, count).astype(np.int32),
            np.sort(rng.integers(0, SECONDS * 1_000_000_000 + 500_000_000, count)),
        )
        for _ in range(hops)
    ]
    single, batched = counters(hops), counters(hops)
    for start_ns in range(0, 7_000_000_000, 700_000_000):
        single.past(start_ns)
        batched.past(start_ns)
        parts: list[tuple[np.ndarray, np.ndarray]] = []
        for hop, (size, out_ns) in enumerate(packets):
            now = (out_ns >= start_ns) & (out_ns < start_ns + 700_000_000)
            parts.append((size[now], out_ns[now]))
            flow = np.zeros(np.count_nonzero(now), np.int32)
            undone = copy.deepcopy(single)
            undone.passed(hop, size[now], lambda flow=flow: flow, served(out_ns[now]))
            single.passed(hop, size[now], lambda flow=flow: flow, served(out_ns[now]))
        size, out_ns = (np.concatenate([part[n] for part in parts]) for n in (0, 1))
        if not all(len(part[0]) for part in parts):
            continue
        counts = np.array([len(part[0]) for part in parts])
        batch = Batch(
            came_ns=out_ns,
            size=size,
            hops=np.arange(hops),
            first=np.append(0, np.cumsum(counts)[:-1]),
        )
        everything = BatchServed(out_ns, out_ns, None)
        flow = np.zeros(len(size), np.int32)
        batched.passed_all(np.arange(hops), batch, everything, lambda flow=flow: flow)
    for found in (single, batched):
        found.past(NEVER_NS)
        for number, window_ms in enumerate((100, 10)):
            for hop, (size, out_ns) in enumerate(packets):
                right = one_by_one(size.tolist(), out_ns.tolist(), window_ms)
                assert found.worst_windows[number, hop].tolist() == right
        # what is told of seconds is the same bytes
        assert (found.worst_windows[0].max() <= found.sent_bytes.max()).all()


def question(folder: Path, **top: object) -> Question:
    """Three bridges with lines of 10 Mb/s."""
    return make_question(scenario(folder / "s.toml", **top))


def test_a_key_frame_fills_ten_milliseconds_of_a_line_that_is_a_fifth_full(tmp_path: Path) -> None:
    """Whatever comes faster than the line carries leaves it at its rate, and a packet counts where
    it ends."""
    result = estimate(question(tmp_path)).result
    [north] = [k for k in result.phases[1].links if k.direction == "north->r-east"]
    frame_pct = 1254 * 8 / (10e6 * 0.010) * 100
    assert north.peak_10ms_pct is not None
    assert north.peak_100ms_pct is not None
    assert north.utilisation_pct < north.peak_pct < 60
    assert north.peak_pct < north.peak_100ms_pct < north.peak_10ms_pct
    assert 100 - frame_pct < north.peak_10ms_pct <= 100 + frame_pct
    for link in (k for phase in result.phases for k in phase.links):
        assert ordered(link)


def ordered(link: LinkResult) -> bool:
    """A shorter window's worst is at least as much."""
    shorter = [link.utilisation_pct, link.peak_pct, link.peak_100ms_pct, link.peak_10ms_pct]
    return all(a is not None and b is not None and a <= b + 1e-3 for a, b in pairwise(shorter))


def test_what_is_only_judged_is_judged_by_the_same_windows(tmp_path: Path) -> None:
    asked = question(tmp_path, link_window_ms=10)
    whole, alone = estimate(asked).result, judge_alone(asked)
    assert whole.verdict == alone.verdict == "fail"
    assert whole.criterion("link-peak") == next(c for c in alone.criteria if c.id == "link-peak")
    assert whole.link_window_ms == 10


def test_who_adds_up_seconds_refuses_shorter_windows(tmp_path: Path) -> None:
    file = scenario(tmp_path / "s.toml", link_window_ms=100)
    ran = giaoban("headroom", file, "--jobs", "1", "--results", tmp_path / "runs")
    assert (ran.code, ran.out) == (2, "")
    assert "windows of 100 ms (link_window_ms)" in " ".join(ran.err.split())
    assert "allowed here: 1000 ms" in " ".join(ran.err.split())
    assert not list((tmp_path / "runs").glob("*"))
    seconds = question(tmp_path, link_window_ms=1000)
    assert second_limit_pct(criteria_of(seconds)) == 80.0


def test_a_scenario_may_not_give_any_window(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="link_window_ms = 50"):
        question(tmp_path, link_window_ms=50)


def test_a_machines_own_kernel_does_not_count_them(tmp_path: Path) -> None:
    file = scenario(tmp_path / "s.toml", link_window_ms=10)
    ran = giaoban("check", file, "--engine", "native", "--results", tmp_path / "runs")
    assert (ran.code, ran.out) == (4, "")
    assert "does not count what links carry in windows shorter" in " ".join(ran.err.split())
    assert not list((tmp_path / "runs").glob("*"))
