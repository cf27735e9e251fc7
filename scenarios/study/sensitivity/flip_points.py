"""The nearest value of a figure with which a verdict is another. Pure.

In each direction the far end of the range is tried first, and where nothing flips there, values
between: what flips only in the middle of the range is found if it does at one of these. Where the
end is as good as the figure itself nothing lies between. What flips
is approached from there: by the ratio of distances as long as it may be much nearer (a line may
lose 0.1 % and fails from 0.01 % on, and what fails takes longest to estimate), then by halves,
until the two neighbours are as close as asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

BETWEEN = (0.5,)
"""How far along the way from the figure to its range's end values are tried if the end says no."""
NEAR = 1 / 64
"""Nearer to the figure than this share of the way only halves are tried."""
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
        short = _rounded(value, high - low)
        return short if low < short < high else value

    def share(self, a: float, b: float, at: float) -> float:
        """How far along the way from `a` to `b` a value between them is."""
        if self.logarithmic and a > 0 and b > 0:
            return math.log(at / a) / math.log(b / a)
        return (at - a) / (b - a)

    def close(self, a: float, b: float, way: float) -> bool:
        """Whether two values are as near each other as need be; `way`: the whole range's length."""
        if self.steps and not any(min(a, b) < each < max(a, b) for each in self.steps):
            return True
        if self.whole and abs(a - b) <= 1:
            return True
        if self.logarithmic:
            return abs(a - b) <= CLOSE * max(abs(a), abs(b))
        return abs(a - b) <= CLOSE * way


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
) -> Flip[T] | None:
    """The nearest flip on the way from `value`, where nothing flips, to `end`.

    Args:
        look: what is found at a value; None: no such value can be.
        flips: whether what was found is another verdict.
        alike: whether it is as at `value` in all that counts.

    Returns:
        None: it flips at none of the values that were tried.
    """
    if end == value:
        return None
    values = [end, *(scale.between(value, end, share) for share in BETWEEN)]
    for at in dict.fromkeys(each for each in values if each != value):
        found = look(at)
        if found is not None and flips(found):
            break
        if found is not None and alike(found):
            return None
    else:
        return None
    holds, way, far = value, abs(end - value), at
    while not scale.close(holds, at, way):
        low, high = (scale.share(value, far, each) for each in (holds, at))
        share = (low + high) / 2
        if high > 2 * max(low, NEAR):
            share = math.sqrt(max(low, NEAR) * high)
        middles = (scale.between(value, far, share, (holds, at)), scale.between(holds, at, 0.5))
        # a whole number near one of them may be that itself
        middle = next((m for m in middles if min(holds, at) < m < max(holds, at)), None)
        if middle is None:
            break
        there = look(middle)
        if there is not None and flips(there):
            at, found = middle, there
        else:
            holds = middle
    return Flip(holds, at, found)


def _rounded(value: float, way: float) -> float:
    """To the digit that makes a tenth of the way: a figure that people can write into a file."""
    if not way or not math.isfinite(way):
        return value
    return round(value, 1 - math.floor(math.log10(way)))
