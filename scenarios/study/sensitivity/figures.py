"""Which assumed figures a question rests on, and how far each may be from what is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from giaoban.errors import NOTHING, InputError, did_you_mean
from giaoban.figure_words import unit_of
from giaoban.provenance import Assumable, Sourced
from giaoban.results.judge.criteria import Criteria, Criterion
from giaoban.results.model.result import Assumption
from giaoban.results.model.studies.sensitivity import RangeFrom
from giaoban.scenarios.measure.assumptions import assumed_records
from giaoban.scenarios.measure.streams import speech_codec
from giaoban.scenarios.study.sensitivity import world as worlds
from giaoban.scenarios.study.sensitivity.flip_points import Scale
from giaoban.scenarios.study.sensitivity.world import THRESHOLDS, Value, World, told_value
from giaoban.sentence import N_, Both, Sentence, message
from giaoban.tomlfile import Mistake, StrictModel, load, mistakes
from giaoban.topology.model import Routing

RANGES = Path(__file__).with_name("ranges.toml")
NOWHERE = N_("stands in no file: the program's own figure, or what the model leaves out")
WORDS = N_("is no number (allowed: [[choice]])")
NUMBERS = N_("is a number (allowed: [[range]])")

_ENDS = (("low", "high"), ("likely_low", "likely_high"))


class Range(Sourced):
    """How far a figure may be: from `low` to `high`, or these times the figure itself."""

    of: Annotated[list[str], Field(min_length=1)]
    """Which figures: kinds of record and field (`Access.rate_mbps`), or where one stands by ids
    (`province.bridges.north.rate_mbps`), as sensitivity.json names it.
    """
    low: float | None = None
    """The lowest that it may be, in the figure's own unit."""
    high: float | None = None
    """The highest that it may be, in the figure's own unit."""
    low_times: Annotated[float, Field(gt=0, le=1)] | None = None
    """The lowest that it may be, times the figure as assumed."""
    high_times: Annotated[float, Field(ge=1)] | None = None
    """The highest that it may be, times the figure as assumed."""
    likely_low: Annotated[float, Field(gt=0)] | None = None
    """Where drawn worlds begin, if not at the lowest: what is likely, not only possible. From there
    to `likely_high` equal ratios are equally likely."""
    likely_high: Annotated[float, Field(gt=0)] | None = None
    """Where drawn worlds end, if not at the highest."""
    likely_times: Annotated[float, Field(gt=1)] | None = None
    """Instead of both: from the figure as assumed divided by this to so many times it, within what
    is possible."""
    scale: Literal["linear", "log"] = "linear"
    """Whether equal differences or equal ratios (`log`) are equally likely."""
    whole: bool = False
    """Whether only whole numbers mean anything."""
    alike: bool = False
    """Whether figures of one value are those of one kind of device, drawn alike."""

    @model_validator(mode="after")
    def _has_two_ends(self) -> Self:
        if (self.low is None) == (self.low_times is None):
            raise ValueError(Sentence("needs low or low_times (allowed: one of them)"))
        if (self.high is None) == (self.high_times is None):
            raise ValueError(Sentence("needs high or high_times (allowed: one of them)"))
        ends = (self.likely_low is not None) + (self.likely_high is not None)
        if ends == 1 or (ends and self.likely_times is not None):
            raise ValueError(
                Sentence(
                    "needs likely_low and likely_high, or likely_times (allowed: the two, the one, "
                    "or none)"
                )
            )
        for low, high in _ENDS:
            lowest, highest = getattr(self, low), getattr(self, high)
            if lowest is not None and highest is not None and lowest > highest:
                raise ValueError(
                    Sentence(
                        "{low_key} = {low} is above {high_key} = {high}",
                        low_key=low,
                        low=f"{lowest:g}",
                        high_key=high,
                        high=f"{highest:g}",
                    )
                )
        return self

    def ends(self, value: float) -> tuple[float, float]:
        """The lowest and the highest that a figure of this value may be."""
        low = self.low if self.low is not None else value * (self.low_times or 1)
        high = self.high if self.high is not None else value * (self.high_times or 1)
        return min(low, value), max(high, value)

    def likely(self, value: float) -> tuple[float, float, bool]:
        """Between what a figure of this value is drawn, and whether by ratios; nothing is as good
        as the least."""
        low, high = self.ends(value)
        if self.likely_times is not None and value > 0:
            times = self.likely_times
            return max(low, value / times), min(high, value * times), True
        if self.likely_low is None or self.likely_high is None:
            return low, high, self.scale == "log" and low > 0
        usual = value if value > 0 else self.likely_low
        return min(self.likely_low, usual), max(self.likely_high, usual), True


