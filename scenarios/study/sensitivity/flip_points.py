"""The nearest value of a figure with which a verdict is another. Pure.

In each direction the far end of the range is tried first, and where nothing flips there, values
between: what flips only in the middle of the range is found if it does at one of these. Where the
end is as good as the figure itself nothing lies between. What flips
is approached from there until the two neighbours are as close as asked for. Where it is known by
how much limits are kept on both sides, by that: on a straight line through two of the margins. Else
by the ratio of distances as long as it may be much nearer (a line may lose 0.1 % and fails from
0.01 % on, and what fails takes longest to estimate), then by halves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

BETWEEN = (0.5,)
"""How far along the way from the figure to its range's end values are tried if the end says no."""
NEAR = 1 / 64
"""Nearer to the figure than this share of the way only halves are tried."""
SATURATED = 100.0
"""A margin of so many percent: nothing of the limit is used up, or twice as much. Neither is on any
line."""
MOST_SLOW = 3
"""So many steps in a row by margins may leave more than half of the way; then one is by halves."""
CLOSE = 0.01
"""Neighbours are this near each other: share of the larger one, or of the way on a linear scale."""


@dataclass(frozen=True)
class Scale:
    """How a way between two values is halved.

    Attributes:
        logarithmic: equal ratios are equally far apart; values are above 0.
        whole: only whole numbers mean anything.
        steps: only these values mean anything, in order; none: all do.
    """

    logarithmic: bool = False
    whole: bool = False
    steps: tuple[float, ...] = ()

    def between(
        self, a: float, b: float, share: float, within: tuple[float, float] | None = None
    ) -> float:
        """So far along the way from `a` to `b`; the same as one of them if there is nothing.

        With few digits, but `within` two values between which it is to be; None: `a` and `b`.
        """
        if self.logarithmic and a > 0 and b > 0:
            value = a * (b / a) ** share
        else:
            value = a + (b - a) * share
        if self.steps:
            low, high = sorted(within or (a, b))
            inside = [each for each in self.steps if low < each < high]
            return min(inside, key=lambda each: abs(each - value), default=a)
        if self.whole:
            return float(round(value))
        low, high = sorted(within or (a, b))
        short = (_rounded(value, (high - low) / finer) for finer in (1, 10))
        return next((each for each in short if low < each < high), value)

    def share(self, a: float, b: float, at: float) -> float:
        """How far along the way from `a` to `b` a value between them is."""
        if self.logarithmic and a > 0 and b > 0:
            return math.log(at / a) / math.log(b / a)
        return (at - a) / (b - a)

    def close(self, a: float, b: float, way: float) -> bool:
        """Whether two values are as near each other as need be; `way`: the whole range's length."""
        if self.steps and not any(min(a, b) < each < max(a, b) for each in self.steps):
            return True
        return abs(a - b) <= self.reach(max(abs(a), abs(b)), way)

    def reach(self, at: float, way: float) -> float:
        """So far from a value others are close to it."""
        reach = CLOSE * (abs(at) if self.logarithmic else way)
        return max(reach, 1.0) if self.whole else reach


@dataclass(frozen=True)
class Flip[T]:
    """Two neighbours: at `holds` all is as it was, at `flips` it is `found`."""

    holds: float | str
    flips: float | str
    found: T


