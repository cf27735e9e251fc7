"""What a line does to packets behind its queue: loses, delays, doubles and damages them.

As the kernel's netem does it (net/sched/sch_netem.c), with netem's own random numbers and the
emulation's seeds, so that the same packets in the same order meet the same fate.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from giaoban.shallow import shallow_copy
from giaoban.topology.lines.impairments import (
    DIST_SCALE,
    PROBABILITY_ONE,
    FourState,
    GilbertElliott,
    LineImpairment,
    LineJitter,
    RandomLoss,
    scaled,
)

WORD = 0xFFFFFFFF
Draw = Callable[[], int]
"""The next 32 bits of a netem's generator."""


class NetemRandom:
    """One netem's generator: the kernel's prandom_u32_state (lib/random32.c), taus113 by L'Ecuyer
    (1999)."""

    def __init__(self, seed: int) -> None:
        """`seed`: TCA_NETEM_PRNG_SEED, 64 bits."""
        mixed = ((seed >> 32) ^ (seed << 10) ^ seed) & WORD
        self._next = tuple(mixed + least if mixed < least else mixed for least in LEAST_SEEDS)
        self._numbers = np.zeros(0, np.uint32)
        self._drawn = 0

    def __deepcopy__(self, memo: dict[int, object]) -> NetemRandom:
        """No array that it holds is ever changed."""
        return shallow_copy(self)

    def draw(self) -> int:
        """The next 32 bits."""
        if self._drawn == len(self._numbers):
            self._numbers, self._next = _numbers(self._next)
            self._drawn = 0
        self._drawn += 1
        return int(self._numbers[self._drawn - 1])

    def ahead(self, n: int) -> NDArray[np.uint32] | None:
        """The next n times 32 bits, which stay to be taken; None: not so many were drawn yet."""
        end = self._drawn + n
        return self._numbers[self._drawn : end] if end <= len(self._numbers) else None

    def take(self, n: int) -> NDArray[np.uint32]:
        """The next n times 32 bits; not to be changed."""
        if (known := self.ahead(n)) is not None:
            self._drawn += n
            return known
        parts = []
        while n:
            if self._drawn == len(self._numbers):
                self._numbers, self._next = _numbers(self._next)
                self._drawn = 0
            parts.append(self._numbers[self._drawn : self._drawn + n])
            self._drawn += len(parts[-1])
            n -= len(parts[-1])
        return np.concatenate(parts) if parts else np.zeros(0, np.uint32)


_Words = NDArray[np.uint32]
LEAST_SEEDS = (2, 8, 16, 128)
COMPONENTS = (
    (6, 13, 0xFFFFFFFE, 18),
    (2, 27, 0xFFFFFFF8, 2),
    (13, 21, 0xFFFFFFF0, 7),
    (3, 12, 0xFFFFFF80, 13),
)
"""Of each of the four registers: s becomes (s & mask) << d ^ ((s << a) ^ s) >> b."""
DOUBLINGS = 14
"""2 to the power of this numbers are drawn at once."""


def _step(words: _Words, a: int, b: int, mask: int, d: int) -> _Words:
    """One register's next words."""
    shifted: _Words = ((words & np.uint32(mask)) << np.uint32(d)) ^ (
        ((words << np.uint32(a)) ^ words) >> np.uint32(b)
    )
    return shifted


class _Matrix:
    """A matrix over GF(2)."""

    def __init__(self, columns: _Words) -> None:
        """`columns`: (32,) of it."""
        self._columns = columns
        bits = np.arange(256)[:, None] >> np.arange(8) & 1
        self._tabled = [
            np.bitwise_xor.reduce(np.where(bits, own, np.uint32(0)), axis=1, dtype=np.uint32)
            for own in columns.reshape(4, 8)
        ]
        """Of each byte of a word what it adds, by its value."""

    def times(self, words: _Words) -> _Words:
        """It times each of the words."""
        product: _Words = self._tabled[0].take(words & np.uint32(0xFF))
        for byte in range(1, 4):
            product ^= self._tabled[byte].take(words >> np.uint32(8 * byte) & np.uint32(0xFF))
        return product

    def twice(self) -> _Matrix:
        """It times itself."""
        return _Matrix(self.times(self._columns))


@cache
def _steps_ahead() -> list[list[_Matrix]]:
    """Of each register the matrices that go 1, 2, 4 and so on steps ahead."""
    found = []
    for component in COMPONENTS:
        columns = _step(np.uint32(1) << np.arange(32, dtype=np.uint32), *component)
        matrices = [_Matrix(columns)]
        for _ in range(DOUBLINGS - 1):
            matrices.append(matrices[-1].twice())
        found.append(matrices)
    return found


