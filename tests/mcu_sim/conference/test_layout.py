"""Layouts of continuous presence: their cells, and who is in them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.mcu_sim.conference.layout import LAYOUTS, VideoLayout, assign, automatic


def part(number: float) -> Fraction:
    """Exact, since all places are twelfths."""
    return Fraction(number).limit_denominator(12)


@pytest.mark.parametrize(("name", "side"), [("1+5", Fraction(2, 3)), ("1+7", Fraction(3, 4))])
def test_the_speakers_cell_is_the_big_one(name: str, side: Fraction) -> None:
    layout = LAYOUTS[name]
    assert layout.has_big_cell
    big = layout.cells[0]
    assert (part(big.x), part(big.y), part(big.w)) == (0, 0, side)
    assert {part(cell.w) for cell in layout.cells[1:]} == {1 - side}


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


def test_who_speaks_is_big_and_sees_who_spoke_before() -> None:
    layout, recency = LAYOUTS["1+5"], [4, 2, 6, 1, 3, 5]
    assert assign(layout, recency, 1, 4) == [4, 2, 3, 5, 6, None]
    assert assign(layout, recency, 4, 4) == [2, 1, 3, 5, 6, None]
    assert assign(layout, recency, 1, None) == [4, 2, 3, 5, 6, None]


def test_a_change_of_speaker_moves_nobody_where_all_have_room_in_equal_cells() -> None:
    layout = LAYOUTS["2x2"]
    assert assign(layout, [3, 1, 2, 4], 4, 3) == [1, 2, 3, None]
    assert assign(layout, [2, 3, 1, 4], 4, 2) == [1, 2, 3, None]


def test_too_many_for_the_layout_means_those_who_spoke_last() -> None:
    assert assign(LAYOUTS["2x2"], [9, 7, 5, 3, 1, 8], 5, 7) == [1, 3, 7, 9]


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
