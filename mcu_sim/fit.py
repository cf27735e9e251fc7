"""Whether a meeting fits on a device: its calls admitted in the order given, in one conference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mcu_sim.admission import Admission, Capacity
from mcu_sim.device import Device

MEETING = "meeting"


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


def fit(device: Device, calls: Sequence[tuple[int, str]]) -> Fit:
    """Admit so many calls at each resolution, in this order; call ids count from "1"."""
    capacity = Capacity(device)
    capacity.open_conference(MEETING)  # a device that its reserve fills is no valid one
    asked = [resolution for number, resolution in calls for _ in range(number)]
    answers = [
        capacity.admit(str(number), resolution, conference=MEETING)
        for number, resolution in enumerate(asked, start=1)
    ]
    return Fit(
        answers=answers,
        units_used=capacity.units_used,
        units_total=capacity.units_total,
        ports_used=capacity.ports_used,
        ports_total=capacity.ports_total,
        more={resolution: room(capacity, resolution) for resolution in device.resolutions()},
    )


def room(capacity: Capacity, resolution: str) -> int:
    """How many more calls in the meeting would get this resolution; the capacity is not touched."""
    tried = capacity.copy()
    number = 0
    while True:
        answer = tried.admit(f"one more {number}", resolution, conference=MEETING)
        if answer.given != resolution:
            return number
        number += 1
