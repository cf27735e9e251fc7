"""What an emulation left in its folder, read back and matched: one trace a stream."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.plan import Plan
from traffic import log
from traffic.measure import Trace, trace
from traffic.profiles import AUDIO_CLOCK_HZ
from traffic.video import CLOCK_HZ


@dataclass(frozen=True)
class Captures:
    """Everything that was measured.

    Attributes:
        traces: one a stream, in the order of `plan.streams`.
        hops: (link id, direction) of each row of counters.
        samples: (T, 1 + hops) ns after the origin, bytes sent since the network was built.
    """

    plan: Plan
    origin_ns: int
    kernel: str
    traces: list[Trace]
    events: list[dict[str, Any]]
    hops: list[tuple[str, str]]
    samples: NDArray[np.int64]
    counters: dict[str, Any]
    media_sent: int
    media_received: int

    def events_of(self, *names: str, who: str | None = None) -> list[dict[str, Any]]:
        """Events of these names, in order of time."""
        return [e for e in self.events if e["event"] in names and who in (None, e.get("who"))]


def load(folder: Path, plan: Plan) -> Captures:
    """Read a finished emulation's folder."""
    captures = folder / "captures"
    guest = json.loads((captures / "guest.json").read_text(encoding="utf-8"))
    counters = json.loads((captures / "counters.json").read_text(encoding="utf-8"))
    with (folder / "events.jsonl").open(encoding="utf-8") as file:
        events = [json.loads(line) for line in file]
    sent, received = (
        np.concatenate(
            [log.read(captures / f"{who}-{what}.bin", dtype) for who in ("bridges", "mcu")]
        )
        for what, dtype in (("sent", log.SENT), ("received", log.RECEIVED))
    )
    by_stream = _split(sent, len(plan.streams)), _split(received, len(plan.streams))
    switched = plan.meeting.video == "switched"
    traces = [
        trace(
            s,
            r,
            AUDIO_CLOCK_HZ if stream.kind == "audio" else CLOCK_HZ,
            forwarded=switched and (stream.kind, stream.direction) == ("video", "down"),
        )
        for stream, s, r in zip(plan.streams, *by_stream, strict=True)
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
        media_sent=int(np.count_nonzero(~sent["impaired"])),
        media_received=len(received),
    )


def _split(records: NDArray[Any], streams: int) -> list[NDArray[Any]]:
    """The records of each stream, in their order."""
    order = np.argsort(records["stream"], kind="stable")
    ordered = records[order]
    edges = np.searchsorted(ordered["stream"], np.arange(streams + 1))
    return [ordered[a:b] for a, b in pairwise(edges)]
