"""Wrong passwords: counted by user and host, and answered later and later (NIST SP 800-63B §5.2.2).

While an answer is held back, no further proof for that user from that host is looked at, right or
wrong: who asks many times at once learns no more than who asks once. A device that has proved
itself is not hindered by others of its host. No account is ever locked, for that would lock out
its owner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mcu_sim.sip.message.answers import Peer

UNDELAYED = 2
"""So many wrong ones, as who mistypes a password makes, are answered at once."""
FIRST_MS, LONGEST_MS = 1_000.0, 8_000.0
"""How long the answer to the next one is held back, twice as long for each further one; well below
the 32 s after which a client gives up (RFC 3261 §17.1.2.2, timer F)."""
FORGOTTEN_MS = 600_000.0
MOST_GUESSERS, MOST_DEVICES = 1_024, 4_096


@dataclass(frozen=True, slots=True)
class WrongPassword:
    """A proof was wrong: the `count`th for this user from this host, answered only at `held_ms`
    after it came. `user` is what the peer wrote."""

    user: str
    host: str
    count: int
    held_ms: float


@dataclass(slots=True)
class _Guesser:
    count: int = 0
    at_ms: float = 0.0
    until_ms: float = 0.0


class Guesses:
    """All that guess at one element.

    Attributes:
        wrong: proofs that were wrong; `unheard`: proofs that were not looked at.
    """

    def __init__(self) -> None:
        self.wrong = self.unheard = 0
        self._guessers: dict[tuple[str, str], _Guesser] = {}
        # In the order in which they proved themselves last.
        self._devices: dict[tuple[str, Peer], None] = {}

    def waits_until(self, users: Sequence[str], source: Peer, now_ms: float) -> float | None:
        """Until when no proof for these users from there is looked at, None if one is now."""
        until_ms = now_ms
        for user in users:
            found = self._guessers.get((user, source.host))
            if found is not None and (user, source) not in self._devices:
                until_ms = max(until_ms, found.until_ms)
        if until_ms <= now_ms:
            return None
        self.unheard += 1
        return until_ms

    def note_wrong(self, user: str, source: Peer, now_ms: float) -> tuple[int, float]:
        """A wrong proof came: how many that makes, and when it is to be answered."""
        self.wrong += 1
        self._devices.pop((user, source), None)
        key = user, source.host
        found = self._guessers.get(key)
        if found is None or now_ms - found.at_ms > FORGOTTEN_MS:
            self._make_room(now_ms)
            found = self._guessers[key] = _Guesser()
        found.count += 1
        found.at_ms = now_ms
        over = found.count - UNDELAYED - 1
        held_ms = 0.0 if over < 0 else min(LONGEST_MS, FIRST_MS * 2 ** min(over, 16))
        found.until_ms = max(found.until_ms, now_ms + held_ms)
        return found.count, now_ms + held_ms

    def note_right(self, user: str, source: Peer) -> None:
        """A right proof came. What a new device has got wrong before is forgotten."""
        if self._devices.pop((user, source), ()) == ():
            self._guessers.pop((user, source.host), None)
        self._devices[user, source] = None
        if len(self._devices) > MOST_DEVICES:
            del self._devices[next(iter(self._devices))]

    def _make_room(self, now_ms: float) -> None:
        """Forget who has not guessed for long, else whoever has guessed least."""
        if len(self._guessers) < MOST_GUESSERS:
            return
        old = [k for k, g in self._guessers.items() if now_ms - g.at_ms > FORGOTTEN_MS]
        least = min(self._guessers.items(), key=lambda kg: (kg[1].count, kg[1].at_ms))[0]
        for key in old or [least]:
            del self._guessers[key]
