"""Whether one more call fits on a device: bookkeeping of units and ports, nothing else."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from mcu_sim.device import AUDIO, Device

NOT_ACCEPTABLE_HERE = 488
"""RFC 3261 §21.4.26: the device does not do what the call asks for, full or not."""

# Costs such as 1/12 of a unit are not exact in binary; a sum of them must still fill a device.
TOLERANCE_UNITS = 1e-9

Pool = Literal["units", "audio-ports"]


@dataclass(frozen=True, slots=True)
class Admission:
    """The answer to one call: `code` 200 and what it takes, or a refusal's SIP code and reason."""

    call_id: str
    resolution: str
    accepted: bool
    units: float
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class _Held:
    units: float
    pool: Pool


class Capacity:
    """Units and ports of one device, in use and at their highest.

    Audio calls take a dedicated audio port while the device has one, else units like any call;
    video calls never take audio ports.
    """

    def __init__(self, device: Device) -> None:
        self.device = device
        self._held: dict[str, _Held] = {}
        self._units_high = 0.0
        self._ports_high = 0

    def admit(self, call_id: str, resolution: str) -> Admission:
        """Take what a call needs, or refuse it and take nothing.

        Raises `ValueError` if the call is in already: asking twice would count it twice.
        """
        if call_id in self._held:
            raise ValueError(f"call {call_id!r} was admitted already")
        units = self.device.units_for(resolution)
        if units is None:
            can = ", ".join(self.device.resolutions())
            reason = f"{resolution} is not among {can}"
            return Admission(call_id, resolution, False, 0.0, NOT_ACCEPTABLE_HERE, reason)
        held = self._place(resolution, units)
        if held is None:
            refusal = self.device.refusal
            return Admission(call_id, resolution, False, 0.0, refusal.code, refusal.reason)
        self._held[call_id] = held
        self._units_high = max(self._units_high, self.units_used)
        self._ports_high = max(self._ports_high, self.ports_used)
        return Admission(call_id, resolution, True, held.units, 200, "OK")

    def release(self, call_id: str) -> float:
        """Give back what a call holds and return its units. `ValueError` if it holds nothing."""
        held = self._held.pop(call_id, None)
        if held is None:
            raise ValueError(f"call {call_id!r} holds nothing")
        return held.units

    def holds(self, call_id: str) -> bool:
        """Whether the call is admitted and not yet released."""
        return call_id in self._held

    @property
    def units_used(self) -> float:
        """Units in use; summed anew each time, so that rounding cannot pile up."""
        return min(math.fsum(held.units for held in self._held.values()), self.units_total)

    @property
    def units_total(self) -> float:
        """Units of the device."""
        return self.device.units_total

    @property
    def units_high(self) -> float:
        """Most units ever in use at one time."""
        return self._units_high

    @property
    def ports_used(self) -> int:
        """Calls that are in."""
        return len(self._held)

    @property
    def ports_total(self) -> int:
        """Most calls of any kind that the device takes."""
        return self.device.ports_total

    @property
    def ports_high(self) -> int:
        """Most calls ever in at one time."""
        return self._ports_high

    def _place(self, resolution: str, units: float) -> _Held | None:
        if self.ports_used >= self.ports_total:
            return None
        if resolution == AUDIO:
            taken = sum(held.pool == "audio-ports" for held in self._held.values())
            if taken < self.device.capacity.audio_ports:
                return _Held(0.0, "audio-ports")
        in_use = math.fsum(held.units for held in self._held.values())
        if in_use + units > self.units_total + TOLERANCE_UNITS:
            return None
        return _Held(units, "units")
