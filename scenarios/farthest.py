"""The longest delay among all others: found for everybody at once, not for each among all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Farthest:
    """The largest of everybody's values, and the largest of anybody else's.

    Values are arrays of one shape; in each place the largest counts by itself. NaN is no value, and
    0 is always among them.
    """

    def __init__(self, shape: int = 1) -> None:
        self._first = np.zeros(shape)
        self._second = np.zeros(shape)
        self._owner = np.full(shape, -1)

    def add(self, owner: int, values: NDArray[np.float64]) -> None:
        """One's values; everybody adds his own once. `owner`: a number of his, from 0 on."""
        values = np.fmax(values, 0.0)
        leads = values > self._first
        self._second = np.where(leads, self._first, np.maximum(self._second, values))
        self._owner = np.where(leads, owner, self._owner)
        self._first = np.where(leads, values, self._first)

    def but(self, owner: int) -> NDArray[np.float64]:
        """The largest of all others' values."""
        others: NDArray[np.float64] = np.where(self._owner == owner, self._second, self._first)
        return others
