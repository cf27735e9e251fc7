"""With which other figures an estimate would have found the same: to the last digit.

Some figures matter only at some bounds. A queue that never filled would have lost nothing with a
larger buffer either; a line on which netem draws a number for every packet, and loses those below a
limit, loses the same ones with every limit between the highest number that was below it and the
lowest that was not; and what lies on nobody's path may be anything. So who asks again with one
figure changed has an answer for many of its values at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from giaoban.scenarios.estimate.media.checkpoints import Within
from giaoban.scenarios.estimate.media.media import EstimatedTraffic
from giaoban.scenarios.estimate.network.paths import find_paths
from giaoban.scenarios.estimate.network.queues import rate_of
from giaoban.scenarios.estimate.timeline import Timeline
from giaoban.scenarios.plan.plan import Plan
from giaoban.topology.counts import train_packets
from giaoban.topology.network import NetLink


@dataclass(frozen=True)
class Bounds:
    """What an estimate's plan could have had instead, all else being equal (`beyond_bounds`).

    Attributes:
        within: its buffers and losses.
        ends_ns: the plan may end at any moment behind it.
        reference: the same of the meeting that it is compared with, if any.
    """

    within: Within
    ends_ns: int
    reference: Bounds | None = None

    @classmethod
    def of(cls, plan: Plan, timeline: Timeline, estimated: EstimatedTraffic) -> Bounds | None:
        """Of what was found of a plan; None: nothing else than this plan is known to be the same.

        Where packets were found to be lost only by holding the meeting (`Plan.loses`), a queue that
        lost none would have been another meeting.
        """
        if plan.lines or plan.changes or timeline.calls_left or _under_way(estimated):
            return None
        limits = estimated.equivalent
        if estimated.meter.drops.any() and not plan.watchful:
            of = [rate_of(link).limit for link in plan.network.links for _ in link.hops]
            limits = {hop: (of[hop], of[hop]) for hop in limits}
        return cls(Within.of(limits, estimated.lines), estimated.last_ns)

    def hold_for(self, plan: Plan) -> bool:
        """Whether the same would be found of a plan that is equal in all else."""
        if self.reference is not None and not self.reference.hold_for(plan):
            return False
        return round(plan.end_s * 1e9) > self.ends_ns and self.within.holds_for(plan)


def beyond_bounds(plan: Plan) -> str:
    """All of a plan for which `Bounds` say nothing, as text: what has to be equal.

    Left out are buffers and losses, for which they do; rate and delay of links on nobody's path, as
    long as paths are the same; when the plan ends; and what is only told of a link. A line that
    loses has drawn a number for each of the packets by which it was measured, and how many these
    are hangs on its buffer.
    """
    if plan.lines or plan.changes:
        return plan.to_json()
    paths = find_paths(plan)
    crossed = {paths.hops[hop].link for hop in paths.in_order}
    crossed |= {each.hop.link for each in plan.background}
    links = [_beyond_bounds(link, crossed=link.id in crossed) for link in plan.network.links]
    network = plan.network.model_copy(update={"links": links})
    left = plan.model_copy(update={"network": network, "end_s": 0.0})
    return f"{paths.along.tolist()} {left.to_json()}"


def _beyond_bounds(link: NetLink, *, crossed: bool) -> NetLink:
    told: dict[str, object] = {"source": "", "km": 0.0}
    if not crossed:
        told |= {"rate_mbps": 1.0, "delay_us": 0.0}
    measured_by = train_packets(link) if link.loss_pct else 0
    told |= {"buffer_packets": measured_by, "loss_pct": float(link.loss_pct > 0)}
    return link.model_copy(update=told)


def _under_way(estimated: EstimatedTraffic) -> bool:
    """Whether some packet is not accounted for: it would come if the plan ended later."""
    lines = [line for ends in estimated.lines.values() for line in ends]
    gone = sum(line.lost + line.damaged - line.doubled for line in lines)
    meter = estimated.meter
    gone += int(meter.drops.sum() + meter.policed_packets.sum() + estimated.unheard.sum())
    return int(estimated.injected.sum()) != int(estimated.received.counts.sum()) + gone
