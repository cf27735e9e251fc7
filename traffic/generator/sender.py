"""The sender's loop: a clock, a `sendmmsg` of whatever is due, and the next window in the gaps."""

from __future__ import annotations

import ctypes
import errno
import gc
import os
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from giaoban.errors import InputError, strerror
from giaoban.traffic.batch import MAX_MESSAGES, sendmmsg
from giaoban.traffic.generator.lateness import Lateness
from giaoban.traffic.generator.slots import Slot
from giaoban.traffic.generator.windows import SendWindow
from giaoban.traffic.log import PacketLog

READY, ENOUGH = 8, 4
"""Places for windows; with fewer than ENOUGH ready the next is made even if a packet has to wait
for it."""
WORK_NS = 150_000
"""A gap that is longer holds a piece of work."""
SPIN_NS = 200_000
"""The last part of a gap is spent looking at the clock: a sleeper wakes up late, by some 60 µs
where nothing else runs."""
LONGEST_SLEEP_NS = 50_000_000
GIVE_UP_NS = 1_000_000_000
"""A stream a second behind is no stream any more."""
AHEAD_PACKETS, AHEAD_NS = 48, 20_000_000
"""What the kernel is given before it is due: `fq` drops what is beyond 100 packets a flow
(tc-fq(8), flow_limit)."""
NOT_SENT = 0
"""When a datagram left that the kernel refused."""
REFUSED = (errno.ENOBUFS, errno.EAGAIN)
CANNOT = (errno.EACCES, errno.EPERM, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EMSGSIZE)

Clock = Callable[[], int]
Sleep = Callable[[float], None]


@dataclass
class Sent:
    """What was done so far.

    Attributes:
        datagrams: taken by the kernel, `bytes` in all (RTP).
        refused: not taken by the kernel.
        removed, duplicated, corrupted: packets, by the injector, of those whose time came.
        lateness: from each datagram's leaving time to the end of its `sendmmsg`: not less than its
            true lateness, unless the kernel held it.
        calls: of `sendmmsg`.
        gave_up: it was a second behind.
    """

    datagrams: int = 0
    bytes: int = 0
    refused: int = 0
    removed: int = 0
    duplicated: int = 0
    corrupted: int = 0
    calls: int = 0
    first_ns: int = 0
    last_ns: int = 0
    gave_up: bool = False
    lateness: Lateness = field(default_factory=Lateness)


