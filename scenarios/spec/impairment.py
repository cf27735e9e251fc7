"""What a scenario does to packets, where and when: as it is written, checked, and as it is planned.

At a bridge the impairment is the sender's (what the bridge sends, or what the MCU sends to it); on
a link it is the line's, and meets everything that crosses it, calls and reports too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from giaoban.errors import unknown
from giaoban.scenarios.spec.hops import crossed_hops, hops_along, no_direction
from giaoban.scenarios.spec.line_models import to_line
from giaoban.sentence import Sentence, said_by
from giaoban.tomlfile import Mistake, StrictModel
from giaoban.topology.lines.bandwidth_profile import BOTH
from giaoban.topology.lines.impairments import LineImpairment
from giaoban.topology.network import Hop, Network
from giaoban.traffic.impairments.jitter import log_quantile
from giaoban.traffic.impairments.models import (
    Impairments,
    Interval,
    Jitter,
    Loss,
    NormalJitter,
    Probability,
    Rate,
)
from giaoban.traffic.impairments.theory import loss_rate

MEDIA = ("audio", "video", "content")
FOREVER_S = float("inf")
LONGEST_JITTER_S = 2.0
"""Of one packet in a million. What is held back longer may leave after its call has been made anew
(`REDIAL_AFTER_S`), or after the run."""


class Impairment(StrictModel):
    """One [[impairment]] table: on what a bridge sends (up) or is sent (down), or on a link.

    `from_s` and `to_s` count from the first phase; without them it holds from the start, or to the
    end. A link's `direction` is "both", "NODE->NODE", or on an access link "up" or "down".
    """

    bridge: str | None = None
    """Id of the bridge: on what it sends or is sent. Or else `link`. Like `"east"`."""
    link: str | None = None
    """Id of the link: on all that crosses it. Or else `bridge`. Like `"centre--north"`."""
    direction: str | None = None
    """At a bridge `up` (what it sends, if not given) or `down`; on a link `both` (if not given),
    `NODE->NODE`, on an access link also `up` or `down`."""
    kind: Literal["audio", "video", "content", "both"] | None = None
    """Which media of a bridge; `both` or not given: all."""
    from_s: float | None = Field(default=None, ge=0, le=10_800)
    """From when, in seconds after the first phase began; from the start where not given."""
    to_s: float | None = Field(default=None, gt=0, le=10_800)
    """Until when, in seconds; to the end where not given."""
    loss: Loss | None = None
    """How packets are lost."""
    corrupt: Probability = 0.0
    """Share of packets of which a bit is flipped, 0 to 1. Like `0.001`."""
    duplicate: Probability = 0.0
    """Share of packets that come twice, 0 to 1. Like `0.001`."""
    rate: Rate | None = None
    """A bottleneck."""
    jitter: Jitter | None = None
    """How packets are delayed."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if (self.bridge is None) == (self.link is None):
            raise ValueError(Sentence("is at nothing or at two places (allowed: bridge or link)"))
        if self.what.nothing:
            raise ValueError(
                Sentence(
                    "impairs nothing (allowed: loss, corrupt, duplicate, rate or "
                    "jitter, or several)"
                )
            )
        if self.bridge is not None and self.direction not in (None, "up", "down"):
            raise ValueError(
                Sentence(
                    'direction = "{direction}" (allowed at a bridge: up, down)',
                    direction=self.direction,
                )
            )
        if self.link is not None and self.kind is not None:
            raise ValueError(
                Sentence("kind belongs to a bridge: a line does not know what it carries")
            )
        if self.to_s is not None and self.to_s <= (self.from_s or 0.0):
            raise ValueError(Sentence("to_s is not after from_s"))
        return self

    @property
    def what(self) -> Impairments:
        return Impairments(
            loss=self.loss,
            corrupt=self.corrupt,
            duplicate=self.duplicate,
            rate=self.rate,
            jitter=self.jitter,
        )

    @property
    def effective_direction(self) -> str:
        """The direction, where none is written too."""
        return self.direction or ("up" if self.bridge is not None else BOTH)

    @property
    def media(self) -> tuple[str, ...]:
        return MEDIA if self.kind in (None, BOTH) else (str(self.kind),)

    @property
    def span_s(self) -> tuple[float, float]:
        """From when to when, seconds after the start of the first phase."""
        starts = -FOREVER_S if self.from_s is None else self.from_s
        return starts, FOREVER_S if self.to_s is None else self.to_s


class LinePlan(StrictModel):
    """An impairment of one direction of a link, in seconds from the run's origin.

    `rate_mbps` and `buffer_packets` take the place of the link's own where they are given.
    """

    link: str
    source: str
    target: str
    from_s: float
    to_s: float | None
    what: LineImpairment
    rate_mbps: float | None = None
    buffer_packets: int | None = None

    @property
    def hop(self) -> Hop:
        return Hop(self.link, self.source, self.target)


