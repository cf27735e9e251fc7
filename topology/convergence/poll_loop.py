"""When a thread of BIRD's that waits in poll(2) wakes, and which of its timers fire then. Pure.

It waits whole milliseconds of its router's clock, one more than are left until its first timer
(`io_loop`, `birdloop_main`): it wakes up to a millisecond late. What comes on a socket wakes it
sooner, and all timers that are due by then fire.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import NamedTuple


class Timer(NamedTuple):
    """`every_ns`: it is due again so long after it was due; None: once."""

    due_ns: int
    action: Callable[[int], None]
    every_ns: int | None


@dataclass
class PollLoop:
    """All moments in ns of the network's time.

    Attributes:
        millisecond_ns: how long a millisecond of the router's clock is.
        awake_ns: when it was last awake.
        wakes_ns: when it will be by itself, once `waits` was asked; None: not without a packet.
    """

    millisecond_ns: int
    awake_ns: int
    wakes_ns: int | None = None
    _timers: dict[Hashable, Timer] = field(default_factory=dict)

    def start(
        self,
        key: Hashable,
        due_ns: int,
        action: Callable[[int], None],
        every_ns: int | None = None,
    ) -> None:
        """The timer of that key is due then, and at no other moment."""
        self._timers[key] = Timer(due_ns, action, every_ns)

    def stop(self, key: Hashable) -> None:
        """It is not due any more. Who waits for it already wakes all the same."""
        self._timers.pop(key, None)

    def wake(self, now_ns: int) -> None:
        """It is awake, and does what is due, the earliest first."""
        self.awake_ns = now_ns
        while (key := self._first()) is not None:
            due_ns, action, every_ns = self._timers[key]
            if due_ns > now_ns:
                return
            if every_ns is None:
                del self._timers[key]
            else:
                next_ns = due_ns + every_ns
                next_ns = now_ns + every_ns if next_ns <= now_ns else next_ns
                self._timers[key] = Timer(next_ns, action, every_ns)
            action(now_ns)

    def waits(self) -> int | None:
        """It has done all, and waits: when it wakes by itself."""
        key = self._first()
        if key is None:
            self.wakes_ns = None
        else:
            left = max(0, self._timers[key].due_ns - self.awake_ns) // self.millisecond_ns
            self.wakes_ns = self.awake_ns + (left + 1) * self.millisecond_ns
        return self.wakes_ns

    def _first(self) -> Hashable | None:
        first, first_ns = None, 0
        for key, timer in self._timers.items():
            if first is None or timer.due_ns < first_ns:
                first, first_ns = key, timer.due_ns
        return first
