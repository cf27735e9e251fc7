"""What a carrier's contract lets through a line: a bandwidth profile as MEF 10 has it.

Two rates, three colours (RFC 4115, colour-blind: MEF 10's algorithm with its coupling flag at 0): a
packet for which the first bucket (CIR, CBS) has tokens is green, else one for which the second
(EIR, EBS) has is yellow, else it is red. Green and yellow pass, red is dropped. The other marker,
RFC 2698, takes each green packet's bytes out of both buckets, so that its second rate holds the
first; no carrier's service definition of the MEF does.
"""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from giaoban.provenance import Assumable
from giaoban.sentence import Sentence
from giaoban.tomlfile import StrictModel
from giaoban.topology.lines.qos import FULL_FRAME_BYTES
from giaoban.topology.lines.token_bucket import MOST_TICKS, BucketSize

MIN_MBPS = 0.064
BOTH, UP, DOWN = "both", "up", "down"
ClassName = Literal["control", "voice", "video", "other"]
At = Literal["user", "carrier"]
ENDS: tuple[At, At] = ("user", "carrier")
CommittedMbps = Annotated[float, Field(ge=MIN_MBPS, le=100_000)]
ExcessMbps = Annotated[float, Field(ge=0, le=100_000)]
CommittedBytes = Annotated[int, Field(ge=FULL_FRAME_BYTES, le=1_000_000_000)]
ExcessBytes = Annotated[int, Field(ge=0, le=1_000_000_000)]


class BandwidthProfile(Assumable):
    """What may pass a line in one direction, or both: of all that passes it, or of one class.

    Bytes are those of a frame from its Ethernet header on, without its check sum.
    """

    direction: str = BOTH
    """Which way: `both`, `NODE->NODE`, or on an access link `up` (from the host) or `down`."""
    at: At = "carrier"
    """Where it is held to. `user`: at the sending end, before packets wait for the line. `carrier`:
    where the carrier takes in what has left that queue, as fast as the line is."""
    traffic_class: ClassName | None = None
    """Only packets of this class, which have buckets of their own; all where not given. Only where
    the province has `[qos]` with `scheduling = "classes"`."""
    cir_mbps: CommittedMbps
    """Committed information rate in Mb/s: what is let through for ever. Like `10.0`."""
    cbs_bytes: CommittedBytes
    """Committed burst size in bytes: so much may come at once after a pause. Like `12500`."""
    eir_mbps: ExcessMbps = 0.0
    """Excess information rate in Mb/s: what may pass beyond the committed one, without promise."""
    ebs_bytes: ExcessBytes = 0
    """Excess burst size in bytes."""

    @model_validator(mode="after")
    def _buckets_can_be_held(self) -> Self:
        if bool(self.eir_mbps) != bool(self.ebs_bytes):
            raise ValueError(
                Sentence("eir_mbps and ebs_bytes belong together (allowed: both or none)")
            )
        if self.ebs_bytes and (self.ebs_bytes < FULL_FRAME_BYTES or self.eir_mbps < MIN_MBPS):
            raise ValueError(
                Sentence(
                    "ebs_bytes = {ebs_bytes}, eir_mbps = {eir_mbps:g}: too little for any packet "
                    "(allowed: {least} bytes, {least_mbps} Mb/s or more)",
                    ebs_bytes=self.ebs_bytes,
                    eir_mbps=self.eir_mbps,
                    least=FULL_FRAME_BYTES,
                    least_mbps=MIN_MBPS,
                )
            )
        for name, mbps, size in (
            ("cbs_bytes", self.cir_mbps, self.cbs_bytes),
            ("ebs_bytes", self.eir_mbps, self.ebs_bytes),
        ):
            if size and BucketSize.of(mbps, size).burst_ticks > MOST_TICKS:
                raise ValueError(
                    Sentence(
                        "{name} = {size} takes more than 274 s at {mbps:g} Mb/s (allowed: less)",
                        name=name,
                        size=size,
                        mbps=mbps,
                    )
                )
        return self


class LineProfile(StrictModel):
    """A profile of one direction of a link, as a plan has it: `source` is the node that sends."""

    source: str
    at: At
    traffic_class: ClassName | None
    cir_mbps: float
    cbs_bytes: int
    eir_mbps: float
    ebs_bytes: int

    @property
    def buckets(self) -> list[BucketSize]:
        """The committed one, and the excess one if there is any."""
        found = [BucketSize.of(self.cir_mbps, self.cbs_bytes)]
        if self.ebs_bytes:
            found.append(BucketSize.of(self.eir_mbps, self.ebs_bytes))
        return found


class Ends(NamedTuple):
    """A link and its nodes; on an access link `a` is the host."""

    link: str
    a: str
    b: str
    access: bool = False

    def sources(self, direction: str) -> list[str]:
        """The sending nodes that a word for a direction means; none if it means nothing here."""
        return self._named.get(direction, [])

    @property
    def directions(self) -> list[str]:
        """All words that mean something here."""
        return list(self._named)

    @property
    def _named(self) -> dict[str, list[str]]:
        a, b = self.a, self.b
        named = {BOTH: [a, b], f"{a}->{b}": [a], f"{b}->{a}": [b]}
        return named | ({UP: [a], DOWN: [b]} if self.access else {})


def line_profiles(profiles: list[BandwidthProfile], ends: Ends) -> list[LineProfile]:
    """Of each direction, in the order of the file."""
    return [
        LineProfile(
            source=source,
            at=each.at,
            traffic_class=each.traffic_class,
            cir_mbps=each.cir_mbps,
            cbs_bytes=each.cbs_bytes,
            eir_mbps=each.eir_mbps,
            ebs_bytes=each.ebs_bytes,
        )
        for each in profiles
        for source in ends.sources(each.direction)
    ]


def clashes(profiles: list[BandwidthProfile], ends: Ends) -> list[int]:
    """Which of them say another thing of packets of which an earlier one says something."""
    seen: set[tuple[str, str, str | None]] = set()
    found = []
    for number, each in enumerate(profiles):
        for source in ends.sources(each.direction):
            key = source, each.at, each.traffic_class
            of_all = (source, each.at, None)
            mixed = each.traffic_class is None and any(k[:2] == key[:2] for k in seen)
            if key in seen or of_all in seen or mixed:
                found.append(number)
                break
        for source in ends.sources(each.direction):
            seen.add((source, each.at, each.traffic_class))
    return found
