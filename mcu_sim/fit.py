"""Whether a meeting fits on a device: its calls admitted in the order given, in one conference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from giaoban.mcu_sim.admission import Admission, Capacity, Use
from giaoban.mcu_sim.device import Device

MEETING = "meeting"
MOST = 100_000
"""Nobody asks for more calls than this."""
TOLERANCE_PCT = 1e-9
"""A sum of costs that binary cannot say exactly must still reach a limit."""


@dataclass(frozen=True)
class Fit:
    """What became of each call, what is in use then, and how many more would have room.

    `more` counts, for each resolution of the device alone, calls that would still get it as asked.
    """

    answers: list[Admission]
    units_used: float
    units_total: float
    ports_used: int
    ports_total: int
    use: Use
    more: dict[str, int]

    @property
    def fits(self) -> bool:
        """Whether every call got what it asked for."""
        return not self.refused and not self.stepped_down

    @property
    def refused(self) -> list[Admission]:
        """Calls that were not let in."""
        return [answer for answer in self.answers if not answer.accepted]

    @property
    def stepped_down(self) -> list[Admission]:
        """Calls that were let in at a lower resolution, or with audio only."""
        return [answer for answer in self.answers if answer.stepped_down]


def fit(device: Device, calls: Sequence[tuple[int, str]], *, content: bool = False) -> Fit:
    """Admit so many calls at each resolution, in this order; call ids count from "1".

    `content`: while content is shown.
    """
    capacity = meeting_on(device, content=content)
    asked = [resolution for number, resolution in calls for _ in range(number)]
    answers = [
        capacity.admit(str(number), resolution, conference=MEETING)
        for number, resolution in enumerate(asked, start=1)
    ]
    return Fit(
        answers=answers,
        units_used=capacity.units_used,
        units_total=capacity.device.units_total,
        ports_used=capacity.ports_used,
        ports_total=capacity.device.ports_total,
        use=capacity.use,
        more={resolution: room(capacity, resolution) for resolution in device.resolutions()},
    )


def meeting_on(device: Device, *, content: bool = False) -> Capacity:
    """The device with one meeting on it and nobody in it yet; `content`: with its content."""
    capacity = Capacity(device)
    fits = capacity.open_conference(MEETING) and (not content or capacity.show_content(MEETING))
    assert fits  # a device that its reserve and its content fill is no valid one
    return capacity


def room_beside(
    device: Device,
    resolution: str,
    calls: int,
    limit_pct: float | None = None,
    *,
    kbps: float | None = None,
    content: bool = False,
) -> int:
    """How many more calls a device takes as asked beside so many of the same, with no more of it in
    use than the limit; -1: not even those. `MOST` are not asked for."""
    empty = meeting_on(device, content=content)
    return max(-1, room(empty, resolution, kbps, limit_pct, calls + MOST) - calls)


def use_by_calls(
    device: Device,
    resolution: str,
    calls: int,
    *,
    kbps: float | None = None,
    content: bool = False,
) -> list[float]:
    """How much of a device is in use, in %, with 0, 1 … `calls` that ask for the same; those that
    it refuses take nothing."""
    capacity = meeting_on(device, content=content)
    used = [capacity.use.pct]
    for number in range(calls):
        capacity.admit(str(number), resolution, kbps, MEETING)
        used.append(capacity.use.pct)
    return used


def room(
    capacity: Capacity,
    resolution: str,
    kbps: float | None = None,
    limit_pct: float | None = None,
    most: int | None = None,
) -> int:
    """How many more calls in the meeting would get this resolution; the capacity is not touched.

    Args:
        kbps: their line rate, as in `Capacity.admit`.
        limit_pct: how much of the device may be in use then; None: all that it gives.
        most: more than so many are not asked for.
    """
    tried = capacity.copy()
    number = 0
    while most is None or number < most:
        answer = tried.admit(f"one more {number}", resolution, kbps, MEETING)
        if answer.given != resolution:
            break
        if limit_pct is not None and tried.use.pct > limit_pct + TOLERANCE_PCT:
            break
        number += 1
    return number
