"""A token bucket as the kernel keeps it (net/sched/act_police.c), in its own whole numbers.

Tokens are nanoseconds: a packet costs what its bytes take at the bucket's rate, and the bucket
holds at the most what its size takes. The kernel multiplies and shifts instead of dividing
(`psched_ratecfg_precompute`), and is told a bucket's size in ticks of 64 ns; both are followed
here, so that an emulation and an estimate drop the very same packets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic.fifo import bytes_per_s

TICK_NS = 64
"""The kernel's PSCHED_SHIFT: 2 ** 6."""
MOST_TICKS = 0xFFFFFFFF
"""A bucket's size is 32 bits to the kernel."""
NS_A_SECOND = 1_000_000_000


@dataclass(frozen=True)
class BucketSize:
    """A bucket's rate and size.

    Attributes:
        bytes_per_s: its rate.
        burst_ticks: what it holds, as the kernel is told it: rounded up, so that a burst of just
            its size passes.
    """

    bytes_per_s: int
    burst_ticks: int

    @classmethod
    def of(cls, rate_mbps: float, size_bytes: int) -> BucketSize:
        """Of a rate in Mb/s and a size in bytes."""
        per_s = bytes_per_s(rate_mbps)
        ticks = -(-size_bytes * NS_A_SECOND // (per_s * TICK_NS))
        return cls(per_s, ticks)

    @property
    def burst_ns(self) -> int:
        """What it holds."""
        return self.burst_ticks * TICK_NS

    def cost_ns(self, size: NDArray[np.int32]) -> NDArray[np.int64]:
        """What packets of so many bytes cost: (len × mult) >> shift."""
        multiplier, shift = _reciprocal(self.bytes_per_s)
        cost: NDArray[np.int64] = size.astype(np.int64) * multiplier >> shift
        return cost


def _reciprocal(bytes_per_s: int) -> tuple[int, int]:
    """`psched_ratecfg_precompute`: the multiplier with its 32nd bit set, and its shift."""
    factor, shift = NS_A_SECOND, 0
    while True:
        multiplier = factor // bytes_per_s
        if multiplier & 1 << 31 or factor & 1 << 63:
            return multiplier, shift
        factor <<= 1
        shift += 1
