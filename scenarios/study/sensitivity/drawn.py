"""Draw worlds in which all assumed figures change at once: a Latin hypercube (McKay, Beckman,
Conover 1979).

Each range is cut into as many equally likely parts as there are worlds; each part is in one world.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from giaoban.scenarios.study.sensitivity.figures import AssumedFigure
from giaoban.scenarios.study.sensitivity.world import Value


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
