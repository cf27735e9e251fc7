"""Who the speaker is, and who spoke before: the order in which participants matter to a viewer."""

from __future__ import annotations

from collections.abc import Sequence

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

    def speaker(self, floor: Floor, live: Sequence[str]) -> str | None:
        """The speaker among those whose line stands, given in the order they came.

        Under floor "chair" the one called last, else the chair, else nobody: without them nobody
        is heard. Under "open" whoever spoke last, else the chair, else the first that came.
        """
        if floor.mode == "chair":
            choices: Sequence[str] = (*reversed(floor.called), self._chair)
        else:
            choices = (*self._recent, self._chair, *live)
        return next((who for who in choices if who in live), None)

    def shown_to(self, viewer: str, speaker: str | None, live: Sequence[str]) -> str | None:
        """Whom a viewer watches: the speaker; the speaker itself sees who spoke before it.

        If nobody did, it sees the chair; the chair sees the first that came.
        """
        if viewer != speaker:
            return speaker
        choices = (*self._recent, self._chair, *live)
        return next((who for who in choices if who in live and who != viewer), None)
