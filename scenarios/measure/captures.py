"""What an emulation left in its folder, read back and matched: one trace a stream."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.plan.plan import Plan
from traffic import log
from traffic.quality.measure import Trace, trace
from traffic.quality.playout import heard
from traffic.sender.stream_plan import StreamPlan
from traffic.sources.video_model import CLOCK_HZ


@dataclass(frozen=True)
class Captures:
    """Everything that was measured.

    Attributes:
        traces: one a stream, in the order of `plan.streams`.
        hops: (link id, direction) of each row of counters.
        samples: (T, 1 + hops) ns after the origin, bytes sent since the network was built.
        reports: what RTCP reports said, in order of time, by (mcu or bridge: who received the
            media, the bridge, the medium).
    """

    plan: Plan
    origin_ns: int
    kernel: str
    traces: Sequence[Trace]
    events: list[dict[str, Any]]
    hops: list[tuple[str, str]]
    samples: NDArray[np.int64]
    counters: dict[str, Any]
    media_sent: int
    media_received: int
    reports: Mapping[tuple[str, str, str], list[dict[str, Any]]]

    def events_of(self, *names: str, who: str | None = None) -> list[dict[str, Any]]:
        """Events of these names, in order of time."""
        return [e for e in self.events if e["event"] in names and who in (None, e.get("who"))]

    def held(self) -> list[dict[str, Any]]:
        """Events that tell how much of the MCU is in use. Content takes and gives back too, and
        what is done about it is told as `control`."""
        return [e for e in self.events_of("joined", "left", "control", who="mcu") if "use" in e]


def load(folder: Path, plan: Plan) -> Captures:
    """Read a finished emulation's folder."""
    captures = folder / "captures"
    guest = json.loads((captures / "guest.json").read_text(encoding="utf-8"))
    counters = json.loads((captures / "counters.json").read_text(encoding="utf-8"))
    with (folder / "events.jsonl").open(encoding="utf-8") as file:
        events = [json.loads(line) for line in file]
    sent, received = (
        np.concatenate([log.read(path, dtype) for path in _logs(captures, what)])
        for what, dtype in (("sent", log.SENT), ("received", log.RECEIVED))
    )
    by_stream = _split(sent, len(plan.streams)), _split(received, len(plan.streams))
    traces = [
        trace_of(plan, stream, s, r) for stream, s, r in zip(plan.streams, *by_stream, strict=True)
    ]
    return Captures(
        plan=plan,
        origin_ns=guest["origin_ns"],
        kernel=guest["kernel"],
        traces=traces,
        events=events,
        hops=[(link, direction) for link, direction in counters["hops"]],
        samples=log.load(captures / "links.npz")["samples"].astype(np.int64),
        counters=counters,
        media_sent=int(sent["copies"].sum()),
        media_received=len(received),
        reports=_reports(events),
    )


def trace_of(
    plan: Plan, stream: StreamPlan, sent: NDArray[np.void], received: NDArray[np.void]
) -> Trace:
    """What became of one stream's packets; of sound, what came too late for the playout buffer."""
    forwarded = {"content"} | ({"video"} if plan.meeting.video == "switched" else set())
    audio = stream.kind == "audio"
    found = trace(
        sent,
        received,
        plan.audio.clock_hz if audio else CLOCK_HZ,
        forwarded=stream.direction == "down" and stream.kind in forwarded,
    )
    return heard(found, round(plan.terminal.playout_ms * 1e6)) if audio else found


def _logs(captures: Path, what: str) -> list[Path]:
    """The bridges' log, and the MCU's of each time it had power, in their order."""
    lives = list(captures.glob(f"mcu*-{what}.bin"))
    return [captures / f"bridges-{what}.bin", *sorted(lives, key=lambda path: _life(path.name))]


def _life(name: str) -> int:
    """`mcu-sent.bin` is of the first, `mcu-2-sent.bin` of the second."""
    number = name.split("-")[1]
    return int(number) if number.isdigit() else 1


def _reports(events: list[dict[str, Any]]) -> dict[tuple[str, str, str], list[dict[str, Any]]]:
    said: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for e in events:
        if e["event"] == "rtcp-report":
            said.setdefault((e["receiver"], e["bridge"], e["kind"]), []).append(e)
    return said


def _split(records: NDArray[Any], streams: int) -> list[NDArray[Any]]:
    """The records of each stream, in their order."""
    order = np.argsort(records["stream"], kind="stable")
    ordered = records[order]
    edges = np.searchsorted(ordered["stream"], np.arange(streams + 1))
    return [ordered[a:b] for a, b in pairwise(edges)]
