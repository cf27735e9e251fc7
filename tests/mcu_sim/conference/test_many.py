"""Large meetings: what changes for a few costs little, and is what looking at everybody gives."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcu_sim.conference.effects import Effect, Relayout, RelayoutOthers
from mcu_sim.conference.layout import LAYOUTS, assign, automatic
from mcu_sim.conference.meeting import Meeting
from mcu_sim.conference.state import State
from mcu_sim.conference.view import View
from tests.mcu_sim.whole_view import WholeView, changes, whole_view


def meeting(number: int, **other: Any) -> Meeting:
    """The chair is the last of its members."""
    members = [{"id": f"b-{n}", "uri": f"sip:b-{n}@10.0.0.1"} for n in range(number)]
    return Meeting.model_validate(
        {
            "id": "meeting",
            "name": "many",
            "pattern": "province-districts",
            "chair": f"b-{number - 1}",
            "member": members,
            **other,
        }
    )


def seen(effects: list[Effect], live: list[str]) -> dict[str, Relayout]:
    """The new pictures, viewer by viewer."""
    found = {effect.viewer: effect for effect in effects if isinstance(effect, Relayout)}
    for effect in effects:
        if isinstance(effect, RelayoutOthers):
            others = [who for who in live if who not in effect.but]
            assert others
            assert not found.keys() & set(others)
            found |= {who: Relayout(who, effect.layout, effect.cells) for who in others}
    return found


@pytest.mark.parametrize("number", [2, 5, 16, 17, 18, 19, 20, 40])
@pytest.mark.parametrize("layout", ["auto", "2x2", "1+5", "4x4"])
@pytest.mark.parametrize("spoken", [(), (3,), (0, 1), (1, 0, 3)])
def test_pictures_are_those_of_each_viewer_by_itself(
    number: int, layout: str, spoken: tuple[int, ...]
) -> None:
    state, view = State(meeting(number)), View(meeting(number))
    for n in range(number):
        state.enter(f"b-{n}", None)
    state.choose_for_all(layout)  # type: ignore[arg-type]
    for who in spoken:
        if who < number:
            state.speakers.spoke(f"b-{who}")
    pictures = seen(view.follow(state), state.live)
    recent = [int(who.removeprefix("b-")) for who in state.speakers.recent]
    everybody = list(dict.fromkeys([*recent, *range(number)]))
    speaks = None if view.speaker is None else int(view.speaker.removeprefix("b-"))
    chosen = automatic(number) if layout == "auto" else LAYOUTS[layout]
    for viewer in range(number):
        shown = assign(chosen, everybody, viewer, speaks, {})
        cells = tuple(None if one is None else f"b-{one}" for one in shown)
        name = f"b-{viewer}"
        assert pictures[name] == Relayout(name, chosen.id, cells)


def _change(state: State, what: str, who: str) -> None:
    """One thing that may happen to a participant, if it may happen now."""
    here = who in state.places
    does: dict[str, Callable[[], object]] = {
        "enter": lambda: state.enter(who, None),
        "lose": lambda: here and state.lose(who),
        "vacate": lambda: here and state.vacate(who),
        "call": lambda: here and state.floor.call(who),
        "call also": lambda: here and state.floor.call(who, also=True),
        "end": lambda: state.floor.end(who),
        "mute": lambda: here and state.floor.mute(who, by_itself=False),
        "mute itself": lambda: here and state.floor.mute(who, by_itself=True),
        "unmute": lambda: here and state.floor.unmute(who, by_itself=False),
        "unmute itself": lambda: here and state.floor.unmute(who, by_itself=True),
        "speak": lambda: here and state.speakers.spoke(who),
        "2x2": lambda: here and state.choose(who, "2x2"),
        "auto": lambda: here and state.choose(who, "auto"),
        "all 3x3": lambda: state.choose_for_all("3x3"),
        "all auto": lambda: state.choose_for_all("auto"),
        "present": lambda: setattr(state, "presenter", who),
    }
    does[what]()
    state.settle_presenter()


WHAT = (
    *("enter", "lose", "vacate", "call", "call also", "end", "mute", "mute itself", "unmute"),
    *("unmute itself", "speak", "2x2", "auto", "all 3x3", "all auto", "present"),
)
happens = st.lists(st.tuples(st.sampled_from(WHAT), st.integers(0, 23)), min_size=1, max_size=3)


@given(
    floor=st.sampled_from(["chair", "open"]),
    video=st.sampled_from(["presence", "switched"]),
    here=st.sampled_from([0, 10, 22, 24]),
    then=st.lists(happens, max_size=30),
)
def test_what_changes_is_what_looking_at_everybody_gives(
    floor: str, video: str, here: int, then: list[list[tuple[str, int]]]
) -> None:
    of = meeting(24, floor=floor, video=video)
    state, view, before = State(of), View(of), WholeView()
    steps = [[("enter", n) for n in range(here)], *then]
    for step in steps:
        for what, who in step:
            # a place that is given up and taken again between two looks is another matter
            if what != "enter" or f"b-{who}" not in state.stirred:
                _change(state, what, f"b-{who}")
        after = whole_view(copy.deepcopy(state))
        expected, got = changes(of.id, before, after), view.follow(state)
        pictures = (Relayout, RelayoutOthers)
        assert seen(got, state.live) == seen(expected, state.live)
        assert [e for e in got if not isinstance(e, pictures)] == [
            e for e in expected if not isinstance(e, pictures)
        ]
        assert view.heard == after.heard
        assert view.presenter == after.presenter
        before = after


def test_thousands_come_and_go_at_a_cost_each() -> None:
    costs = []
    for number in (1_000, 8_000):
        of = meeting(number)
        state, view = State(of), View(of)
        began = time.process_time()
        effects = 0
        for n in range(number):
            state.enter(f"b-{n}", None)
            effects += len(view.follow(state))
        for n in range(number):
            state.vacate(f"b-{n}")
            effects += len(view.follow(state))
        costs.append((time.process_time() - began) / number)
        assert effects < 60 * number
    assert costs[1] < 3 * costs[0]
