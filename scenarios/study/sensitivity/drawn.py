"""Worlds in which all assumed figures are others at once: how they are drawn, and what they say.

Pure. A Latin hypercube (McKay, Beckman, Conover 1979): each figure's range is cut into as many
equally likely parts as there are worlds, and each part is in one of them. What of the spread of an
answer goes back to a figure by itself is its first-order Sobol index, estimated from the same
worlds by the means in parts of its range (Plischke 2010, "An effective algorithm for computing
global sensitivity indices", without its cosine transform), so that it takes no worlds of its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from giaoban.scenarios.study.sensitivity.figures import AssumedFigure
from giaoban.scenarios.study.sensitivity.world import Value

LEAST_IN_PART = 8
"""Worlds in a part of a figure's range whose mean is compared with the others'; the more worlds,
the more of both: √worlds parts."""
BY_CHANCE, SHUFFLES = 0.01, 1000
"""A share as large as chance gives to so many of the figures that do nothing is none; found by
shuffling the answers so often."""


def hypercube(worlds: int, figures: int, seed: int) -> NDArray[np.float64]:
    """(worlds, figures) places in ranges, 0 to 1; of each column one in each of `worlds` parts."""
    rng = np.random.default_rng(seed)
    parts = np.empty((worlds, figures))
    for column in range(figures):
        parts[:, column] = rng.permutation(worlds)
    return np.asarray((parts + rng.random((worlds, figures))) / worlds)


def value_at(figure: AssumedFigure, place: float) -> Value:
    """What a figure is at a place of what is likely."""
    if figure.choices:
        likely = figure.likely_choices or figure.choices
        return likely[min(int(place * len(likely)), len(likely) - 1)]
    low, high, by_ratios = figure.likely
    value = low * float((high / low) ** place) if by_ratios else low + (high - low) * place
    return round(value) if figure.scale.whole else value


def first_order(places: NDArray[np.float64], answers: Sequence[float]) -> NDArray[np.float64]:
    """The first-order Sobol index of each column; 0 where answers do not differ at all.

    Each part's mean differs from the whole's by chance as well: that is taken off, and what is no
    more than chance gives (`BY_CHANCE`) is 0: with few worlds a figure that does nothing would
    else stand before those that decide.
    """
    found = np.zeros(places.shape[1])
    known = np.asarray(answers, dtype=float)
    n = len(known)
    whole = float(np.var(known)) if n else 0.0
    parts = min(round(math.sqrt(n)), n // LEAST_IN_PART)
    if whole == 0.0 or parts < 2:
        return found
    rng = np.random.default_rng(0)
    shuffled = [_in_parts(rng.permutation(known), parts) / whole for _ in range(SHUFFLES)]
    least = float(np.quantile(shuffled, 1 - BY_CHANCE))
    for column in range(places.shape[1]):
        order = np.argsort(places[:, column], kind="stable")
        index = min(1.0, _in_parts(known[order], parts) / whole)
        found[column] = index if index > max(0.0, least) else 0.0
    return found


def _in_parts(answers: NDArray[np.float64], parts: int) -> float:
    """The variance of the means of so many parts, without what chance has in it."""
    sizes = np.array([len(part) for part in np.array_split(answers, parts)])
    starts = np.cumsum(sizes) - sizes
    spread = answers - answers.mean()
    means = np.add.reduceat(spread, starts) / sizes
    squares = np.add.reduceat(spread**2, starts) - sizes * means**2
    return float((sizes * means**2).sum() - (squares / (sizes - 1)).sum()) / len(answers)


def total_order(
    answers: Sequence[float], anew: NDArray[np.float64], variance: float
) -> NDArray[np.float64]:
    """The total-order Sobol index of each column: what goes back to it, alone or with others.

    By Jansen's estimator ("Analysis of variance designs for model output", 1999).

    Args:
        answers: (n,) of worlds that were drawn.
        anew: (n, columns) of the same worlds, in each column with that figure alone drawn anew;
            NaN where no such world can be.
        variance: of the answers of all worlds that were drawn.
    """
    if variance == 0.0:
        return np.zeros(anew.shape[1])
    changes = (np.asarray(answers, dtype=float)[:, np.newaxis] - anew) ** 2
    counted = np.isfinite(changes).sum(axis=0)
    means = np.nansum(changes, axis=0) / np.maximum(counted, 1)
    return np.asarray(np.minimum(1.0, means / (2 * variance)))
