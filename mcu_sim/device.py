"""Devices: units of an MCU, their cost by call, answers of a full device, processing delays.

Figures live in `devices.toml`, each with its source (see `giaoban.provenance`); a figure without a
document of the maker is `assumed` and says what would settle it. There, a family says what its full
devices do, a card what calls cost, and a device how many cards it has; here, a `Device` is all of
that put together. Resolutions are named here too, and which are below which.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, ValidationError, model_validator

from giaoban.errors import InputError, near_names
from giaoban.mcu_sim.resolutions import PICTURES
from giaoban.provenance import Assumable, Name, Sourced
from giaoban.sentence import Sentence, number
from giaoban.tomlfile import (
    Loc,
    Mistake,
    StrictModel,
    load,
    mistakes,
    read_text,
    said_by_pydantic,
    schema_keywords,
)
from giaoban.translation import N_

AUDIO = "audio"
"""A call without video."""
SVC = "SVC"
"""A scalable-video call (H.264 annex G), relayed without transcoding at whatever resolution."""

VIDEO_RESOLUTIONS = ("1080p30", "720p60", "720p30", "SD30", "CIF30")
"""What a call may be stepped through, largest first: the levels that makers count ports by."""

ALSO_COUNTED = (
    "1080p60",
    "SD60",
    "CIF60",
    "SD15",
    "2CIF30",
    "CIF30-H263",
    "SD30-H263",
    "VSW-2M",
    "VSW-4M",
    "VSW-6M",
)
"""Further names in makers' tables; VSW is video switching at 2, 4 or 6 Mb/s."""

KNOWN = (*VIDEO_RESOLUTIONS, *ALSO_COUNTED, SVC, AUDIO)
"""Every name that a table of costs may use."""


def lower(resolution: str) -> list[str]:
    """Return the resolutions below one, nearest first: a smaller picture or fewer frames, never
    more.

    Empty for names that are no single H.264 picture: other codecs, switching, SVC, audio.
    """
    asked = PICTURES.get(resolution)
    if asked is None:
        return []
    return [
        name
        for name in VIDEO_RESOLUTIONS
        if name != resolution
        and PICTURES[name].macroblocks <= asked.macroblocks
        and PICTURES[name].fps <= asked.fps
    ]


def _one_line(text: str) -> str:
    # A refusal's reason goes into a SIP status line, where a line break would end it.
    if not text.strip() or not text.isprintable():
        raise ValueError(Sentence("must be one line of text"))
    return text


def _known(resolution: str) -> str:
    if resolution not in KNOWN:
        hint = near_names("resolution", resolution, KNOWN, every=True)
        raise ValueError(
            Sentence('unknown resolution "{resolution}"{hint}', resolution=resolution, hint=hint)
        )
    return resolution


Text = Annotated[str, AfterValidator(_one_line), schema_keywords(pattern=r"\S")]
ResolutionName = Annotated[str, AfterValidator(_known), schema_keywords(enum=[*KNOWN])]
Units = Annotated[float, Field(gt=0, le=1_000_000)]
Count = Annotated[int, Field(gt=0, le=100_000)]

Step = Literal["higher", "lower", "audio", "refuse"]
"""What a full device tries: a port of the next higher level, lower resolutions from the nearest on,
a connection without video, or no more."""


class CapacityFigure(Assumable):
    """Resource units, ports (calls of any kind), and ports that serve audio calls only."""

    units_total: Units
    """Resource units for calls."""
    ports_total: Count
    """Calls of any kind at a time."""
    audio_ports: int = Field(default=0, ge=0, le=100_000)
    """Ports that serve audio calls only, besides. Like `40`."""


class DelayFigure(Assumable):
    """Time from a frame's arrival to its leaving the device mixed or composed."""

    delay_ms: float = Field(ge=0, le=5_000)
    """In ms, however full the device is. Like `40.0`."""

    @property
    def text(self) -> Sentence:
        """Return the delay with its unit."""
        return number(self.delay_ms, after=" ms")


class RefusalFigure(Sourced):
    """The SIP answer of a full device."""

    code: int = Field(ge=400, le=699)
    """Status code (RFC 3261 §21)."""
    reason: Text
    """Reason phrase: one line."""


class WhenFullFigure(Sourced):
    """Steps of a device, in this order, with a call that does not fit as it was offered."""

    steps: list[Step] = Field(min_length=1)
    """In this order: `higher`, a port of the next higher level; `lower`, lower resolutions from the
    nearest on; `audio`, a connection without video; `refuse`, no more, which is the last."""


class CostFigure(Assumable):
    """Units one call takes at a resolution, as "720p30"; "audio" is a call without video."""

    resolution: ResolutionName
    """Resolution, or `audio`."""
    units: Units
    """Units that a call takes."""


