"""How often the losses that are declared on a stream's way hit it, by their models.

The rate is an expectation: it does not depend on the seed, or on how long the phases are. A run of
lost packets of one stream is one event, since the picture stands still until the next key frame.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from giaoban.results.model.streams import LossCause, LossKind
from giaoban.scenarios.plan.plan import Plan
from giaoban.topology.lines.impairments import GilbertElliott, LineImpairment, RandomLoss
from giaoban.topology.network import Hop
from giaoban.topology.routing import shortest_paths
from giaoban.traffic.impairments.models import (
    BernoulliLoss,
    GilbertElliottLoss,
    Loss,
)
from giaoban.traffic.impairments.theory import burst_starts, loss_rate
from giaoban.traffic.sender.stream_plan import StreamPlan

HOUR_S = 3600.0


def pictures_a_second(plan: Plan) -> float:
    """Return the packets of one stream of pictures in a second, from the call profile."""
    # a frame's last packet is not full: about one packet more for each frame
    return plan.profile.video_kbps * 125 / plan.video.max_payload + plan.profile.fps


type _LineLoss = tuple[LossKind, Loss, float, float | None]
"""A loss, its model, and the times between which it holds (s; None: to the end)."""


@dataclass(frozen=True)
class LossEvents:
    """The expected loss events of a plan's streams of pictures, and the causes of losses."""

    plan: Plan

    @property
    def any(self) -> bool:
        """Whether the plan declares a loss anywhere."""
        own = (interval.what for stream in self.plan.streams for interval in stream.impairments)
        return bool(self._losses) or any(what.loss or what.corrupt for what in own)

    def per_hour(self, stream: StreamPlan, start_s: float, end_s: float) -> float:
        """Return the events an hour of a stream of pictures between two times of the run.

        An impairment that holds for a part of the time counts for that part. Packets that
        receivers recover (`Plan.repair`) are not counted.
        """
        if not self.any:
            return 0.0
        repair = self.plan.repair
        visible = 1.0 if repair is None else 1 - repair.share_pct / 100
        share = 0.0
        for interval in stream.impairments:
            part = _overlap(interval.from_s, interval.to_s, start_s, end_s)
            corrupt = BernoulliLoss(p=interval.what.corrupt)
            losses = [loss for loss in (interval.what.loss, corrupt) if loss is not None]
            share += part * sum(burst_starts(loss, visible=visible) for loss in losses)
        for hop in self._hops[stream.bridge, stream.direction]:
            for _, loss, from_s, to_s in self._losses.get(hop, ()):
                starts = burst_starts(loss, self._spacing[hop], visible)
                share += _overlap(from_s, to_s, start_s, end_s) * starts
        return HOUR_S * pictures_a_second(self.plan) * share

    def cause(
        self,
        stream: StreamPlan,
        start_s: float,
        end_s: float,
        sent: int,
        lost: int,
        dropped: Mapping[tuple[str, str], tuple[int, int]],
    ) -> LossCause | None:
        """Return the cause of most packets that a stream loses between two times of the run.

        Declared losses count by their models. What was lost beyond them was dropped where most was
        dropped on the way. None: no packet is lost, or something fails on purpose.

        Args:
            sent: the stream's packets, of which `lost` did not arrive.
            dropped: of each (link, direction), the packets that its queue and its bandwidth
                profile dropped.
        """
        if self.plan.faults:
            return None
        way = self._hops[stream.bridge, stream.direction]
        counts = defaultdict[tuple[LossKind, Hop | None], float](float)
        for hop in way:
            for kind, loss, from_s, to_s in self._losses.get(hop, ()):
                packets = sent * _overlap(from_s, to_s, start_s, end_s)
                counts[kind, hop] += packets * loss_rate(loss)
        beyond = max(0.0, lost - sum(counts.values()))
        for interval in stream.impairments:
            packets = sent * _overlap(interval.from_s, interval.to_s, start_s, end_s)
            if interval.what.loss is not None:
                counts[_kind(interval.what.loss), None] += packets * loss_rate(interval.what.loss)
            counts["bit-errors", None] += packets * interval.what.corrupt
        drops = Counter[tuple[LossKind, Hop | None]]()
        for hop in way:
            drops["queue", hop], drops["policer", hop] = dropped[hop.link, hop.direction]
        if drops.total():
            counts[drops.most_common(1)[0][0]] = beyond
        if not any(counts.values()):
            return None
        kind, at = max(counts, key=lambda each: counts[each])
        if at is None:
            return LossCause(kind=kind)
        return LossCause(kind=kind, link=at.link, direction=at.direction)

    @cached_property
    def _losses(self) -> dict[Hop, list[_LineLoss]]:
        """The losses of each direction of a link."""
        found: dict[Hop, list[_LineLoss]] = {}
        for link in self.plan.network.links:
            if link.loss_pct:
                for hop in link.hops:
                    found.setdefault(hop, []).append(
                        ("random", BernoulliLoss(p=link.loss_pct / 100), 0.0, None)
                    )
        for line in self.plan.lines:
            for kind, loss in _line_losses(line.what):
                found.setdefault(line.hop, []).append((kind, loss, line.from_s, line.to_s))
        return found

    @cached_property
    def _hops(self) -> dict[tuple[str, str], tuple[Hop, ...]]:
        """The way of each bridge's streams, up and down."""
        routes, mcu = shortest_paths(self.plan.network), self.plan.network.mcu.id
        return {
            key: routes.path(source, target)
            for call in self.plan.calls
            for key, source, target in (
                ((call.bridge, "up"), call.bridge, mcu),
                ((call.bridge, "down"), mcu, call.bridge),
            )
        }

    @cached_property
    def _spacing(self) -> dict[Hop, int]:
        """Each how many-th packet on a line belongs to one stream of pictures."""
        picture = pictures_a_second(self.plan)
        call = (picture + 1000 / self.plan.audio.packet_ms) / picture
        calls = Counter(hop for hops in self._hops.values() for hop in hops)
        return {hop: max(1, round(count * call)) for hop, count in calls.items()}


def _overlap(from_s: float, to_s: float | None, start_s: float, end_s: float) -> float:
    """Return the share of [start_s, end_s) that is in [from_s, to_s)."""
    until = end_s if to_s is None else min(to_s, end_s)
    return max(0.0, until - max(from_s, start_s)) / (end_s - start_s)


def _kind(loss: Loss) -> LossKind:
    return "random" if isinstance(loss, BernoulliLoss) else "bursts"


def _line_losses(what: LineImpairment) -> Iterator[tuple[LossKind, Loss]]:
    """Yield what a line loses, and what its receiver drops since a bit is wrong.

    Of a packet that the line doubles one copy is enough.
    """
    once = 1 - what.duplicate
    match what.loss:
        case RandomLoss(p=p):
            yield "random", BernoulliLoss(p=p * once + p * p * what.duplicate)
        case GilbertElliott(p=p, r=r, loss_bad=bad, loss_good=good):
            yield "bursts", GilbertElliottLoss(p=p, r=r, loss_bad=bad, loss_good=good)
    if what.corrupt:
        damaged = what.corrupt * once + what.corrupt**2 * what.duplicate
        yield "bit-errors", BernoulliLoss(p=damaged)
