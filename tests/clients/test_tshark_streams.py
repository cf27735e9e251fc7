"""tshark reads what a bridge recorded, and finds the figures that `result.json` tells of it."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from giaoban.mcu_sim.media.leg import Kind
from giaoban.results.model.result import Phase
from giaoban.results.model.streams import StreamResult
from giaoban.traffic.quality.measure import Trace, measure
from tests.clients.checks import Checked, check
from tests.clients.tshark import Stream, fields, streams_of_calls

pytestmark = pytest.mark.sandbox

KINDS: tuple[Kind, ...] = ("audio", "video")
CLOCK_HZ = {"audio": 8000, "video": 90_000}
JITTER_MS = 0.1
ALWAYS_NS = 2**62

LINES = """
[[impairment]]
link = "access-east"
direction = "down"
loss = { model = "gilbert", p = 0.02, r = 0.4 }
jitter = { model = "normal", mean_ms = 12.0, sd_ms = 4.0 }

[[impairment]]
link = "access-north"
direction = "down"
duplicate = 0.02
jitter = { model = "normal", mean_ms = 20.0, sd_ms = 8.0, reorder = true }
"""


class Report(NamedTuple):
    """A report block that tshark found: when, of what, what it says."""

    time_ns: int
    ssrc: int
    fraction: int
    lost: int
    highest: int
    jitter: int


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    """East's line loses packets and delays them in order, north's puts them out of order, twice."""
    folder = tmp_path_factory.mktemp("tshark")
    return check(folder, "tshark", "east", "north", seconds=(4, 4, 4), more=LINES)


@cache
def seen(run: Checked, bridge: str, frames: int | None = None) -> dict[int, Stream]:
    return streams_of_calls(run.pcapng(bridge), frames=frames)


def index_of(run: Checked, bridge: str, kind: Kind, way: str) -> int:
    call = run.call(bridge)
    return (call.up if way == "up" else call.down)[kind]


def of(run: Checked, bridge: str, kind: Kind, way: str) -> tuple[int, Trace]:
    """SSRC and trace of a stream."""
    index = index_of(run, bridge, kind, way)
    return run.plan.streams[index].ssrc, run.captures.traces[index]


def told(run: Checked, bridge: str, kind: Kind, way: str) -> list[tuple[Phase, StreamResult]]:
    """What `result.json` says of a stream, phase by phase."""
    return [
        (phase, stream)
        for phase in run.result.phases
        for item in phase.bridges
        if item.id == bridge
        for stream in item.streams
        if (stream.kind, stream.direction) == (kind, way)
    ]


def received(run: Checked, bridge: str, ssrc: int) -> NDArray[np.int64]:
    """(n, 4) frame number, CLOCK_REALTIME in ns, sequence number and timestamp of a stream."""
    names = ("frame.number", "frame.time_epoch", "rtp.seq", "rtp.timestamp")
    rows = fields(run.pcapng(bridge), f"rtp.ssrc=={ssrc:#x}", *names)
    return np.array(
        [(int(n), int(at.replace(".", "")), int(seq), int(ts)) for n, at, seq, ts in rows], np.int64
    )


def since_boot_ns(run: Checked, bridge: str) -> int:
    """What CLOCK_REALTIME of a recording is ahead of CLOCK_MONOTONIC of the logs."""
    ssrc, trace = of(run, bridge, "audio", "down")
    first = np.unique(received(run, bridge, ssrc)[:, 1:], axis=0)
    at_ns = {int(ts): int(ns) for ns, _, ts in first[::-1]}
    ahead = [
        at_ns[ts] - ns
        for ts, ns in zip(trace.timestamp.tolist(), trace.arrival_ns.tolist(), strict=True)
        if ns >= 0
    ]
    assert np.ptp(ahead) < 20_000  # a recording holds microseconds
    return int(np.median(ahead))


@pytest.mark.parametrize("kind", KINDS)
def test_loss_and_jitter_of_a_whole_call(run: Checked, kind: Kind) -> None:
    ssrc, trace = of(run, "east", kind, "down")
    found, ours = seen(run, "east")[ssrc], measure(trace, 0, ALWAYS_NS)
    assert found.packets == ours.received
    ends = np.flatnonzero(trace.arrived)[[0, -1]]  # nobody sees what was lost before and after
    lost = np.count_nonzero(~trace.arrived[ends[0] : ends[1]])
    assert found.lost == lost > 0.02 * ours.sent
    assert ours.jitter_mean_ms is not None
    assert ours.jitter_max_ms is not None
    # its mean is over the differences of packets, so that the first packet, with 0, is not in it
    mean_ms = ours.jitter_mean_ms * found.packets / (found.packets - 1)
    assert found.mean_jitter == pytest.approx(mean_ms, abs=JITTER_MS)
    assert found.max_jitter == pytest.approx(ours.jitter_max_ms, abs=JITTER_MS)
    assert found.mean_jitter > 20 * JITTER_MS


def reports(run: Checked, bridge: str, ssrc: int) -> list[Report]:
    """What a recording holds of reports on a stream; times as in the logs."""
    names = ["frame.time_epoch", "rtcp.ssrc.identifier", "rtcp.ssrc.fraction"]
    names += ["rtcp.ssrc.cum_nr", "rtcp.ssrc.ext_high", "rtcp.ssrc.jitter"]
    rows = fields(run.pcapng(bridge), "rtcp.ssrc.cum_nr", *names)
    ahead_ns = since_boot_ns(run, bridge)
    found = [
        Report(int(at.replace(".", "")) - ahead_ns, int(of.split(",")[0], 16), *map(int, rest))
        for at, of, *rest in rows
    ]
    return [report for report in found if report.ssrc == ssrc]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("bridge", "way"), [("east", "down"), ("north", "down"), ("north", "up")])
def test_rtcp_reports_are_those_of_the_result(
    run: Checked, bridge: str, way: str, kind: Kind
) -> None:
    ssrc, _ = of(run, bridge, kind, way)
    found, compared = reports(run, bridge, ssrc), 0
    events = run.captures.reports["bridge" if way == "down" else "mcu", bridge, kind]
    assert [(e.lost, e.fraction, e.jitter) for e in events] == [
        (report.lost, report.fraction, report.jitter) for report in found
    ]
    for phase, stream in told(run, bridge, kind, way):
        start_ns, end_ns = run.window_ns(phase)
        said = [report for report in found if start_ns <= report.time_ns < end_ns]
        if stream.rtcp is None:
            assert not said
            continue
        assert stream.rtcp.reports == len(said)
        assert stream.rtcp.packets_lost == said[-1].lost
        jitter_ms = said[-1].jitter * 1000 / CLOCK_HZ[kind]
        assert stream.rtcp.jitter_ms == pytest.approx(jitter_ms, abs=1e-4)
        compared += 1
    assert compared
