"""Who the speaker is, and who spoke before: the order in which participants matter to a viewer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain

from mcu_sim.conference.floor import Floor


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
        """The speaker among those whose line stands, `live` in the order they came.

        Under floor "chair" the one called last, else the chair, else nobody: without them nobody
        is heard. Under "open" whoever spoke last, else the chair, else the first that came.
        """
        if floor.mode == "chair":
            choices: Iterable[str] = (*reversed(floor.called), self._chair)
        else:
            choices = chain(self._recent, (self._chair,), live)
        return next((who for who in choices if is_live(who)), None)

    def shown_to_speaker(
        self, speaker: str, is_live: Callable[[str], bool], live: Iterable[str]
    ) -> str | None:
        """Whom the speaker watches, whom all others watch: who spoke before it.

        If nobody did, it sees the chair; the chair sees the first that came.
        """
        choices = chain(self._recent, (self._chair,), live)
        return next((who for who in choices if is_live(who) and who != speaker), None)
