"""What a line does to packets behind its queue: loses, delays, doubles and damages them.

As the kernel's netem does it (net/sched/sch_netem.c), with netem's own random numbers and the
emulation's seeds, so that the same packets in the same order meet the same fate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from giaoban.topology.impairments import (
    DIST_SCALE,
    FourState,
    GilbertElliott,
    LineImpairment,
    LineJitter,
    RandomLoss,
)

WORD = PROBABILITY_ONE = 0xFFFFFFFF
Draw = Callable[[], int]
"""The next 32 bits of a netem's generator."""


class NetemRandom:
    """One netem's generator."""

    def __init__(self, seed: int) -> None:
        """`seed`: TCA_NETEM_PRNG_SEED, 64 bits."""
        mixed = ((seed >> 32) ^ (seed << 10) ^ seed) & WORD
        self._s1 = mixed + 2 if mixed < 2 else mixed
        self._s2 = mixed + 8 if mixed < 8 else mixed
        self._s3 = mixed + 16 if mixed < 16 else mixed
        self._s4 = mixed + 128 if mixed < 128 else mixed

    def draw(self) -> int:
        """The next 32 bits."""
        s1, s2, s3, s4 = self._s1, self._s2, self._s3, self._s4
        s1 = ((s1 & 0xFFFFFFFE) << 18 & WORD) ^ (((s1 << 6 & WORD) ^ s1) >> 13)
        s2 = ((s2 & 0xFFFFFFF8) << 2 & WORD) ^ (((s2 << 2 & WORD) ^ s2) >> 27)
        s3 = ((s3 & 0xFFFFFFF0) << 7 & WORD) ^ (((s3 << 13 & WORD) ^ s3) >> 21)
        s4 = ((s4 & 0xFFFFFF80) << 13 & WORD) ^ (((s4 << 3 & WORD) ^ s4) >> 12)
        self._s1, self._s2, self._s3, self._s4 = s1, s2, s3, s4
        return s1 ^ s2 ^ s3 ^ s4


@dataclass(frozen=True)
class NetemOutput:
    """Which packets come out, and when: `which` (m,) of the n that came, in order of `out_ns`."""

    which: NDArray[np.intp]
    out_ns: NDArray[np.int64]


@dataclass(frozen=True)
class LineSetting:
    """From a moment on the line does this."""

    from_ns: int
    what: LineImpairment
    seed: int


def seed_of(line_seed: int, changes: int) -> int:
    """As `giaoban.topology.emulation.impaired`: of the netem after so many changes."""
    digest = hashlib.blake2b(f"{line_seed} {changes}".encode(), digest_size=8)
    return int.from_bytes(digest.digest(), "little")


class LineEnd:
    """One direction's line; goes on from one call to the next.

    Attributes:
        lost, damaged, doubled: packets so far. What came in and what was doubled is what came out,
            was lost or was damaged.
    """

    def __init__(self, changes: list[LineSetting], *, own: bool, skip: int = 0) -> None:
        """`changes`: in order of time; before the first the line does nothing. `own`: it is the
        link's own loss, no impairment. `skip`: packets that met the first one before all others."""
        self.own = own
        self.lost = self.damaged = self.doubled = 0
        self._changes = changes
        self._skip = skip
        self._done = 0
        self._now: _Netem | None = None
        self._last_ns = 0

    def pass_on(self, at_ns: NDArray[np.int64]) -> NetemOutput:
        """Take n packets in the order in which they come, none before those of the last call."""
        which: list[NDArray[np.intp]] = []
        outs: list[NDArray[np.int64]] = []
        start = 0
        while start < len(at_ns):
            while self._done < len(self._changes) and (
                self._changes[self._done].from_ns <= at_ns[start]
            ):
                change = self._changes[self._done]
                self._now = None if change.what == LineImpairment() else _Netem(change)
                self._done += 1
                if self._now is not None and self._skip:
                    self._now.pass_on(np.zeros(self._skip, np.int64), 0)
                    self._skip = 0
            end = len(at_ns)
            if self._done < len(self._changes):
                end = int(np.searchsorted(at_ns, self._changes[self._done].from_ns))
            part = at_ns[start:end]
            if self._now is None:
                which.append(np.arange(start, end))
                # a packet waits for the one before it, which jitter may still delay
                outs.append(np.maximum(part, self._last_ns))
            else:
                places, times, counts = self._now.pass_on(part, self._last_ns)
                which.append(places + start)
                outs.append(times)
                self.lost += counts[0]
                self.damaged += counts[1]
                self.doubled += counts[2]
            if len(outs[-1]):
                self._last_ns = max(self._last_ns, int(outs[-1].max()))
            start = end
        found = np.concatenate(which) if which else np.zeros(0, np.intp)
        out_ns = np.concatenate(outs) if outs else np.zeros(0, np.int64)
        order = np.argsort(out_ns, kind="stable")
        return NetemOutput(found[order], out_ns[order])


