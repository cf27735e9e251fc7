"""How routers queue packets: all in one line, or in classes by their code points (DSCP).

Pure. Four classes, after RFC 4594: what keeps the network together and voice go first; what they
leave is shared between pictures and everything else.
"""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from giaoban.provenance import Assumable
from giaoban.sentence import Sentence

CS6, EF, CS5, AF41, BEST_EFFORT = 48, 46, 40, 34, 0
"""RFC 2474 (class selectors), RFC 3246 (EF), RFC 2597 (AF41)."""
FULL_FRAME_BYTES = 1514  # Ethernet's largest, without its checksum
PROBE_PACKETS = 20  # a probe's train is best effort and has to fit

ClassBuffer = Annotated[int, Field(ge=2, le=1_000_000)]
SharePercent = Annotated[float, Field(ge=1, le=99)]


class Qos(Assumable):
    """The queues of every router's end of every link; a host's own end is first in, first out.

    `fifo`: one queue of the link's `buffer_packets`. `classes`: four queues, each with a buffer of
    its own that takes the place of the link's:

    - control (CS6: routing), before all others;
    - voice (EF: sound; CS5: signalling), before all but control;
    - video (AF41: pictures and slides), which is sure of `video_share_pct` of what the two leave;
    - other (all else), which has the rest of it. What one of the two does not use, the other may.

    No packet under way is interrupted, so voice waits for one at the most.
    """

    scheduling: Literal["fifo", "classes"]
    """`fifo`: one queue a link. `classes`: four queues by code point (DSCP), voice before pictures.
    """
    video_share_pct: SharePercent = 60.0
    """Share of the rate that pictures are sure of, in percent of what control and voice leave."""
    control_buffer_packets: ClassBuffer = 64
    """Packets of the routing protocol (CS6) that may wait."""
    voice_buffer_packets: ClassBuffer = 128
    """Packets of sound (EF) and signalling (CS5) that may wait."""
    video_buffer_packets: ClassBuffer = 1000
    """Packets of pictures and slides (AF41) that may wait."""
    other_buffer_packets: Annotated[int, Field(ge=PROBE_PACKETS, le=1_000_000)] = 1000
    """Packets of everything else that may wait."""

    @model_validator(mode="after")
    def _figures_mean_something(self) -> Self:
        own = set(Qos.model_fields) - set(Assumable.model_fields) - {"scheduling"}
        if self.scheduling == "fifo" and (given := sorted(own & self.model_fields_set)):
            raise ValueError(
                Sentence(
                    '{given} mean nothing with scheduling = "fifo" (allowed: '
                    'scheduling = "classes")',
                    given=", ".join(given),
                )
            )
        return self


class TrafficClass(NamedTuple):
    """One class: its queue's limit, and how many bytes a turn it has (0: it goes first)."""

    name: str
    dscps: tuple[int, ...]
    buffer_packets: int
    quantum_bytes: int

    @property
    def strict(self) -> bool:
        """Whether it is served before all classes after it."""
        return not self.quantum_bytes


def traffic_classes(qos: Qos) -> tuple[TrafficClass, ...]:
    """In order of precedence; the last one takes every code point that no other names.

    Turns (deficit round robin, Shreedhar and Varghese 1995) are shared out as the rate is. The
    smaller one is a full frame, so that each turn lets at least one packet go.
    """
    video, other = qos.video_share_pct, 100 - qos.video_share_pct
    turn = FULL_FRAME_BYTES / min(video, other)
    return (
        TrafficClass("control", (CS6,), qos.control_buffer_packets, 0),
        TrafficClass("voice", (EF, CS5), qos.voice_buffer_packets, 0),
        TrafficClass("video", (AF41,), qos.video_buffer_packets, round(turn * video)),
        TrafficClass("other", (), qos.other_buffer_packets, round(turn * other)),
    )


def by_class(qos: Qos | None) -> bool:
    """Whether routers tell packets apart; without a [qos] table they do not."""
    return qos is not None and qos.scheduling == "classes"
