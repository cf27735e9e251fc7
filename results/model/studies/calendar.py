"""The answer of `giaoban calendar`: what a calendar of meetings asks of rules, device and lines.

`calendar.json`, schema `giaoban.calendar/1`. Times are ISO 8601 with the province's offset.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from giaoban.regulation import CalendarRule, Regulation
from giaoban.results.model.answer_files import CALENDAR, JsonFile
from giaoban.results.model.places import Binding
from giaoban.results.model.quantities import Amount, Count, Id, Method, Percent, Verdict
from giaoban.results.model.result import CriterionResult, RunId
from giaoban.tomlfile import StrictModel

Rule = Literal[CalendarRule, "briefing-missing"]
"""Rules of the decision, and limits of device and lines."""


class Booked(StrictModel):
    """One meeting on one day."""

    id: str
    title: str
    start: str
    end: str
    chair: Id
    participants: list[Id]
    meeting: Id | None = None
    emergency: bool = False
    registered: str | None = None
    rooms: list[str] = Field(default_factory=list)
    check: str | None = None
    """When the check of the system begins; null: none is planned, and none asked for."""


class Finding(StrictModel):
    """A rule that is broken: by which meetings (`Booked.id`), from when to when, at what.

    `article` is that of the province's regulation, "" if it has none. `gives_way`: the meeting
    (`Booked.id`) with the lowest rank; null: a single meeting, emergencies, or equal rank.
    """

    rule: Rule
    meetings: list[str]
    start: str
    end: str
    article: str = ""
    bridges: list[Id] = Field(default_factory=list)
    room: str | None = None
    link: str | None = None
    amount: Amount | None = None
    limit: Amount | None = None
    gives_way: str | None = None


class Period(StrictModel):
    """From one change to the next: which meetings are held, and what they take.

    `used_pct` of the device, by what of it most is in use (`used_of`); `refused`: calls that it
    does not take. `link_pct` is the mean load of the most loaded link at most, at `link`.
    """

    start: str
    end: str
    meetings: list[str]
    calls: Count
    used_pct: Percent
    used_of: str
    refused: list[Id] = Field(default_factory=list)
    link_pct: Amount
    link: str


class Peak(StrictModel):
    """A moment that was judged: by emulation, or by estimate alone.

    `failed` are the criteria that it does not meet.
    """

    start: str
    meetings: list[str]
    engine: Method
    verdict: Verdict
    reasons: list[str]
    binding: Binding | None = None
    failed: list[CriterionResult] = Field(default_factory=list)
    refused: list[Id] = Field(default_factory=list)


class MeetingKind(StrictModel):
    """What a meeting of the catalogue is called."""

    name: str
    name_vi: str


class CalendarAnswer(JsonFile):
    """The whole answer of `giaoban calendar`. `fail`: a rule is broken, or a peak does not pass."""

    FILE: ClassVar[str] = CALENDAR
    schema_id: Literal["giaoban.calendar/1"] = Field(default="giaoban.calendar/1", alias="schema")
    run_id: RunId
    verdict: Verdict
    method: Method | None = None
    """How peaks are judged that are near a limit; null: not said."""
    calendar: str
    from_day: str
    until_day: str
    over: Count
    """Meetings of the file that lie before `from_day`."""
    booked: list[Booked]
    findings: list[Finding]
    periods: list[Period]
    peaks: Annotated[list[Peak], Field(default_factory=list)]
    names: dict[str, str] = Field(default_factory=dict)
    """Of bridges."""
    regulation: Regulation | None = None
    """The province's; null: it has none."""
    kinds: dict[Id, MeetingKind] = Field(default_factory=dict)
    """Meetings of the catalogue that findings speak of."""

    def title(self, ident: str, vi: bool) -> str:
        """Of a meeting, or of a kind of meetings."""
        if ident in self.kinds:
            return self.kinds[ident].name_vi if vi else self.kinds[ident].name
        return next((each.title for each in self.booked if each.id == ident), ident)
