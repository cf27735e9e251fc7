"""Variants of a scenario side by side: `whatif.json`, schema `giaoban.whatif/2`. Data only."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from giaoban.results.model.answer_files import WHATIF, JsonFile
from giaoban.results.model.places import Binding
from giaoban.results.model.quantities import Count, Id, Method, OneLine, Verdict
from giaoban.results.model.result import Inputs, InUse, RunId
from giaoban.results.model.seeds import Seeds
from giaoban.results.model.unmodelled import Unmodelled
from giaoban.tomlfile import StrictModel


class Margin(StrictModel):
    """What became of one criterion; see `giaoban.results.model.result.CriterionResult`."""

    criterion: Id
    name_en: str
    name_vi: str
    value: float | None
    threshold: float
    unit: str
    ok: bool
    margin_pct: float | None
    worst_at: str


class Judged(StrictModel):
    """A verdict on one variant with what it rests on, by one method.

    `where` and `where_vi` are the binding criterion's place in words; `run` the folder of an
    emulation, within the answer's own. `in_use` is how much of the device was in use in the phase
    in which it was most; null without a result. `seeds`: the result at
    other seeds, which are tried unless a call is refused or the device is full.
    """

    method: Method
    verdict: Verdict
    reasons: list[OneLine]
    binding: Binding | None
    where: str
    where_vi: str = ""
    margins: list[Margin]
    in_use: InUse | None
    run: str | None = None
    seeds: Seeds | None = None

    @property
    def by_luck(self) -> bool:
        """Return whether it fails, or is undecided, because of other seeds."""
        no_pass = self.verdict in ("fail", "undecided")
        return no_pass and self.seeds is not None and self.seeds.failed > 0

    @property
    def worst_pct(self) -> float | None:
        """The least margin of all; None if one was not measured."""
        found = [margin.margin_pct for margin in self.margins]
        known = [pct for pct in found if pct is not None]
        return min(known) if known and len(known) == len(found) else None


def final(judged: Judged, confirmed: Judged | None) -> Judged:
    """Return the result that counts: that of the emulation, and of the estimates at other seeds.

    An emulation is about one seed. It replaces the estimate at that seed; the verdict is that of
    all seeds.
    """
    if confirmed is None or confirmed.verdict == "invalid":
        return confirmed or judged
    passed, seeds = confirmed.verdict == "pass", judged.seeds
    if seeds is None or seeds.limit_pct is None or not seeds.tried:
        return confirmed
    seeds = seeds.beside(seeds.limit_pct, own_passed=passed)
    verdict = seeds.verdict
    shown = judged if passed and verdict != "pass" else confirmed
    reasons = [] if verdict == "pass" else shown.reasons
    return shown.model_copy(update={"seeds": seeds, "verdict": verdict, "reasons": reasons})


class CostPart(StrictModel):
    """One thing that has its price, in millions of đồng; `assumed`: nobody has offered it yet."""

    what: str
    what_vi: str = ""
    million_vnd: Annotated[float, Field(ge=0)]
    source: str
    assumed: bool = False


class CostOf(StrictModel):
    """What a variant costs. `unpriced` are the things for which the file has no price."""

    parts: list[CostPart] = Field(default_factory=list)
    unpriced: list[str] = Field(default_factory=list)
    unpriced_vi: list[str] = Field(default_factory=list)

    @property
    def million_vnd(self) -> float | None:
        """The sum in millions of đồng; None while something has no price."""
        return None if self.unpriced else self.order[1]

    @property
    def order(self) -> tuple[int, float]:
        """By what costs compare: how many things have no price, then the sum of those that have."""
        return len(self.unpriced), sum(part.million_vnd for part in self.parts)


class VariantResult(StrictModel):
    """One variant. `asked`: one of those in the question; else it was found by search.

    `changes` are what differs from the scenario, in words; `change_count` how many kinds of things
    have to be changed beside the bridges that are asked for. `purchases` are those of the changes
    that have to be bought. `lowered_existing` and `lowered_new` are the numbers of existing and new
    bridges whose calls are lower than the scenario's. `bridges` are all in the meeting.
    `confirmed` is the emulation's word on it.
    """

    id: Id
    name: str
    asked: bool
    changes: list[str]
    changes_vi: list[str]
    change_count: Count
    purchases: list[str] = Field(default_factory=list)
    purchases_vi: list[str] = Field(default_factory=list)
    lowered_existing: Count = 0
    lowered_new: Count = 0
    bridges: Count
    new_bridges: Count
    device: Id
    device_name: str
    profile: str
    judged: Judged
    confirmed: Judged | None = None
    cost: CostOf | None = None

    @property
    def lowered(self) -> int:
        """The number of bridges whose calls are lower than the scenario's."""
        return self.lowered_existing + self.lowered_new

    @property
    def final(self) -> Judged:
        return final(self.judged, self.confirmed)


class FailureCheck(StrictModel):
    """The worst failure, tried in an emulation of the answer.

    It is no part of the question, which is about a network in which nothing fails: the headline
    tells it, the verdict is not changed by it.
    """

    variant: Id
    failure: str
    name_en: str
    name_vi: str
    judged: Judged


class WhatIf(JsonFile):
    """The whole answer of `giaoban whatif`.

    `verdict` is that of the question: passed if a variant that was asked for passes. `answer` is
    the variant that passes and costs least; where costs are not known (`ordered_by`), the one that
    keeps the calls and needs the fewest purchases; `neighbour` the nearest one that does not.
    `method`: how what matters was found in the end, by estimate or (confirmed) by an engine; null:
    not said. `tried` counts the variants that the search looked at beside those listed. `names` are
    what people call nodes, links and calls (profiles).
    """

    FILE: ClassVar[str] = WHATIF
    schema_id: Literal["giaoban.whatif/2"] = Field(default="giaoban.whatif/2", alias="schema")
    run_id: RunId
    verdict: Verdict
    method: Method | None = None
    question_en: str
    question_vi: str
    existing: Count
    inputs: Inputs
    ordered_by: Literal["cost", "changes"]
    variants: Annotated[list[VariantResult], Field(min_length=1)]
    answer: Id | None
    neighbour: Id | None
    failure: FailureCheck | None = None
    search: list[str] = Field(default_factory=list)
    search_vi: list[str] = Field(default_factory=list)
    tried: Count = 0
    names: dict[str, str] = Field(default_factory=dict)
    not_judged: list[Unmodelled] = Field(default_factory=list)
    """What no verdict of this answer speaks of, since the calls' sound does not let it."""
    seconds: Annotated[float, Field(ge=0)]

    def variant(self, ident: str) -> VariantResult:
        return next(variant for variant in self.variants if variant.id == ident)