class CostGroup(Assumable):
    """Costs of several resolutions out of one table, as they stand in a device file."""

    units: dict[ResolutionName, Units] = Field(min_length=1)
    """Units that a call takes, by resolution; `audio` is a call without video."""

    def figures(self) -> list[CostFigure]:
        """One record a resolution."""
        where = self.model_dump(include=set(Sourced.model_fields))
        ranges = self.range or {}
        return [
            CostFigure(
                resolution=name,
                units=n,
                range={"units": ranges[name]} if name in ranges else None,
                **where,
            )
            for name, n in self.units.items()
        ]

    def ranged(self) -> dict[str, object]:
        """Units that a call takes, by resolution."""
        return dict(self.units)

    def _with(self, key: str, value: Any) -> object:
        return super()._with("units", {**self.units, key: value})


class LimitFigure(Sourced):
    """Most calls at a resolution, whatever units are left.

    Calls at two resolutions of one limit share it: half of one leaves half of the other.
    """

    calls: dict[ResolutionName, Count] = Field(min_length=1)
    """Most calls, by resolution."""


class LineRateFigure(Sourced):
    """Lowest line rate of a call (audio and video, kbit/s) at a resolution.

    Below it the call connects at the next lower resolution.
    """

    min_kbps: dict[ResolutionName, Annotated[float, Field(gt=0, le=100_000)]] = Field(min_length=1)
    """Lowest line rate in kb/s, by resolution."""


class VoiceFigure(Sourced):
    """Into how many audio ports a unit may be converted, and the fewest ports that may be made."""

    ports_per_unit: Count
    """Audio ports that a unit becomes."""
    least_ports: Count
    """The fewest ports that may be made."""


class ReserveFigure(Sourced):
    """Units that each conference holds besides its calls."""

    units: Units
    """Units that each conference holds besides its calls. Like `1.0`."""


class ContentFigure(Assumable):
    """Units that a conference takes besides, while content is shown in it."""

    units: float = Field(ge=0, le=1_000_000)
    """Units that a conference takes while content is shown in it."""


class LevelsFigure(Sourced):
    """Ports set aside for each level of resolution (Polycom's Fixed Resource Capacity).

    A call counts to the cheapest level that costs no less than its own resolution.
    """

    ports: dict[ResolutionName, Annotated[int, Field(ge=0, le=100_000)]] = Field(min_length=1)
    """Ports set aside, by resolution."""


DEFAULT_PATH = Path(__file__).with_name("devices.toml")

Id = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-+[a-z0-9]+)*$", max_length=32, strict=True)
]


CONTENT_UNSAID = ContentFigure(
    units=0.0,
    source=N_("the device file says nothing of content"),
    assumed=True,
    settled_by=N_("the resource page of the MCU while content is shown"),
)
"""What content takes where nobody says it: an assumption, and shown as one."""


class _Card(StrictModel):
    """What a call takes of a device; the same in a file, a resolved device, and plan.json."""

    unit: Text
    """What its resource units are called."""
    capacity: CapacityFigure
    """What one card has."""
    whole_units: bool = False
    """What is in use is rounded up to a whole unit."""
    line_rates: LineRateFigure | None = None
    """Lowest line rates of calls."""
    voice: VoiceFigure | None = None
    """Units that may be converted into audio ports."""
    reserve: ReserveFigure | None = None
    """What each conference holds."""
    limit: list[LimitFigure] = Field(default_factory=list)
    """Most calls at a resolution."""


class Device(_Card):
    """One MCU with its licence and cards; goes into plan.json as it is."""

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
                    raise ValueError(Sentence('resolution "{name}" has two costs', name=name))
        steps = self.when_full.steps
        if "refuse" in steps[:-1] or steps[-1] != "refuse" or len(set(steps)) < len(steps):
            raise ValueError(Sentence('when_full.steps: each once, the last is "refuse"'))
        if self.units_for(AUDIO) is None and (
            self.capacity.audio_ports or self.voice_units or self.line_rates or "audio" in steps
        ):
            raise ValueError(
                Sentence(
                    'needs a cost for resolution "audio" (audio_ports, '
                    'voice_units, line_rates and when_full "audio" give calls '
                    "without video)"
                )
            )
        named = [*(self.line_rates.min_kbps if self.line_rates else ())]
        named += [name for limit in self.limit for name in limit.calls]
        named += [*(self.levels.ports if self.levels else ())]
        for name in named:
            if self.units_for(name) is None:
                raise ValueError(
                    Sentence(
                        'resolution "{name}" has a limit, line rate or level but no cost', name=name
                    )
                )
        self._check_shares()
        if "higher" in steps and self.levels is None:
            raise ValueError(Sentence('when_full "higher" needs levels'))
        return self

    def _check_shares(self) -> None:
        if self.voice_units:
            if self.voice is None:
                raise ValueError(
                    Sentence("voice_units are given, but the card cannot convert units")
                )
            if self.voice_units * self.voice.ports_per_unit < self.voice.least_ports:
                raise ValueError(
                    Sentence(
                        "voice_units = {voice_units} is too few (allowed: those of "
                        "{least_ports} audio ports or more)",
                        voice_units=self.voice_units,
                        least_ports=self.voice.least_ports,
                    )
                )
            if self.units_total <= 0:
                raise ValueError(
                    Sentence(
                        "voice_units = {voice_units} leave no unit for video",
                        voice_units=self.voice_units,
                    )
                )
        if self.reserve is not None and self.reserve.units >= self.units_total:
            raise ValueError(
                Sentence("reserve = {units:g} leaves no unit for a call", units=self.reserve.units)
            )
        held = self.content.units + (self.reserve.units if self.reserve is not None else 0.0)
        if held >= self.units_total:
            raise ValueError(
                Sentence("content = {units:g} leaves no unit for a call", units=self.content.units)
            )
        if self.levels is not None:
            taken = sum((self.units_for(r) or 0.0) * n for r, n in self.levels.ports.items())
            if taken > self.units_total:
                raise ValueError(
                    Sentence(
                        "levels take {taken:g} of {units_total:g} {units_total:unit|units}",
                        taken=taken,
                        units_total=self.units_total,
                    )
                )

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
    """A device of a file: so many cards, with what it has of its own."""

    id: Id
    """Id by which provinces and scenarios choose it: a-z, 0-9 and `-`, a letter first."""
    name: Name
    """Name in documents."""
    cards: Count = 1
    """How many of these cards it has."""
    scaling: Sourced | None = None
    """Where it is said that cards add up."""
    voice_units: int = Field(default=0, ge=0)
    """Units converted into audio ports."""
    levels: LevelsFigure | None = None
    """Ports set aside for resolutions; without it all units are one pool."""
    audio_mix_delay: DelayFigure | None = None
    """From sound that has come to sound mixed and sent."""
    compose_delay: DelayFigure | None = None
    """From a picture that has come to the composed one sent."""
    forward_delay: DelayFigure | None = None
    """From a picture that has come to the same one sent on."""
    content: ContentFigure | None = None
    """What content takes."""
    refusal: RefusalFigure | None = None
    """What it answers when it is full."""
    when_full: WhenFullFigure | None = None
    """What it does when it is full."""


