"""SIP timer values (RFC 3261 §17, table 4) and an agenda of deadlines with a settled order."""

from __future__ import annotations

import heapq
from collections.abc import Hashable

T1_MS = 500.0
"""Estimate of the round trip."""
T2_MS = 4_000.0
"""Longest pause between retransmissions."""
T4_MS = 5_000.0
"""Longest time a message stays in the network."""
GIVE_UP_MS = 64 * T1_MS
"""Timers B, D, F, H, J, L and M over UDP."""
TRYING_AFTER_MS = 200.0
"""An INVITE that is not answered within this time gets a 100 (RFC 3261 §17.2.1)."""

SPARE = 64
"""So many deadlines that no longer hold may lie in an agenda, beside as many as hold."""


class Agenda[K: Hashable]:
    """Deadlines by key, in ms; equal deadlines come in the order they were set."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, K]] = []
        self._current: dict[K, tuple[float, int]] = {}
        self._count = 0

    def set(self, key: K, deadline_ms: float | None) -> None:
        """Set, move or (None) take away the deadline of a key."""
        if deadline_ms is None:
            self._current.pop(key, None)
            return
        if key in self._current and self._current[key][0] == deadline_ms:
            return
        self._count += 1
        self._current[key] = (deadline_ms, self._count)
        heapq.heappush(self._heap, (deadline_ms, self._count, key))
        if len(self._heap) > 2 * len(self._current) + SPARE:
            # Deadlines that moved lie in the heap until their time, which may be far away.
            self._heap = [(at, count, key) for key, (at, count) in self._current.items()]
            heapq.heapify(self._heap)

    def next_timeout(self) -> float | None:
        """The earliest deadline, None if there is none."""
        self._drop_stale()
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now_ms: float) -> K | None:
        """Take out the earliest key whose deadline has come, None if there is none."""
        self._drop_stale()
        if not self._heap or self._heap[0][0] > now_ms:
            return None
        key = heapq.heappop(self._heap)[2]
        del self._current[key]
        return key

    def __len__(self) -> int:
        return len(self._current)

    def _drop_stale(self) -> None:
        while self._heap:
            deadline_ms, count, key = self._heap[0]
            if self._current.get(key) == (deadline_ms, count):
                return
            heapq.heappop(self._heap)
