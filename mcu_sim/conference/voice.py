"""Voice-activated switching: whose picture is shown when nobody calls the speakers (ITU-T H.243).

A cough must not switch the picture and a pause for breath must not lose it, so the levels are
smoothed, a new speaker has to lead for a while, and a picture stays for a while.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

FULL_SCALE_POWER = 32768.0**2
"""Mean square of 16-bit samples at 0 dBov."""
NOISE_DBOV = -50.0
"""Above the noise of a quiet room, below speech: its usual active level (P.56) is −26 dBov."""
NOISE_POWER = FULL_SCALE_POWER * 10 ** (NOISE_DBOV / 10)
SMOOTHING_MS = 200.0
"""Time constant of the levels: longer than a syllable, shorter than the lead."""
LEAD_MS = 1000.0
"""So long a new speaker has to be the loudest."""
SHOWN_MS = 2000.0
"""So long a speaker is shown before the next switch."""


class VoiceSwitch:
    """Watches the power of several sounds and says when another one is the speaker."""

    def __init__(self) -> None:
        self._levels: dict[str, float] = {}
        self._heard_ms: float | None = None
        self._leader: str | None = None
        self._leads_ms = 0.0
        self._switched_ms: float | None = None

    def hear(self, powers: Mapping[str, float], now_ms: float, speaker: str | None) -> str | None:
        """The participant to be the speaker from now on; None: it stays `speaker`.

        `powers`: participant → mean square of its last 16-bit samples (0 to 2³⁰), in a stable
        order; of all that may become the speaker, and of no others.
        """
        self._smooth(powers, now_ms)
        leader = max(self._levels, key=lambda who: self._levels[who], default=None)
        if leader is None or leader == speaker or self._levels[leader] < NOISE_POWER:
            self._leader = None
            return None
        if leader != self._leader:
            self._leader, self._leads_ms = leader, now_ms
        rested = self._switched_ms is None or now_ms - self._switched_ms >= SHOWN_MS
        if now_ms - self._leads_ms < LEAD_MS or not rested:
            return None
        self._leader, self._switched_ms = None, now_ms
        return leader

    def _smooth(self, powers: Mapping[str, float], now_ms: float) -> None:
        share = 1.0
        if self._heard_ms is not None:
            share = -math.expm1(-max(0.0, now_ms - self._heard_ms) / SMOOTHING_MS)
        self._heard_ms = now_ms
        before = self._levels
        self._levels = {
            who: (1 - share) * before.get(who, 0.0) + share * power for who, power in powers.items()
        }
