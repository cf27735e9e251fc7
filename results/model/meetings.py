"""The answer of `giaoban meeting`: the check of the system and the course, judged bridge by bridge.

`meeting.json`, schema `giaoban.meeting-result/1`. Both parts have their whole result beside it, in
`check/result.json` and `course/result.json`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from giaoban.tomlfile import StrictModel, read_json
from results.model.quantities import Amount, Count, Direction, Id, Kind, Verdict
from results.model.reasons import Argument
from results.model.result import Assumption, CriterionResult, RunId

SCHEMA = "giaoban.meeting-result/1"
FILE = "meeting.json"
Part = Literal["check", "course"]
PARTS: tuple[Part, ...] = ("check", "course")


class HeldMeeting(StrictModel):
    """Which meeting of the catalogue it was, and where the decision names it."""

    id: Id
    name: str
    name_vi: str
    article: str
    chair: Id
    length_min: Annotated[float, Field(gt=0)]


class Way(StrictModel):
    """What one stream of a bridge was like; null: not measured.

    `frozen_pct` of the time in which a picture was due. `delay_ms` is the 95th percentile on this
    leg. `ok`: every criterion on it is met.
    """

    kind: Kind
    direction: Direction
    packets_sent: Count
    packets_received: Count
    lost_pct: Amount | None
    delay_ms: Amount | None
    frozen_pct: Amount | None = None
    ok: bool


class BridgeJudged(StrictModel):
    """One bridge in one part of a meeting.

    `connected`: its call was set up, in `setup_ms` (the network's share). `interruption_ms` is the
    longest of its streams. `failed` are the criteria that it does not meet by itself.
    """

    bridge: Id
    name: str
    connected: bool
    refused: Annotated[int, Field(ge=300, le=699)] | None = None
    setup_ms: Amount | None = None
    ways: list[Way] = Field(default_factory=list)
    interruption_ms: Amount | None = None
    left_at_end: bool = True
    failed: list[CriterionResult] = Field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether it was in the meeting, and everything about it within the limits."""
        return self.connected and self.left_at_end and not self.failed


class Entry(StrictModel):
    """One line of the minutes: what happened, `t_s` after the part's first phase began (negative:
    before it), as a code with its arguments (`results.report.minutes.SENTENCES`)."""

    t_s: float
    code: str
    bridge: Id | None = None
    arguments: dict[str, Argument] = Field(default_factory=dict)


class PartJudged(StrictModel):
    """The check of the system, or the course. `reasons`: why its verdict is no pass."""

    part: Part
    verdict: Verdict
    reasons: list[str]
    seconds: Amount
    bridges: list[BridgeJudged]
    minutes: list[Entry]


class MeetingAnswer(StrictModel):
    """The whole answer; `names` maps identifiers to names for people."""

    schema_id: Literal["giaoban.meeting-result/1"] = Field(
        default="giaoban.meeting-result/1", alias="schema"
    )
    run_id: RunId
    verdict: Verdict
    meeting: HeldMeeting
    parts: Annotated[list[PartJudged], Field(min_length=1)]
    assumptions: list[Assumption] = Field(default_factory=list)
    names: dict[str, str] = Field(default_factory=dict)

    def part(self, name: Part) -> PartJudged | None:
        """One of its parts, None if that was not tried."""
        return next((each for each in self.parts if each.part == name), None)

    def to_json(self) -> str:
        """The text of `meeting.json`."""
        return self.model_dump_json(by_alias=True, indent=1)

    @classmethod
    def from_json(cls, text: str | bytes, origin: str = FILE) -> MeetingAnswer:
        """Read it back. Raises `InputError` that names the key at fault."""
        return read_json(cls, text, origin, SCHEMA)


def verdict_of(parts: list[PartJudged]) -> Verdict:
    """Invalid if a part is, else fail if one fails."""
    found = {part.verdict for part in parts}
    return "invalid" if "invalid" in found else "fail" if "fail" in found else "pass"
