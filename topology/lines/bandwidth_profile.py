"""Policers: the committed rate and burst that a carrier lets through one direction of a line.

A packet for which the bucket (CIR, CBS of MEF 10) has tokens passes, any other is dropped where the
carrier takes it in.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple, Self

from pydantic import Field, model_validator

from giaoban.provenance import Assumable
from giaoban.sentence import Sentence
from giaoban.tomlfile import StrictModel
from giaoban.topology.lines.qos import FULL_FRAME_BYTES
from giaoban.topology.lines.token_bucket import MOST_TICKS, BucketSize

MIN_MBPS = 0.064
BOTH, UP, DOWN = "both", "up", "down"
CommittedMbps = Annotated[float, Field(ge=MIN_MBPS, le=100_000)]
CommittedBytes = Annotated[int, Field(ge=FULL_FRAME_BYTES, le=1_000_000_000)]


class BandwidthProfile(Assumable):
    """The committed rate and burst of a line in one direction, or both: one policer a direction.

    Packets are policed at the far end of the line, where the carrier takes them in. Bytes are those
    of a frame from its Ethernet header on, without its check sum.
    """

    direction: str = BOTH
    """Which way: `both`, `NODE->NODE`, or on an access link `up` (from the host) or `down`."""
    cir_mbps: CommittedMbps
    """Committed information rate in Mb/s: what is let through for ever. Like `10.0`."""
    cbs_bytes: CommittedBytes
    """Committed burst size in bytes: so much may come at once after a pause. Like `12500`."""

    @model_validator(mode="after")
    def _bucket_can_be_held(self) -> Self:
        if BucketSize.of(self.cir_mbps, self.cbs_bytes).burst_ticks > MOST_TICKS:
            raise ValueError(
                Sentence(
                    "{name} = {size} takes more than 274 s at {mbps:g} Mb/s (allowed: less)",
                    name="cbs_bytes",
                    size=self.cbs_bytes,
                    mbps=self.cir_mbps,
                )
            )
        return self


class LineProfile(StrictModel):
    """The policer of one direction of a link in a plan: `source` is the node that sends."""

    source: str
    cir_mbps: float
    cbs_bytes: int

    @property
    def bucket(self) -> BucketSize:
        """Its token bucket."""
        return BucketSize.of(self.cir_mbps, self.cbs_bytes)


class Ends(NamedTuple):
    """A link and its nodes; on an access link `a` is the host."""

    link: str
    a: str
    b: str
    access: bool = False

    def sources(self, direction: str) -> list[str]:
        """Return the sending nodes that a word for a direction means; none if it has no meaning
        here."""
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
    """Return the policers of each direction, in the order of the file."""
    return [
        LineProfile(source=source, cir_mbps=each.cir_mbps, cbs_bytes=each.cbs_bytes)
        for each in profiles
        for source in ends.sources(each.direction)
    ]


def clashes(profiles: list[BandwidthProfile], ends: Ends) -> list[int]:
    """Return the numbers of those that are about a direction of an earlier one."""
    seen: set[str] = set()
    found = []
    for number, each in enumerate(profiles):
        sources = ends.sources(each.direction)
        if seen.intersection(sources):
            found.append(number)
        seen.update(sources)
    return found
