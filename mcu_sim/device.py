"""Devices: how many units an MCU has, what a call costs, how long it takes over media.

Figures live in `devices.toml`, each with its source; a figure without a document of the maker is
`assumed` and says what would settle it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from giaoban.errors import InputError, did_you_mean
from giaoban.provenance import Sourced
from giaoban.tomlfile import StrictModel, load

DEFAULT_PATH = Path(__file__).with_name("devices.toml")
AUDIO = "audio"
"""The resolution of a call without video."""


def _one_line(text: str) -> str:
    # A refusal's reason goes into a SIP status line, where a line break would end it.
    if not text.strip() or not text.isprintable():
        raise ValueError("must be one line of text")
    return text


Text = Annotated[str, AfterValidator(_one_line)]
Id = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-+[a-z0-9]+)*$", max_length=32, strict=True)
]


class CapacityFigure(Sourced):
    """Resource units, ports (calls of any kind), and ports that serve audio calls only."""

    units_total: float = Field(gt=0, le=1_000_000)
    ports_total: int = Field(gt=0, le=100_000)
    audio_ports: int = Field(default=0, ge=0, le=100_000)


class DelayFigure(Sourced):
    """Time from a frame's arrival to its leaving the device mixed or composed."""

    delay_ms: float = Field(ge=0, le=5_000)


class RefusalFigure(Sourced):
    """The SIP answer of a full device."""

    code: int = Field(ge=400, le=699)
    reason: Text


class CostFigure(Sourced):
    """Units one call takes at a resolution, as "720p30"; "audio" is a call without video."""

    resolution: Text
    units: float = Field(gt=0, le=1_000_000)


class Device(StrictModel):
    """One MCU with its licence and cards; goes into plan.json as it is."""

    id: Id
    name: Text
    unit: Text
    capacity: CapacityFigure
    audio_mix_delay: DelayFigure
    compose_delay: DelayFigure
    refusal: RefusalFigure
    cost: list[CostFigure] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_cost_a_resolution(self) -> Self:
        names = [cost.resolution for cost in self.cost]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f'resolution "{name}" has two costs')
        if self.capacity.audio_ports and AUDIO not in names:
            raise ValueError('audio_ports need a cost for resolution "audio"')
        return self

    @property
    def units_total(self) -> float:
        """Resource units of the whole device, in `unit`."""
        return self.capacity.units_total

    @property
    def ports_total(self) -> int:
        """Most calls of any kind at one time."""
        return self.capacity.ports_total

    @property
    def audio_mix_delay_ms(self) -> float:
        """Processing delay of mixed audio."""
        return self.audio_mix_delay.delay_ms

    @property
    def compose_delay_ms(self) -> float:
        """Processing delay of a composed picture."""
        return self.compose_delay.delay_ms

    @property
    def refuse_code(self) -> int:
        """SIP code for a call that does not fit."""
        return self.refusal.code

    def units_for(self, resolution: str) -> float | None:
        """Units one call takes, or None if the device does not do this resolution."""
        for cost in self.cost:
            if cost.resolution == resolution:
                return cost.units
        return None

    def resolutions(self) -> list[str]:
        """The resolutions the device does, in the order of its table."""
        return [cost.resolution for cost in self.cost]

    def assumptions(self) -> list[tuple[str, Sourced]]:
        """(key, figure) of every figure without a document behind it."""
        figures: list[tuple[str, Sourced]] = [
            ("capacity", self.capacity),
            ("audio_mix_delay", self.audio_mix_delay),
            ("compose_delay", self.compose_delay),
            ("refusal", self.refusal),
            *((f"cost.{cost.resolution}", cost) for cost in self.cost),
        ]
        return [(key, figure) for key, figure in figures if figure.assumed]


class DeviceCatalogue(StrictModel):
    """All devices of one file."""

    schema_: Literal["giaoban.devices/1"] = Field(alias="schema")
    device: list[Device] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_device_an_id(self) -> Self:
        ids = [device.id for device in self.device]
        for name in ids:
            if ids.count(name) > 1:
                raise ValueError(f'device "{name}" is there twice')
        return self


def load_devices(path: Path = DEFAULT_PATH) -> DeviceCatalogue:
    """The catalogue in a TOML file. Raises `InputError` listing every mistake."""
    return load(path, DeviceCatalogue)


def pick(catalogue: DeviceCatalogue, device_id: str) -> Device:
    """The device with an id. Raises `InputError` with a suggestion for an unknown one."""
    for device in catalogue.device:
        if device.id == device_id:
            return device
    known = [device.id for device in catalogue.device]
    raise InputError(f'device = "{device_id}": no such device{did_you_mean(device_id, known)}')
