"""Packets as arrays: where and when they are, and whose."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Packets(NamedTuple):
    """n packets at one place.

    Attributes:
        at_ns: (n,) int64, when they come there.
        size: (n,) int32, bytes on the wire.
        flow: (n,) int32, number of the flow (see `flows`).
        seq: (n,) int64, which packet of the flow: its extended sequence number.
    """

    at_ns: NDArray[np.int64]
    size: NDArray[np.int32]
    flow: NDArray[np.int32]
    seq: NDArray[np.int64]

    def __deepcopy__(self, memo: dict[int, object]) -> Packets:
        """Packets never change."""
        return self

    def take(self, which: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Packets:
        """Some of them."""
        return Packets(self.at_ns[which], self.size[which], self.flow[which], self.seq[which])


def joined(parts: list[Packets]) -> Packets:
    """All of them, in their order."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Packets(
            np.zeros(0, np.int64),
            np.zeros(0, np.int32),
            np.zeros(0, np.int32),
            np.zeros(0, np.int64),
        )
    return Packets(*(np.concatenate(column) for column in zip(*parts, strict=True)))


MANY = 100_000
"""So many packets that wait for later steps are put apart by time."""
SLOT_NS = 200_000_000
"""By so much of it."""


MANY_PARTS = 32
"""So many parts that wait for later steps are one from then on."""


class PendingPackets:
    """What was put, and is not due yet."""

    __slots__ = ("_later", "_parts")

    def __init__(self) -> None:
        self._parts: list[Packets] = []
        self._later: dict[int, list[Packets]] = {}
        """Slot of time → what comes then, and was put before all that is in `_parts`."""

    def __deepcopy__(self, memo: dict[int, object]) -> PendingPackets:
        """Packets never change: a copy shares them."""
        other = PendingPackets()
        other._parts = list(self._parts)
        other._later = {slot: list(parts) for slot, parts in self._later.items()}
        return other

    def put(self, packets: Packets) -> None:
        """At least one packet more."""
        self._parts.append(packets)

    def due(self, until_ns: int) -> Packets | None:
        """Take out what comes before a moment, in the order in which it was put."""
        due = self.due_parts(until_ns)
        return joined(due) if due else None

    def due_parts(self, until_ns: int) -> list[Packets]:
        """The same in parts, each of at least one packet."""
        parts = self._parts
        if self._later:
            slots = sorted(slot for slot in self._later if slot * SLOT_NS < until_ns)
            parts = [part for slot in slots for part in self._later.pop(slot)] + parts
        due: list[Packets] = []
        rest: list[Packets] = []
        for part in parts:
            before = part.at_ns < until_ns
            many = int(np.count_nonzero(before))
            if many == len(before):
                due.append(part)
            elif not many:
                rest.append(part)
            elif before[:many].all():  # as it is where they are in order
                due.append(part.take(slice(None, many)))
                rest.append(part.take(slice(many, None)))
            else:
                due.append(part.take(before))
                rest.append(part.take(~before))
        self._parts = [joined(rest)] if len(rest) > MANY_PARTS else rest
        if sum(len(part.at_ns) for part in rest) > MANY:
            self._put_apart(joined(self._parts))
            self._parts = []
        return due

    def _put_apart(self, packets: Packets) -> None:
        """So that not all of them are looked at in every step."""
        slots = packets.at_ns // SLOT_NS
        for slot in np.unique(slots).tolist():
            self._later.setdefault(slot, []).append(packets.take(slots == slot))
