"""When a bridge takes its call for dead, and when it dials again (Art. 16(2)d): pure, no I/O."""

from __future__ import annotations

import random
from typing import Literal

from giaoban.clock import NEVER_NS
from giaoban.traffic.profiles import DIAL_GRID_S, Recovery

GRID_NS = round(DIAL_GRID_S * 1e9)
MOST_DOUBLED = 6
"""Waits do not grow beyond 64 times the first."""
PASSING = (408, 480, 486, 500, 503, 504)
"""Refusals that may be another answer next time (RFC 3261 §21): nobody there, busy, out of order.
All others, such as 403 for one that the chair put out, are final."""


class Redialling:
    """One bridge's perseverance. Times are CLOCK_MONOTONIC in ns.

    A bridge that was in the meeting wants to be in it until `stop`. One that was refused before it
    ever was in it has its answer and does not dial again.
    """

    def __init__(
        self, recovery: Recovery | None, origin_ns: int, number: int = 0, seed: int = 0
    ) -> None:
        """`recovery`: None for a run in which nothing fails: nobody dials again by himself.
        `number`: of the bridge. `seed`: of the run, for moments that are drawn."""
        self._recovery = recovery
        self._grid_ns = origin_ns
        self._number = number
        self._seed = seed
        self._state: Literal["idle", "waiting", "calling", "standing"] = "idle"
        self._dial_ns = NEVER_NS
        self._heard_ns = 0
        self.was_in = False
        """Whether it ever was in the meeting."""
        self.attempts = 0
        """How often it has dialled again since its call was lost."""

    @property
    def dials_again(self) -> bool:
        """Whether it ever dials by itself."""
        return self._recovery is not None

    def calls(self, now_ns: int) -> None:
        """It dials, or is being dialled."""
        self._state = "calling"
        self._dial_ns = self._later(now_ns, self._more_ns())

    def stands(self, now_ns: int) -> None:
        """The call is up."""
        self._state, self._heard_ns = "standing", now_ns
        self.was_in, self.attempts = True, 0

    def hears(self, at_ns: int) -> None:
        """Something came from the MCU: RTP or RTCP."""
        self._heard_ns = max(self._heard_ns, at_ns)

    def ends(self, now_ns: int) -> None:
        """The call is over, and the bridge did not want that."""
        self._state, self._dial_ns = "waiting", self._later(now_ns, self._behind_ns())

    def refused(self, code: int | None) -> None:
        """An attempt came to nothing; `code` None: without an answer. The next one has its time."""
        lasting = code is not None and (not self.was_in or code not in PASSING)
        self._state = "idle" if lasting else "waiting"

    def stop(self) -> None:
        """It hangs up, or its power is gone."""
        self._state, self.attempts = "idle", 0

    @property
    def next_ns(self) -> int:
        """When `due` has something to say, if nothing happens until then."""
        if self._recovery is None or self._state == "idle":
            return NEVER_NS
        if self._state == "standing":
            return self._heard_ns + round(self._recovery.media_timeout_s * 1e9)
        return self._dial_ns

    def due(self, now_ns: int) -> Literal["lost", "dial"] | None:
        """What is to be done now: give the call up, or (instead of a pending attempt) dial."""
        if now_ns < self.next_ns:
            return None
        if self._state == "standing":
            return "lost"
        self.attempts += 1
        return "dial"

    def _behind_ns(self) -> int:
        """How much later than others the first attempt is."""
        if self._recovery is None or self._recovery.redial == "together":
            return 0
        if self._recovery.redial == "in-turn":
            return self._number * GRID_NS
        return round(self._draw() * self._recovery.redial_spread_s * 1e9)

    def _more_ns(self) -> int:
        """How much later than `redial_every_s` after this attempt the next one is."""
        if self._recovery is None or self._recovery.redial != "back-off":
            return 0
        most_s = self._recovery.redial_every_s * ((1 << min(self.attempts, MOST_DOUBLED)) - 1)
        return round(self._draw() * most_s * 1e9)

    def _draw(self) -> float:
        return random.Random(f"{self._seed}/{self._number}/{self.attempts}").random()

    def _later(self, now_ns: int, more_ns: int) -> int:
        if self._recovery is None:
            return NEVER_NS
        # on the grid of all dialling, so that a microsecond does not decide when media begin
        at_ns = now_ns + more_ns + round(self._recovery.redial_every_s * 1e9)
        return at_ns - (at_ns - self._grid_ns) % GRID_NS
