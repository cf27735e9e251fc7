"""Many points at once: `sweep.json`, schema `giaoban.sweep-answer/1`. Data only."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from giaoban.results.model.answer_files import SWEEP, JsonFile
from giaoban.results.model.quantities import Amount, Count, Id, OneLine
from giaoban.results.model.result import Inputs, RunId
from giaoban.results.model.unmodelled import Unmodelled
from giaoban.tomlfile import StrictModel

SINGLE_POINT = "single-point-of-failure"
"""What binds where a failure cuts bridges off that the network could have kept: no criterion of the
meeting, which is no longer whole, but the rule of `giaoban faults`."""

Said = Literal["pass", "fail", "undecided", "refused"]
"""`refused`: the point cannot be, `why` says the reason."""


class SweepPoint(StrictModel):
    """One point: where it is on each axis, and what became of it.

    `method`: judged packet by packet, or ruled out by arithmetic alone (`arithmetic`), which then
    gives no margin. A point with a failure passes only if it passes without it, too. `cut_off`
    counts bridges that nothing reaches any more: a point that passes although there are some has
    lost only those at the router that failed, or such as the scenario accepts to lose.
    `peak_pct`: the busiest second of any link, by arithmetic.
    A point was tried at its `seed` and `seeds_tried` others; `fails_at_seed` is the first other one
    that fails. `seeds_needed`: the number of other seeds that would decide an undecided point.
    `where` says where what binds is, `why` why a point cannot be.
    `key` is the hash of all that the point depends on. `pace_s`: bridges joined so far apart, where
    it is not the default.
    """

    bridges: str
    profile: str
    device: str
    failure: str
    seed: int
    verdict: Said
    method: Literal["arithmetic", "estimate", "none"]
    in_meeting: Count
    cut_off: Count
    binding: Id | None = None
    where: str = ""
    where_vi: str = ""
    margin_pct: float | None = None
    used_pct: float | None = None
    peak_pct: Amount | None = None
    why: OneLine = ""
    why_vi: OneLine = ""
    key: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    pace_s: Amount | None = None
    seeds_tried: Count = 0
    seeds_passed: Count = 0
    fails_at_seed: Count | None = None
    seeds_needed: Count | None = None


class SweepAnswer(JsonFile):
    """The whole answer of `giaoban whatif`.

    `computed` points were new, the others had been computed before. `criteria` and `criteria_vi`
    are the names of the criteria in English and in Vietnamese, by id, `names` those of nodes,
    links, calls and devices, `failures` and `failures_vi` what happens in failures.
    """

    FILE: ClassVar[str] = SWEEP
    schema_id: Literal["giaoban.sweep-answer/1"] = Field(
        default="giaoban.sweep-answer/1", alias="schema"
    )
    run_id: RunId
    question_en: str
    question_vi: str
    inputs: Inputs
    criteria: dict[Id, str] = Field(default_factory=dict)
    criteria_vi: dict[Id, str] = Field(default_factory=dict)
    names: dict[str, str] = Field(default_factory=dict)
    failures: dict[str, str] = Field(default_factory=dict)
    failures_vi: dict[str, str] = Field(default_factory=dict)
    not_judged: list[Unmodelled] = Field(default_factory=list)
    """What no verdict of this answer speaks of, since the calls' sound does not let it."""
    points: Annotated[list[SweepPoint], Field(min_length=1)]
    computed: Count
    seconds: Amount
