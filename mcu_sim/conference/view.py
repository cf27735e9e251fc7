"""Who is heard, who watches whom and who presents, followed while a meeting's state changes.

What changes for one participant is worked out for it alone: in a meeting of thousands, most of whom
nobody sees, one that comes or goes costs no more than in a small one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain

from giaoban.mcu_sim.conference.effects import (
    Effect,
    SelectSource,
    SetAudible,
    SetLayout,
    SetLayoutOfOthers,
    SetPresenter,
)
from giaoban.mcu_sim.conference.layout import LAYOUTS, assign, automatic
from giaoban.mcu_sim.conference.meeting import Meeting
from giaoban.mcu_sim.conference.state import ConferenceState

Composition = tuple[str, tuple[str | None, ...]]
"""A layout and the participants in its cells."""
NEAR = max(len(layout.cells) for layout in LAYOUTS.values()) + 2
"""Nobody further back finds a place in a picture, nor leaves one free."""
NO_PLACE = -1


@dataclass(frozen=True, slots=True)
class Compositions:
    """Of all viewers: those of `own` by themselves, what all others see, and what both follow from
    (`rule`: the same rule gives the same pictures)."""

    rule: object = None
    own: dict[str, Composition] = field(default_factory=dict)
    others: Composition = ("", ())

    def of(self, viewer: str) -> Composition:
        """What a viewer sees."""
        return self.own.get(viewer, self.others)


class View:
    """What the participants of one meeting whose line stands hear and see.

    Attributes:
        speaker: whose picture switched video and the large cells of layouts show.
        presenter: who has the content channel.
    """

    def __init__(self, meeting: Meeting) -> None:
        self._meeting = meeting
        # participant → number of its place: the order in which they came
        self._live: dict[str, int] = {}
        self._heard: dict[str, int] = {}
        self.speaker: str | None = None
        self.presenter: str | None = None
        self._shown_to_speaker: str | None = None
        self._compositions = Compositions()

    @property
    def heard(self) -> tuple[str, ...]:
        """Whose audio is in the mix, in the order they came."""
        return tuple(sorted(self._heard, key=self._heard.__getitem__))

    def follow(self, state: ConferenceState) -> list[Effect]:
        """Take in what has changed in a meeting's state; the effects that lead there.

        Whoever is closed is closed before another is opened: no two speakers are heard by mistake.
        A new speaker takes its turn among the speakers.
        """
        speaker = state.speakers.speaker(state.floor, state.is_live, state.each_live())
        if speaker is not None:
            state.speakers.spoke(speaker)
        stirred = state.stirred | state.floor.stirred
        state.stirred.clear()
        state.floor.stirred.clear()
        was = {who: self._live.pop(who) for who in stirred if who in self._live}
        now = {who: state.places[who].number for who in stirred if state.is_live(who)}
        effects: list[Effect] = list(self._hear(state, stirred, now))
        self._live |= now
        if self._meeting.video == "switched":
            effects += self._watch(state, speaker, was, now)
        else:
            effects += self._compose(state, speaker, was, now)
        self.speaker = speaker
        if state.presenting != self.presenter:
            self.presenter = state.presenting
            effects.append(SetPresenter(self._meeting.id, self.presenter))
        return effects

    def _hear(
        self, state: ConferenceState, stirred: Iterable[str], now: dict[str, int]
    ) -> list[SetAudible]:
        """`stirred`: for whom something may have changed; `now`: of them, whose line stands."""
        heard, hears = self._heard, state.floor.heard
        shut = [who for who in stirred if who in heard and not (who in now and hears(who))]
        opened = [who for who in now if who not in heard and hears(who)]
        effects = [SetAudible(who, False) for who in sorted(shut, key=heard.__getitem__)]
        effects += [SetAudible(who, True) for who in sorted(opened, key=now.__getitem__)]
        for who in shut:
            del heard[who]
        heard.update((who, now[who]) for who in opened)
        return effects

    def _watch(
        self, state: ConferenceState, speaker: str | None, was: dict[str, int], now: dict[str, int]
    ) -> list[SelectSource]:
        """Switched video. `was`, `now`: of those for whom something may have changed, whose line
        stood before and whose stands now."""
        shown_before, speaker_before = self._shown_to_speaker, self.speaker
        shown = None
        if speaker is not None:
            shown = state.speakers.shown_to_speaker(speaker, state.is_live, state.each_live())
        self._shown_to_speaker = shown
        new = {who: number for who, number in now.items() if who not in was}
        old = was
        if speaker != speaker_before:
            old = was | {who: number for who, number in self._live.items() if who not in new}
        elif speaker is not None and speaker not in new:
            old = was | {speaker: self._live[speaker]}
        effects = []
        for viewer in chain(sorted(old, key=old.__getitem__), sorted(new, key=new.__getitem__)):
            before = after = None
            if viewer in old:
                before = shown_before if viewer == speaker_before else speaker_before
            if viewer in self._live:
                after = shown if viewer == speaker else speaker
            if after != before:
                effects.append(SelectSource(viewer, after))
        return effects

    def _compose(
        self, state: ConferenceState, speaker: str | None, was: dict[str, int], now: dict[str, int]
    ) -> list[SetLayout | SetLayoutOfOthers]:
        """Continuous presence; `was` and `now` as in `_watch`."""
        before = self._compositions
        after = self._compositions = _compositions(state, speaker, before)
        viewers = set(now)
        if after is not before:
            viewers.update(who for who in chain(before.own, after.own) if who in self._live)
        effects: list[SetLayout | SetLayoutOfOthers] = []
        for viewer in sorted(viewers, key=self._live.__getitem__):
            stood = viewer in was or viewer not in now
            composition = after.of(viewer)
            if not stood or composition != before.of(viewer):
                effects.append(SetLayout(viewer, *composition))
        if after.others != before.others and len(self._live) > len(viewers):
            but = frozenset(viewers.union(was))
            effects.append(SetLayoutOfOthers(self._meeting.id, *after.others, but))
        return effects


def _compositions(
    state: ConferenceState, speaker: str | None, before: Compositions
) -> Compositions:
    """What is seen; a lost participant keeps its cell, where it will be seen again.

    `before`: given back if nothing that it follows from has changed.
    """
    places = state.places
    near: dict[str, int] = {}
    for who in chain(state.speakers.recent, places):
        if len(near) == NEAR:
            break
        near[who] = places[who].number
    layout = automatic(len(places)) if state.layout == "auto" else LAYOUTS[state.layout]
    rule = (speaker, tuple(near.items()), layout.id)
    if rule == before.rule:
        return before
    speaks = None if speaker is None else places[speaker].number
    names: dict[int | None, str | None] = {number: who for who, number in near.items()}
    names[speaks] = speaker
    by_recency = list(near.values())

    def seen_by(number: int) -> Composition:
        nearest = by_recency[: len(layout.cells) + 2]
        listed = nearest if speaks is None or speaks in nearest else [*nearest, speaks]
        shown = assign(layout, listed, number, speaks)
        return layout.id, tuple(map(names.get, shown))

    own = {
        who: seen_by(places[who].number)
        for who in chain(near, () if speaker is None else (speaker,))
    }
    return Compositions(rule, own, seen_by(NO_PLACE))