class Choice(Sourced):
    """What a figure that is no number may be."""

    of: Annotated[list[str], Field(min_length=1)]
    """Which figures: kinds of record and field (`Qos.scheduling`), or where one stands by ids."""
    of_these: Annotated[list[str], Field(min_length=2)] | Literal["profiles", "audio"]
    """All that it may be: words, of a list its words with `, ` between them; or what the file of
    call profiles has: `profiles`, or `audio`, its encodings of sound."""
    likely: Annotated[list[str], Field(min_length=1)] | None = None
    """Of which of them worlds are drawn; of all of them where not given, and of `profiles` of
    those of the same resolution. Like `["sd30-256k", "sd30-512k"]`."""


class Unvaried(StrictModel):
    """Records of which nothing is tried, and why."""

    of: Annotated[list[str], Field(min_length=1)]
    """Kinds of record (`Addressing`)."""
    unless: Literal["faults"] | None = None
    """They are tried where the question has this (`faults`: something that fails)."""
    why: Annotated[str, Field(min_length=1)]
    """Why nothing of it is tried."""
    why_vi: str = ""
    """The same in Vietnamese."""

    @property
    def said(self) -> Sentence:
        """Why, in both languages."""
        return Both(self.why, self.why_vi or self.why)


class Ranges(StrictModel):
    """How far assumed figures may be from what is said; the first entry that fits one holds."""

    schema_: Literal["giaoban.ranges/1"] = Field(alias="schema")
    ranges: Annotated[list[Range], Field(alias="range", default_factory=list)]
    """How far figures may be."""
    choices: Annotated[list[Choice], Field(alias="choice", default_factory=list)]
    """What figures that are no numbers may be."""
    unvaried: list[Unvaried] = Field(default_factory=list)
    """Records of which nothing is tried."""

    def entries(self) -> list[Range | Choice]:
        """All that figures may be, in the order in which one is looked for."""
        return [*self.ranges, *self.choices]

    def of(self, record: object, field: str, key: str) -> Range | Choice | None:
        """Of a record's field, by its key or the name of its class or of one it is derived from."""
        names = {key, *(f"{kind.__name__}.{field}" for kind in type(record).__mro__)}
        return next((each for each in self.entries() if names & set(each.of)), None)

    def why_not(self, record: object, *, faults: bool) -> Sentence | None:
        """Why nothing of a record is tried; None: it may be. `faults`: something fails."""
        names = {kind.__name__ for kind in type(record).__mro__}
        whys = (
            each.said
            for each in self.unvaried
            if names & set(each.of) and not (faults and each.unless == "faults")
        )
        return next(whys, None)


@lru_cache
def program_ranges() -> Ranges:
    return load(RANGES, Ranges)