def mistakes(
    impairments: Sequence[Impairment],
    network: Network,
    length_s: float,
    *,
    encrypted: bool,
    slides: tuple[str, float, float] | None = None,
) -> Iterator[Mistake]:
    """What is wrong with them in this network: unknown places, two at once, what cannot be done.

    `slides`: the bridge that shows some, and from when to when after the first phase began.
    """
    spans: dict[tuple[str, ...], list[tuple[float, float, int]]] = {}
    crossed = crossed_hops(network) if any(item.link is not None for item in impairments) else set()
    for number, item in enumerate(impairments):
        loc = ("impairment", number)
        if item.duplicate and encrypted:  # RFC 3711 §3.3.2
            what = Sentence(
                "a receiver of SRTP refuses copies as replayed (allowed: encrypted = false)"
            )
            yield (*loc, "duplicate"), item.duplicate, what
        if item.from_s is not None and item.from_s >= length_s:
            what = Sentence(
                "begins after the run (allowed: below {length_s} s)", length_s=f"{length_s:g}"
            )
            yield (*loc, "from_s"), item.from_s, what
        if item.loss is not None and loss_rate(item.loss) == 0:
            yield (*loc, "loss"), None, Sentence("loses nothing (allowed: probabilities above 0)")
        if item.jitter is not None and (most_s := _longest_s(item.jitter)) > LONGEST_JITTER_S:
            what = Sentence(
                "holds packets back for {most_s:.3g} s (allowed: {longest_jitter_s} s)",
                most_s=most_s,
                longest_jitter_s=f"{LONGEST_JITTER_S:g}",
            )
            yield (*loc, "jitter"), None, what
        if item.bridge is not None:
            known = [node.id for node in network.bridges]
            if item.bridge not in known:
                yield (*loc, "bridge"), item.bridge, unknown("bridge", item.bridge, known)
                continue
            if item.kind == "content":
                yield from _slide_mistakes(item, loc, slides)
            if item.corrupt and encrypted:
                what = Sentence(
                    "the far side would take it for forged (allowed: corrupt on a link)"
                )
                yield (*loc, "corrupt"), item.corrupt, what
            goes = item.effective_direction
            places: list[tuple[str, ...]] = [(item.bridge, kind, goes) for kind in item.media]
        else:
            yield from _line_mistakes(item, loc, network)
            hops = hops_of(item, network)
            if hops and not crossed & set(hops):
                what = Sentence(
                    "carries no call that way (allowed: what is on a bridge's way to the MCU)"
                )
                yield (*loc, "link"), item.link, what
            places = [(hop.link, hop.source) for hop in hops]
        for place in places:
            spans.setdefault(place, []).append((*item.span_s, number))
    for found in spans.values():
        for (_, to_s, _), (from_s, _, number) in pairwise(sorted(found)):
            if from_s < to_s:
                what = Sentence("overlaps another impairment of the same (allowed: one at a time)")
                yield ("impairment", number, "from_s"), impairments[number].from_s, what


def _longest_s(jitter: Jitter) -> float:
    """The delay that one packet in a million is above."""
    z = 4.75
    if isinstance(jitter, NormalJitter):
        return (jitter.mean_ms + z * jitter.sd_ms) / 1000
    return float(np.exp(log_quantile(jitter, np.array([z])))[0]) / 1000


def _slide_mistakes(
    item: Impairment, loc: tuple[str, int], slides: tuple[str, float, float] | None
) -> Iterator[Mistake]:
    """An impairment of slides where, or when, there are none."""
    if slides is None:
        what = Sentence(
            "the scenario shows no slides (allowed: audio, video, or a [content] table)"
        )
        yield (*loc, "kind"), item.kind, what
        return
    presenter, from_s, to_s = slides
    way = "up" if item.bridge == presenter else "down"
    if item.effective_direction != way:
        what = Sentence("slides do not go there (allowed: {way})", way=way)
        yield (*loc, "direction"), item.effective_direction, what
    if item.span_s[0] >= to_s or item.span_s[1] <= from_s:
        what = Sentence(
            "is not while slides are shown (allowed: within {from_s} s to {to_s} s)",
            from_s=f"{from_s:g}",
            to_s=f"{to_s:g}",
        )
        yield (*loc, "from_s"), item.from_s, what


def _line_mistakes(item: Impairment, loc: tuple[str, int], network: Network) -> Iterator[Mistake]:
    assert item.link is not None
    known = [link.id for link in network.links]
    if item.link not in known:
        yield (*loc, "link"), item.link, unknown("link", item.link, known)
        return
    if (what := no_direction(item.link, item.effective_direction, network)) is not None:
        yield (*loc, "direction"), item.effective_direction, what
    try:
        to_line(item.what)
    except ValueError as error:
        yield loc, item.link, said_by(error)


def hops_of(item: Impairment, network: Network) -> list[Hop]:
    """The directions of its link that it is about; none if there is no such thing."""
    return [] if item.link is None else hops_along(item.link, item.effective_direction, network)


def intervals(
    impairments: Iterable[Impairment], bridge: str, kind: str, direction: str, start_s: float
) -> list[Interval]:
    """A stream's impairments in order of time; the first phase is `start_s` after the origin."""
    mine = [
        item
        for item in impairments
        if item.bridge == bridge and kind in item.media and item.effective_direction == direction
    ]
    return [
        Interval(from_s=from_s, to_s=to_s, what=item.what)
        for item in sorted(mine, key=lambda item: item.span_s)
        for from_s, to_s in [_absolute(item, start_s)]
    ]


def line_plans(
    impairments: Iterable[Impairment], network: Network, start_s: float
) -> list[LinePlan]:
    """All impairments of links, one a direction, in order of time."""
    plans = []
    for item in impairments:
        for hop in hops_of(item, network) if item.link is not None else ():
            from_s, to_s = _absolute(item, start_s)
            rate = item.rate
            plans.append(
                LinePlan(
                    link=hop.link,
                    source=hop.source,
                    target=hop.target,
                    from_s=from_s,
                    to_s=to_s,
                    what=to_line(item.what),
                    rate_mbps=None if rate is None else rate.kbps / 1000,
                    buffer_packets=None if rate is None else rate.buffer_packets,
                )
            )
    return sorted(plans, key=lambda plan: (plan.from_s, plan.link, plan.source))


def _absolute(item: Impairment, start_s: float) -> tuple[float, float | None]:
    from_s = 0.0 if item.from_s is None else start_s + item.from_s
    return from_s, None if item.to_s is None else start_s + item.to_s
