"""Logs of packets, sent and received, as they are taken and as they cross to the measuring side."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SENT = np.dtype(
    [
        ("stream", "u2"),
        ("sequence", "i8"),
        ("timestamp", "u4"),
        ("due_ns", "i8"),
        ("leaving_ns", "i8"),
        ("size", "u2"),
        ("impaired", "?"),
    ]
)
"""One packet a sender had to send: extended sequence number, when it was due and when it leaves
after the injector's jitter, RTP bytes, and whether the injector's loss model removed it before the
wire."""

RECEIVED = np.dtype(
    [
        ("stream", "u2"),
        ("sequence", "u2"),
        ("timestamp", "u4"),
        ("arrival_ns", "i8"),
        ("size", "u2"),
    ]
)
"""One packet a receiver got, in order of arrival; times are CLOCK_MONOTONIC."""


class PacketLog:
    """Grows by whole batches; `array` is everything so far, in order."""

    def __init__(self, dtype: np.dtype[np.void]) -> None:
        self._dtype = dtype
        self._parts: list[NDArray[np.void]] = []

    def append(self, n: int, **columns: object) -> None:
        """Add n packets; each column is a scalar or an (n,) array.

        Raises:
            ValueError: a column is missing, unknown or of another length.
        """
        names = self._dtype.names or ()
        if set(columns) != set(names):
            raise ValueError(f"columns {sorted(columns)} given, {sorted(names)} needed")
        part = np.empty(n, self._dtype)
        for name in names:
            part[name] = columns[name]
        self._parts.append(part)

    def array(self) -> NDArray[np.void]:
        """(packets,) records."""
        if not self._parts:
            return np.empty(0, self._dtype)
        whole = np.concatenate(self._parts)
        self._parts = [whole]
        return whole


def save(path: Path, **arrays: NDArray[np.generic]) -> None:
    """Write arrays to an uncompressed .npz (the guest has no time to spare, the host compresses).

    Raises:
        ValueError: an array holds Python objects, which only a pickle could carry.
    """
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise ValueError(f"{name}: arrays of Python objects are not written")
    with path.open("wb") as file:
        # savez knows allow_pickle only from numpy 2.3 on; an older one would store it as an array
        np.savez(file, **arrays)


def load(path: Path) -> dict[str, NDArray[np.generic]]:
    """Read what `save` wrote."""
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