def nearest[T](
    value: float,
    end: float,
    look: Callable[[float], T | None],
    flips: Callable[[T], bool],
    scale: Scale,
    alike: Callable[[T], bool] = lambda _: False,
    margins: Callable[[T], Mapping[str, float]] = lambda _: {},
    own: Mapping[str, float] | None = None,
) -> Flip[T] | None:
    """The nearest flip on the way from `value`, where nothing flips, to `end`.

    Args:
        look: what is found at a value; None: no such value can be.
        flips: whether what was found is another verdict.
        alike: whether it is as at `value` in all that counts.
        margins: by how much each limit is kept (below 0: passed), as far as that is known; `own`:
            at `value`.

    Returns:
        None: it flips at none of the values that were tried.
    """
    if end == value:
        return None
    values = [end, *(scale.between(value, end, share) for share in BETWEEN)]
    known = _Margins(scale, value, end, {value: own or {}})
    for at in dict.fromkeys(each for each in values if each != value):
        found = look(at)
        if found is not None:
            known.tried[at] = margins(found)
        if found is not None and flips(found):
            break
        if found is not None and alike(found):
            return None
    else:
        return None
    holds, far, way, slow = value, at, abs(end - value), 0
    while not scale.close(holds, at, way):
        middle = known.crossing(holds, at) if slow < MOST_SLOW else None
        if middle is None:
            middle, slow = _halfway(scale, value, far, holds, at), 0
        if middle is None:
            break
        before = abs(scale.share(value, far, at) - scale.share(value, far, holds))
        there = look(middle)
        if there is not None:
            known.tried[middle] = margins(there)
        if there is not None and flips(there):
            at, found = middle, there
        else:
            holds = middle
        left = abs(scale.share(value, far, at) - scale.share(value, far, holds))
        slow = slow + 1 if left > before / 2 else 0
    return Flip(holds, at, found)


def _halfway(scale: Scale, value: float, far: float, holds: float, at: float) -> float | None:
    """Between two neighbours, where nothing else is known of them; None: there is nothing."""
    low, high = (scale.share(value, far, each) for each in (holds, at))
    share = (low + high) / 2
    if high > 2 * max(low, NEAR):
        share = math.sqrt(max(low, NEAR) * high)
    middles = (scale.between(value, far, share, (holds, at)), scale.between(holds, at, 0.5))
    # a whole number near one of them may be that itself
    return next((m for m in middles if min(holds, at) < m < max(holds, at)), None)


@dataclass(frozen=True)
class _Margins:
    """What is known of margins on a way: at each value that was tried, by limit."""

    scale: Scale
    value: float
    end: float
    tried: dict[float, Mapping[str, float]]

    def crossing(self, holds: float, flips: float) -> float | None:
        """Where the limit that is passed furthest, at either of the two, may be met; None: nobody
        knows.

        Where that is close to one of the two, as far from it as is close: if it is there, the
        search is over.
        """
        known = [each for at in (holds, flips) for each in self.tried.get(at, {}).items()]
        limit, _ = min(known, key=lambda each: each[1], default=("", 0.0))
        share = None if self.scale.steps else self._met_at(limit, holds, flips)
        if share is None:
            return None
        guess = self.scale.between(self.value, self.end, share, (holds, flips))
        for near, other in ((holds, flips), (flips, holds)):
            reach = self.scale.reach(near, abs(self.end - self.value))
            if abs(guess - near) <= reach < abs(other - near):
                further = near + math.copysign(reach, other - near)
                guess = self.scale.between(near, further, 0.95)
                break
        low, high = sorted((holds, flips))
        return guess if low < guess < high else None

    def _met_at(self, limit: str, holds: float, flips: float) -> float | None:
        """How far along the way a limit is met, as a straight line says through the two values
        where it is nearest to that; between the two neighbours at least."""
        points = [
            (self.scale.share(self.value, self.end, at), margins[limit])
            for at, margins in self.tried.items()
            if abs(margins.get(limit, SATURATED)) < SATURATED
        ]
        if len({margin for _, margin in points}) < len(points):
            return None  # it goes in steps, as where one packet more is lost
        low, high = (self.scale.share(self.value, self.end, at) for at in (holds, flips))
        nearest_two = sorted(points, key=lambda point: abs(point[1]))[:2]
        neighbours = [point for point in points if point[0] in (low, high)]
        for pair in (nearest_two, neighbours):
            if len(pair) < 2 or pair[0][1] == pair[1][1]:
                continue
            (a, at_a), (b, at_b) = pair
            met = a + (b - a) * at_a / (at_a - at_b)
            if low < met < high:
                return met
        return None


def _rounded(value: float, way: float) -> float:
    """To the digit that makes a tenth of the way: a figure that people can write into a file."""
    if not way or not math.isfinite(way):
        return value
    return round(value, 1 - math.floor(math.log10(way)))
