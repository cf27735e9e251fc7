"""The sender's loop: a clock, the packets that are due, and the next window in the gaps."""

from __future__ import annotations

import errno
import gc
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from giaoban.traffic.generator.calls import SendWindow
from giaoban.traffic.generator.outputs import Send
from giaoban.traffic.lateness import Lateness

READY = 4
"""Windows laid out ahead."""
WORK_NS = 500_000
"""A gap that is longer holds a piece of work."""
SPIN_NS = 200_000
"""Of a gap before the next packet the last part is spent looking at the clock: a sleeper wakes up
late, by some 60 µs where nothing else runs."""
LONGEST_SLEEP_NS = 50_000_000
GIVE_UP_NS = 1_000_000_000
"""A stream a second behind is given up."""
REFUSED = (errno.ENOBUFS, errno.EAGAIN, errno.ECONNREFUSED)


@dataclass
class Sent:
    """Counts of a sending; `lateness` is from each packet's leaving time to the end of its system
    call."""

    packets: int = 0
    bytes: int = 0
    refused: int = 0
    first_ns: int = 0
    last_ns: int = 0
    gave_up: bool = False
    lateness: Lateness = field(default_factory=Lateness)

    @property
    def packets_per_s(self) -> float:
        """The measured rate; 0 of fewer than two packets."""
        took_ns = self.last_ns - self.first_ns
        return (self.packets - 1) * 1e9 / took_ns if took_ns else 0.0


def send(windows: Iterator[SendWindow | None], out: Send, stop: Callable[[], bool]) -> Sent:
    """Send all windows when their packets are due, or until `stop` returns true."""
    sent, ready = Sent(), deque[SendWindow]()
    gc.collect()
    gc.disable()
    try:
        while _prepare(windows, ready) and len(ready) < READY:
            pass
        while ready or _prepare(windows, ready):
            if ready and not _send_window(ready.popleft(), out, sent, stop, windows, ready):
                break
    finally:
        gc.enable()
    return sent


def _prepare(windows: Iterator[SendWindow | None], ready: deque[SendWindow]) -> bool:
    """Do one piece of work on the next window; False if there is none."""
    for window in windows:
        if window is not None and len(window.lengths):
            ready.append(window)
        return True
    return False


def _send_window(
    window: SendWindow,
    out: Send,
    sent: Sent,
    stop: Callable[[], bool],
    windows: Iterator[SendWindow | None],
    ready: deque[SendWindow],
) -> bool:
    """Return False if it was not sent to its end."""
    due, sizes = window.times_ns.tolist(), window.lengths.tolist()
    rows = [row[:size].tobytes() for row, size in zip(window.data, sizes, strict=True)]
    after: list[int] = []
    whole = True
    while len(after) < len(due):
        at, now_ns = len(after), time.monotonic_ns()
        if stop() or now_ns - due[at] > GIVE_UP_NS:
            sent.gave_up, whole = not stop(), False
            break
        upto = bisect_right(due, now_ns, at)
        for row in rows[at:upto]:
            try:
                out(row)
            except OSError as error:
                if error.errno not in REFUSED:
                    raise
                sent.refused += 1
            after.append(time.monotonic_ns())
        if upto > at:
            continue
        gap_ns = due[at] - now_ns
        if gap_ns > WORK_NS and len(ready) < READY and _prepare(windows, ready):
            continue
        if gap_ns > SPIN_NS:
            time.sleep(min(gap_ns - SPIN_NS, LONGEST_SLEEP_NS) / 1e9)
    if after:
        sent.lateness.add(np.array(after) - window.times_ns[: len(after)])
        sent.packets += len(after)
        sent.bytes += sum(sizes[: len(after)])
        sent.first_ns, sent.last_ns = sent.first_ns or after[0], after[-1]
    return whole