@lru_cache(maxsize=512)
def _numbers(state: tuple[int, ...]) -> tuple[_Words, tuple[int, ...]]:
    """The next 2**DOUBLINGS numbers from a state on, and the state behind them.

    A register's word after so many steps is a matrix times its word now, so with the words of n
    steps come those of the n steps behind them.
    """
    drawn = np.zeros(1 << DOUBLINGS, np.uint32)
    after = []
    for word, matrices in zip(state, _steps_ahead(), strict=True):
        words = matrices[0].times(np.array([word], np.uint32))
        for ahead in matrices:
            words = np.concatenate([words, ahead.times(words)])
        drawn ^= words
        after.append(int(words[-1]))
    drawn.flags.writeable = False
    return drawn, tuple(after)


@dataclass(frozen=True)
class NetemOutput:
    """Which packets come out, and when: `which` (m,) of the n that came, in order of `out_ns`.
    None: all of them, at the moments at which they came."""

    which: NDArray[np.intp] | None
    out_ns: NDArray[np.int64]


@dataclass(frozen=True)
class LineSetting:
    """From a moment on the line does this."""

    from_ns: int
    what: LineImpairment
    seed: int

    def __deepcopy__(self, memo: dict[int, object]) -> LineSetting:
        """It never changes."""
        return self


AFTER_ANOTHER_NS = 1
"""So much later comes what waits for the packet before it. In the kernel both come at one moment,
in their order; here what comes to a hop at one moment is in that in which it was put into the
network, be it behind packets that are at later hops already."""


def _behind(at_ns: NDArray[np.int64], last_ns: int) -> NDArray[np.int64]:
    """When n packets come out that wait for what came out at `last_ns`, and for each other."""
    if not len(at_ns) or at_ns[0] > last_ns:
        return at_ns
    turn = AFTER_ANOTHER_NS * np.arange(1, len(at_ns) + 1)
    ahead: NDArray[np.int64] = np.maximum.accumulate(np.maximum(at_ns - turn, last_ns))
    return ahead + turn


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
        self._last_ns = -1

    def __deepcopy__(self, memo: dict[int, object]) -> LineEnd:
        """What is never changed is shared."""
        other = memo[id(self)] = shallow_copy(self)
        other._now = copy.deepcopy(self._now, memo)
        return other

    @property
    def equivalent(self) -> tuple[int, int]:
        """The least and the highest probability of loss with which the same would have become of
        all packets so far; of a line that loses at random and does nothing else. In netem's units:
        `PROBABILITY_ONE` is 1."""
        if self._now is None:  # nothing has come
            return 0, PROBABILITY_ONE
        loss = self._now.loss
        return loss.equivalent if isinstance(loss, _RandomLoss) else (0, 0)  # so small: none drawn

    def lose(self, loss: RandomLoss) -> None:
        """From now on its only figure, a loss at random, is this one."""
        [change] = self._changes
        self._changes = [replace(change, what=LineImpairment(loss=loss))]
        if self._now is not None:
            self._now.lose(loss)

    def pass_on(self, at_ns: NDArray[np.int64]) -> NetemOutput:
        """Take n packets in the order in which they come, none before those of the last call."""
        settled = self._done == len(self._changes) and len(at_ns) and at_ns[0] > self._last_ns
        if settled and self._now is not None and self._now.passes_all(len(at_ns)):
            self._last_ns = int(at_ns[-1])
            return NetemOutput(None, at_ns)
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
                    self._now.forget()
                    self._skip = 0
            end = len(at_ns)
            if self._done < len(self._changes):
                end = int(np.searchsorted(at_ns, self._changes[self._done].from_ns))
            part = at_ns[start:end]
            if self._now is None:
                which.append(np.arange(start, end))
                # a packet waits for the one before it, which jitter may still delay
                outs.append(_behind(part, self._last_ns))
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
        self.loss = _loss(change.what.loss)
        jitter = change.what.jitter
        self._delay = None if jitter is None else _Delay(jitter)
        self._keeps_order = jitter is None or not jitter.reorder
        self._only_loses = change.what == LineImpairment(loss=change.what.loss)

    def __deepcopy__(self, memo: dict[int, object]) -> _Netem:
        """What is never changed is shared."""
        other = memo[id(self)] = shallow_copy(self)
        other._random = copy.deepcopy(self._random, memo)
        other.loss = copy.deepcopy(self.loss, memo)
        return other

    def passes_all(self, many: int) -> bool:
        """Whether the next so many packets are seen to be spared where nothing but losses at random
        can befall them: then they are through. Else nothing was done."""
        loss = self.loss
        if not (self._only_loses and isinstance(loss, _RandomLoss)):
            return False
        drawn = self._random.ahead(many)
        if drawn is None or not loss.spares(drawn):
            return False
        self._random.take(many)
        return True

    def pass_on(
        self, at_ns: NDArray[np.int64], last_ns: int
    ) -> tuple[NDArray[np.intp], NDArray[np.int64], tuple[int, int, int]]:
        """Places and times of what comes out, and how many were lost, damaged, doubled."""
        if self._only_loses and isinstance(self.loss, _RandomLoss):
            return self._lose_at_random(self.loss, at_ns, last_ns)
        draw, loss, delay = self._random.draw, self.loss, self._delay
        double, corrupt = scaled(self._what.duplicate), scaled(self._what.corrupt)
        which: list[int] = []
        times: list[int] = []
        lost = damaged = doubled = 0
        before_ns = last_ns

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
                # without a delay a copy comes with its packet
                if out_ns < last_ns or (out_ns == last_ns and (delay or out_ns == before_ns)):
                    out_ns = last_ns + AFTER_ANOTHER_NS
                last_ns = out_ns
            if bad:  # as good as always it dies of a checksum
                damaged += 1
                return
            which.append(place)
            times.append(out_ns)

        for place, now_ns in enumerate(at_ns.tolist()):
            enqueue(place, now_ns, True)
        return np.array(which, np.intp), np.array(times, np.int64), (lost, damaged, doubled)

    def _lose_at_random(
        self, loss: _RandomLoss, at_ns: NDArray[np.int64], last_ns: int
    ) -> tuple[NDArray[np.intp], NDArray[np.int64], tuple[int, int, int]]:
        """`pass_on` of a netem that does nothing else: a number for each packet, all at once."""
        which = np.flatnonzero(~loss.lose_all(self._random.take(len(at_ns))))
        times = _behind(at_ns[which], last_ns)
        return which, times, (len(at_ns) - len(which), 0, 0)

    def lose(self, loss: RandomLoss) -> None:
        """See `LineEnd.lose`."""
        assert isinstance(self.loss, _RandomLoss)
        self._what = LineImpairment(loss=loss)
        self.loss.p = scaled(loss.p)

    def forget(self) -> None:
        """What became of packets so far is of no account."""
        if isinstance(self.loss, _RandomLoss):
            self.loss.equivalent = 0, PROBABILITY_ONE


