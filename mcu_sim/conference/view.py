"""Who is heard, who watches whom and who presents, worked out from a meeting's state.

Two views, one before and one after, give the effects between them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mcu_sim.conference.effects import Effect, Heard, Presenter, Relayout, Watch
from mcu_sim.conference.state import State
from mcu_sim.video.layout import LAYOUTS, assign, automatic

Picture = tuple[str, tuple[str | None, ...]]
"""A layout and the participants in its cells."""


@dataclass(frozen=True, slots=True)
class View:
    """What the participants whose line stands hear and see, in the order they came."""

    heard: tuple[str, ...] = ()
    watching: Mapping[str, str | None] = field(default_factory=dict)
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    presenter: str | None = None
    speaker: str | None = None


def view_of(state: State) -> View:
    """The view of a state. A new speaker takes its turn among the speakers."""
    live = state.live
    speaker = state.speakers.speaker(state.floor, live)
    if speaker is not None:
        state.speakers.spoke(speaker)
    switched = state.meeting.video == "switched"
    return View(
        heard=tuple(who for who in live if state.floor.heard(who)),
        watching=_watching(state, live, speaker) if switched else {},
        pictures={} if switched else _pictures(state, live, speaker),
        presenter=state.presenting,
        speaker=speaker,
    )


def changes(meeting: str, before: View, after: View) -> list[Effect]:
    """The effects that lead from one view to another.

    Whoever is closed is closed before another is opened: no two speakers are heard by mistake.
    """
    shut = [who for who in before.heard if who not in after.heard]
    opened = [who for who in after.heard if who not in before.heard]
    effects: list[Effect] = [Heard(who, False) for who in shut]
    effects += [Heard(who, True) for who in opened]
    viewers = dict.fromkeys([*before.watching, *after.watching])
    for viewer in viewers:
        source = after.watching.get(viewer)
        if source != before.watching.get(viewer):
            effects.append(Watch(viewer, source))
    for viewer, picture in after.pictures.items():
        if picture != before.pictures.get(viewer):
            effects.append(Relayout(viewer, *picture))
    if after.presenter != before.presenter:
        effects.append(Presenter(meeting, after.presenter))
    return effects


def _watching(state: State, live: list[str], speaker: str | None) -> dict[str, str | None]:
    return {viewer: state.speakers.shown_to(viewer, speaker, live) for viewer in live}


def _pictures(state: State, live: list[str], speaker: str | None) -> dict[str, Picture]:
    """Of every viewer; a lost participant keeps its cell, where it will be seen again."""
    numbers = {who: place.number for who, place in state.places.items()}
    names: dict[int | None, str | None] = {number: who for who, number in numbers.items()}
    by_recency = [numbers[who] for who in dict.fromkeys([*state.speakers.recent, *numbers])]
    speaks = None if speaker is None else numbers[speaker]
    auto = automatic(len(numbers))
    pictures: dict[str, Picture] = {}
    found: dict[tuple[str, int | None], Picture] = {}
    for viewer in live:
        choice = state.places[viewer].layout or state.layout
        layout = auto if choice == "auto" else LAYOUTS[choice]
        # nobody further back finds a place, nor leaves one free: they all see the same
        near = by_recency[: len(layout.cells) + 2]
        own = numbers[viewer]
        key = (layout.id, own if own in near or own == speaks else None)
        if key not in found:
            listed = near if speaks is None or speaks in near else [*near, speaks]
            shown = assign(layout, listed, own, speaks, {})
            found[key] = (layout.id, tuple(names.get(cell) for cell in shown))
        pictures[viewer] = found[key]
    return pictures
