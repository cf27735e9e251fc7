"""What an emulation left in its folder, read back and matched: one trace a stream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from giaoban.mcu_sim.admission import UNITS, Use
from giaoban.mcu_sim.media.leg import Kind
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.records.events import (
    BridgeHealth,
    Controlled,
    Event,
    EventRecord,
    Joined,
    Left,
    McuHealth,
    RtcpReport,
    read,
)
from giaoban.scenarios.records.guest import CAPTURES, LINKS, Counters, GuestRecord
from giaoban.traffic import log
from giaoban.traffic.quality.measure import Trace, trace, trace_in_order
from giaoban.traffic.quality.playout import heard
from giaoban.traffic.sender.stream_plan import StreamPlan
from giaoban.traffic.sources.video_model import CLOCK_HZ

ReportedBy = tuple[Literal["mcu", "bridge"], str, Kind]
"""Whose reports: mcu or bridge, whoever received the media; the bridge; the medium."""


@dataclass(frozen=True)
class Captures:
    """Everything that was measured.

    Attributes:
        traces: one a stream, in the order of `plan.streams`.
        hops: (link id, direction) of each row of counters.
        samples: (T, 1 + hops) ns after the origin, bytes sent since the network was built.
        reports: what RTCP reports said, in order of time.
        other: (T, hops) bytes of `samples` that the last class sent, which carries all but the
            meeting; 0 at ends with one queue. None: no end has classes.
    """

    plan: Plan
    origin_ns: int
    kernel: str
    traces: Sequence[Trace]
    events: Sequence[Event]
    hops: list[tuple[str, str]]
    samples: NDArray[np.int64]
    counters: Counters
    media_sent: int
    media_received: int
    reports: Mapping[ReportedBy, Sequence[RtcpReport]]
    other: NDArray[np.int64] | None = None

    def events_of[E: EventRecord](self, *kinds: type[E], who: str | None = None) -> list[E]:
        """Events of these kinds, in order of time."""
        return [e for e in self.events if isinstance(e, kinds) and who in (None, e.who)]

    @property
    def health(self) -> list[McuHealth | BridgeHealth]:
        """How each program fared."""
        return [e for e in self.events if isinstance(e, McuHealth | BridgeHealth)]

    def held(self) -> list[tuple[EventRecord, Use]]:
        """Events that tell how much of the MCU is in use, and that. Content takes and gives back
        too, and what is done about it is told as `control`."""
        told = self.events_of(EventRecord, who="mcu")
        return [
            (e, e.use)
            for e in told
            if isinstance(e, Joined | Left | Controlled) and e.use is not None
        ]

    def held_in(self, number: int) -> list[tuple[EventRecord, Use]]:
        """Those of a phase, after the last one before it; what was before the first phase counts
        to it. `number`: of the phase in the plan."""
        phase = self.plan.phases[number]
        start_ms = phase.start_s * 1000 if number else 0.0
        states = [(e, use) for e, use in self.held() if e.t_ms < phase.end_s * 1000]
        earlier = [state for state in states if state[0].t_ms < start_ms][-1:]
        return earlier + [state for state in states if state[0].t_ms >= start_ms]

    def most_used(self, number: int) -> Use:
        """How much of the MCU is in use at the phase's fullest moment."""
        nothing = Use(pct=0.0, of=UNITS, amount=0.0, total=self.plan.device.units_total)
        uses = (use for _, use in self.held_in(number))
        return max(uses, key=lambda use: use.pct, default=nothing)


def load(folder: Path, plan: Plan) -> Captures:
    """Read a finished emulation's folder. Raises `InputError` if another version wrote it."""
    captures = folder / CAPTURES
    guest, counters, events = GuestRecord.read(captures), Counters.read(captures), read(folder)
    sent, received = (
        np.concatenate([log.read(path, dtype) for path in _logs(captures, what)])
        for what, dtype in (("sent", log.SENT), ("received", log.RECEIVED))
    )
    by_stream = _split(sent, len(plan.streams)), _split(received, len(plan.streams))
    traces = [
        trace_of(plan, stream, s, r) for stream, s, r in zip(plan.streams, *by_stream, strict=True)
    ]
    links = log.load(captures / LINKS)
    return Captures(
        plan=plan,
        origin_ns=guest.origin_ns,
        kernel=guest.kernel,
        traces=traces,
        events=events,
        hops=counters.hops,
        samples=links["samples"].astype(np.int64),
        counters=counters,
        media_sent=int(sent["copies"].sum()),
        media_received=len(received),
        reports=_reports(events),
        other=links["other"].astype(np.int64) if "other" in links else None,
    )


def trace_of(
    plan: Plan, stream: StreamPlan, sent: NDArray[np.void], received: NDArray[np.void]
) -> Trace:
    """What became of one stream's packets; of sound, what came too late for the playout buffer."""
    found = trace(sent, received, _clock_hz(plan, stream), forwarded=is_forwarded(plan, stream))
    return _heard(plan, stream, found)


def trace_of_in_order(
    plan: Plan,
    stream: StreamPlan,
    sent: NDArray[np.void],
    at: NDArray[np.int64],
    arrival_ns: NDArray[np.int64],
) -> Trace:
    """As `trace_of`, of a stream that is not forwarded and of which the packets at these places
    came, once each and in order."""
    found = trace_in_order(sent, at, arrival_ns, _clock_hz(plan, stream))
    return _heard(plan, stream, found)


def is_forwarded(plan: Plan, stream: StreamPlan) -> bool:
    """Whether the MCU sends on what it gets."""
    forwarded = {"content"} | ({"video"} if plan.meeting.video == "switched" else set())
    return stream.direction == "down" and stream.kind in forwarded


def _clock_hz(plan: Plan, stream: StreamPlan) -> int:
    return plan.audio.clock_hz if stream.kind == "audio" else CLOCK_HZ


def _heard(plan: Plan, stream: StreamPlan, found: Trace) -> Trace:
    audio = stream.kind == "audio"
    return heard(found, round(plan.terminal.playout_ms * 1e6)) if audio else found


def _logs(captures: Path, what: str) -> list[Path]:
    """The bridges' log, and the MCU's of each time it had power, in their order."""
    lives = list(captures.glob(f"mcu*-{what}.bin"))
    return [captures / f"bridges-{what}.bin", *sorted(lives, key=lambda path: _life(path.name))]


def _life(name: str) -> int:
    """`mcu-sent.bin` is of the first, `mcu-2-sent.bin` of the second."""
    number = name.split("-")[1]
    return int(number) if number.isdigit() else 1


def _reports(events: Sequence[Event]) -> dict[ReportedBy, list[RtcpReport]]:
    found: dict[ReportedBy, list[RtcpReport]] = {}
    for e in events:
        if isinstance(e, RtcpReport):
            found.setdefault((e.receiver, e.bridge, e.kind), []).append(e)
    return found


def _split(records: NDArray[Any], streams: int) -> list[NDArray[Any]]:
    """The records of each stream, in their order."""
    order = np.argsort(records["stream"], kind="stable")
    ordered = records[order]
    edges = np.searchsorted(ordered["stream"], np.arange(streams + 1))
    return [ordered[a:b] for a, b in pairwise(edges)]
