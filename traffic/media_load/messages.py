"""Messages between the maker of calls and the process with their media: JSON, one a packet.

A socket of packets (`SOCK_SEQPACKET`) carries them. Each order has an answer, before the next one.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from giaoban.tomlfile import StrictModel

MOST_BYTES = 65_536
Medium = Literal["audio", "video"]
MEDIA: tuple[Medium, ...] = ("audio", "video")
Address = tuple[str, int]


class MediaTarget(StrictModel):
    """Where one medium of a call goes, and as what payload type.

    Attributes:
        sends: whether ours may be sent.
        assured: whether it is a host that has agreed to get it; else something has to come from
            there first.
        expects: the payload type of what comes; None: nothing is to come.
    """

    rtp: Address
    rtcp: Address
    payload_type: Annotated[int, Field(ge=0, le=127)]
    muxed: bool
    assured: bool
    sends: bool = True
    expects: Annotated[int, Field(ge=0, le=127)] | None = None


class OpenPorts(StrictModel):
    """Have ports for a bridge's media; the answer is `Ports`."""

    do: Literal["open"] = "open"
    media: list[Medium]


class StartCall(StrictModel):
    """A call stands: send and listen. The answer is `Acknowledged`."""

    do: Literal["start"] = "start"
    row: int
    media: dict[Medium, MediaTarget]
    name: str


class StopCall(StrictModel):
    """The call is over; the answer is `CallReport`. `silently`: without an RTCP BYE."""

    do: Literal["stop"] = "stop"
    row: int
    silently: bool = False


class ReleasePorts(StrictModel):
    """A bridge has left for good; the answer is `Acknowledged`."""

    do: Literal["release"] = "release"
    row: int


class KeyFrame(StrictModel):
    """The far end wants a key frame (by SIP: RFC 5168). The answer is `Acknowledged`."""

    do: Literal["key-frame"] = "key-frame"
    row: int


class ReadHealth(StrictModel):
    """How the process itself fares; the answer is `Health`."""

    do: Literal["look"] = "look"


Orders = OpenPorts | StartCall | StopCall | ReleasePorts | KeyFrame | ReadHealth
Order = Annotated[Orders, Field(discriminator="do")]


class Ports(StrictModel):
    """The row of a bridge, and its RTP ports; RTCP has the next ones."""

    answer: Literal["ports"] = "ports"
    row: int
    ports: dict[Medium, int]


class Acknowledged(StrictModel):
    """It is done."""

    answer: Literal["done"] = "done"


class RequestFailed(StrictModel):
    """It cannot be done."""

    answer: Literal["failed"] = "failed"
    why: str


class Figures(StrictModel):
    """Counts of one medium of one call.

    Attributes:
        withheld: ours was to be sent and was not, since nothing came from where it was to go.
        received: packets of the payload type that was agreed, those that came twice once.
        wait_ms: until the first of them; None: nothing came.
        heard_ms: of audio how long it lasts when it is played, of video how long it moved: until
            the next packet, a second at the most.
        lost: of the far end's last source, by its sequence numbers.
    """

    sent: int
    withheld: bool
    received: int
    wait_ms: float | None
    heard_ms: float
    lost: int
    jitter_ms: float
    reports: int


class CallReport(StrictModel):
    """What a call sent and heard in `lasted_ms`."""

    answer: Literal["call-report"] = "call-report"
    media: dict[Medium, Figures]
    lasted_ms: float


class Health(StrictModel):
    """The process itself, since it began.

    `late`: packets that left more than 20 ms after they were due, the next one's time. `skipped`:
    slots that were left out after the loop had stood for a second. `overflowed`: packets that were
    lost because a receive buffer was full.
    """

    answer: Literal["health"] = "health"
    calls: int
    sent: int
    received: int
    late: int
    worst_late_ms: float
    skipped: int
    unsendable: int
    overflowed: int
    rtcp_sent: int
    cpu_s: float


Answers = Ports | Acknowledged | RequestFailed | CallReport | Health
Answer = Annotated[Answers, Field(discriminator="answer")]

ORDERS: TypeAdapter[Orders] = TypeAdapter(Order)
ANSWERS: TypeAdapter[Answers] = TypeAdapter(Answer)
