"""Packets that came to the ends of their paths, stream by stream."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from giaoban.scenarios.estimate.network.packets import Packets

ARRIVAL_DTYPE = np.dtype([("at_ns", "i8"), ("sequence", "i8")])
"""A packet that came: when, and its extended sequence number."""


class Ended:
    """At least one packet that came to the end of its path. None of them ever changes, so what is
    found of them stays with them.

    Attributes:
        packets: in the order in which they came, or nearly.
        known: somebody keeps them: another meeting may have the very same ones.
    """

    def __init__(self, packets: Packets, *, known: bool = False) -> None:
        self.packets = packets
        self.known = known
        self._by_stream: dict[int, list[tuple[int, NDArray[np.void]]]] = {}

    @cached_property
    def last_ns(self) -> int:
        """When the last one came."""
        return int(self.packets.at_ns.max())

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Packets of each flow, up to the last flow that has any."""
        return np.bincount(self.packets.flow)

    def by_stream(self, streams: int) -> list[tuple[int, NDArray[np.void]]]:
        """Of each of the first so many flows (those of media) that has any: its packets, dtype
        ARRIVAL_DTYPE."""
        found = self._by_stream.get(streams)
        if found is None:
            of_media = self.packets.flow < streams
            media = self.packets if of_media.all() else self.packets.take(of_media)
            came, edges = by_stream(media, streams)
            present = np.flatnonzero(np.diff(edges)).tolist()
            found = [(stream, came[edges[stream] : edges[stream + 1]]) for stream in present]
            self._by_stream[streams] = found
        return found


def by_stream(media: Packets, streams: int) -> tuple[NDArray[np.void], NDArray[np.int64]]:
    """Packets of streams, one stream's behind another's, dtype ARRIVAL_DTYPE; and (streams + 1,)
    where each one's begin."""
    # the fewer bytes a number has, the fewer passes sort it
    flow = media.flow.astype(np.min_scalar_type(streams))
    order = np.argsort(flow, kind="stable")
    came = np.empty((len(order), 2), np.int64)
    came[:, 0], came[:, 1] = media.at_ns.take(order), media.seq.take(order)
    edges = np.searchsorted(flow.take(order), np.arange(streams + 1))
    return came.view(ARRIVAL_DTYPE).reshape(-1), edges
