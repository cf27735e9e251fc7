"""Continuous-presence layouts: where on a picture each participant is shown.

Pure and deterministic: who is shown follows from who spoke last, where from who takes part, so
that a change of speaker moves nobody in a layout of equal cells in which all have room.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class LayoutCell(NamedTuple):
    """A part of the picture, in fractions of its width and height from the upper left corner."""

    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True)
class VideoLayout:
    """A division of the picture; all cells have its aspect ratio. The first is the bigger one of a
    layout that has one; the others follow row by row."""

    id: str
    cells: tuple[LayoutCell, ...]

    @functools.cached_property
    def has_big_cell(self) -> bool:
        """Whether the first cell is bigger than all others."""
        first, *others = self.cells
        return all(first.w > cell.w for cell in others)


def _grid(side: int) -> VideoLayout:
    cells = (
        LayoutCell(column / side, row / side, 1 / side, 1 / side)
        for row in range(side)
        for column in range(side)
    )
    return VideoLayout(f"{side}x{side}", tuple(cells))


def _around(side: int) -> VideoLayout:
    """One big cell in the upper left corner, small ones beside and below it."""
    big, small = (side - 1) / side, 1 / side
    places = [(big, row / side) for row in range(side - 1)]
    places += [(column / side, big) for column in range(side)]
    cells = (LayoutCell(x, y, small, small) for x, y in places)
    return VideoLayout(f"1+{len(places)}", (LayoutCell(0.0, 0.0, big, big), *cells))


_SIDE_BY_SIDE = VideoLayout(
    "1+1", (LayoutCell(0.0, 0.25, 0.5, 0.5), LayoutCell(0.5, 0.25, 0.5, 0.5))
)

LAYOUTS: Mapping[str, VideoLayout] = {
    layout.id: layout
    for layout in (_grid(1), _SIDE_BY_SIDE, _grid(2), _around(3), _around(4), _grid(3), _grid(4))
}
"""By id, fewest cells first: 1x1, 1+1, 2x2, 1+5, 1+7, 3x3, 4x4."""


def automatic(participants: int) -> VideoLayout:
    """The layout with the fewest cells in which each of so many sees all the others.

    With more than 17 it is the largest: `assign` then shows those who spoke last.
    """
    others = participants - 1
    layouts = list(LAYOUTS.values())
    return next((one for one in layouts if len(one.cells) >= others), layouts[-1])


def assign(
    layout: VideoLayout, participants_by_recency: Sequence[int], viewer: int, speaker: int | None
) -> list[int | None]:
    """Whom a viewer sees in each of the layout's cells; None: nobody.

    Args:
        participants_by_recency: all who take part (rows), who spoke last first.
        viewer: it does not see itself.
        speaker: who speaks now. It takes the big cell; if the viewer itself speaks or nobody, that
            is for the one who spoke last.
    """
    waiting = [one for one in dict.fromkeys(participants_by_recency) if one != viewer]
    if speaker in waiting:
        waiting.remove(speaker)
        waiting.insert(0, speaker)
    room = len(layout.cells)
    first = 1 if layout.has_big_cell else 0
    shown = [*waiting[:first], *sorted(waiting[first:room])]
    return [*shown, *[None] * (room - len(shown))]
