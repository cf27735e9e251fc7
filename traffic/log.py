"""Logs of packets, sent and received, as they are taken and as they cross to the measuring side."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

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
        ("copies", "u1"),
        ("corrupted", "?"),
        ("key", "?"),
    ]
)
"""One packet a sender had to send: extended sequence number, when it was due and when it leaves
after the injector's doing, RTP bytes; `copies`, how many datagrams of it are put on the wire (0:
the injector removed it, 2: duplicated); `corrupted`, a bit of its payload was flipped at injection;
`key`, it is part of a key frame (never of sound)."""

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
    """Grows by whole batches and writes itself out as it goes: raw records, one after another.

    In the guest every page of memory touched for the first time is dear, so little is kept. Without
    a path nothing is kept at all: a device that serves until it is told to stop has no run to log.
    """

    FLUSH_PACKETS = 1 << 15

    def __init__(self, dtype: np.dtype[np.void], path: Path | None) -> None:
        self._file = None if path is None else path.open("wb")
        self._buffer = np.empty(0 if path is None else self.FLUSH_PACKETS, dtype)
        self._used = 0

    def append(self, n: int, **columns: object) -> None:
        """Add n packets; each column is a scalar or an (n,) array.

        Raises:
            ValueError: a column is missing, unknown or of another length.
        """
        names = self._buffer.dtype.names or ()
        if set(columns) != set(names):
            raise ValueError(f"columns {sorted(columns)} given, {sorted(names)} needed")
        if self._file is None:
            return
        if self._used + n > len(self._buffer):
            self._flush()
            if n > len(self._buffer):
                self._buffer = np.empty(n, self._buffer.dtype)
        part = self._buffer[self._used : self._used + n]
        for name in names:
            part[name] = columns[name]
        self._used += n

    def close(self) -> None:
        """Write what is left; nothing can be added any more."""
        self._flush()
        if self._file is not None:
            self._file.close()

    def _flush(self) -> None:
        if self._file is not None:
            self._buffer[: self._used].tofile(self._file)
            if sys.platform == "linux":
                # nobody reads it before the end: the next pages are then these, and no new ones
                os.posix_fadvise(self._file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        self._used = 0


def read(path: Path, dtype: np.dtype[np.void]) -> NDArray[np.void]:
    """(packets,) records of a closed `PacketLog`.

    Raises:
        ValueError: the file does not end with a whole record.
    """
    if path.stat().st_size % dtype.itemsize:
        raise ValueError(f"{path}: is cut short")  # fromfile would leave the rest out silently
    return np.fromfile(path, dtype)


def save(path: Path, **arrays: NDArray[np.generic]) -> None:
    """Write arrays to an uncompressed .npz (the guest has no time to spare for more).

    Raises:
        ValueError: an array holds Python objects, which only a pickle could carry.
    """
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise ValueError(f"{name}: arrays of Python objects are not written")
    with path.open("wb") as file:
        # savez knows allow_pickle only from numpy 2.3 on; an older one would store it as an array
        named: dict[str, Any] = dict(arrays)
        np.savez(file, **named)


def load(path: Path) -> dict[str, NDArray[np.generic]]:
    """Read what `save` wrote."""
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
