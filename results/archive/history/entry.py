"""What the history knows of one run: enough to list it, to follow a criterion, to sum up a year."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Self

from pydantic import Field

from giaoban.regulation import Regulation
from giaoban.results.model.quantities import OneLine, Sense
from giaoban.sentence import Sentence
from giaoban.tomlfile import StrictModel

_TAIL = re.compile(r"-\d{8}-\d{6}(-\d+)?$")


class CriterionValue(StrictModel):
    """One criterion as a run judged it; null: not measured, or (`margin_pct`) no margin.

    `shown`: as of `CriterionResult`.
    """

    id: str
    name_en: str
    name_vi: str
    value: float | None
    threshold: float
    unit: str
    unit_vi: str | None = None
    sense: Sense
    ok: bool
    shown: bool = True
    margin_pct: float | None
    where_en: str = ""
    where_vi: str = ""


class BindingCriterion(StrictModel):
    """What binds: the criterion with the least margin, and where."""

    criterion: str
    where_en: str
    where_vi: str
    margin_pct: float | None


class ProvinceRef(StrictModel):
    """The network that a run is of: its file's name and sum, what it calls itself, if known, and
    its regulation, if it has one."""

    file: str
    sha256: str
    name: str = ""
    regulation: Regulation | None = None


class TriedFailures(StrictModel):
    """How many failures a run tried, of how many single ones the network can have.

    `singles` are those of `possible` that were tried by themselves; `unknown` are the failures
    whose emulation came to no result.
    """

    count: int
    possible: int
    singles: int
    unknown: int

    @property
    def whole(self) -> bool:
        """Whether something is known of every single failure that the network can have."""
        return self.singles >= self.possible and not self.unknown


class HistoryEntry(StrictModel):
    """One run. `at` is the time of Việt Nam, from the run's id, else from the time of its file.

    `kind` is the word of the answer's schema, `check` for `giaoban.result/2`. `committed`: the
    program was exactly a commit, so that it can be had again. A run without a question (`new`,
    `existing` empty) or without criteria has none to ask for. `scenario_sha256` tells versions of a
    scenario apart, '' if it is not known. `tried` and `single_points`, in Vietnamese, are of
    failures; `compared_with`: the verdict is that of a comparison with the baseline of this name.
    """

    folder: str
    run_id: str
    kind: str
    at: datetime
    verdict: str | None
    scenario: str
    question_en: str = ""
    question_vi: str = ""
    existing: dict[str, str] = Field(default_factory=dict)
    new: dict[str, str] = Field(default_factory=dict)
    engine: str = ""
    committed: bool = False
    sha256: str
    reasons: list[OneLine] = Field(default_factory=list)
    reasons_vi: list[str] = Field(default_factory=list)
    criteria: list[CriterionValue] = Field(default_factory=list)
    binding: BindingCriterion | None = None
    single_points: list[str] = Field(default_factory=list)
    province: ProvinceRef | None = None
    scenario_sha256: str = ""
    tried: TriedFailures | None = None
    compared_with: str = ""

    def criterion(self, ident: str) -> CriterionValue | None:
        return next((c for c in self.criteria if c.id == ident), None)

    @property
    def counts(self) -> bool:
        """Whether its figures were measured in an emulation that can be trusted."""
        return self.verdict in ("pass", "fail") and self.engine != "estimate"


class SkippedRun(StrictModel):
    """A folder among the runs that is none, and why."""

    folder: str
    reason: OneLine
    reason_vi: OneLine

    @classmethod
    def of(cls, folder: str, why: Sentence) -> Self:
        return cls(folder=folder, reason=why.en, reason_vi=why.vi)


def scenario_of(run_id: str, *, estimate: bool = False) -> str:
    """The scenario a run's id begins with: `faults-x-20261125-080000` → `x`, and of an estimated
    check `x-estimate-20261125-080000` → `x`."""
    name = _TAIL.sub("", run_id).removeprefix("faults-")
    return (name.removesuffix("-estimate") if estimate else name) or run_id
