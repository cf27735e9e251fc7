"""Records of many streams or hops: in memory while they are few, beyond that in a file.

The file has no name: it vanishes with the process that has it open, however that ends.
"""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from giaoban.files import writing

MOST_BYTES = 64_000_000
"""So much of each kind of records is kept in memory, and written in one go."""
READ_AT_ONCE, READ_BYTES = 16, 4_000_000
"""Who reads a number's records goes on with the next one's, which lie behind them in the file."""


class _Block(NamedTuple):
    """Records of some numbers, one number's behind another's.

    Attributes:
        number: the first of the numbers.
        edges: (numbers + 1,) where each number's begin, from the block's beginning.
        first: of the block's records, in the file.
        held: the records, as long as they are not in the file.
    """

    number: int
    edges: NDArray[np.int32]
    first: int
    held: NDArray[np.void] | None = None

    def of(self, numbers: range) -> tuple[range, NDArray[np.int32]]:
        """Those of the numbers that are here, and their edges."""
        start = max(numbers.start, self.number)
        stop = min(numbers.stop, self.number + len(self.edges) - 1)
        return range(start, stop), self.edges[start - self.number : stop - self.number + 1]


class _Read(NamedTuple):
    """What was read at once of one block."""

    numbers: range
    edges: NDArray[np.int32]
    records: NDArray[np.void]


def as_one(parts: list[NDArray[np.void]], dtype: np.dtype[np.void]) -> NDArray[np.void]:
    """All records of parts, in their order, only to be read: no copy where they lie behind one
    another in an array already."""
    if len(parts) == 1:
        return parts[0]
    base = parts[0].base if parts else None
    if isinstance(base, np.ndarray) and all(part.base is base for part in parts):
        base_at = _address(base)
        first = end = (_address(parts[0]) - base_at) // dtype.itemsize
        for part in parts:
            alike = part.dtype is base.dtype and part.flags.c_contiguous
            if not alike or _address(part) != base_at + end * dtype.itemsize:
                break
            end += len(part)
        else:
            return base[first:end]
    # to join records of several fields numpy looks at each field first
    return np.frombuffer(b"".join(parts), dtype)


def _address(records: NDArray[np.void]) -> int:
    address: int = records.ctypes.data
    return address


class Spool:
    """Records by number, each number's in the order in which they were added."""

    def __init__(self, dtype: np.dtype[np.void], numbers: int) -> None:
        """`numbers`: of streams, say: 0 to one less than this."""
        self._dtype = dtype
        self._numbers = numbers
        self._whole: list[_Block] = []
        """Held of many numbers at once, before those in `_held`."""
        self._held: dict[int, list[NDArray[np.void]]] = {}
        self._held_bytes = 0
        self._file: IO[bytes] | None = None
        self._records = 0
        self._blocks: list[_Block] = []
        """Of each time it was written out."""
        self._read: tuple[range, list[_Read]] = (range(0), [])
        """Numbers that were read at once, and what."""

    @property
    def in_memory(self) -> bool:
        """Whether nothing was written to a file."""
        return self._file is None

    def copy(self) -> Spool:
        """The same records, as long as they are in memory."""
        other = Spool(self._dtype, self._numbers)
        other._whole, other._held_bytes = list(self._whole), self._held_bytes
        other._held = {number: list(parts) for number, parts in self._held.items()}
        return other

    def add(self, number: int, records: NDArray[np.void]) -> None:
        """More records of one number. They are not to be changed any more.

        Raises `MachineLacks` if the folder for temporary files cannot hold them.
        """
        self._held.setdefault(number, []).append(records)
        self._has(records.nbytes)

    def add_all(self, records: NDArray[np.void], edges: NDArray[np.int64], number: int = 0) -> None:
        """More records of many numbers, in the order of these; not to be changed any more.

        `edges`: where the records of each number from `number` on begin, and where the last one's
        end. Raises as `add`.
        """
        if self._held:
            self._put_away()
        self._whole.append(_Block(number, edges.astype(np.int32), 0, records))
        self._has(records.nbytes)

    def read(self, number: int) -> NDArray[np.void]:
        """(n,) all records of one number; not to be changed."""
        return as_one(list(self.parts(number)), self._dtype)

    def parts(self, number: int) -> Iterator[NDArray[np.void]]:
        """All records of one number, part by part: there may be more than memory holds."""
        if self._blocks:
            yield from self._stored(number)
        for block in self._whole:
            assert block.held is not None
            numbers, edges = block.of(range(number, number + 1))
            if numbers and edges[0] < edges[1]:
                yield block.held[edges[0] : edges[1]]
        yield from self._held.get(number, [])

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
        with writing(Path(tempfile.gettempdir())):
            self._write()

    def _write(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="giaoban-")  # noqa: SIM115
            weakref.finalize(self, self._file.close)
        self._file.seek(self.stored_bytes)
        for block in self._whole:
            self._file.write(np.ascontiguousarray(block.held).view(np.uint8))
            self._wrote(block.number, block.edges)
        if self._held:
            counts = np.zeros(self._numbers + 1, np.int64)
            for number in sorted(self._held):
                for part in self._held[number]:
                    counts[number + 1] += len(part)
                    self._file.write(np.ascontiguousarray(part).view(np.uint8))
            self._wrote(0, np.cumsum(counts).astype(np.int32))
        self._file.flush()
        self._whole, self._held, self._held_bytes = [], {}, 0
        self._read = range(0), []

    def _wrote(self, number: int, edges: NDArray[np.int32]) -> None:
        self._blocks.append(_Block(number, edges, self._records))
        self._records += int(edges[-1])

    def _stored(self, number: int) -> Iterator[NDArray[np.void]]:
        """A number's records in the file, of each block where there are any."""
        numbers, found = self._read
        if number not in numbers:
            numbers = self._worth_reading(number)
            if len(numbers) == 1:  # there may be many
                yield from (read.records for read in self._reading(numbers))
                return
            found = list(self._reading(numbers))
            self._read = numbers, found
        for read in found:
            if number in read.numbers:
                place = number - read.numbers.start
                first, end = int(read.edges[place]), int(read.edges[place + 1])
                if first < end:
                    yield read.records[first:end]

    def _worth_reading(self, number: int) -> range:
        """This number and some that come next, unless that is much."""
        numbers = range(number, min(number + READ_AT_ONCE, self._numbers))
        many = sum(int(own[-1] - own[0]) for _, own in self._found(numbers))
        return numbers if many * self._dtype.itemsize <= READ_BYTES else range(number, number + 1)

    def _found(self, numbers: range) -> Iterator[tuple[range, NDArray[np.int32]]]:
        parts = (block.of(numbers) for block in self._blocks)
        return ((own, edges) for own, edges in parts if own)

    def _reading(self, numbers: range) -> Iterator[_Read]:
        assert self._file is not None
        size = self._dtype.itemsize
        for block in self._blocks:
            own, edges = block.of(numbers)
            if own and edges[0] < edges[-1]:
                self._file.seek((block.first + int(edges[0])) * size)
                data = self._file.read(int(edges[-1] - edges[0]) * size)
                yield _Read(own, edges - edges[0], np.frombuffer(data, self._dtype))