class _Loss(Protocol):
    """netem's loss_event. What it knows is its own, nothing in a closure: a step of an estimate is
    undone by going back to a copy."""

    def lose(self, draw: Draw) -> bool:
        """Whether the next packet is lost."""


def _loss(loss: RandomLoss | GilbertElliott | FourState | None) -> _Loss | None:
    if loss is None:
        return None
    if isinstance(loss, RandomLoss):
        return _RandomLoss(loss) if scaled(loss.p) else None
    if isinstance(loss, GilbertElliott):
        return _GilbertElliott(loss)
    return _FourState(loss)


class _RandomLoss:
    def __init__(self, loss: RandomLoss) -> None:
        self.p = scaled(loss.p)
        self.equivalent = 0, PROBABILITY_ONE
        """See `LineEnd.equivalent`."""

    def __deepcopy__(self, memo: dict[int, object]) -> _RandomLoss:
        """All that it knows are numbers."""
        return shallow_copy(self)

    def lose(self, draw: Draw) -> bool:
        return bool(self.lose_all(np.array([draw()], np.uint32))[0])

    def spares(self, drawn: NDArray[np.uint32]) -> bool:
        """Whether none of n packets, at least one, is lost; then it knows of these numbers."""
        lowest = int(drawn.min())
        if lowest <= self.p:
            return False
        least, highest = self.equivalent
        self.equivalent = least, min(highest, lowest - 1)
        return True

    def lose_all(self, drawn: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Which of n packets are lost, by a number drawn for each."""
        lost = drawn <= self.p
        least, highest = self.equivalent
        if lost.any():
            least = max(least, int(drawn[lost].max()))
        if not lost.all():
            highest = min(highest, int(drawn[~lost].min()) - 1)
        self.equivalent = least, highest
        return lost


class _GilbertElliott:
    """loss_gilb_ell: the state moves, then the packet meets the loss of the state it was in."""

    def __init__(self, loss: GilbertElliott) -> None:
        self._p, self._r = scaled(loss.p), scaled(loss.r)
        self._h, self._k1 = PROBABILITY_ONE - scaled(loss.loss_bad), scaled(loss.loss_good)
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
        self._p14, self._p32 = scaled(loss.p14), scaled(loss.p32)
        self._p13 = min(scaled(loss.p13), PROBABILITY_ONE - self._p14)
        self._p31 = min(scaled(loss.p31), PROBABILITY_ONE - self._p32)
        self._p23 = scaled(loss.p23)
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
