"""What everybody in a meeting hears and sees, looked at anew each time: the slow, obvious way."""

from __future__ import annotations

from dataclasses import dataclass, field

from mcu_sim.conference.effects import Effect, Heard, Presenter, Relayout, Watch
from mcu_sim.conference.layout import LAYOUTS, assign, automatic
from mcu_sim.conference.state import State

Picture = tuple[str, tuple[str | None, ...]]


@dataclass(frozen=True)
class WholeView:
    """Of the participants whose line stands, in the order they came."""

    heard: tuple[str, ...] = ()
    watching: dict[str, str | None] = field(default_factory=dict)
    pictures: dict[str, Picture] = field(default_factory=dict)
    presenter: str | None = None


def whole_view(state: State) -> WholeView:
    """The view of a state. A new speaker takes its turn among the speakers."""
    live = state.live
    floor, recent = state.floor, state.speakers.recent
    chair = state.meeting.chair
    order = (*recent, chair, *live)
    choices = (*reversed(floor.called), chair) if floor.mode == "chair" else order
    speaker = next((who for who in choices if who in live), None)
    if speaker is not None:
        state.speakers.spoke(speaker)
    order = (*state.speakers.recent, chair, *live)
    second = next((who for who in order if who in live and who != speaker), None)
    switched = state.meeting.video == "switched"
    return WholeView(
        heard=tuple(who for who in live if floor.heard(who)),
        watching={w: second if w == speaker else speaker for w in live} if switched else {},
        pictures={} if switched else {who: _picture(state, who, speaker) for who in live},
        presenter=state.presenting,
    )


def _picture(state: State, viewer: str, speaker: str | None) -> Picture:
    names = {place.number: who for who, place in state.places.items()}
    numbers = {who: number for number, who in names.items()}
    choice = state.places[viewer].layout or state.layout
    layout = automatic(len(names)) if choice == "auto" else LAYOUTS[choice]
    by_recency = [numbers[w] for w in dict.fromkeys([*state.speakers.recent, *numbers])]
    speaks = None if speaker is None else numbers[speaker]
    shown = assign(layout, by_recency, numbers[viewer], speaks, {})
    return layout.id, tuple(None if cell is None else names[cell] for cell in shown)


def changes(meeting: str, before: WholeView, after: WholeView) -> list[Effect]:
    """The effects that lead from one view to another, one for each viewer."""
    effects: list[Effect] = [Heard(w, False) for w in before.heard if w not in after.heard]
    effects += [Heard(who, True) for who in after.heard if who not in before.heard]
    for viewer in dict.fromkeys([*before.watching, *after.watching]):
        if after.watching.get(viewer) != before.watching.get(viewer):
            effects.append(Watch(viewer, after.watching.get(viewer)))
    for viewer, picture in after.pictures.items():
        if picture != before.pictures.get(viewer):
            effects.append(Relayout(viewer, *picture))
    if after.presenter != before.presenter:
        effects.append(Presenter(meeting, after.presenter))
    return effects
