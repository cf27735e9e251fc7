"""Impairments of lines behind the queues: loss, delay, copies and damage.

The distributions are the scenario's, the random numbers the estimate's own. The fate of a line's
packets is drawn once, in the first pass; in later passes a packet meets the fate of the one that
came last by its moment then. So a key frame that is sent anew does not move all losses behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from giaoban.scenarios.plan.plan import Plan
from giaoban.topology.lines.impairments import (
    DIST_SCALE,
    GilbertElliott,
    LineImpairment,
    RandomLoss,
)
from giaoban.topology.network import Hop
from giaoban.traffic.impairments.loss import LossProcess, loss_process
from giaoban.traffic.impairments.models import BernoulliLoss, GilbertElliottLoss

Times = NDArray[np.int64]


class Passed(NamedTuple):
    """Places of those of n packets that leave a line, copies too, in order of `out_ns`."""

    which: NDArray[np.intp]
    out_ns: Times


@dataclass(frozen=True)
class _Fate:
    """Random draws for the packets of the first pass, in order of their moments."""

    at_ns: Times
    copies: NDArray[np.int8]
    damaged: NDArray[np.bool_]
    delay_ns: Times
    waits: NDArray[np.bool_]


class Line:
    """The line of one hop.

    Attributes:
        own: it is the link's own loss, no impairment of the scenario.
        lost, damaged, doubled: packets of the last pass.
    """

    def __init__(
        self, spans: list[tuple[int, int, LineImpairment]], seed: list[int], *, own: bool
    ) -> None:
        """`spans`: (from, to, what); outside of them the line does nothing."""
        self.own = own
        self.lost = self.damaged = self.doubled = 0
        self._spans, self._seed = spans, seed
        self._fate: _Fate | None = None

    def pass_on(self, at_ns: Times) -> Passed:
        """Take n packets in order of time."""
        if self._fate is None:
            self._fate = self._draw(at_ns)
        fate = self._fate
        if not len(fate.at_ns):
            return Passed(np.arange(len(at_ns)), at_ns)
        of = np.maximum(np.searchsorted(fate.at_ns, at_ns, "right") - 1, 0)
        copies = np.where(fate.damaged[of], 0, fate.copies[of])
        self.lost = int(np.count_nonzero(fate.copies[of] == 0))
        self.damaged = int(np.count_nonzero(fate.damaged[of] & (fate.copies[of] > 0)))
        self.doubled = int(np.count_nonzero(copies == 2))
        out_ns = at_ns + fate.delay_ns[of]
        waits = fate.waits[of] & (copies > 0)
        out_ns[waits] = np.maximum.accumulate(out_ns[waits])
        which = np.repeat(np.arange(len(at_ns)), copies)
        order = np.argsort(out_ns[which], kind="stable")
        return Passed(which[order], out_ns[which][order])

    def loses(self, at_ns: int) -> bool:
        """Return whether a packet that came at a moment would have been lost in the last pass."""
        if self._fate is None or not len(self._fate.at_ns):
            return False
        of = max(0, int(np.searchsorted(self._fate.at_ns, at_ns, "right")) - 1)
        return bool(self._fate.copies[of] == 0 or self._fate.damaged[of])

    def _draw(self, at_ns: Times) -> _Fate:
        n = len(at_ns)
        copies, damaged = np.ones(n, np.int8), np.zeros(n, np.bool_)
        delay_ns, waits = np.zeros(n, np.int64), np.ones(n, np.bool_)
        for number, (from_ns, to_ns, what) in enumerate(self._spans):
            part = slice(*np.searchsorted(at_ns, (from_ns, to_ns)))
            count = part.stop - part.start
            rng = np.random.default_rng([*self._seed, number])
            if what.duplicate:
                copies[part][rng.random(count) < what.duplicate] = 2
            if what.loss is not None:
                process = _process(what.loss, np.random.SeedSequence([*self._seed, number, 1]))
                copies[part] -= process.draw(count).astype(np.int8)
            if what.corrupt:
                damaged[part] = rng.random(count) < what.corrupt
            if what.jitter is not None:
                table = np.array(what.jitter.table)
                drawn = table[rng.integers(len(table), size=count)]
                scaled = np.rint(drawn * (what.jitter.scale_ns / DIST_SCALE))
                delay_ns[part] = np.maximum(0, what.jitter.offset_ns + scaled).astype(np.int64)
                waits[part] = not what.jitter.reorder
        return _Fate(at_ns, copies, damaged, delay_ns, waits)


def _process(loss: RandomLoss | GilbertElliott, seed: np.random.SeedSequence) -> LossProcess:
    """Return the seeded process of a line's loss model."""
    if isinstance(loss, RandomLoss):
        return loss_process(BernoulliLoss(p=loss.p), seed)
    return loss_process(GilbertElliottLoss(**loss.model_dump(exclude={"model"})), seed)


def lines_of(plan: Plan, hops: list[Hop]) -> dict[int, list[Line]]:
    """Return hop → its lines, where they do anything: the link's own loss first."""
    found: dict[int, list[Line]] = {}
    end_ns = round(plan.end_s * 1e9)
    links = [link for link in plan.network.links for _ in link.hops]
    for number, (hop, link) in enumerate(zip(hops, links, strict=True)):
        if link.loss_pct:
            what = LineImpairment(loss=RandomLoss(p=link.loss_pct / 100))
            found[number] = [Line([(0, end_ns, what)], [plan.seed, number, 0], own=True)]
        spans = [
            (
                round(each.from_s * 1e9),
                end_ns if each.to_s is None else round(each.to_s * 1e9),
                each.what,
            )
            for each in plan.lines
            if each.hop == hop and each.what != LineImpairment()
        ]
        if spans:
            line = Line(sorted(spans, key=lambda each: each[0]), [plan.seed, number, 1], own=False)
            found.setdefault(number, []).append(line)
    return found
