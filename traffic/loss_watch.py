"""Whether packets of a stream are missing, as its receiver sees it while they come."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

HALF = 1 << 15


class LossWatch:
    """Looks at sequence numbers by the batch; a packet that a later batch brings counts as lost."""

    def __init__(self) -> None:
        self._highest: int | None = None

    def misses(self, sequences: NDArray[np.uint16]) -> bool:
        """Whether some number between those known and the highest of (n,) new ones is missing."""
        if not len(sequences):
            return False
        if self._highest is None:
            self._highest = (int(sequences[0]) - 1) & 0xFFFF
        ahead = (sequences.astype(np.int64) - self._highest + HALF) % (2 * HALF) - HALF
        new = np.unique(ahead[ahead > 0])
        if not len(new):
            return False
        self._highest = (self._highest + int(new[-1])) & 0xFFFF
        return len(new) < int(new[-1])
