"""A first-in first-out queue served at a link's rate, all packets at once (Lindley, 1952)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def departures(
    arrival_ns: NDArray[np.int64], size_bytes: NDArray[np.int64], rate_mbps: float
) -> NDArray[np.int64]:
    """When each of n packets has been sent completely.

    Args:
        arrival_ns: (n,) in any order; equal times keep their order.
        size_bytes: (n,) on the wire.

    Returns:
        (n,) in the order given. Departure i is service i after the later of arrival i and
        departure i−1; unrolled, that is a running maximum over cumulated services.
    """
    order = np.argsort(arrival_ns, kind="stable")
    service = np.rint(size_bytes[order] * 8e3 / rate_mbps).astype(np.int64)
    served = np.cumsum(service)
    leaving = served + np.maximum.accumulate(arrival_ns[order] - (served - service))
    out = np.empty(len(order), np.int64)
    out[order] = leaving
    return out
