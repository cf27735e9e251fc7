"""Who is heard, and who is the speaker of a meeting (Art. 15(2)a, c; words of RFC 4376).

Under floor "chair" the chair and the speakers it called are heard; under "open" everybody is, and
the voice decides whose video is shown (ITU-T H.243): a cough must not switch it and a pause for
breath must not lose it, so the levels are smoothed, a new speaker has to lead for a while, and a
speaker stays for a while. Nobody muted is heard under either. Who may give which command is not
decided here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Literal

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
    """Watches the power of several voices and says when another one is the speaker."""

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


FloorMode = Literal["chair", "open"]


@dataclass(frozen=True, slots=True)
class Request:
    """One participant's wish to speak, and when it was made."""

    participant: str
    at_ms: float


class Floor:
    """Requests, called speakers and closed microphones, by participant id.

    A microphone is closed by the technicians of the chair, by the participant itself, or by both.
    One that the participant closed is opened by nobody else: its room may be talking privately.
    """

    def __init__(self, mode: FloorMode, chair: str) -> None:
        self.mode = mode
        self._chair = chair
        self._queue: dict[str, Request] = {}
        self._called: list[str] = []
        self._muted: set[str] = set()
        self._self_muted: set[str] = set()

    @property
    def queue(self) -> tuple[Request, ...]:
        """Requests to speak, first come first; each participant once."""
        return tuple(self._queue.values())

    @property
    def called(self) -> tuple[str, ...]:
        """The called speakers, the newest last; empty under floor "open"."""
        return tuple(self._called)

    def request(self, participant: str, now_ms: float) -> bool:
        """Put a request at the end of the queue. False if it stands there already."""
        if participant in self._queue:
            return False
        self._queue[participant] = Request(participant, now_ms)
        return True

    def withdraw(self, participant: str) -> bool:
        """Take a request back. False if there was none."""
        return self._queue.pop(participant, None) is not None

    def call(self, participant: str, also: bool = False) -> None:
        """Open the participant's microphone and take its request off the queue.

        Under floor "chair" it becomes the called speaker; the earlier ones are closed again
        unless `also`.
        """
        self.withdraw(participant)
        self._muted.discard(participant)
        if self.mode == "open":
            return
        kept = [speaker for speaker in self._called if also and speaker != participant]
        self._called = [*kept, participant]

    def end(self, participant: str) -> bool:
        """End a called speech. False if the participant was not called."""
        if participant not in self._called:
            return False
        self._called.remove(participant)
        return True

    def mute(self, participant: str, by_itself: bool) -> None:
        """Close a microphone."""
        (self._self_muted if by_itself else self._muted).add(participant)

    def unmute(self, participant: str, by_itself: bool) -> None:
        """Open what the same side had closed."""
        (self._self_muted if by_itself else self._muted).discard(participant)

    def muted(self, participant: str) -> bool:
        """Closed by the technicians."""
        return participant in self._muted

    def self_muted(self, participant: str) -> bool:
        """Closed by the participant itself."""
        return participant in self._self_muted

    def has_floor(self, participant: str) -> bool:
        """Whether the participant may speak if its microphone is not closed."""
        return self.mode == "open" or participant == self._chair or participant in self._called

    def heard(self, participant: str) -> bool:
        """Whether the participant is heard while its line stands."""
        closed = participant in self._muted or participant in self._self_muted
        return self.has_floor(participant) and not closed

    def forget(self, participant: str) -> None:
        """The participant has given up its place: nothing of it stays."""
        self.withdraw(participant)
        self.end(participant)
        self._muted.discard(participant)
        self._self_muted.discard(participant)


class Speakers:
    """The speakers of one meeting, the latest first."""

    def __init__(self, chair: str) -> None:
        self._chair = chair
        self._recent: list[str] = []

    @property
    def recent(self) -> tuple[str, ...]:
        """Those who have been the speaker, the latest first."""
        return tuple(self._recent)

    def spoke(self, participant: str) -> None:
        """The participant is the speaker now."""
        if self._recent[:1] != [participant]:
            self.forget(participant)
            self._recent.insert(0, participant)

    def forget(self, participant: str) -> None:
        """The participant has given up its place."""
        if participant in self._recent:
            self._recent.remove(participant)

    def speaker(
        self, floor: Floor, is_live: Callable[[str], bool], live: Iterable[str]
    ) -> str | None:
        """Return the speaker among the `live` participants, which are in the order they came.

        Under floor "chair" it is the one called last, else the chair, else None. Under "open" it is
        the last one that spoke, else the chair, else the first that came.
        """
        if floor.mode == "chair":
            choices: Iterable[str] = (*reversed(floor.called), self._chair)
        else:
            choices = chain(self._recent, (self._chair,), live)
        return next((who for who in choices if is_live(who)), None)

    def shown_to_speaker(
        self, speaker: str, is_live: Callable[[str], bool], live: Iterable[str]
    ) -> str | None:
        """Return the source for the speaker, which all others watch: the speaker before it.

        Without one it sees the chair; the chair sees the first that came.
        """
        choices = chain(self._recent, (self._chair,), live)
        return next((who for who in choices if is_live(who) and who != speaker), None)
