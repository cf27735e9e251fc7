"""Traffic on a link that is nobody's meeting: as a scenario declares it, and as it is planned.

A [[background]] table is a Poisson process of equal UDP datagrams from one end of one link to the
other: it stands for all that shares the link. It does not react to loss, as TCP would.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from giaoban.errors import unknown
from giaoban.provenance import Assumable
from giaoban.results.model.result import OtherTraffic
from giaoban.scenarios.spec.hops import hops_along, no_direction
from giaoban.sentence import Sentence
from giaoban.tomlfile import Mistake, StrictModel
from giaoban.topology.lines.bandwidth_profile import BOTH
from giaoban.topology.lines.qos import AF41, BEST_EFFORT, EF
from giaoban.topology.network import Hop, NetLink, Network
from giaoban.traffic.rtp import ETHERNET_BYTES, UDP_IP_BYTES

DSCPS = {"best-effort": BEST_EFFORT, "video": AF41, "voice": EF}
MOST_MBPS = 10_000.0
MOST_STREAMS = 200
BLOCK = 4096
BEGINS_AFTER_NS = 6_000_000
"""Phases begin at whole seconds, and then programs are awake, and packets up to a microsecond late.
Where a queue fills up just then, which packets it loses would hang on that.
"""
SHORTEST_S = 0.1
"""Less of it would be hardly any packet."""


class Background(Assumable):
    """Traffic on a link that is no part of a meeting: a Poisson process of equal UDP datagrams."""

    link: str
    """Id of the link. Like `"centre--north"`."""
    direction: str | None = None
    """`NODE->NODE` or `both`, which is meant where it is not given; on an access link also `up`,
    from the host, or `down`, which is meant there. Like `"up"`."""
    mbps: Annotated[float, Field(gt=0, le=MOST_MBPS)] | None = None
    """What it takes of the link in Mb/s, or else `pct`. Like `40.0`."""
    pct: Annotated[float, Field(gt=0, le=1000)] | None = None
    """What it takes in percent of the link's rate, or else `mbps`."""
    packet_bytes: Annotated[int, Field(ge=UDP_IP_BYTES + 18, le=1500)] = 1200
    """Length of an IP packet in bytes."""
    from_s: Annotated[float, Field(ge=0, le=10_800)] | None = None
    """From when, in seconds after the first phase began; from the run's start where not given."""
    to_s: Annotated[float, Field(gt=0, le=10_800)] | None = None
    """Until when, in seconds; to the end where not given."""
    marked: Literal["best-effort", "video", "voice"] = "best-effort"
    """The class that it claims to be of."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if (self.mbps is None) == (self.pct is None):
            raise ValueError(Sentence("has no rate or two (allowed: mbps or pct)"))
        if self.to_s is not None and self.to_s <= (self.from_s or 0.0):
            raise ValueError(Sentence("to_s is not after from_s"))
        if self.to_s is not None and (what := self.too_short(self.to_s)) is not None:
            raise ValueError(what)
        return self

    def too_short(self, to_s: float) -> Sentence | None:
        """What is wrong with it if it ends at this moment."""
        if to_s - (self.from_s or 0.0) >= SHORTEST_S:
            return None
        return Sentence(
            "flows for less than {shortest_s:g} s (allowed: that, or longer)", shortest_s=SHORTEST_S
        )

    def rate_mbps(self, link: NetLink) -> float:
        """Return the rate that it takes of this link."""
        return self.mbps if self.mbps is not None else link.rate_mbps * (self.pct or 0.0) / 100


class BackgroundPlan(StrictModel):
    """One direction of one [[background]] table: a Poisson process of datagrams.

    `mbps` is of frames as captures have them; times are seconds from the run's origin.
    """

    link: str
    source: str
    target: str
    from_s: float
    to_s: float
    dscp: int
    mbps: float
    packet_bytes: int

    @property
    def hop(self) -> Hop:
        """The direction of the link."""
        return Hop(self.link, self.source, self.target)

    @property
    def payload_bytes(self) -> int:
        """Of UDP, in each packet."""
        return self.packet_bytes - UDP_IP_BYTES

    @property
    def mean_ns(self) -> float:
        """From one packet to the next."""
        return (self.packet_bytes + ETHERNET_BYTES) * 8e3 / self.mbps


class PoissonArrivals:
    """When each packet of a plan leaves: asked for by windows, the same whatever the windows are.

    Args:
        seed: the run's.
        number: of the plan in the run.
    """

    def __init__(self, plan: BackgroundPlan, seed: int, number: int) -> None:
        self._rng = np.random.default_rng([seed, number])
        self._mean_ns = plan.mean_ns
        self._end_ns = round(plan.to_s * 1e9)
        self._last_ns = plan.from_s * 1e9 + BEGINS_AFTER_NS
        self._waiting = np.empty(0)

    def until(self, edge_ns: int) -> NDArray[np.int64]:
        """(n,) ns after the origin, ascending: all before the edge that were not yet given."""
        blocks = [self._waiting]
        while self._last_ns < min(edge_ns, self._end_ns):
            gaps_ns = self._rng.exponential(self._mean_ns, BLOCK)
            blocks.append(self._last_ns + np.cumsum(gaps_ns))
            self._last_ns = float(blocks[-1][-1])
        times_ns = np.concatenate(blocks)
        given = int(np.searchsorted(times_ns, min(edge_ns, self._end_ns)))
        self._waiting = times_ns[given:]
        return times_ns[:given].astype(np.int64)


def mistakes(
    backgrounds: Sequence[Background], network: Network, length_s: float
) -> Iterator[Mistake]:
    """Yield unknown places, impossible rates and times in this network."""
    known = [link.id for link in network.links]
    for number, item in enumerate(backgrounds):
        loc = ("background", number)
        if item.from_s is not None and item.from_s >= length_s:
            what = Sentence(
                "begins after the run (allowed: below {length_s} s)", length_s=f"{length_s:g}"
            )
            yield (*loc, "from_s"), item.from_s, what
        elif item.to_s is None and (short := item.too_short(length_s)) is not None:
            yield (*loc, "from_s"), item.from_s, short
        if item.to_s is not None and item.to_s > length_s:
            what = Sentence(
                "ends after the run (allowed: up to {length_s} s)", length_s=f"{length_s:g}"
            )
            yield (*loc, "to_s"), item.to_s, what
        if item.link not in known:
            yield (*loc, "link"), item.link, unknown("link", item.link, known)
            continue
        link = network.link(item.link)
        if item.direction is not None:
            wrong = no_direction(item.link, item.direction, network)
            if wrong is not None:
                yield (*loc, "direction"), item.direction, wrong
        if (rate_mbps := item.rate_mbps(link)) > MOST_MBPS:
            what = Sentence(
                "is {rate_mbps:g} Mb/s (allowed: up to {most_mbps} Mb/s)",
                rate_mbps=rate_mbps,
                most_mbps=f"{MOST_MBPS:g}",
            )
            yield (*loc, "pct"), item.pct, what
    if sum(len(_hops(b, network)) for b in backgrounds if b.link in known) > MOST_STREAMS:
        what = Sentence(
            "too many (allowed: {most_streams} directions of links)", most_streams=MOST_STREAMS
        )
        yield ("background",), None, what


def background_plans(
    backgrounds: Sequence[Background], network: Network, start_s: float, end_s: float
) -> list[BackgroundPlan]:
    """Return a plan for each direction; the first phase begins at `start_s`, the last one ends at
    `end_s`."""
    return [
        BackgroundPlan(
            **hop._asdict(),
            from_s=0.0 if item.from_s is None else start_s + item.from_s,
            to_s=end_s if item.to_s is None else start_s + item.to_s,
            dscp=DSCPS[item.marked],
            mbps=_of_frames(item, network.link(item.link)),
            packet_bytes=item.packet_bytes,
        )
        for item in backgrounds
        for hop in _hops(item, network)
    ]


def _of_frames(item: Background, link: NetLink) -> float:
    """What of its rate is frames: the link's rate may count more of each packet, or less."""
    frame_bytes = item.packet_bytes + ETHERNET_BYTES
    return item.rate_mbps(link) * frame_bytes / (frame_bytes + link.overhead_bytes)


def other_traffic(backgrounds: Sequence[Background], network: Network) -> list[OtherTraffic]:
    """What a result says of them, one a direction."""
    return [
        OtherTraffic(
            link=hop.link,
            direction=hop.direction,
            mbps=item.rate_mbps(link),
            packet_bytes=item.packet_bytes,
            marked=item.marked,
            from_s=item.from_s,
            to_s=item.to_s,
        )
        for item in backgrounds
        for link in [network.link(item.link)]
        for hop in _hops(item, network)
    ]


def _hops(item: Background, network: Network) -> list[Hop]:
    """The directions of a link that a table means; none if there is no such one."""
    usual = "down" if network.link(item.link).kind == "access" else BOTH
    return hops_along(item.link, item.direction or usual, network)
