"""What RTCP reports say of the streams, found from what had come when each was made."""

from __future__ import annotations

from typing import Any

import numpy as np

from scenarios.estimate.media import Happened
from scenarios.plan import Plan
from traffic.measure import Trace
from traffic.profiles import AUDIO_CLOCK_HZ
from traffic.video import CLOCK_HZ


def said_by_reports(
    plan: Plan, happened: Happened, traces: list[Trace]
) -> dict[tuple[str, str, str], list[dict[str, Any]]]:
    """What RTCP reports said, found from what had come when each was made."""
    said: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    seen: dict[int, _Seen] = {}
    for report in happened.reports:
        call = plan.calls[report.number]
        from_bridge = report.way % 2 == 0
        of = (call.down if from_bridge else call.up).get(report.kind)
        if of is None:
            continue
        if of not in seen:
            seen[of] = _Seen(traces[of])
        told = seen[of].at(report.made_ns)
        if told is None:
            continue
        receiver = "bridge" if from_bridge else "mcu"
        lost, jitter_ms = told
        clock_hz = CLOCK_HZ if report.kind != "audio" else _clock_hz(plan, from_bridge)
        said.setdefault((receiver, call.bridge, report.kind), []).append(
            {
                "t_ms": round(report.made_ns / 1e6, 3),
                "event": "rtcp-report",
                "receiver": receiver,
                "kind": report.kind,
                "lost": lost,
                "jitter": int(jitter_ms * clock_hz / 1000),
                "clock_hz": clock_hz,
            }
        )
    return said


def _clock_hz(plan: Plan, from_bridge: bool) -> int:
    return AUDIO_CLOCK_HZ if from_bridge else plan.audio.clock_hz


class _Seen:
    """A stream's packets in the order in which they came."""

    def __init__(self, of: Trace) -> None:
        came = np.flatnonzero(of.arrived)
        order = came[np.argsort(of.arrival_ns[came], kind="stable")]
        self._at_ns = of.arrival_ns[order]
        self._jitter_ms = of.jitter_ms[order]
        self._highest = np.maximum.accumulate(order) if len(order) else order
        self._first = int(order[0]) if len(order) else 0

    def at(self, now_ns: int) -> tuple[int, float] | None:
        """Packets lost, and the jitter in ms, of all that had come; None if nothing had."""
        count = int(np.searchsorted(self._at_ns, now_ns))
        if not count:
            return None
        expected = int(self._highest[count - 1]) - self._first + 1
        return expected - count, float(self._jitter_ms[count - 1])
