"""The participants of a meeting that are heard, seen and presenting, derived from its state."""

from __future__ import annotations

from giaoban.mcu_sim.conference.effects import (
    Effect,
    SelectSource,
    SetAudible,
    SetLayout,
    SetPresenter,
)
from giaoban.mcu_sim.conference.layout import LAYOUTS, assign, automatic
from giaoban.mcu_sim.conference.meeting import Meeting
from giaoban.mcu_sim.conference.state import ConferenceState

Composition = tuple[str, tuple[str | None, ...]]
"""A layout and the participants in its cells."""


class View:
    """The audio and video of the connected participants of one meeting.

    Attributes:
        heard: participants whose audio is in the mix, in the order they came.
        speaker: participant in switched video and in the large cells of layouts.
        presenter: participant with the content channel.
    """

    def __init__(self, meeting: Meeting) -> None:
        self._meeting = meeting
        self.heard: tuple[str, ...] = ()
        self.speaker: str | None = None
        self.presenter: str | None = None
        self._sources: dict[str, str | None] = {}
        self._compositions: dict[str, Composition] = {}

    def follow(self, state: ConferenceState) -> list[Effect]:
        """Take a change of the meeting's state; return the effects of the difference.

        A microphone is closed before another is opened. A new speaker takes its turn among the
        speakers.
        """
        live = state.live
        speaker = self.speaker = state.speakers.speaker(state.floor, state.is_live, live)
        if speaker is not None:
            state.speakers.spoke(speaker)
        heard = tuple(who for who in live if state.floor.heard(who))
        effects: list[Effect] = [SetAudible(who, False) for who in self.heard if who not in heard]
        effects += [SetAudible(who, True) for who in heard if who not in self.heard]
        self.heard = heard
        if self._meeting.video == "switched":
            sources = _sources(state, live, speaker)
            before = self._sources
            effects += [
                SelectSource(who, shown)
                for who, shown in sources.items()
                if shown != before.get(who)
            ]
            self._sources = sources
        else:
            compositions = _compositions(state, live, speaker)
            effects += [
                SetLayout(who, *shown)
                for who, shown in compositions.items()
                if shown != self._compositions.get(who)
            ]
            self._compositions = compositions
        if state.presenting != self.presenter:
            self.presenter = state.presenting
            effects.append(SetPresenter(self._meeting.id, self.presenter))
        return effects


def _sources(state: ConferenceState, live: list[str], speaker: str | None) -> dict[str, str | None]:
    """Return the source of each viewer of switched video."""
    if speaker is None:
        return dict.fromkeys(live)
    shown = state.speakers.shown_to_speaker(speaker, state.is_live, live)
    return {who: shown if who == speaker else speaker for who in live}


def _compositions(
    state: ConferenceState, live: list[str], speaker: str | None
) -> dict[str, Composition]:
    """Return the picture of each viewer of continuous presence. A lost participant keeps its
    cell."""
    places = state.places
    layout = automatic(len(places)) if state.layout == "auto" else LAYOUTS[state.layout]
    names = {place.number: who for who, place in places.items()}
    by_recency = [places[who].number for who in dict.fromkeys((*state.speakers.recent, *places))]
    speaks = None if speaker is None else places[speaker].number
    # no participant further back gets a cell, or leaves one free
    nearest = by_recency[: len(layout.cells) + 2]
    if speaks is not None and speaks not in nearest:
        nearest.append(speaks)
    compositions = {}
    for viewer in live:
        cells = assign(layout, nearest, places[viewer].number, speaks)
        compositions[viewer] = (
            layout.id,
            tuple(None if number is None else names[number] for number in cells),
        )
    return compositions
