"""Percentiles of many small samples: numpy's own cost more in checking than in counting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def percentiles(values: NDArray[Any], percents: Sequence[float]) -> list[float]:
    """The percentiles of (n,) numbers, n at least 1: `numpy.percentile`'s, to the last bit.

    Linear between neighbours (definition 7 of Hyndman and Fan 1996); no NaN may be among them.
    """
    return of_ordered(np.sort(values), percents)


def of_ordered(ordered: NDArray[Any], percents: Sequence[float]) -> list[float]:
    """The same of numbers that are in order."""
    found = []
    for percent in percents:
        at = (len(ordered) - 1) * (percent / 100)
        low = int(at)
        below, above = ordered[low], ordered[min(low + 1, len(ordered) - 1)]
        part, step = at - low, above - below
        # from the nearer neighbour, so that none is overshot by rounding
        found.append(float(below + step * part if part < 0.5 else above - step * (1 - part)))
    return found
