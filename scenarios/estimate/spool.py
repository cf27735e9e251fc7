"""Records of many streams or hops: in memory while they are few, beyond that in a file.

The file has no name: it vanishes with the process that has it open, however that ends.
"""

from __future__ import annotations

import tempfile
import weakref
from typing import IO

import numpy as np
from numpy.typing import NDArray

from giaoban.errors import InputError

MOST_BYTES = 64_000_000
"""So much of each kind of records is kept in memory, and written in one go."""


class Spool:
    """Records by number, each number's in the order in which they were added."""

    def __init__(self, dtype: np.dtype[np.void], numbers: int) -> None:
        """`numbers`: of streams, say: 0 to one less than this."""
        self._dtype = dtype
        self._numbers = numbers
        self._held: dict[int, list[NDArray[np.void]]] = {}
        self._held_bytes = 0
        self._file: IO[bytes] | None = None
        self._records = 0
        self._edges: list[NDArray[np.int64]] = []
        """Of each time it was written out: where each number's records begin in the file."""

    def add(self, number: int, records: NDArray[np.void]) -> None:
        """More records of one number. They are not to be changed any more.

        Raises `InputError` if the folder for temporary files cannot hold them.
        """
        self._held.setdefault(number, []).append(records)
        self._held_bytes += records.nbytes
        if self._held_bytes > MOST_BYTES:
            try:
                self._write()
            except OSError as error:
                raise InputError(
                    f"{tempfile.gettempdir()}: packets cannot be kept there until they are "
                    f"measured: {error.strerror} (allowed: another folder named by TMPDIR)"
                ) from None

    def read(self, number: int) -> NDArray[np.void]:
        """(n,) all records of one number."""
        parts = []
        for edges in self._edges:
            first, count = int(edges[number]), int(edges[number + 1] - edges[number])
            if count:
                parts.append(self._stored(first, count))
        parts += self._held.get(number, [])
        if len(parts) == 1:
            return parts[0]
        return np.concatenate(parts) if parts else np.empty(0, self._dtype)

    def close(self) -> None:
        """Forget everything."""
        self._held, self._edges = {}, []
        if self._file is not None:
            self._file.close()

    @property
    def stored_bytes(self) -> int:
        """Bytes in the file."""
        return self._records * self._dtype.itemsize

    def _write(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="giaoban-")  # noqa: SIM115
            weakref.finalize(self, self._file.close)
        self._file.seek(self.stored_bytes)
        counts = np.zeros(self._numbers + 1, np.int64)
        for number in sorted(self._held):
            for part in self._held[number]:
                counts[number + 1] += len(part)
                self._file.write(np.ascontiguousarray(part).view(np.uint8))
        self._file.flush()
        self._edges.append(self._records + np.cumsum(counts))
        self._records += int(counts.sum())
        self._held, self._held_bytes = {}, 0

    def _stored(self, first: int, count: int) -> NDArray[np.void]:
        assert self._file is not None
        size = self._dtype.itemsize
        self._file.seek(first * size)
        return np.frombuffer(self._file.read(count * size), self._dtype)
