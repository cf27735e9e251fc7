"""Packets that come to one place in later steps of time."""

from __future__ import annotations

import numpy as np

from scenarios.estimate.network.packets import Packets, joined

MANY = 100_000
"""So many packets that wait for later steps are put apart by time."""
SLOT_NS = 200_000_000
"""By so much of it."""


class Waiting:
    """What was put, and is not due yet."""

    __slots__ = ("_later", "_parts")

    def __init__(self) -> None:
        self._parts: list[Packets] = []
        self._later: dict[int, list[Packets]] = {}
        """Slot of time → what comes then, and was put before all that is in `_parts`."""

    def put(self, packets: Packets) -> None:
        """At least one packet more."""
        self._parts.append(packets)

    def due(self, until_ns: int) -> Packets | None:
        """Take out what comes before a moment, in the order in which it was put."""
        parts = self._parts
        if self._later:
            slots = sorted(slot for slot in self._later if slot * SLOT_NS < until_ns)
            parts = [part for slot in slots for part in self._later.pop(slot)] + parts
        if not parts:
            return None
        packets = joined(parts)
        due = packets.at_ns < until_ns
        self._parts = []
        if due.all():
            return packets
        rest = packets.take(~due)
        if len(rest.at_ns) > MANY:
            self._put_apart(rest)
        else:
            self._parts.append(rest)
        return packets.take(due) if due.any() else None

    def _put_apart(self, packets: Packets) -> None:
        """So that not all of them are looked at in every step."""
        slots = packets.at_ns // SLOT_NS
        for slot in np.unique(slots).tolist():
            self._later.setdefault(slot, []).append(packets.take(slots == slot))
