"""Pictures of a large meeting: whoever has no place in them sees what all such see."""

from __future__ import annotations

import pytest

from mcu_sim.conference.meeting import Meeting, Member
from mcu_sim.conference.state import State
from mcu_sim.conference.view import view_of
from mcu_sim.video.layout import LAYOUTS, assign, automatic


def meeting(number: int) -> State:
    """All are in; the chair is the last that came."""
    members = [Member(id=f"b-{n}", uri=f"sip:b-{n}@10.0.0.1") for n in range(number)]
    state = State(
        Meeting(
            id="meeting",
            name="many",
            pattern="province-districts",
            chair=f"b-{number - 1}",
            member=members,
        )
    )
    for member in members:
        state.enter(member.id, None)
    return state


@pytest.mark.parametrize("number", [2, 5, 16, 17, 18, 19, 20, 40])
@pytest.mark.parametrize("layout", ["auto", "2x2", "1+5", "4x4"])
@pytest.mark.parametrize("spoken", [(), (3,), (0, 1), (1, 0, 3)])
def test_pictures_are_those_of_each_viewer_by_itself(
    number: int, layout: str, spoken: tuple[int, ...]
) -> None:
    state = meeting(number)
    state.layout = layout  # type: ignore[assignment]
    for who in spoken:
        if who < number:
            state.speakers.spoke(f"b-{who}")
    seen = view_of(state)
    recent = [int(who.removeprefix("b-")) for who in state.speakers.recent]
    everybody = list(dict.fromkeys([*recent, *range(number)]))
    speaks = None if seen.speaker is None else int(seen.speaker.removeprefix("b-"))
    chosen = automatic(number) if layout == "auto" else LAYOUTS[layout]
    for viewer in range(number):
        shown = assign(chosen, everybody, viewer, speaks, {})
        cells = tuple(None if one is None else f"b-{one}" for one in shown)
        assert seen.pictures[f"b-{viewer}"] == (chosen.id, cells)
