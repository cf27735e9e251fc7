"""The criteria a run is judged by: `criteria.toml`, with what a scenario changes and adds.

Most are a figure of the result with a statistic, a threshold and a sense
(`giaoban.results.judge.metrics`); a few (`CODED`) are rules of their own, in
`giaoban.results.judge.worst`.
"""

from __future__ import annotations

import difflib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from giaoban.errors import InputError, near_names, several
from giaoban.figure_words import with_ranges
from giaoban.provenance import Ranges, check_ranges, needs_assumed
from giaoban.regulation import Regulation, cited
from giaoban.results.judge.aggregate import Statistic
from giaoban.results.judge.metrics import Measure
from giaoban.results.model.quantities import Id, JudgedOnlyWith, Sense
from giaoban.results.model.result import Assumption
from giaoban.sentence import N_, Sentence, message
from giaoban.tomlfile import StrictModel, load
from giaoban.translation import UNITS, translator, unit_words

DEFAULT_PATH = Path(__file__).parents[1] / "criteria.toml"
_LIMIT = N_("Limit: {criterion}")

MOS: Final = "mos"
AUDIO_LOSS: Final = "audio-loss"
PICTURE_ARTEFACTS: Final = "picture-artefacts"
LONGEST_FREEZE: Final = "longest-freeze"
SLIDES_FROZEN: Final = "slides-frozen"
SLIDES_NOT_SHOWN: Final = "slides-not-shown"
MCU_UNITS: Final = "mcu-units"
CALLS_SET_UP: Final = "every-call-set-up"
CALLS_AS_ASKED: Final = "every-call-as-asked"
LINK_PEAK: Final = "link-peak"
NO_BRIDGE_DROPPED: Final = "no-bridge-dropped"
LOSS_NO_WORSE: Final = "existing-loss-no-worse"
DELAY_NO_WORSE: Final = "existing-delay-no-worse"
NO_WORSE = (LOSS_NO_WORSE, DELAY_NO_WORSE)
"""Existing bridges against themselves: with and without the new ones, or after and before."""
FAULT_INTERRUPTION: Final = "fault-interruption"
FAULT_BRIDGES_LOST: Final = "fault-bridges-lost"
FAILING_SEEDS: Final = "failing-seeds"
"""Judged only where other seeds were tried."""
EVERY_MEETING: Final = "holds-in-every-meeting"
"""Judged only where meetings of the catalogue were tried."""

CODED = (
    MCU_UNITS,
    CALLS_SET_UP,
    CALLS_AS_ASKED,
    LINK_PEAK,
    NO_BRIDGE_DROPPED,
    LOSS_NO_WORSE,
    DELAY_NO_WORSE,
    FAULT_INTERRUPTION,
    FAULT_BRIDGES_LOST,
    FAILING_SEEDS,
    EVERY_MEETING,
)
"""Criteria whose value is more than a figure of the result; they have no `measure`."""

OF_FAULTS = (FAULT_INTERRUPTION, FAULT_BRIDGES_LOST)
"""Judged only where something failed on purpose."""

ARTEFACTS_PER_H = "artefacts_per_h"
"""The figure of which a result says what it rests on."""

DRAWN_WORLDS = "holds-in-drawn-worlds"
"""Judged only where a share of drawn worlds is required, which is no file's: so it stands in none.
"""

BESIDE_THE_RUN = (FAILING_SEEDS, EVERY_MEETING, DRAWN_WORLDS)
"""Counts of other runs that fail: no quantity of this one, which another bridge would use up."""


