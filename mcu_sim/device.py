"""Devices: how many units an MCU has, what a call costs, what a full one does, how long it takes.

Figures live in `devices.toml`, each with its source; a figure without a document of the maker is
`assumed` and says what would settle it. There, a family says what its full devices do, a card what
calls cost, and a device how many cards it has; here, a `Device` is all of that put together.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator

from giaoban.errors import InputError, did_you_mean
from giaoban.provenance import Name, Sourced
from giaoban.tomlfile import Loc, Mistake, StrictModel, load, mistakes, read_text
from mcu_sim.figures import (
    CapacityFigure,
    ContentFigure,
    CostFigure,
    CostGroup,
    Count,
    DelayFigure,
    LevelsFigure,
    LimitFigure,
    LineRateFigure,
    RefusalFigure,
    ReserveFigure,
    Text,
    VoiceFigure,
    WhenFullFigure,
)
from mcu_sim.resolution import AUDIO as AUDIO

DEFAULT_PATH = Path(__file__).with_name("devices.toml")

Id = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-+[a-z0-9]+)*$", max_length=32, strict=True)
]


CONTENT_UNSAID = ContentFigure(
    units=0.0,
    source="the device file says nothing of content",
    source_vi="tệp thiết bị không nêu năng lực mà nội dung trình chiếu chiếm",
    assumed=True,
    settled_by="the resource page of the MCU while content is shown",
    settled_by_vi="trang tài nguyên trên MCU trong lúc trình chiếu",
)
"""What content takes where nobody says it: an assumption, and shown as one."""


class _Card(StrictModel):
    """What a call takes of a device; the same in a file, a resolved device, and plan.json."""

    unit: Text
    capacity: CapacityFigure
    whole_units: bool = False
    line_rates: LineRateFigure | None = None
    voice: VoiceFigure | None = None
    reserve: ReserveFigure | None = None
    limit: list[LimitFigure] = Field(default_factory=list)


class Device(_Card):
    """One MCU with its licence and cards; goes into plan.json as it is.

    `whole_units`: what is in use is rounded up to a whole unit. `voice_units`: units converted into
    audio ports. `levels`: ports set aside for resolutions; without it all units are one pool.
    """

    id: Id
    name: Name
    audio_mix_delay: DelayFigure
    compose_delay: DelayFigure
    forward_delay: DelayFigure
    content: ContentFigure
    refusal: RefusalFigure
    when_full: WhenFullFigure
    cost: list[CostFigure] = Field(min_length=1)
    mixed_cost: list[CostFigure] = Field(default_factory=list)
    voice_units: int = Field(default=0, ge=0)
    levels: LevelsFigure | None = None

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        for table in (self.cost, self.mixed_cost):
            for name, count in Counter(cost.resolution for cost in table).items():
                if count > 1:
                    raise ValueError(f'resolution "{name}" has two costs')
        steps = self.when_full.steps
        if "refuse" in steps[:-1] or steps[-1] != "refuse" or len(set(steps)) < len(steps):
            raise ValueError('when_full.steps: each once, the last is "refuse"')
        if self.units_for(AUDIO) is None and (
            self.capacity.audio_ports or self.voice_units or self.line_rates or "audio" in steps
        ):
            raise ValueError(
                'needs a cost for resolution "audio" (audio_ports, voice_units, line_rates and '
                'when_full "audio" give calls without video)'
            )
        named = [*(self.line_rates.min_kbps if self.line_rates else ())]
        named += [name for limit in self.limit for name in limit.calls]
        named += [*(self.levels.ports if self.levels else ())]
        for name in named:
            if self.units_for(name) is None:
                raise ValueError(f'resolution "{name}" has a limit, line rate or level but no cost')
        self._check_shares()
        if "higher" in steps and self.levels is None:
            raise ValueError('when_full "higher" needs levels')
        return self

    def _check_shares(self) -> None:
        if self.voice_units:
            if self.voice is None:
                raise ValueError("voice_units are given, but the card cannot convert units")
            if self.voice_units * self.voice.ports_per_unit < self.voice.least_ports:
                raise ValueError(
                    f"voice_units = {self.voice_units} is too few "
                    f"(allowed: those of {self.voice.least_ports} audio ports or more)"
                )
            if self.units_total <= 0:
                raise ValueError(f"voice_units = {self.voice_units} leave no unit for video")
        if self.reserve is not None and self.reserve.units >= self.units_total:
            raise ValueError(f"reserve = {self.reserve.units:g} leaves no unit for a call")
        held = self.content.units + (self.reserve.units if self.reserve is not None else 0.0)
        if held >= self.units_total:
            raise ValueError(f"content = {self.content.units:g} leaves no unit for a call")
        if self.levels is not None:
            taken = sum((self.units_for(r) or 0.0) * n for r, n in self.levels.ports.items())
            if taken > self.units_total:
                raise ValueError(f"levels take {taken:g} of {self.units_total:g} units")

    @property
    def units_total(self) -> float:
        """Resource units for video, in `unit`; those converted into audio ports are not in it."""
        return self.capacity.units_total - self.voice_units

    @property
    def audio_ports(self) -> int:
        """Ports that serve calls without video only, converted ones included."""
        converted = self.voice_units * self.voice.ports_per_unit if self.voice else 0
        return self.capacity.audio_ports + converted

    @property
    def ports_total(self) -> int:
        """Most calls of any kind at one time."""
        converted = self.audio_ports - self.capacity.audio_ports
        return self.capacity.ports_total - self.voice_units + converted

    @property
    def audio_mix_delay_ms(self) -> float:
        """Processing delay of mixed audio."""
        return self.audio_mix_delay.delay_ms

    @property
    def compose_delay_ms(self) -> float:
        """Processing delay of a composed picture."""
        return self.compose_delay.delay_ms

    @property
    def forward_delay_ms(self) -> float:
        """Processing delay of a picture that is passed on as it came."""
        return self.forward_delay.delay_ms

    @property
    def refuse_code(self) -> int:
        """SIP code for a call that does not fit."""
        return self.refusal.code

    def units_for(self, resolution: str, *, mixed: bool = False) -> float | None:
        """Units one call takes, or None if the device does not do this resolution.

        `mixed`: in a conference of both AVC and SVC calls, if the device counts those otherwise.
        """
        for cost in self.mixed_cost if mixed and self.mixed_cost else self.cost:
            if cost.resolution == resolution:
                return cost.units
        return None

    def resolutions(self) -> list[str]:
        """The resolutions the device does, in the order of its table."""
        return [cost.resolution for cost in self.cost]

    def figures(self) -> list[tuple[str, Sourced]]:
        """All records of the device with their keys in the file."""
        single: list[tuple[str, Sourced | None]] = [
            ("capacity", self.capacity),
            ("audio_mix_delay", self.audio_mix_delay),
            ("compose_delay", self.compose_delay),
            ("forward_delay", self.forward_delay),
            ("content", self.content),
            ("refusal", self.refusal),
            ("when_full", self.when_full),
            ("levels", self.levels),
            ("line_rates", self.line_rates),
            ("voice", self.voice),
            ("reserve", self.reserve),
            *((f"limit.{'/'.join(limit.calls)}", limit) for limit in self.limit),
            *((f"cost.{cost.resolution}", cost) for cost in self.cost),
            *((f"mixed_cost.{cost.resolution}", cost) for cost in self.mixed_cost),
        ]
        return [(key, figure) for key, figure in single if figure is not None]

    def assumptions(self) -> list[tuple[str, Sourced]]:
        """The figures that rest on no document, with their keys in the file."""
        return [(key, figure) for key, figure in self.figures() if figure.assumed]


class _Entry(StrictModel):
    """A device in the file: so many cards, with what it has of its own."""

    id: Id
    name: Name
    cards: Count = 1
    scaling: Sourced | None = None
    voice_units: int = Field(default=0, ge=0)
    levels: LevelsFigure | None = None
    audio_mix_delay: DelayFigure | None = None
    compose_delay: DelayFigure | None = None
    forward_delay: DelayFigure | None = None
    content: ContentFigure | None = None
    refusal: RefusalFigure | None = None
    when_full: WhenFullFigure | None = None


class _CardEntry(_Card):
    id: Id
    family: Id
    content: ContentFigure | None = None
    cost: list[CostGroup] = Field(min_length=1)
    mixed_cost: list[CostGroup] = Field(default_factory=list)
    device: list[_Entry] = Field(min_length=1)


class _Family(StrictModel):
    id: Id
    content: ContentFigure | None = None
    refusal: RefusalFigure
    when_full: WhenFullFigure


class _Defaults(StrictModel):
    audio_mix_delay: DelayFigure
    compose_delay: DelayFigure
    forward_delay: DelayFigure
    content: ContentFigure = CONTENT_UNSAID


class _File(StrictModel):
    schema_: Literal["giaoban.devices/1"] = Field(alias="schema")
    defaults: _Defaults
    family: list[_Family] = Field(min_length=1)
    card: list[_CardEntry] = Field(min_length=1)


@dataclass(frozen=True)
class DeviceCatalogue:
    """All devices of one file."""

    device: list[Device]


def load_devices(path: Path = DEFAULT_PATH) -> DeviceCatalogue:
    """The catalogue in a TOML file. Raises `InputError` listing every mistake."""
    return _catalogue(path, read_text(path))


@lru_cache(maxsize=4)
def _catalogue(path: Path, _text: str) -> DeviceCatalogue:
    """A what-if asks for the same catalogue dozens of times."""
    file = load(path, _File)
    families = {family.id: family for family in file.family}
    found: list[Mistake] = []
    devices: list[Device] = []
    ids: set[str] = set()
    for number, card in enumerate(file.card):
        family = families.get(card.family)
        if family is None:
            what = f"no such family{did_you_mean(card.family, families)}"
            found.append((("card", number, "family"), card.family, what))
            continue
        for index, entry in enumerate(card.device):
            loc: Loc = ("card", number, "device", index)
            if entry.id in ids:
                found.append(((*loc, "id"), entry.id, "is there twice (allowed: once)"))
            ids.add(entry.id)
            try:
                devices.append(_resolve(file.defaults, family, card, entry))
            except ValidationError as error:
                for fault in error.errors():
                    found.append((loc, None, fault["msg"].removeprefix("Value error, ")))
    if found:
        raise mistakes(path, found)
    return DeviceCatalogue(devices)


def _resolve(defaults: _Defaults, family: _Family, card: _CardEntry, entry: _Entry) -> Device:
    cards, one = entry.cards, card.capacity
    own = {key: value for key, value in entry if value is not None and key in Device.model_fields}
    where = (entry.scaling or one).model_dump(include=set(Sourced.model_fields))
    capacity = CapacityFigure(
        units_total=one.units_total * cards,
        ports_total=one.ports_total * cards,
        audio_ports=one.audio_ports * cards,
        **where,
    )
    limits = [
        limit.model_copy(update={"calls": {name: n * cards for name, n in limit.calls.items()}})
        for limit in card.limit
    ]
    return Device.model_validate(
        {
            **dict(defaults),
            "content": card.content or family.content or defaults.content,
            "refusal": family.refusal,
            "when_full": family.when_full,
            **{key: getattr(card, key) for key in _Card.model_fields},
            **own,
            "capacity": capacity,
            "limit": limits,
            "cost": [figure for group in card.cost for figure in group.figures()],
            "mixed_cost": [figure for group in card.mixed_cost for figure in group.figures()],
        }
    )


def pick(catalogue: DeviceCatalogue, device_id: str) -> Device:
    """The device with an id. Raises `InputError` with a suggestion for an unknown one."""
    for device in catalogue.device:
        if device.id == device_id:
            return device
    known = [device.id for device in catalogue.device]
    raise InputError(f'device = "{device_id}": no such device{did_you_mean(device_id, known)}')