class _Netem:
    """One netem from its configuration to the next."""

    def __init__(self, change: LineSetting) -> None:
        self._random = NetemRandom(change.seed)
        self._what = change.what
        self._loss = _loss(change.what.loss)
        jitter = change.what.jitter
        self._delay = None if jitter is None else _Delay(jitter)
        self._keeps_order = jitter is None or not jitter.reorder

    def pass_on(
        self, at_ns: NDArray[np.int64], last_ns: int
    ) -> tuple[NDArray[np.intp], NDArray[np.int64], tuple[int, int, int]]:
        """Places and times of what comes out, and how many were lost, damaged, doubled."""
        draw, loss, delay = self._random.draw, self._loss, self._delay
        double, corrupt = _scaled(self._what.duplicate), _scaled(self._what.corrupt)
        which: list[int] = []
        times: list[int] = []
        lost = damaged = doubled = 0

        def enqueue(place: int, now_ns: int, may_double: bool) -> None:
            nonlocal last_ns, lost, damaged, doubled
            count = 1
            if may_double and double and double >= draw():
                count += 1
            if loss is not None and loss.lose(draw):
                count -= 1
            if not count:
                lost += 1
                return
            if count > 1:
                doubled += 1
                enqueue(place, now_ns, False)
            bad = bool(corrupt) and corrupt >= draw()
            out_ns = now_ns if delay is None else now_ns + delay.ns(draw)
            if self._keeps_order:
                out_ns = max(out_ns, last_ns)
                last_ns = out_ns
            if bad:  # as good as always it dies of a checksum
                damaged += 1
                return
            which.append(place)
            times.append(out_ns)

        for place, now_ns in enumerate(at_ns.tolist()):
            enqueue(place, now_ns, True)
        return np.array(which, np.intp), np.array(times, np.int64), (lost, damaged, doubled)


def _scaled(probability: float) -> int:
    return round(probability * PROBABILITY_ONE)


class _Loss(Protocol):
    """netem's loss_event. What it knows is its own, nothing in a closure: a step of an estimate is
    undone by going back to a copy."""

    def lose(self, draw: Draw) -> bool:
        """Whether the next packet is lost."""


def _loss(loss: RandomLoss | GilbertElliott | FourState | None) -> _Loss | None:
    if loss is None:
        return None
    if isinstance(loss, RandomLoss):
        return _RandomLoss(loss) if _scaled(loss.p) else None
    if isinstance(loss, GilbertElliott):
        return _GilbertElliott(loss)
    return _FourState(loss)


class _RandomLoss:
    def __init__(self, loss: RandomLoss) -> None:
        self._p = _scaled(loss.p)

    def lose(self, draw: Draw) -> bool:
        return self._p >= draw()


class _GilbertElliott:
    """loss_gilb_ell: the state moves, then the packet meets the loss of the state it was in."""

    def __init__(self, loss: GilbertElliott) -> None:
        self._p, self._r = _scaled(loss.p), _scaled(loss.r)
        self._h, self._k1 = PROBABILITY_ONE - _scaled(loss.loss_bad), _scaled(loss.loss_good)
        self._good = True

    def lose(self, draw: Draw) -> bool:
        if self._good:
            if draw() < self._p:
                self._good = False
            return draw() < self._k1
        if draw() < self._r:
            self._good = True
        return draw() > self._h


class _FourState:
    """loss_4state: 1 received, 2 received within a burst, 3 lost within it, 4 lost alone."""

    def __init__(self, loss: FourState) -> None:
        self._p14, self._p32 = _scaled(loss.p14), _scaled(loss.p32)
        self._p13 = min(_scaled(loss.p13), PROBABILITY_ONE - self._p14)
        self._p31 = min(_scaled(loss.p31), PROBABILITY_ONE - self._p32)
        self._p23 = _scaled(loss.p23)
        self._state = 1

    def lose(self, draw: Draw) -> bool:
        rnd = draw()
        if self._state == 1:
            if rnd < self._p14:
                self._state = 4
                return True
            if self._p14 < rnd < self._p13 + self._p14:
                self._state = 3
                return True
            return False
        if self._state == 2:
            if rnd < self._p23:
                self._state = 3
                return True
            return False
        if self._state == 3:
            if rnd < self._p32:
                self._state = 2
            elif self._p32 < rnd < self._p31 + self._p32:
                self._state = 1
            elif self._p31 + self._p32 < rnd:
                return True
            return False
        self._state = 1
        return False


class _Delay:
    """netem's tabledist."""

    def __init__(self, jitter: LineJitter) -> None:
        self._table, self._scale, self._offset = jitter.table, jitter.scale_ns, jitter.offset_ns

    def ns(self, draw: Draw) -> int:
        """The next packet's."""
        if not self._scale:
            return self._offset
        entry = self._table[draw() % len(self._table)]
        rest = (self._scale % DIST_SCALE) * entry
        rest += DIST_SCALE // 2 if rest >= 0 else -(DIST_SCALE // 2)
        return int(rest / DIST_SCALE) + (self._scale // DIST_SCALE) * entry + self._offset