def load_ranges(path: Path, world: World, criteria: Criteria) -> Ranges:
    """A file of a user's own. Raises `InputError`: it names no such figure, or gives choices to a
    number."""
    own, known = load(path, Ranges), program_ranges()
    kinds: dict[str, type[Range | Choice]] = {
        name: type(each) for each in known.entries() for name in each.of
    }
    kinds |= {figure.key: type(figure.within) for figure in figures(world, criteria)[0]}
    names = set(kinds)
    records = {name for each in known.unvaried for name in each.of}
    records |= {name.partition(".")[0] for name in names}
    found: list[Mistake] = []
    tables: list[tuple[str, Sequence[Range | Choice | Unvaried], set[str]]] = [
        ("range", own.ranges, names),
        ("choice", own.choices, names),
        ("unvaried", own.unvaried, records),
    ]
    for table, entries, allowed in tables:
        for number, entry in enumerate(entries):
            for place, name in enumerate(entry.of):
                at = (table, number, "of", place)
                if name not in allowed:
                    what = Sentence("unknown figure{near}", near=did_you_mean(name, allowed))
                    found.append((at, name, what))
                elif table != "unvaried" and not isinstance(entry, kinds[name]):
                    msgid = WORDS if kinds[name] is Choice else NUMBERS
                    found.append((at, name, Sentence(msgid)))
    if found:
        raise mistakes(path, found)
    return own


@dataclass(frozen=True)
class AssumedFigure:
    """An assumed figure that can be another.

    `key` is its name in results: where it stands, by ids; `told` its record's assumption, `field`
    which figure of it. `choices` are what it may be where it is no number, else `low` and `high`
    are its range's ends, and `steps` all that it may be between them where only some values fit
    the record's others. `origin` tells where `within` was said. `likely_choices` are those of
    which worlds are drawn.
    """

    key: str
    path: worlds.Path
    told: Assumption
    field: str
    unit: str
    value: Value
    within: Range | Choice
    origin: RangeFrom
    low: float = 0.0
    high: float = 0.0
    choices: tuple[str, ...] = ()
    steps: tuple[float, ...] = ()
    likely_choices: tuple[str, ...] = ()

    @property
    def scale(self) -> Scale:
        """How the way through its range is halved."""
        whole = self._range.whole or isinstance(self.value, int)
        return Scale(self._range.scale == "log", whole, self.steps)

    @property
    def likely(self) -> tuple[float, float, bool]:
        """Between what it is drawn, and whether by ratios."""
        return self._range.likely(float(self.value))

    @property
    def kind(self) -> object:
        """Figures with the same kind are drawn alike: one kind of device has one buffer."""
        if isinstance(self.within, Choice) or not self.within.alike:
            return self.key
        return self.field, self.value, self.low, self.high

    @property
    def _range(self) -> Range:
        if isinstance(self.within, Choice):
            raise TypeError(f"{self.key} is no number")
        return self.within


@dataclass(frozen=True)
class Untried:
    """An assumption of which nothing can be tried, and why."""

    told: Assumption
    why: Sentence


def figures(
    question_world: World, criteria: Criteria, own: Ranges | None = None
) -> tuple[list[AssumedFigure], list[Untried]]:
    """All assumed figures in the order of the assumptions, and what is not tried.

    `own`: ranges that hold before those that stand beside figures; the program's come last.
    """
    found: list[AssumedFigure] = []
    untried: list[Untried] = []
    known = [ranges for ranges in (own, program_ranges()) if ranges is not None]
    for record, told in assumed_records(question_world.base, criteria):
        why = message(NOWHERE)
        if record is not None:
            faults = bool(question_world.base.plan.faults)
            whys = (each.why_not(record, faults=faults) for each in known)
            why = next((said for said in whys if said), NOTHING)
        of_record = [] if why else list(_of_record(question_world, record, told, own))
        known_keys = {each.key for each in found}
        found += [each for each in of_record if each.key not in known_keys]
        if not of_record:
            untried.append(Untried(told, why or message(NOWHERE)))
    return found, untried


