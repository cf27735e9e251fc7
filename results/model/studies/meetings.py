"""The answer of `giaoban meeting`: the check of the system and the course, judged bridge by bridge.

`meeting.json`, schema `giaoban.meeting-result/1`. Both parts have their whole result beside it, in
`check/result.json` and `course/result.json`.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from giaoban.regulation import Regulation
from giaoban.results.model.answer_files import MEETING, JsonFile
from giaoban.results.model.faults import AcceptedInterruption, FaultResult
from giaoban.results.model.quantities import Amount, Count, Direction, FoundBy, Id, Kind, Verdict
from giaoban.results.model.reasons import Argument, Reason
from giaoban.results.model.result import Assumption, CriterionResult, RunId
from giaoban.results.model.seeds import Seeds
from giaoban.results.model.unmodelled import Unmodelled
from giaoban.tomlfile import StrictModel

Part = Literal["check", "course"]
PARTS: tuple[Part, ...] = ("check", "course")


class HeldMeeting(StrictModel):
    """Which meeting of the catalogue it was, and where the province's regulation names it; "" where
    it does not."""

    id: Id
    name: str
    name_vi: str
    article: str
    chair: Id
    length_min: Annotated[float, Field(gt=0)]


class StreamJudged(StrictModel):
    """What one stream of a bridge was like; null: not measured.

    The counts are of everything. What follows is as it is judged, without what interruptions by
    faults took: these are told of the bridge. `frozen_pct` of the time in which a picture was due.
    `delay_ms` is the 95th percentile on this leg. `ok`: every criterion on it is met.
    `packets_received` null: sent to a real device, which alone knows what came.
    """

    kind: Kind
    direction: Direction
    packets_sent: Count
    packets_received: Count | None
    lost_pct: Amount | None
    delay_ms: Amount | None
    frozen_pct: Amount | None = None
    ok: bool


class Interrupted(StrictModel):
    """From when to when a fault kept a bridge from the meeting, in seconds after the part's first
    phase began; `back_s` null: to the end."""

    fault: Id
    at_s: float
    back_s: float | None

    @property
    def lasted_s(self) -> float | None:
        """How long, None if to the end."""
        return None if self.back_s is None else self.back_s - self.at_s


Outcome = Literal["met", "not-met", "cut-off"]


class BridgeJudged(StrictModel):
    """One bridge in one part of a meeting.

    `connected`: its call was set up, in `setup_ms`. `interruption_ms` is the
    longest of its streams, `interruptions` are those by faults. `there_at_end`: it was in the
    meeting until that was closed. `hung_up`: its call then ended as calls should; null: it had
    none. `failed` are the criteria that it does not meet by itself.
    """

    bridge: Id
    name: str
    connected: bool
    refused: Annotated[int, Field(ge=300, le=699)] | None = None
    setup_ms: Amount | None = None
    ways: list[StreamJudged] = Field(default_factory=list)
    interruption_ms: Amount | None = None
    interruptions: list[Interrupted] = Field(default_factory=list)
    there_at_end: bool = True
    hung_up: bool | None = None
    failed: list[CriterionResult] = Field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        """Whether it was in the meeting, and everything about it within the limits.

        One that a fault holds to the end is cut off: that is judged as an interruption, by the
        criteria of the whole.
        """
        if not self.connected or self.failed or self.hung_up is False:
            return "not-met"
        if not self.there_at_end and any(i.back_s is None for i in self.interruptions):
            return "cut-off"
        return "met" if self.there_at_end and all(way.ok for way in self.ways) else "not-met"

    @property
    def ok(self) -> bool:
        return self.outcome == "met"


class Entry(StrictModel):
    """One line of the minutes: what happened, `t_s` after the part's first phase began (negative:
    before it), as a code (`giaoban.results.report.meetings.minutes.SENTENCES`) with arguments."""

    t_s: float
    code: str
    bridge: Id | None = None
    arguments: dict[str, Argument] = Field(default_factory=dict)


class Minutes(JsonFile):
    """The minutes of a check, `minutes.json` of its folder: what its page tells of them."""

    FILE: ClassVar[str] = "minutes.json"
    schema_id: Literal["giaoban.minutes/1"] = Field(default="giaoban.minutes/1", alias="schema")
    entries: list[Entry]


class Opening(StrictModel):
    """How the calls were set up: `connected` of so many, the last one `seconds` after the first
    was made (null: nobody joined)."""

    calls: Count
    connected: Count
    seconds: Amount | None

    @property
    def ok(self) -> bool:
        return self.connected == self.calls


class Closing(StrictModel):
    """What was left when all had hung up: calls that the MCU still had, and what it held for them.

    `standing` are the calls that stood until then, `hung_up` those of them that ended as they
    should.
    """

    standing: Count
    hung_up: Count
    calls_left: Count
    units_left: Amount

    @property
    def ok(self) -> bool:
        return self.hung_up == self.standing and not self.calls_left and not self.units_left


class PartJudged(StrictModel):
    """The check of the system, or the course.

    `reasons` (in English) and `reason_codes`: why it is invalid. `failed` are the criteria that it
    does not meet as a whole, `closest` is the one it meets most narrowly, `faults` are what failed
    in it on purpose, `accepted` the interruptions by them that it accepts. `seeds`: the result at
    other seeds.
    """

    part: Part
    verdict: Verdict
    reasons: list[str]
    reason_codes: list[Reason] = Field(default_factory=list)
    seconds: Amount
    opening: Opening
    closing: Closing
    bridges: list[BridgeJudged]
    failed: list[CriterionResult] = Field(default_factory=list)
    closest: CriterionResult | None = None
    faults: list[FaultResult] = Field(default_factory=list)
    seeds: Seeds | None = None
    accepted: list[AcceptedInterruption] = Field(default_factory=list)
    minutes: list[Entry]


class MeetingAnswer(JsonFile):
    """The whole answer of `giaoban meeting`. `names` maps identifiers to names for people."""

    FILE: ClassVar[str] = MEETING
    schema_id: Literal["giaoban.meeting-result/1"] = Field(
        default="giaoban.meeting-result/1", alias="schema"
    )
    run_id: RunId
    verdict: Verdict
    method: FoundBy | None = None
    """By which engine its parts were emulated, or in real time at a device; null: not said."""
    meeting: HeldMeeting
    regulation: Regulation | None = None
    """The province's; null: it has none."""
    device: str | None = None
    """A real device at which the system was checked, `sip:10.67.0.2:5060`; null: emulated."""
    parts: Annotated[list[PartJudged], Field(min_length=1)]
    assumptions: list[Assumption] = Field(default_factory=list)
    unmodelled: list[Unmodelled] = Field(default_factory=list)
    """What the model leaves out of it, and which way each errs."""
    names: dict[str, str] = Field(default_factory=dict)

    def part(self, name: Part) -> PartJudged | None:
        return next((each for each in self.parts if each.part == name), None)


def verdict_of(parts: list[PartJudged]) -> Verdict:
    """Return the worst verdict of the parts: invalid, fail, undecided, pass."""
    found = {part.verdict for part in parts}
    order: tuple[Verdict, ...] = ("invalid", "fail", "undecided", "pass")
    return next(each for each in order if each in found)