class Sender:
    """Sends windows on a socket until they are used up, or `stop` says so."""

    def __init__(
        self,
        fd: int,
        windows: Iterator[SendWindow | None],
        slots: list[Slot],
        log: PacketLog | None = None,
        *,
        kernel_paces: bool = False,
        clock: Clock = time.monotonic_ns,
        sleep: Sleep = time.sleep,
    ) -> None:
        """`slots`: READY of them or more; `fd`: a blocking UDP socket."""
        self.sent = Sent()
        self._fd, self._windows, self._log = fd, windows, log
        self._free, self._ready = deque(slots), deque[Slot]()
        self._kernel_paces = kernel_paces
        self._clock, self._sleep = clock, sleep
        self._more = True
        self._next: SendWindow | None = None
        self._gone = deque[tuple[Slot, list[int], list[int], int]]()

    def prepare(self) -> None:
        """Lay out as much as there is room for, before the first packet is due."""
        while self._more and self._free:
            self._work()

    def run(self, stop: Callable[[], bool]) -> Sent:
        """Send it all. `stop` is asked before every system call; what it ends stays true.

        Raises:
            InputError: the kernel has no way to the target, or may not send there.
        """
        gc.collect()
        gc.freeze()
        gc.disable()
        try:
            while not stop():
                if self._ready:
                    if not self._send(self._ready.popleft(), stop):
                        break
                elif not self._work():
                    break
        finally:
            gc.enable()
            gc.unfreeze()
        while self._gone:
            self._account(*self._gone.popleft())
        return self.sent

    def _work(self) -> bool:
        """A piece of work that no packet is to wait for long; False if there is none.

        The oldest window that is sent is counted, or the next one laid out, or it is put in its
        place: one of them at a time.
        """
        if self._gone:
            self._account(*self._gone.popleft())
            return True
        if self._next is not None:
            if not self._free:
                return False
            slot = self._free.popleft()
            slot.load(self._next)
            self._ready.append(slot)
            self._next = None
            return True
        if not self._more:
            return False
        window = next(self._windows, _END)
        if isinstance(window, _End):
            self._more = False
        elif window is not None and len(window):
            self._next = window
        return True

    def _send(self, slot: Slot, stop: Callable[[], bool]) -> bool:
        """One window; False if it was not sent to its end."""
        due = self._handed_over(slot.leaving_ns)
        total, at = len(due), 0
        reached: list[int] = []
        after: list[int] = []
        clock, fd, begin = self._clock, self._fd, slot.address(0)
        step = slot.address(1) - begin
        whole = True
        while at < total:
            if stop():
                whole = False
                break
            now = clock()
            upto = bisect_right(due, now, at)
            if upto > at:
                if now - due[at] > GIVE_UP_NS:
                    self.sent.gave_up, whole = True, False
                    break
                count = min(upto - at, MAX_MESSAGES)
                done = sendmmsg(fd, begin + at * step, count, 0)
                if done > 0:
                    at += done
                    reached.append(at)
                    after.append(clock())
                else:
                    passed = self._not_taken(ctypes.get_errno())
                    if passed:
                        at += passed
                        reached.append(at)
                        after.append(NOT_SENT)
                continue
            gap = due[at] - now
            if (gap > WORK_NS or len(self._ready) < ENOUGH) and self._work():
                continue
            if gap > SPIN_NS:
                self._sleep(min(gap - SPIN_NS, LONGEST_SLEEP_NS) / 1e9)
        self._gone.append((slot, reached, after, at))
        return whole

    def _handed_over(self, leaving_ns: list[int]) -> list[int]:
        """When each is given to the kernel."""
        if not self._kernel_paces:
            return leaving_ns
        before = [leaving_ns[0] - AHEAD_NS] * AHEAD_PACKETS + leaving_ns[:-AHEAD_PACKETS]
        return [
            max(given, at - AHEAD_NS)
            for given, at in zip(before[: len(leaving_ns)], leaving_ns, strict=True)
        ]

    def _not_taken(self, code: int) -> int:
        """How many datagrams to go on by, after an error."""
        if code == errno.EINTR:
            return 0
        if code in CANNOT:
            raise InputError(
                "the target cannot be sent to: {why} (allowed: one host's address to "
                "which this machine has a route)",
                why=strerror(code),
            )
        if code not in REFUSED:
            raise OSError(code, f"sendmmsg: {os.strerror(code)}")
        self.sent.refused += 1
        return 1

    def _account(self, slot: Slot, reached: list[int], after: list[int], at: int) -> None:
        """Count what a window's system calls did: how far each reached, and when it was done."""
        window, sent = slot.window, self.sent
        assert window is not None
        counts = np.array(reached, np.int64)
        counts[1:] -= counts[:-1].copy()
        done = np.array(after, np.int64).repeat(counts)
        rows = slot.row[: len(done)]
        if NOT_SENT in after:
            taken = np.flatnonzero(done != NOT_SENT)
            done, rows = done[taken], rows[taken]
        if len(done):
            sent.lateness.add(done - window.leaving_ns[rows])
            sent.datagrams += len(done)
            sent.bytes += int(window.size[rows].sum())
            sent.calls += len(after)
            sent.first_ns = sent.first_ns or int(done[0])
            sent.last_ns = int(done[-1])
        # packets whose time came; of one that is only half sent both copies count
        past = len(window) if at == len(slot) else int(slot.row[at])
        copies, corrupted = window.copies[:past], window.corrupted[:past]
        if past and (copies.min() != 1 or copies.max() != 1 or corrupted.any()):
            sent.removed += int(np.count_nonzero(copies == 0))
            sent.duplicated += int(np.count_nonzero(copies > 1))
            sent.corrupted += int(np.count_nonzero(corrupted & (copies > 0)))
        if self._log is not None:
            window = window.take(slice(0, past))
            self._log.append(
                past,
                stream=window.stream,
                sequence=window.sequence,
                timestamp=window.timestamp,
                due_ns=window.due_ns,
                leaving_ns=window.leaving_ns,
                size=window.size,
                copies=window.copies,
                corrupted=window.corrupted,
                key=window.key,
            )
        slot.window = None
        self._free.append(slot)


class _End:
    """No window is left."""


_END = _End()
