"""Records of many streams or hops: in memory while they are few, beyond that in a file.

The file has no name: it vanishes with the process that has it open, however that ends.
"""

from __future__ import annotations

import tempfile
import weakref
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from giaoban.errors import InputError

MOST_BYTES = 64_000_000
"""So much of each kind of records is kept in memory, and written in one go."""
READ_AT_ONCE = 16
"""Who reads a number's records goes on with the next one's, which lie behind them in the file."""


class _Block(NamedTuple):
    """Records of all numbers, one number's behind another's.

    `edges`: (numbers + 1,) where each number's begin, from the block's beginning.
    """

    first: int
    edges: NDArray[np.int32]


class Spool:
    """Records by number, each number's in the order in which they were added."""

    def __init__(self, dtype: np.dtype[np.void], numbers: int) -> None:
        """`numbers`: of streams, say: 0 to one less than this."""
        self._dtype = dtype
        self._numbers = numbers
        self._whole: list[tuple[NDArray[np.void], NDArray[np.int32]]] = []
        """Held of all numbers at once, before those in `_held`."""
        self._held: dict[int, list[NDArray[np.void]]] = {}
        self._held_bytes = 0
        self._file: IO[bytes] | None = None
        self._records = 0
        self._blocks: list[_Block] = []
        """Of each time it was written out."""
        self._read: tuple[range, list[tuple[NDArray[np.void], NDArray[np.int32]]]] = (range(0), [])
        """Numbers that were read at once, with their records and edges of every block."""

    def add(self, number: int, records: NDArray[np.void]) -> None:
        """More records of one number. They are not to be changed any more.

        Raises `InputError` if the folder for temporary files cannot hold them.
        """
        self._held.setdefault(number, []).append(records)
        self._has(records.nbytes)

    def add_all(self, records: NDArray[np.void], edges: NDArray[np.int64]) -> None:
        """More records of many numbers, in the order of these; not to be changed any more.

        `edges`: (numbers + 1,) where each number's begin. Raises as `add`.
        """
        if self._held:
            self._put_away()
        self._whole.append((records, edges.astype(np.int32)))
        self._has(records.nbytes)

    def read(self, number: int) -> NDArray[np.void]:
        """(n,) all records of one number."""
        parts = self._stored(number) if self._blocks else []
        for records, edges in self._whole:
            if edges[number] < edges[number + 1]:
                parts.append(records[edges[number] : edges[number + 1]])
        parts += self._held.get(number, [])
        if len(parts) == 1:
            return parts[0]
        return np.concatenate(parts) if parts else np.empty(0, self._dtype)

    def close(self) -> None:
        """Forget everything."""
        self._whole, self._held, self._blocks, self._read = [], {}, [], (range(0), [])
        if self._file is not None:
            self._file.close()

    @property
    def stored_bytes(self) -> int:
        """Bytes in the file."""
        return self._records * self._dtype.itemsize

    def _has(self, more_bytes: int) -> None:
        self._held_bytes += more_bytes
        if self._held_bytes > MOST_BYTES:
            self._put_away()

    def _put_away(self) -> None:
        try:
            self._write()
        except OSError as error:
            raise InputError(
                f"{tempfile.gettempdir()}: packets cannot be kept there until they are "
                f"measured: {error.strerror} (allowed: another folder named by TMPDIR)"
            ) from None

    def _write(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="giaoban-")  # noqa: SIM115
            weakref.finalize(self, self._file.close)
        self._file.seek(self.stored_bytes)
        for records, edges in self._whole:
            self._file.write(np.ascontiguousarray(records).view(np.uint8))
            self._wrote(edges)
        if self._held:
            counts = np.zeros(self._numbers + 1, np.int64)
            for number in sorted(self._held):
                for part in self._held[number]:
                    counts[number + 1] += len(part)
                    self._file.write(np.ascontiguousarray(part).view(np.uint8))
            self._wrote(np.cumsum(counts).astype(np.int32))
        self._file.flush()
        self._whole, self._held, self._held_bytes = [], {}, 0
        self._read = range(0), []

    def _wrote(self, edges: NDArray[np.int32]) -> None:
        self._blocks.append(_Block(self._records, edges))
        self._records += int(edges[-1])

    def _stored(self, number: int) -> list[NDArray[np.void]]:
        """A number's records in the file, of each block where there are any."""
        if number not in self._read[0]:
            self._read = self._read_from(number)
        numbers, stretches = self._read
        place = number - numbers.start
        return [
            records[edges[place] : edges[place + 1]]
            for records, edges in stretches
            if edges[place] < edges[place + 1]
        ]

    def _read_from(
        self, number: int
    ) -> tuple[range, list[tuple[NDArray[np.void], NDArray[np.int32]]]]:
        assert self._file is not None
        size = self._dtype.itemsize
        numbers = range(number, min(number + READ_AT_ONCE, self._numbers))
        stretches = []
        for first, edges in self._blocks:
            own = edges[numbers.start : numbers.stop + 1]
            if own[0] < own[-1]:
                self._file.seek((first + int(own[0])) * size)
                data = self._file.read(int(own[-1] - own[0]) * size)
                stretches.append((np.frombuffer(data, self._dtype), own - own[0]))
        return numbers, stretches