def _of_record(
    world: World, record: Sourced | Criterion | None, told: Assumption, own: Ranges | None
) -> Iterator[AssumedFigure]:
    if isinstance(record, Criterion):
        key = f"{THRESHOLDS}.{record.id}"
        within, origin = _within(record, "threshold", key, own)
        # a limit of nothing at all is no figure that somebody guessed
        if isinstance(within, Range) and record.threshold:
            low, high = within.ends(record.threshold)
            yield AssumedFigure(
                key,
                (THRESHOLDS, record.id),
                told,
                "threshold",
                record.unit,
                record.threshold,
                within,
                origin,
                max(low, record.lowest if record.lowest is not None else low),
                min(high, record.highest if record.highest is not None else high),
            )
        return
    if record is None or (path := world.find(record)) is None:
        return
    place = world.at(path)
    for own_field in type(record).model_fields:
        at = world.chosen_at(record, own_field) or (*path, own_field)
        field = str(at[-1])
        key, value = f"{world.named(at[:-1])}.{field}", told_value(getattr(record, own_field))
        within, origin = _within(record, own_field, key, own)
        # what the program takes where nobody says it is no assumption where somebody does
        unsaid = record is place or getattr(place, field, None) is None
        if within is None or value is None or not unsaid:
            continue
        unit = unit_of(field)
        if isinstance(within, Choice):
            choices, likely = _choices(world, at, within, origin)
            if set(choices) - {value}:
                yield AssumedFigure(
                    *(key, at, told, field, unit, value, within, origin),
                    choices=choices,
                    likely_choices=likely,
                )
        elif not isinstance(value, str):
            low, high = within.ends(value)
            steps = place.other_timers(field, low, high) if isinstance(place, Routing) else []
            if steps:
                low, high = steps[0], steps[-1]
            yield AssumedFigure(
                *(key, at, told, field, unit, value, within, origin, low, high),
                steps=tuple(steps),
            )


def _choices(
    world: World, at: worlds.Path, within: Choice, origin: RangeFrom
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a figure may be, and of that what is likely. Of the program's own choices those that
    cannot be here are left out: a profile that the device does not do, a port of a level where
    there are no levels; and sound that is judged by other criteria, since it has no MOS."""
    choices, likely = within.of_these, within.likely
    if isinstance(choices, str):
        profiles = world.profiles.profile
        if choices == "profiles" and likely is None:
            resolution = world.base.plan.profile.resolution
            likely = [each.id for each in profiles if each.resolution == resolution]
        choices = [
            each.id for each in (profiles if choices == "profiles" else world.profiles.audio)
        ]
    if origin == "kind":
        choices = [each for each in choices if _can_be(world, at, each)]
    return tuple(choices), tuple(each for each in choices if likely is None or each in likely)


def _can_be(world: World, at: worlds.Path, choice: str) -> bool:
    try:
        plan = world.put(at, choice).question().plan
    except (ValueError, InputError):
        return False
    return speech_codec(plan).has_mos == speech_codec(world.base.plan).has_mos


def _within(
    record: Sourced | Criterion, field: str, key: str, own: Ranges | None
) -> tuple[Range | Choice | None, RangeFrom]:
    """How far a figure may be, and where that is said: by the user, beside it, by its kind."""
    usual = program_ranges().of(record, field, key)
    if own is not None and (found := own.of(record, field, key)) is not None:
        return found, "ranges"
    ranges = record.range if isinstance(record, Assumable | Criterion) else None
    if ranges is None or field not in ranges:
        return usual, "kind"
    beside = ranges[field]
    if beside.choices is not None:
        return Choice(
            of=[key],
            of_these=beside.choices,
            source=beside.source,
            source_vi=beside.source_vi,
        ), "beside"
    scale = usual if isinstance(usual, Range) else None
    return Range(
        of=[key],
        low=beside.low,
        high=beside.high,
        scale="linear" if scale is None else scale.scale,
        whole=scale is not None and scale.whole,
        alike=scale is not None and scale.alike,
        source=beside.source,
        source_vi=beside.source_vi,
    ), "beside"
