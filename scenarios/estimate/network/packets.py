"""Packets as arrays: where and when they are, and whose."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Packets(NamedTuple):
    """n packets at one place.

    Attributes:
        at_ns: (n,) int64, when they come there.
        size: (n,) int32, bytes on the wire.
        flow: (n,) int32, number of the flow (see `flows`).
        seq: (n,) int64, which packet of the flow: its extended sequence number.
    """

    at_ns: NDArray[np.int64]
    size: NDArray[np.int32]
    flow: NDArray[np.int32]
    seq: NDArray[np.int64]

    def __deepcopy__(self, memo: dict[int, object]) -> Packets:
        """Packets never change."""
        return self

    def take(self, which: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Packets:
        """Some of them."""
        return Packets(self.at_ns[which], self.size[which], self.flow[which], self.seq[which])


def joined(parts: list[Packets]) -> Packets:
    """All of them, in their order."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Packets(
            np.zeros(0, np.int64),
            np.zeros(0, np.int32),
            np.zeros(0, np.int32),
            np.zeros(0, np.int64),
        )
    return Packets(*(np.concatenate(column) for column in zip(*parts, strict=True)))
