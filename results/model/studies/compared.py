"""Two states of inputs side by side: `compare.json`, schema `giaoban.compare/1`. Data only."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from giaoban.results.model.answer_files import COMPARE, JsonFile
from giaoban.results.model.quantities import Amount, Id, Method, OneLine, Verdict
from giaoban.results.model.result import RunId
from giaoban.sentence import Both
from giaoban.tomlfile import StrictModel

State = Literal["same", "better", "worse", "changed", "new", "gone", "not-judged"]


InputFile = Literal["scenario", "province", "devices", "criteria"]
"""The files of a question in which a change is looked for key by key."""


class InputChange(StrictModel):
    """One key of an input file that is not as it was; null: it was not there, or is not any more.

    `at` is what it is about: a link, a router, a bridge, `mcu`; null: everything, or words alone
    (`words`), which change no figure. `line` is that of the new file, `name` the name of that file.
    """

    file: InputFile
    name: OneLine = ""
    key: str
    old: str | None
    new: str | None
    at: Id | None = None
    words: bool = False
    line: int | None = None


class MarginChange(StrictModel):
    """One criterion, then and now; null: it was not judged. `where` is the worst place now,
    `old_where` then."""

    criterion: Id
    name_en: str
    name_vi: str
    unit: str
    limit: float
    old: float | None
    new: float | None
    old_margin_pct: float | None
    new_margin_pct: float | None
    old_ok: bool | None
    new_ok: bool | None
    where: str
    where_vi: str
    old_where: str = ""
    old_where_vi: str = ""
    sense: Literal["same", "better", "worse", "less"]
    """`less`: still met, with less to spare than is allowed to go."""


CONNECTED = "connected"
"""What of a bridge is compared beside its figures: whether it is in the meeting."""


class BridgeChange(StrictModel):
    """One figure of one bridge that got worse or better; null: it has none, as it is not there.

    `what`: a criterion's id, or `connected` (1 or 0). `points`: by how much of what is allowed, in
    percent, positive where it is worse. `declared`: something of its own or on its way was changed.
    """

    bridge: Id
    name: str
    what: str
    unit: str
    old: float | None
    new: float | None
    points: float
    declared: bool


class ScenarioCompared(StrictModel):
    """One scenario, then and now; a verdict is null where there was none to be judged.

    `reasons`: why it does not pass, or is not judged; of the latter also in Vietnamese.
    """

    id: Id
    state: State
    old: Verdict | None
    new: Verdict | None
    method: Method = "estimate"
    reasons: list[OneLine] = Field(default_factory=list)
    reasons_vi: list[OneLine] = Field(default_factory=list)
    inputs: list[InputChange] = Field(default_factory=list)
    margins: list[MarginChange] = Field(default_factory=list)
    bridges: list[BridgeChange] = Field(default_factory=list)
    run: str | None = None

    @property
    def why_not_judged(self) -> list[Both]:
        """Why there is no verdict, in both languages; an answer of before has but the English."""
        if len(self.reasons_vi) != len(self.reasons):
            return [Both(reason, reason) for reason in self.reasons]
        return [Both(en, vi) for en, vi in zip(self.reasons, self.reasons_vi, strict=True)]

    @property
    def worse_bridges(self) -> list[str]:
        """Return the names of bridges with a worse figure, the worst first."""
        return list(dict.fromkeys(each.name for each in self.bridges if each.points > 0))

    @property
    def undeclared(self) -> list[BridgeChange]:
        """Bridges that are worse although nothing of their own or on their way was changed."""
        return [each for each in self.bridges if each.points > 0 and not each.declared]


class Compared(JsonFile):
    """The whole answer; `fail`: something is worse. `tolerance_points`: what a margin may lose.
    `method`: how what is near a limit was found, by estimate or (confirmed) by an engine; null: not
    said.
    """

    FILE: ClassVar[str] = COMPARE
    schema_id: Literal["giaoban.compare/1"] = Field(default="giaoban.compare/1", alias="schema")
    run_id: RunId
    verdict: Verdict
    method: Method | None = None
    old: str
    new: str
    tolerance_points: Amount
    scenarios: Annotated[list[ScenarioCompared], Field(min_length=1)]
    seconds: Amount
