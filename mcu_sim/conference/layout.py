"""Continuous-presence layouts: where on a picture each participant is shown.

Pure and deterministic: who is shown follows from who spoke last, where from who takes part, so
that a change of speaker moves nobody in a layout of equal cells in which all have room.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class LayoutCell:
    """A part of the picture, in fractions of its width and height from the upper left corner.

    Attributes:
        name: "1" for the first cell, in which a layout with one bigger cell shows the speaker;
            the others are numbered row by row.
    """

    name: str
    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True)
class VideoLayout:
    """A division of the picture; all cells have its aspect ratio."""

    id: str
    cells: tuple[LayoutCell, ...]

    @functools.cached_property
    def speaker_cell(self) -> int | None:
        """Place of the one cell that is bigger than the others; None where all are equal."""
        first, *others = self.cells
        return 0 if all(first.w > cell.w for cell in others) else None


def _grid(side: int) -> VideoLayout:
    cells = (
        LayoutCell(str(side * row + column + 1), column / side, row / side, 1 / side, 1 / side)
        for row in range(side)
        for column in range(side)
    )
    return VideoLayout(f"{side}x{side}", tuple(cells))


def _around(side: int) -> VideoLayout:
    """One big cell in the upper left corner, small ones beside and below it."""
    big, small = (side - 1) / side, 1 / side
    places = [(big, row / side) for row in range(side - 1)]
    places += [(column / side, big) for column in range(side)]
    cells = (LayoutCell(str(nth), x, y, small, small) for nth, (x, y) in enumerate(places, start=2))
    return VideoLayout(f"1+{len(places)}", (LayoutCell("1", 0.0, 0.0, big, big), *cells))


_SIDE_BY_SIDE = VideoLayout(
    "1+1", (LayoutCell("1", 0.0, 0.25, 0.5, 0.5), LayoutCell("2", 0.5, 0.25, 0.5, 0.5))
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
    layout: VideoLayout,
    participants_by_recency: Sequence[int],
    viewer: int,
    speaker: int | None,
    fixed: Mapping[str, int],
) -> list[int | None]:
    """Whom a viewer sees in each of the layout's cells; None: nobody.

    Args:
        participants_by_recency: all who take part (rows), who spoke last first.
        viewer: it does not see itself.
        speaker: who speaks now. It takes the big cell; if the viewer itself speaks or nobody, that
            is for the one who spoke last.
        fixed: participants by the names of the cells that a technician gave them. It does not
            count for one who does not take part or is the viewer itself, and of two cells of the
            same participant the first counts.

    Raises:
        ValueError: the layout has no cell of a name in `fixed`.
    """
    waiting = [one for one in dict.fromkeys(participants_by_recency) if one != viewer]
    if speaker in waiting:
        waiting.remove(speaker)
        waiting.insert(0, speaker)
    big, room = layout.speaker_cell, len(layout.cells)
    if not fixed:
        first = 0 if big is None else 1  # the big cell is the first
        others = [*waiting[:first], *sorted(waiting[first:room])]
        return [*others, *[None] * (room - len(others))]
    names = [cell.name for cell in layout.cells]
    if unknown := sorted(set(fixed) - set(names)):
        raise ValueError(f"layout {layout.id} has no cell {', '.join(unknown)}")
    shown: list[int | None] = [None] * len(layout.cells)

    def show(place: int, participant: int) -> None:
        shown[place] = participant
        waiting.remove(participant)

    for place, name in enumerate(names):
        if name in fixed and fixed[name] in waiting:
            show(place, fixed[name])
    if big is not None and shown[big] is None and waiting:
        show(big, waiting[0])
    free = [place for place, participant in enumerate(shown) if participant is None]
    for place, participant in zip(free, sorted(waiting[: len(free)]), strict=False):
        shown[place] = participant
    return shown