class Criterion(StrictModel):
    """One criterion: a value is fine at most (or at least) `threshold`."""

    id: Id
    """Short name, by which a scenario's `[thresholds]` refer to it."""
    name_en: Annotated[str, Field(min_length=1, max_length=120)]
    """Name in English."""
    name_vi: Annotated[str, Field(min_length=1, max_length=120)]
    """Name in Vietnamese."""
    measure: Measure | None = None
    """Which figure of the result it is about. Without one it is a rule of the program's."""
    statistic: Statistic = "worst"
    """Over all that is measured; `worst`: the largest or the smallest, by the sense."""
    warm_up_s: Annotated[float, Field(ge=0, le=3600)] = 0.0
    """Each phase is measured anew from so many seconds after its start."""
    threshold: float
    """The value that decides, in `unit`."""
    preferred: float | None = None
    """A figure that the source would rather not see passed, in `unit`; only `threshold` decides."""
    unit: Annotated[str, Field(min_length=1, max_length=16)]
    """Unit of the value."""
    unit_vi: Annotated[str, Field(min_length=1, max_length=16)] | None = None
    """The same in Vietnamese, where the program does not know it. Like `"gói"`."""
    sense: Sense
    """`at-most`: the value may be up to the threshold. `at-least`: it has to be so much or more."""
    best: float = 0.0
    """The best value there can be, in `unit`: margins are shares of the way from it to the
    threshold."""
    lowest: float | None = None
    """The lowest threshold that makes sense, in `unit`."""
    highest: float | None = None
    """The highest threshold that makes sense, in `unit`."""
    source_en: Annotated[str, Field(min_length=1)]
    """Where the threshold comes from, in English."""
    source_vi: Annotated[str, Field(min_length=1)]
    """The same in Vietnamese."""
    assumed: bool = False
    """Whether the threshold is assumed."""
    settled_by: str | None = None
    """What would settle the assumption."""
    settled_by_vi: str | None = None
    """The same in Vietnamese."""
    range: Ranges | None = None
    """How far an assumed threshold may be from what is said. Only where `assumed = true`. Like
    `{threshold = {low = 60.0, high = 90.0, source = "what other provinces ask for"}}`."""

    @model_validator(mode="after")
    def _one_that_can_be_judged(self) -> Self:
        if self.measure is None:
            if self.id not in CODED:
                hint = near_names("criterion", self.id, CODED)
                raise ValueError(
                    Sentence(
                        'criterion id "{id}" is not known without a measure{hint}',
                        id=self.id,
                        hint=hint,
                    )
                )
            if self.statistic != "worst" or self.warm_up_s:
                raise ValueError(
                    Sentence("statistic and warm_up_s need a measure, {id} has none", id=self.id)
                )
        elif self.id in CODED:
            raise ValueError(Sentence("{id} is a rule of its own: it takes no measure", id=self.id))
        elif self.measure.unit and self.unit != self.measure.unit:
            right = self.measure.unit
            raise ValueError(
                Sentence(
                    'unit of {metric} is "{right}", not "{unit}"',
                    metric=self.measure.metric,
                    right=right,
                    unit=self.unit,
                )
            )
        if self.unit not in UNITS and not self.unit_vi:
            raise ValueError(
                Sentence(
                    'unit "{unit}" needs unit_vi (without: {units})',
                    unit=self.unit,
                    units=", ".join(UNITS),
                )
            )
        return self

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.sense == "at-least" and self.highest is not None and self.best <= self.highest:
            raise ValueError(Sentence("best must be above highest for an at-least criterion"))
        if problem := self.problem_with(self.threshold):
            raise ValueError(Sentence("threshold {problem}", problem=problem))
        if self.preferred is not None:
            inside = sorted((self.best, self.threshold))
            if not inside[0] <= self.preferred <= inside[1]:
                raise ValueError(
                    Sentence("preferred must lie between the best value and the threshold")
                )
        if self.assumed and not (self.settled_by and self.settled_by_vi):
            raise ValueError(Sentence("an assumed criterion needs settled_by and settled_by_vi"))
        return self

    @model_validator(mode="after")
    def _range_fits(self) -> Self:
        needs_assumed(self.range, assumed=self.assumed)
        if self.range is not None:
            check_ranges(self.range, {"threshold": self.threshold}, self._with)
        return self

    def _with(self, key: str, value: float) -> object:
        given = {k: getattr(self, k) for k in self.model_fields_set - {"range", "preferred"}}
        return type(self).model_validate(given | {key: value})

    @property
    def judged_only_with(self) -> JudgedOnlyWith | None:
        """Return the part of a run for which alone this is judged: slides, or declared faults;
        None: it is judged in every run."""
        if self.id in OF_FAULTS:
            return "faults"
        if self.measure is not None and self.measure.kinds == ("content",):
            return "slides"
        return None

    @property
    def is_of_speech_quality(self) -> bool:
        return self.measure is not None and self.measure.metric.startswith("mos")

    @property
    def unit_text_vi(self) -> str:
        return self.unit_vi or translator("vi").unit(2, self.unit)

    def problem_with(self, threshold: float) -> str:
        """Why a threshold makes no sense here, or ''."""
        if not math.isfinite(threshold):
            return Sentence("must be a finite number")
        low, high = self.lowest, self.highest
        if low is not None and high is not None and not low <= threshold <= high:
            return Sentence(
                "must be {low} to {high} {unit}",
                low=f"{low:g}",
                high=f"{high:g}",
                unit=self._unit_after(high),
            )
        if low is not None and threshold < low:
            return Sentence(
                "must be {low} {unit} or more", low=f"{low:g}", unit=self._unit_after(low)
            )
        if high is not None and threshold > high:
            return Sentence(
                "must be {high} {unit} or less", high=f"{high:g}", unit=self._unit_after(high)
            )
        if self.sense == "at-most" and threshold < self.best:
            return Sentence(
                "must not be below the best value there can be, {best} {unit}",
                best=f"{self.best:g}",
                unit=self._unit_after(self.best),
            )
        if self.sense == "at-least" and threshold >= self.best:
            return Sentence(
                "must be below the best value there can be (best = {best} {unit})",
                best=f"{self.best:g}",
                unit=self._unit_after(self.best),
            )
        return ""

    def _unit_after(self, amount: float) -> Sentence:
        return unit_words(self.unit, amount, self.unit_vi)


