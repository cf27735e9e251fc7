"""What queues made of what came to them in other meetings: where the same comes to a queue that is
as it was then, the same comes out of it.

Most queues notice nothing of one figure that is another.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from giaoban.scenarios.estimate.network.ended import Ended
from giaoban.scenarios.estimate.network.queues import FifoState
from giaoban.scenarios.estimate.network.transit import Cargo, Keys, in_order

MOST_PACKETS = 1_500_000
"""Steps of time with so many packets under way are remembered: some 120 MB."""


class KnownPass(NamedTuple):
    """What became of the first so many (`many`) of what came to a hop in a step, none of it lost.

    Attributes:
        before, after: the queue.
        moved: what went on, by where to.
        sent_bytes: what it carried by each sample, beside what it had before.
    """

    keys: Keys
    many: int
    before: FifoState
    after: FifoState
    moved: list[tuple[int, Keys]]
    sent_bytes: NDArray[np.int64]

    def is_of(self, keys: Keys, many: int, queue: FifoState) -> bool:
        """Whether it is of the very same keys at a queue that stands so."""
        return keys is self.keys and (many, queue) == (self.many, self.before)

    def shared(self, moved: list[tuple[int, Keys]]) -> list[tuple[int, Keys]]:
        """What went on now; of what is the same as then, the very keys of then."""
        then = dict(self.moved)
        return [(to, _known_if_equal(keys, then.get(to, keys))) for to, keys in moved]


class KnownStep:
    """One step of time; hops by their places in the order in which they are served.

    Attributes:
        cargo: what was under way; keys are of it.
        passes: what became of what came to each hop.
    """

    def __init__(self, cargo: Cargo) -> None:
        self.cargo = cargo
        self.passes: dict[int, KnownPass] = {}
        self._came: dict[int, tuple[list[Keys], Keys]] = {}
        self._ended: dict[int, tuple[Keys, Ended]] = {}

    def in_order(self, place: int, parts: list[Keys]) -> Keys:
        """What comes to a hop, in order: if these parts came to it then, the very keys of then."""
        then, keys = self._came.get(place, ([], None))
        if len(parts) == len(then):
            parts = [_known_if_equal(*both) for both in zip(parts, then, strict=True)]
            if keys is not None and all(one is old for one, old in zip(parts, then, strict=True)):
                return keys
        found = in_order(parts)
        if keys is not None:
            found = _known_if_equal(found, keys)
        self._came[place] = parts, found
        return found

    def ended(self, place: int, keys: Keys) -> Ended:
        """What came to the end of its path behind a hop."""
        known = self._ended.get(place)
        if known is None or known[0] is not keys:
            known = self._ended[place] = keys, Ended(self.cargo.packets(keys), known=True)
        return known[1]


def _known_if_equal(keys: Keys, known: Keys) -> Keys:
    return known if keys is known or np.array_equal(keys, known) else keys


_Key = tuple[bytes, int, int, int, int]


class HopCache:
    """Steps of meetings that were looked at last."""

    def __init__(self) -> None:
        self._steps: dict[_Key, KnownStep] = {}
        self._packets = 0

    def step(self, key: _Key, cargo: Cargo) -> KnownStep:
        """What is known of a step; nothing, if other packets were under way in it the last time.

        Args:
            key: of the meeting the paths of all flows, and how many samples are taken; which part
                of the network it is; from when to when the step is.
        """
        known = self._steps.pop(key, None)
        if known is not None:
            self._packets -= len(known.cargo.size)
        if known is None or not known.cargo.is_like(cargo):
            known = KnownStep(cargo)
        self._steps[key] = known
        self._packets += len(cargo.size)
        while self._packets > MOST_PACKETS and len(self._steps) > 1:
            self._packets -= len(self._steps.pop(next(iter(self._steps))).cargo.size)
        return known
