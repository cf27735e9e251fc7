"""The media of a call as the media plane gets them: one flow a medium, in two directions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from giaoban.mcu_sim.sdp.offer_answer import NegotiatedMedia
from giaoban.traffic.sender.stream_plan import StreamPlan
from giaoban.traffic.sources.video_model import VideoModel

Kind = Literal["audio", "video", "content"]
KINDS: tuple[Kind, ...] = ("audio", "video", "content")
VISUAL_KINDS: tuple[Kind, ...] = ("video", "content")
NOBODY = -1
UNLOGGED = 0xFFFF
"""Index of a stream that no plan knows: its packets are counted but not logged."""


def by_kind(terms: Sequence[NegotiatedMedia | None]) -> dict[Kind, NegotiatedMedia]:
    """Return the terms by medium."""
    found: dict[Kind, NegotiatedMedia] = {}
    for agreed in terms:
        if agreed is not None:
            kind: Kind = "audio" if agreed.kind == "audio" else "video"
            found["content" if agreed.content else kind] = agreed
    return found


@dataclass(frozen=True)
class Delays:
    """Processing delays of the device and of its jitter buffer, in ms."""

    playout_ms: float
    mix_ms: float
    compose_ms: float
    forward_ms: float


@dataclass(frozen=True)
class MediaFlow:
    """One medium of a call.

    Attributes:
        terms: of offer and answer, seen from the MCU.
        down: the stream that the MCU sends; its payload type is the agreed one's.
        up: index of the bridge's stream in the plan, or `UNLOGGED`.
        from_ns: CLOCK_MONOTONIC before which no packet of `down` is due: packets made ahead of it
            in a call before are on their way still.
    """

    terms: NegotiatedMedia
    down: StreamPlan
    up: int = UNLOGGED
    from_ns: int = 0


@dataclass(frozen=True)
class Leg:
    """One call's media.

    Attributes:
        row: its place in the plane's arrays, free until the leg is closed.
        port_group: the set of local ports it uses (see `ports`).
        composed: the encoder of the picture made for this call; None: it sees forwarded video.
        heard: whether its audio goes into the mix from the start.
        host: where its signalling comes from; a host with several addresses may send from this
            one although it announced another.
    """

    row: int
    meeting: int
    port_group: int
    flows: dict[Kind, MediaFlow]
    composed: VideoModel | None
    heard: bool
    host: str = ""

    def forwarded(self, kind: Kind) -> bool:
        """Whether the call has a stream of this medium, made from others' pictures."""
        return kind in self.flows and kind != "audio" and not (kind == "video" and self.composed)


@dataclass(frozen=True)
class Position:
    """How far a stream that we send has come: its next sequence number (extended), and the
    timestamp that belongs to a moment of CLOCK_MONOTONIC."""

    sequence: int
    timestamp: int
    at_ns: int
    clock_hz: int

    def at(self, now_ns: int) -> tuple[int, int]:
        """Sequence number and timestamp with which it goes on."""
        # packets made ahead may be on their way still
        ticks = max(0, now_ns - self.at_ns) * self.clock_hz // 1_000_000_000
        return self.sequence, self.timestamp + ticks