class Criteria(StrictModel):
    """The criteria a run is judged by, in the order they are shown."""

    schema_id: Literal["giaoban.criteria/1"] = Field(alias="schema")
    criterion: Annotated[list[Criterion], Field(min_length=1)]
    """One criterion."""

    @model_validator(mode="after")
    def _once(self) -> Self:
        seen: set[str] = set()
        for item in self.criterion:
            if item.id in seen:
                raise ValueError(Sentence('criterion "{item}" is given twice', item=item.id))
            seen.add(item.id)
        return self

    @property
    def ids(self) -> list[Id]:
        return [item.id for item in self.criterion]

    def without(self, what: JudgedOnlyWith) -> Criteria:
        """Those for a run that has none of it."""
        kept = [item for item in self.criterion if item.judged_only_with != what]
        return self.model_copy(update={"criterion": kept})

    def without_speech_quality(self) -> Criteria:
        """Those for a run with sound whose quality no model tells."""
        kept = [c for c in self.criterion if not c.is_of_speech_quality]
        return self.model_copy(update={"criterion": kept})

    def warm_ups(self) -> list[float]:
        """The seconds after which phases have to be measured anew (`judge`'s `warmed`), sorted."""
        return sorted({item.warm_up_s for item in self.criterion if item.warm_up_s})

    def with_more(self, more: Sequence[Criterion], origin: str = "criterion") -> Criteria:
        """The same criteria, and more behind them.

        Raises `InputError` (message begins with `origin`) if an id is there already.
        """
        known = Counter(item.id for item in (*self.criterion, *more))
        twice = [f'"{item.id}"' for item in more if known[item.id] > 1]
        if twice:
            raise InputError(
                "{origin}: criterion {twice} is there already (allowed: an id of its "
                "own; thresholds change a criterion that is there)",
                origin=origin,
                twice=", ".join(dict.fromkeys(twice)),
            )
        return self.model_copy(update={"criterion": [*self.criterion, *more]})

    def check_places(
        self,
        *,
        bridges: Iterable[str],
        links: Iterable[str],
        phases: Iterable[str],
        origin: str = "criterion",
    ) -> None:
        """Raises `InputError` for what a measure names and the run does not have."""
        there = {"bridges": set(bridges), "links": set(links), "phases": set(phases)}
        mistakes = [
            Sentence(
                '{origin}: criterion {id}: measure.{key}: no "{name}"{near}',
                origin=origin,
                id=item.id,
                key=key,
                name=name,
                near=near_names(key.removesuffix("s"), name, known),
            )
            for item in self.criterion
            if item.measure is not None
            for key, known in there.items()
            for name in getattr(item.measure, key) or []
            if name not in known
        ]
        if mistakes:
            raise several(mistakes)

    def with_articles(self, regulation: Regulation | None, origin: str = "province") -> Criteria:
        """The same criteria, each with the article of a province's regulation that asks for it
        before its source.

        An id that there is neither here nor among the program's own may be one that another
        scenario of the province adds: it is not used. Raises `InputError` (message begins with
        `origin`) if it is a slip of one that there is.
        """
        articles = {} if regulation is None else regulation.criteria
        if unknown := articles.keys() - set(self.ids):
            known = dict.fromkeys([*self.ids, *load(DEFAULT_PATH, Criteria).ids])
            mistakes = [
                Sentence(
                    "{origin}: regulation.criteria.{key}: no such criterion{hint}",
                    origin=origin,
                    key=key,
                    hint=near_names("criterion", key, known, every=True),
                )
                for key in sorted(unknown - known.keys())
                if _is_slip(key, known)
            ]
            if mistakes:
                raise several(mistakes)
        return self.model_copy(
            update={"criterion": [_asked_by(c, articles.get(c.id)) for c in self.criterion]}
        )

    def with_thresholds(
        self, thresholds: Mapping[str, float], origin: str = "thresholds"
    ) -> Criteria:
        """The same criteria with other thresholds; their source then says who set them.

        Raises `InputError` (message begins with `origin`) for unknown ids and absurd values.
        """
        known = {item.id: item for item in self.criterion}
        mistakes: list[str] = []
        for key, value in thresholds.items():
            item = known.get(key)
            if item is None:
                hint = near_names("criterion", key, known, every=True)
                mistakes.append(
                    Sentence(
                        "{origin}: thresholds.{key}: no such criterion{hint}",
                        origin=origin,
                        key=key,
                        hint=hint,
                    )
                )
            elif isinstance(value, bool) or not isinstance(value, int | float):
                mistakes.append(
                    Sentence(
                        "{origin}: thresholds.{key} = {value}: must be a number",
                        origin=origin,
                        key=key,
                        value=repr(value),
                    )
                )
            elif problem := item.problem_with(value):
                mistakes.append(
                    Sentence(
                        "{origin}: thresholds.{key} = {value}: {problem}",
                        origin=origin,
                        key=key,
                        value=repr(value),
                        problem=problem,
                    )
                )
        if mistakes:
            raise several(mistakes)
        return self.model_copy(
            update={"criterion": [_changed(c, thresholds.get(c.id)) for c in self.criterion]}
        )

    def assumed(self) -> list[Criterion]:
        """Those whose threshold rests on no published figure."""
        return [item for item in self.criterion if item.assumed]

    def assumptions(self) -> list[Assumption]:
        """The thresholds that rest on no published figure, for the result's list."""
        return [
            Assumption(
                what=message(_LIMIT, criterion=c.name_en).en,
                what_vi=message(_LIMIT, criterion=c.name_vi).vi,
                value=with_ranges(f"{c.threshold:g} {c.unit}", c.range, c.unit).en,
                value_vi=with_ranges(
                    f"{translator('vi').figure(c.threshold)} {c.unit_text_vi}",
                    c.range,
                    c.unit_text_vi,
                ).vi,
                source=c.source_en,
                source_vi=c.source_vi,
                settled_by=c.settled_by or "",
                settled_by_vi=c.settled_by_vi,
            )
            for c in self.assumed()
        ]


