"""Captures → each link's load, drops and queueing in each phase.

Loads and drops are counted by the kernel; queueing delays are rebuilt
(`giaoban.scenarios.measure.hop_delays`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from giaoban.results.model.result import LinkResult
from giaoban.scenarios.measure.captures import Captures
from giaoban.scenarios.measure.hop_delays import Rebuilt
from giaoban.traffic.quality.percentiles import percentiles


def links_in(
    captures: Captures, number: int, rebuilt: Rebuilt | None, warm_up_s: float = 0.0
) -> list[LinkResult]:
    """Every direction of every link in phase `number`, of which `warm_up_s` are left out.

    Drops are counted over the whole phase.

    Packets that come to a queue at the same moment may be rebuilt in another order than they were
    served in; if the rebuilt delays are further off than that and RTCP explain, no queueing is
    given; nor where nothing is rebuilt.
    """
    phase = captures.plan.phases[number]
    start_s = phase.start_s + warm_up_s
    load, peak = _load(captures, start_s, phase.end_s)
    start_ns = captures.origin_ns + round(start_s * 1e9)
    end_ns = captures.origin_ns + round(phase.end_s * 1e9)
    before, after = captures.counters.at_phase[number : number + 2]
    results = []
    for row, (link_id, direction) in enumerate(captures.hops):
        passage = None if rebuilt is None else rebuilt.passages.get((link_id, direction))
        wait = np.empty(0, np.int64)
        if passage is not None:
            wait = passage.waits_within(start_ns, end_ns)
        results.append(
            LinkResult(
                id=link_id,
                direction=direction,
                rate_mbps=captures.plan.network.link(link_id).rate_mbps,
                utilisation_pct=round(float(load[row]), 3),
                peak_pct=round(float(peak[row]), 3),
                drops=after[row].queue_drops - before[row].queue_drops,
                policed=after[row].policed - before[row].policed,
                queue_p99_ms=round(percentiles(wait, (99,))[0] / 1e6, 4)
                if len(wait) and rebuilt is not None and rebuilt.trusted
                else None,
            )
        )
    return results


def utilisation_pct(captures: Captures) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (T,) the start of each second after the origin, and (T, hops) its load in %.

    Where a router's end has classes, the load is that of control, voice and video. The class of
    all else takes what they leave, and its queue is no queue of the meeting.
    """
    # microseconds between the clock and the counters would show in the sixth digit
    times_s = np.round(captures.samples[:, 0] / 1e9, 3)
    rates = _rates_mbps(captures, np.round(times_s))
    carried = captures.samples[:, 1:]
    if captures.other is not None:
        carried = carried - captures.other
    bits = np.diff(carried, axis=0) * 8
    return times_s[:-1], bits / np.diff(times_s)[:, None] / (rates * 1e6) * 100


def _rates_mbps(captures: Captures, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (T, hops) each link's mean rate between two of the T + 1 times, at most its CIR;
    impairments may change it."""
    plan = captures.plan
    own = [plan.network.link(link).rate_mbps for link, _ in captures.hops]
    rates = np.tile(np.array(own), (len(times_s) - 1, 1))
    for line in plan.lines:
        if line.rate_mbps is not None:
            row = captures.hops.index((line.link, line.hop.direction))
            ends_s = np.inf if line.to_s is None else line.to_s
            within_s = np.minimum(times_s[1:], ends_s) - np.maximum(times_s[:-1], line.from_s)
            share = np.maximum(within_s, 0) / np.diff(times_s)
            rates[:, row] += share * (line.rate_mbps - own[row])
    sources = (direction.partition("->")[0] for _, direction in captures.hops)
    committed = [
        plan.network.link(link).committed_mbps(source)
        for (link, _), source in zip(captures.hops, sources, strict=True)
    ]
    limited: NDArray[np.float64] = np.minimum(rates, committed)
    return limited


def _load(
    captures: Captures, start_s: float, end_s: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(hops,) mean load and load of the worst second, in % of the rate."""
    times_s, percent = utilisation_pct(captures)
    within = _within(times_s, start_s, end_s)
    return percent[within].mean(axis=0), percent[within].max(axis=0)


def _within(times_s: NDArray[np.float64], start_s: float, end_s: float) -> NDArray[np.bool_]:
    """Which samples' seconds are within; a sample is taken a moment after its second begins."""
    found: NDArray[np.bool_] = (times_s >= start_s - 0.01) & (times_s < end_s - 0.01)
    return found