class _CardEntry(_Card):
    """A card: what calls cost on it, and the devices that have it."""

    id: Id
    """Id of the card: a-z, 0-9 and `-`, a letter first."""
    family: Id
    """Id of its family."""
    content: ContentFigure | None = None
    """What content takes."""
    cost: list[CostGroup] = Field(min_length=1)
    """What calls cost, where each is composed a picture of its own."""
    mixed_cost: list[CostGroup] = Field(default_factory=list)
    """What they cost in a conference of several resolutions, where that is another figure."""
    device: list[_Entry] = Field(min_length=1)
    """A device with this card."""


class _Family(StrictModel):
    """Devices that do the same when they are full."""

    id: Id
    """Id of the family."""
    content: ContentFigure | None = None
    """What content takes."""
    refusal: RefusalFigure
    """What a full one answers."""
    when_full: WhenFullFigure
    """What a full one does."""


class _Defaults(StrictModel):
    """Figures of devices that give none of their own."""

    audio_mix_delay: DelayFigure
    """From sound that has come to sound mixed and sent."""
    compose_delay: DelayFigure
    """From a picture that has come to the composed one sent."""
    forward_delay: DelayFigure
    """From a picture that has come to the same one sent on."""
    content: ContentFigure = CONTENT_UNSAID
    """What content takes."""


class _File(StrictModel):
    """Devices of MCUs. A family states how its full devices answer, a card the units that calls
    cost, a device its number of cards. `giaoban list devices` checks that they fit each other."""

    schema_: Literal["giaoban.devices/1"] = Field(alias="schema")
    defaults: _Defaults
    """What holds for devices that do not say it themselves."""
    family: list[_Family] = Field(min_length=1)
    """A family of devices."""
    card: list[_CardEntry] = Field(min_length=1)
    """A card, with its devices."""


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
    for place, card in enumerate(file.card):
        family = families.get(card.family)
        if family is None:
            what = Sentence(
                "no such family{near}", near=near_names("family", card.family, families)
            )
            found.append((("card", place, "family"), card.family, what))
            continue
        for index, entry in enumerate(card.device):
            loc: Loc = ("card", place, "device", index)
            if entry.id in ids:
                found.append(((*loc, "id"), entry.id, Sentence("is there twice (allowed: once)")))
            ids.add(entry.id)
            try:
                devices.append(_resolve(file.defaults, family, card, entry))
            except ValidationError as error:
                for fault in error.errors():
                    found.append((loc, None, said_by_pydantic(dict(fault))))
    if found:
        raise mistakes(path, found)
    return DeviceCatalogue(devices)


def _resolve(defaults: _Defaults, family: _Family, card: _CardEntry, entry: _Entry) -> Device:
    cards, one = entry.cards, card.capacity
    own = {key: value for key, value in entry if value is not None and key in Device.model_fields}
    where = (entry.scaling or one).model_dump(include=set(Sourced.model_fields))
    ranges = {key: each.times(cards) for key, each in (one.range or {}).items()}
    capacity = CapacityFigure(
        units_total=one.units_total * cards,
        ports_total=one.ports_total * cards,
        audio_ports=one.audio_ports * cards,
        range=ranges if ranges and where["assumed"] else None,
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
    raise InputError(
        'device = "{device_id}": no such device{near}',
        device_id=device_id,
        near=near_names("device", device_id, known),
    )