def _is_slip(ident: str, known: Iterable[str]) -> bool:
    """Whether it is one of them but for a letter or two, not one of another scenario: those often
    have a word more."""
    as_long = [each for each in known if each.count("-") == ident.count("-")]
    return bool(difflib.get_close_matches(ident, as_long, n=1, cutoff=0.8))


def _asked_by(item: Criterion, article: str | None) -> Criterion:
    if not article:
        return item
    source_vi = f"{cited(article, translator('vi'))}: {item.source_vi}"
    return item.model_copy(
        update={"source_en": f"{article}: {item.source_en}", "source_vi": source_vi}
    )


def _changed(item: Criterion, threshold: float | None) -> Criterion:
    if threshold is None or threshold == item.threshold:
        return item
    kept = item.preferred
    if kept is not None and not min(item.best, threshold) <= kept <= max(item.best, threshold):
        kept = None  # what the scenario asks for is more than what the source prefers
    text = N_("set by the scenario (default {default}: {source})")
    return item.model_copy(
        update={
            "threshold": float(threshold),
            "preferred": kept,
            "range": None,  # it was about the threshold that the scenario puts aside
            "source_en": message(text, default=item.threshold, source=item.source_en).en,
            "source_vi": message(text, default=item.threshold, source=item.source_vi).vi,
        }
    )


def load_criteria(
    path: Path = DEFAULT_PATH,
    thresholds: Mapping[str, float] | None = None,
    origin: str = "thresholds",
    more: Sequence[Criterion] = (),
    *,
    regulation: Regulation | None = None,
    province: str = "province",
) -> Criteria:
    """Read a criteria file, add a scenario's own criteria, cite the regulation of a `province`,
    apply the scenario's thresholds.

    Raises `InputError`.
    """
    criteria = load(path, Criteria).with_more(more, origin).with_articles(regulation, province)
    return criteria.with_thresholds(thresholds or {}, origin)
