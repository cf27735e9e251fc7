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

from giaoban.traffic.batch import MMSGHDR, SendBatch, send_messages

NEVER = 2**63 - 1
LEAST_ROOM_BITS = 5
"""Room of a batch in which packets wait: so many bits of a number, or more."""


class Pacer(Protocol):
    """Takes datagrams with the times at which they are to leave."""

    late: int
    """Packets that left, or were handed to the kernel, more than `tolerance_ns` after due."""
    worst_late_ns: int
    unsendable: int
    """Packets that the kernel did not take: no way there, or its buffer was full."""

    def borrow(self, room: int) -> SendBatch | None:
        """A batch for so many datagrams whose rows need not be copied if it comes with the next
        `send`, and are the pacer's from then on; None: it has none to lend."""

    def send(
        self,
        fd: int,
        batch: SendBatch,
        lengths: NDArray[np.int64],
        times_ns: NDArray[np.int64],
        destinations: NDArray[np.void],
    ) -> None:
        """Take the first `len(lengths)` rows of `batch`: bytes of each, CLOCK_MONOTONIC, where to.

        The rows may be written again at once, but for a borrowed batch's.
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

    def borrow(self, room: int) -> SendBatch | None:
        """None: nothing waits here."""
        return None

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


class _Queue:
    """Packets that wait for one socket.

    Attributes:
        times_ns: (n,) when each is due, ascending; equal ones in the order in which they came.
        messages: (n, words) MMSGHDR of them, as numbers of 64 bits: numpy moves records with
            fields one field after another.
        held: the batches that they are in, each with when the last of it is due.
    """

    def __init__(self) -> None:
        self.times_ns = np.empty(0, np.int64)
        self.messages = np.empty((0, MMSGHDR.itemsize // 8), np.uint64)
        self.held: list[tuple[int, SendBatch]] = []

    def put(self, times_ns: NDArray[np.int64], messages: NDArray[np.uint64]) -> None:
        """More packets, in any order."""
        if len(self.times_ns):
            times_ns = np.concatenate((self.times_ns, times_ns))
            messages = np.concatenate((self.messages, messages))
        if (times_ns[1:] < times_ns[:-1]).any():
            order = np.argsort(times_ns, kind="stable")
            times_ns, messages = times_ns[order], messages[order]
        self.times_ns, self.messages = times_ns, messages


class LoopPacer:
    """Holds packets until they are due; its grain is the owner's time between two wake-ups.

    One system call a socket and flush. A packet is late when it leaves more than `tolerance_ns`
    after it was due: one frame of audio, by which a listener's buffer is surely behind.
    """

    def __init__(self, max_bytes: int, tolerance_ns: int = 20_000_000) -> None:
        self.late = self.worst_late_ns = self.unsendable = 0
        self._max_bytes = max_bytes
        self._tolerance_ns = tolerance_ns
        self._queues: dict[int, _Queue] = {}
        """By socket."""
        self._spare: dict[int, list[SendBatch]] = {}
        """Batches in which nothing waits, by their room; the last one was used last."""
        self._lent: SendBatch | None = None

    def borrow(self, room: int) -> SendBatch | None:
        if self._lent is not None:
            self._spare[self._lent.capacity].append(self._lent)
        self._lent = self._take(room)
        return self._lent

    def _take(self, room: int) -> SendBatch:
        """A batch in which nothing waits."""
        room = 1 << max(LEAST_ROOM_BITS, (room - 1).bit_length())
        spare = self._spare.setdefault(room, [])
        return spare.pop() if spare else SendBatch(room, self._max_bytes)

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
        if batch is self._lent:
            held, self._lent = batch, None
        else:
            held, width = self._take(n), int(lengths.max())
            held.data[:n, :width] = batch.data[:n, :width]
        messages = held.prepare(lengths, None, destinations).view(np.uint64).reshape(n, -1)
        queue = self._queues.setdefault(fd, _Queue())
        queue.held.append((int(times_ns.max()), held))
        queue.put(times_ns.copy(), messages)

    def flush(self, now_ns: int) -> None:
        """Send what is due at `now_ns`, in order of time within a socket."""
        for fd, queue in sorted(self._queues.items()):
            times_ns = queue.times_ns
            due = int(times_ns.searchsorted(now_ns, "right"))
            if not due:
                continue
            worst_ns = now_ns - int(times_ns[0])
            if worst_ns > self._tolerance_ns:
                self.late += int(times_ns.searchsorted(now_ns - self._tolerance_ns))
            self.worst_late_ns = max(self.worst_late_ns, worst_ns)
            messages = queue.messages[:due]
            self.unsendable += send_messages(fd, messages, skip_unsendable=True)
            queue.times_ns, queue.messages = times_ns[due:], queue.messages[due:]
            self._let_go(queue, now_ns)
            if not len(queue.times_ns):
                del self._queues[fd]

    def forget(self, fd: int) -> None:
        if (queue := self._queues.pop(fd, None)) is not None:
            self._let_go(queue, NEVER)

    def _let_go(self, queue: _Queue, until_ns: int) -> None:
        """All that was due by then has left: the batches it was in are free."""
        for last_ns, batch in queue.held:
            if last_ns <= until_ns:
                self._spare[batch.capacity].append(batch)
        queue.held = [one for one in queue.held if one[0] > until_ns]
