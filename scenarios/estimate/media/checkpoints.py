"""Meetings in which packets are lost, as they were between steps: one with other losses or buffers
goes on from where all packets so far would have fared the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, Self

from giaoban.scenarios.estimate.network.netem import LineEnd
from giaoban.scenarios.estimate.network.queues import rate_of
from giaoban.scenarios.plan.plan import Plan
from giaoban.topology.lines.impairments import scaled

MOST_MEETINGS = 3
"""From so many of those that were held last others can go on."""
HopBounds = dict[int, tuple[int, int]]
"""Hop → the least and the highest of something."""


class Pace(NamedTuple):
    """How far a meeting has come, and how long a step is tried next.

    `quiet_since_ns`: since when nothing was missed. `lost_ns`: when something was lost in a step
    that was undone; -1 for never.
    """

    now_ns: int
    quiet_since_ns: int
    tried_ns: int
    lost_ns: int


class Watching(Protocol):
    """What somebody who looks at a meeting under way knows of it."""

    @property
    def past_pct(self) -> float:
        """What alone makes one see more than another in the same meeting."""

    def copy(self) -> Self:
        """As it is now."""

    def go_on_from(self, other: Any) -> None:
        """Know what another one knows."""


@dataclass(frozen=True)
class Within:
    """Between which buffers and losses every packet fared as it did.

    Attributes:
        limits: of hops' queues.
        losses: of hops' own lines, in netem's units.
    """

    limits: HopBounds
    losses: HopBounds

    @classmethod
    def of(cls, limits: HopBounds, lines: Mapping[int, list[LineEnd]]) -> Within:
        """As queues and lines know of all that has come to them."""
        losses = {hop: end.equivalent for hop, ends in lines.items() for end in ends if end.own}
        return cls(limits, losses)

    def and_within(self, other: Within) -> Within:
        """Both."""
        return Within(_both(self.limits, other.limits), _both(self.losses, other.losses))

    def holds_for(self, plan: Plan) -> bool:
        """Whether the figures of a plan lie there, which is equal in all else."""
        links = plan.network.links
        limits = {hop: rate_of(links[hop // 2]).limit for hop in self.limits}
        losses = {hop: scaled(links[hop // 2].loss_pct / 100) for hop in self.losses}
        return (
            _lie_within(limits, self.limits)
            and _lie_within(losses, self.losses)
            and all(losses.values())  # else no number would be drawn
        )


def _both(one: HopBounds, other: HopBounds) -> HopBounds:
    return {
        hop: (max(low, other[hop][0]), min(high, other[hop][1])) for hop, (low, high) in one.items()
    }


def _lie_within(figures: Mapping[int, int], bounds: HopBounds) -> bool:
    return all(bounds[hop][0] <= figure <= bounds[hop][1] for hop, figure in figures.items())


@dataclass(frozen=True)
class Checkpoint:
    """A meeting between two steps. What it holds is copied by who goes on from there.

    Attributes:
        within: of all steps before, those too that were undone.
        changing: what steps change.
        standing: what stands of those before.
        early: who looks at it.
    """

    pace: Pace
    within: Within
    changing: dict[str, Any]
    standing: dict[str, Any]
    early: Watching | None

    def serves(self, plan: Plan, early: Watching | None) -> bool:
        """Whether a meeting with a plan's losses and buffers came here just so; `early`: who looks
        at that."""
        if early is not None and (self.early is None or self.early.past_pct != early.past_pct):
            return False
        return self.within.holds_for(plan)


class Checkpoints:
    """Those of the meetings that were held last."""

    def __init__(self) -> None:
        self._meetings: list[list[Checkpoint]] = []

    def begin(self) -> list[Checkpoint]:
        """Where those of a meeting that is held from its beginning are to be kept."""
        self._meetings.append([])
        return self._meetings[-1]

    def up_to(self, plan: Plan, early: Watching | None) -> list[Checkpoint]:
        """Those up to the last from which a plan's meeting can go on, which are its own as well:
        where more of them are to be kept. None if there is no such."""
        best: list[Checkpoint] = []
        for meeting in self._meetings:
            for count, each in enumerate(meeting, 1):
                later = not best or each.pace.now_ns >= best[-1].pace.now_ns
                if later and each.serves(plan, early):
                    best = meeting[:count]
        if best:
            self._meetings = [*self._meetings[1 - MOST_MEETINGS :], best]
        return best
