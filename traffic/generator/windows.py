"""A cycle becomes windows of packets in the order in which they leave, impaired on the way.

Delays of the injector push packets past the end of their window; they wait here until a window
comes that lies behind them, so each packet is in exactly one window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from giaoban.clock import SECOND_NS
from giaoban.traffic.generator.cycle import Cycle
from giaoban.traffic.sender.injection import Fate

WINDOW, SMALLEST = 1024, 96
"""Packets prepared at a time, at the most and at the least. A packet that is due while a window is
prepared waits: for three pieces of work, each of some 0.05 ms and 0.2 µs a packet."""
WINDOW_S = 0.025
"""So much of a stream is prepared at a time where that is between the two."""
FOREVER = 2**62


Impairer = Callable[[NDArray[np.int64], NDArray[np.int64]], Fate]
"""One stream's `Injector.apply`: (n,) due, (n,) bytes of RTP of its next n packets."""


@dataclass(frozen=True)
class SendWindow:
    """n packets in order of leaving; sequence numbers are extended, timestamps 32 bits.

    Attributes, each (n,) but `lead` (n, LEAD_BYTES): as in `Cycle` and `Fate`; times are on the
    clock that the schedule began on.
    """

    stream: NDArray[np.int64]
    sequence: NDArray[np.int64]
    timestamp: NDArray[np.int64]
    marker: NDArray[np.bool_]
    size: NDArray[np.int64]
    lead: NDArray[np.uint8]
    key: NDArray[np.bool_]
    due_ns: NDArray[np.int64]
    leaving_ns: NDArray[np.int64]
    copies: NDArray[np.uint8]
    corrupted: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.stream)

    def take(self, which: NDArray[np.integer] | slice) -> Self:
        """Some of the packets."""
        return type(self)(**{f.name: getattr(self, f.name)[which] for f in fields(self)})

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Packets of several windows, one after another."""
        return cls(
            **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)}
        )


def window_size(packets_per_s: float) -> int:
    """How many packets to prepare at a time, for pacing first, and for speed at high rates."""
    return int(min(max(packets_per_s * WINDOW_S, SMALLEST), WINDOW))


def schedule(
    cycle: Cycle,
    start_ns: int,
    seconds: float,
    impairers: Sequence[Impairer] | None = None,
    size: int = WINDOW,
) -> Iterator[SendWindow | None]:
    """Every packet that is due within `seconds` of the start, once, in order of leaving.

    Args:
        start_ns: when the first cycle begins.
        impairers: one a stream; None: packets leave when they are due.
        size: packets laid out at a time. A window holds as many at the most, but for what was
            held back for longer, and may be empty.

    Yields:
        a window; or None after a piece of work of bounded length, when there is none yet.
    """
    first = np.array([[i.first_sequence, i.first_timestamp] for i in cycle.ids], np.int64)
    end_ns = start_ns + round(seconds * SECOND_NS)
    held: list[SendWindow] = []
    turn = 0
    while (began_ns := start_ns + turn * cycle.length_ns) < end_ns:
        for at in range(0, len(cycle.offset_ns), size):
            window = _laid_out(cycle, first, turn, began_ns, slice(at, at + size))
            if window.due_ns[-1] >= end_ns:
                window = window.take(np.flatnonzero(window.due_ns < end_ns))
            if impairers is not None:
                yield from _impair(window, impairers)
            # all that comes later is due at the next packet's time or after it
            last = at + size >= len(cycle.offset_ns)
            step = cycle.length_ns + cycle.offset_ns[0] if last else cycle.offset_ns[at + size]
            yield _leaving_before(window, held, began_ns + int(step))
        turn += 1
    while held:
        left = _leaving_before(held.pop(), held, FOREVER)
        for at in range(0, len(left), size):
            yield left.take(slice(at, at + size))


def _laid_out(
    cycle: Cycle, first: NDArray[np.int64], turn: int, began_ns: int, which: slice
) -> SendWindow:
    stream = cycle.stream[which]
    n = len(stream)
    due = began_ns + cycle.offset_ns[which]
    ticks = cycle.ticks[which] + turn * cycle.ticks_per_cycle[stream]
    return SendWindow(
        stream=stream,
        sequence=first[stream, 0] + cycle.nth[which] + turn * cycle.count[stream],
        timestamp=(first[stream, 1] + ticks) & 0xFFFFFFFF,
        marker=cycle.marker[which],
        size=cycle.size[which],
        lead=cycle.lead[which],
        key=cycle.key[which],
        due_ns=due,
        leaving_ns=due.copy(),
        copies=np.ones(n, np.uint8),
        corrupted=np.zeros(n, np.bool_),
    )


def _impair(window: SendWindow, impairers: Sequence[Impairer]) -> Iterator[None]:
    """Write the fates into the window, a stream at a time."""
    for stream in np.unique(window.stream):
        rows = np.flatnonzero(window.stream == stream)
        fate = impairers[stream](window.due_ns[rows], window.size[rows])
        window.leaving_ns[rows] = fate.leaving_ns
        window.copies[rows], window.corrupted[rows] = fate.copies, fate.corrupted
        yield None


def _leaving_before(window: SendWindow, held: list[SendWindow], horizon_ns: int) -> SendWindow:
    """What leaves before the horizon, of a window and of `held`; the rest is in `held` then."""
    if not held and bool(np.all(window.leaving_ns[1:] >= window.leaving_ns[:-1])):
        cut = int(np.searchsorted(window.leaving_ns, horizon_ns))
        if cut < len(window):
            held.append(window.take(slice(cut, None)))
        return window.take(slice(0, cut)) if cut < len(window) else window
    everything = type(window).joined([*held, window])
    everything = everything.take(np.argsort(everything.leaving_ns, kind="stable"))
    cut = int(np.searchsorted(everything.leaving_ns, horizon_ns))
    held[:] = [everything.take(slice(cut, None))] if cut < len(everything) else []
    return everything.take(slice(0, cut))
