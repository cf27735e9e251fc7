"""Packets leave when they are due: by the kernel where it can pace, else by the program's own loop.

Both pacers have the same face. The kernel's (SO_TXTIME and the `fq` queueing discipline) is exact
to a microsecond and takes packets long before they are due; the loop's holds copies and lets them
go at the first wake-up after they are due, for machines and interfaces without `fq` (loopback).
"""

from __future__ import annotations

import time
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic.batch import SOCKADDR_IN, SendBatch

FREE = 2**63 - 1
"""Time of a place that holds no packet."""
ROOM = 8192
"""Places of a loop's pacer before it grows, which costs it milliseconds: 71 calls' key frames."""


class Pacer(Protocol):
    """Takes datagrams with the times at which they are to leave."""

    late: int
    """Packets that left, or were handed to the kernel, more than `tolerance_ns` after due."""
    worst_late_ns: int
    unsendable: int
    """Packets that the kernel did not take: no way there, or its buffer was full."""

    def send(
        self,
        fd: int,
        batch: SendBatch,
        lengths: NDArray[np.int64],
        times_ns: NDArray[np.int64],
        destinations: NDArray[np.void],
    ) -> None:
        """Take the first `len(lengths)` rows of `batch`: bytes of each, CLOCK_MONOTONIC, where to.

        The rows may be written again at once.
        """

    def flush(self, now_ns: int) -> None:
        """Let go of what is due; a loop calls it at every wake-up."""

    def forget(self, fd: int) -> None:
        """Drop what waits for a socket that is about to be closed."""


class KernelPacer:
    """Hands everything to the kernel at once, each packet with its own time."""

    def __init__(self, tolerance_ns: int = 0) -> None:
        self.late = self.worst_late_ns = self.unsendable = 0
        self._tolerance_ns = tolerance_ns
        self._handed_over: list[NDArray[np.int64]] = []

    def send(
        self,
        fd: int,
        batch: SendBatch,
        lengths: NDArray[np.int64],
        times_ns: NDArray[np.int64],
        destinations: NDArray[np.void],
    ) -> None:
        if len(lengths):
            self._handed_over.append(times_ns)
            self.unsendable += batch.send(fd, lengths, times_ns, destinations, skip_unsendable=True)

    def flush(self, now_ns: int) -> None:
        """Count what was handed over after it was due: one look at the clock a wake-up."""
        if not self._handed_over:
            return
        now_ns = time.monotonic_ns()
        for times_ns in self._handed_over:
            behind = now_ns - times_ns
            self.late += int(np.count_nonzero(behind > self._tolerance_ns))
            self.worst_late_ns = max(self.worst_late_ns, int(behind.max()))
        self._handed_over.clear()

    def forget(self, fd: int) -> None:
        """Nothing waits here."""


class LoopPacer:
    """Holds packets until they are due; its grain is the owner's time between two wake-ups.

    One system call a socket and flush. A packet is late when it leaves more than `tolerance_ns`
    after it was due: one frame of audio, by which a listener's buffer is surely behind.
    """

    def __init__(self, max_bytes: int, tolerance_ns: int = 20_000_000) -> None:
        self.late = self.worst_late_ns = self.unsendable = 0
        self._tolerance_ns = tolerance_ns
        self._held = SendBatch(ROOM, max_bytes)
        self._length = np.zeros(ROOM, np.int64)
        self._time_ns = np.full(ROOM, FREE, np.int64)
        self._fd = np.full(ROOM, -1, np.int64)
        self._to = np.zeros(ROOM, SOCKADDR_IN)
        self._number = np.zeros(ROOM, np.int64)
        self._taken = 0
        self._free = np.arange(ROOM)[::-1].copy()
        self._n_free = ROOM
        """The first so many of `_free` are places that hold nothing; the last of them is next."""
        self._reach = 0
        """Places from here on have never held anything: the next one is a low one where it can."""

    def send(
        self,
        fd: int,
        batch: SendBatch,
        lengths: NDArray[np.int64],
        times_ns: NDArray[np.int64],
        destinations: NDArray[np.void],
    ) -> None:
        n = len(lengths)
        if not n:
            return
        at = self._places(n)
        width = int(lengths.max())
        self._held.data[at, :width] = batch.data[:n, :width]
        self._length[at], self._time_ns[at], self._fd[at] = lengths, times_ns, fd
        self._to[at] = destinations
        self._number[at] = self._taken + np.arange(n)
        self._taken += n

    def flush(self, now_ns: int) -> None:
        """Send what is due at `now_ns`, in order of time within a socket."""
        if self._n_free == len(self._length):
            return
        due = np.flatnonzero(self._time_ns[: self._reach] <= now_ns)
        if not len(due):
            return
        times, fds = self._time_ns[due], self._fd[due]
        worst_ns = now_ns - int(times.min())
        if worst_ns > self._tolerance_ns:
            self.late += int(np.count_nonzero(now_ns - times > self._tolerance_ns))
        self.worst_late_ns = max(self.worst_late_ns, worst_ns)
        due = due[np.lexsort((self._number[due], times, fds))]
        fds = self._fd[due]
        edges = np.flatnonzero(fds[1:] != fds[:-1]) + 1
        for rows in np.split(due, edges) if len(edges) else (due,):
            fd, lengths, to = int(self._fd[rows[0]]), self._length[rows], self._to[rows]
            self.unsendable += self._held.send(
                fd, lengths, None, to, rows=rows, skip_unsendable=True
            )
        self._let_go(due)

    def forget(self, fd: int) -> None:
        self._let_go(np.flatnonzero(self._fd == fd))

    def _let_go(self, at: NDArray[np.intp]) -> None:
        self._time_ns[at], self._fd[at] = FREE, -1
        self._free[self._n_free : self._n_free + len(at)] = at
        self._n_free += len(at)

    def _places(self, n: int) -> NDArray[np.intp]:
        """So many places that hold nothing, no longer free."""
        while self._n_free < n:
            self._grow()
        self._n_free -= n
        at = self._free[self._n_free : self._n_free + n].copy()
        self._reach = max(self._reach, int(at.max()) + 1)
        return at

    def _grow(self) -> None:
        """Twice the room."""
        room = len(self._length)
        held, self._held = self._held, SendBatch(2 * room, self._held.data.shape[1])
        self._held.data[:room] = held.data
        blank = {"_time_ns": FREE, "_fd": -1}
        for name in ("_length", "_time_ns", "_fd", "_to", "_number", "_free"):
            old = getattr(self, name)
            more = np.full_like(old, blank[name]) if name in blank else np.zeros_like(old)
            setattr(self, name, np.concatenate([old, more]))
        self._free[self._n_free : self._n_free + room] = np.arange(room, 2 * room)
        self._n_free += room
