"""What RTCP reports say of the streams, found from what had come when each was made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from giaoban.lru_cache import LruCache
from mcu_sim.media.leg import KINDS
from scenarios.estimate.media.rtcp_times import Reports
from scenarios.measure.captures import Reporter
from scenarios.plan.plan import Plan
from scenarios.records.events import RtcpReport
from traffic.profiles import AUDIO_CLOCK_HZ
from traffic.quality.measure import Trace
from traffic.sources.video_model import CLOCK_HZ

MOST_SAID = 10_000
"""Reports whose words are remembered."""


class SaidByReports(Mapping[Reporter, list[RtcpReport]]):
    """What RTCP reports said, found when it is asked for from what had come when each was made."""

    def __init__(
        self, plan: Plan, reports: Reports, traces: Sequence[Trace], came: Sequence[int]
    ) -> None:
        """`came`: packets of each stream; of one of which nothing came, nothing was said."""
        self._plan = plan
        self._traces = traces
        self._made_ns: dict[Reporter, NDArray[np.int64]] = {}
        self._index: dict[Reporter, int] = {}
        of_line = reports["way"] * len(KINDS) + reports["kind"]
        order = np.argsort(of_line, kind="stable")
        made_ns = reports["made_ns"][order]
        lines, first = np.unique(of_line[order], return_index=True)
        for line, times in zip(lines.tolist(), np.split(made_ns, first[1:]), strict=True):
            way, kind = line // len(KINDS), KINDS[line % len(KINDS)]
            call, from_bridge = plan.calls[way // 2], way % 2 == 0
            of = (call.down if from_bridge else call.up).get(kind)
            if of is not None and came[of]:
                key: Reporter = "bridge" if from_bridge else "mcu", call.bridge, kind
                self._made_ns[key] = times
                self._index[key] = of
        self._said: LruCache[Reporter, list[RtcpReport]] = LruCache(MOST_SAID, len)

    def __getitem__(self, key: Reporter) -> list[RtcpReport]:
        if key not in self._index:
            raise KeyError(key)
        return self._said.get(key, self._find)

    def __iter__(self) -> Iterator[Reporter]:
        return iter(self._index)

    def __len__(self) -> int:
        return len(self._index)

    def _find(self, key: Reporter) -> list[RtcpReport]:
        receiver, bridge, kind = key
        audio_hz = AUDIO_CLOCK_HZ if receiver == "bridge" else self._plan.audio.clock_hz
        clock_hz = audio_hz if kind == "audio" else CLOCK_HZ
        seen = _Seen(self._traces[self._index[key]])
        said = []
        for made_ns in self._made_ns[key].tolist():
            told = seen.at(made_ns)
            if told is None:
                continue
            lost, jitter_ms = told
            said.append(
                RtcpReport(
                    t_ms=round(made_ns / 1e6, 3),
                    receiver=receiver,
                    kind=kind,
                    lost=lost,
                    jitter=int(jitter_ms * clock_hz / 1000),
                    clock_hz=clock_hz,
                    bridge=bridge,
                )
            )
        return said


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
