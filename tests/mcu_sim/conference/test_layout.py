"""Layouts of continuous presence: their cells, and who is in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.mcu_sim.conference.layout import LAYOUTS, VideoLayout, assign, automatic


@pytest.mark.parametrize(
    ("participants", "name"),
    [
        *((n, "1x1") for n in (0, 1, 2)),
        *((n, "1+1") for n in (3,)),
        *((n, "2x2") for n in (4, 5)),
        *((n, "1+5") for n in (6, 7)),
        *((n, "1+7") for n in (8, 9)),
        *((n, "3x3") for n in (10,)),
        *((n, "4x4") for n in (11, 17, 18, 71)),
    ],
)
def test_the_smallest_layout_that_shows_all_others(participants: int, name: str) -> None:
    assert automatic(participants).id == name


@st.composite
def rooms(draw: st.DrawFn) -> tuple[VideoLayout, list[int], int, int | None]:
    layout = draw(st.sampled_from(list(LAYOUTS.values())))
    people = draw(st.lists(st.integers(0, 30), unique=True, max_size=25))
    anyone = st.sampled_from(people) if people else st.integers(0, 30)
    viewer = draw(anyone | st.just(99))
    return layout, people, viewer, draw(st.none() | anyone | st.just(98))


@given(rooms())
def test_laws_of_who_is_shown(case: tuple[VideoLayout, list[int], int, int | None]) -> None:
    layout, people, viewer, speaker = case
    shown = assign(*case)
    assert shown == assign(*case)
    assert len(shown) == len(layout.cells)
    seen = [one for one in shown if one is not None]
    others = [one for one in people if one != viewer]
    assert len(seen) == len(set(seen))  # nobody twice
    assert set(seen) <= set(others)  # nobody who is not there, nor the viewer itself
    assert len(seen) == min(len(others), len(shown))  # nobody missing while there is room
    # of the rest, those who spoke last
    has_place = [one in seen for one in others if one != speaker]
    assert has_place == sorted(has_place, reverse=True)
    if speaker in others:
        assert speaker in seen
        if layout.has_big_cell:
            assert shown[0] == speaker
