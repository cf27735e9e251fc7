"""The regulation under which a province's conference system is run: data of the province, cited by
documents. Where a province has none, or none of what a sentence cites, the sentence cites nothing.
"""

from __future__ import annotations

import datetime
import re
import typing
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from giaoban.provenance import Name, Text
from giaoban.sentence import Sentence
from giaoban.tomlfile import StrictModel, told
from giaoban.translation import N_, SOURCE, Translator

CalendarRule = Literal[
    "late-registration",
    "no-hour-for-check",
    "bridge-in-two-meetings",
    "room-in-use",
    "device-full",
    "device-nearly-full",
    "link-full",
]
"""A rule of `giaoban calendar` that an article may stand behind."""
Subject = Literal[
    "expansion",
    "configuration",
    "system-check",
    "assessment",
    "plans",
    "calendar",
    "meetings-at-once",
    CalendarRule,
]
"""What documents cite an article for."""


def _day(value: str) -> str:
    try:
        if datetime.date.fromisoformat(value).isoformat() == value:
            return value
    except ValueError:
        pass
    raise ValueError(Sentence("is no date (allowed: year-month-day, like 2013-10-25)"))


Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def _span(value: str) -> str:
    begins, _, ends = value.partition("-")
    if begins < ends:
        return value
    raise ValueError(Sentence("ends before it begins (allowed: like 08:00-11:30)"))


def _once(days: list[Weekday]) -> list[Weekday]:
    twice = [f'"{day}"' for day, times in Counter(days).items() if times > 1]
    if twice:
        raise ValueError(
            Sentence("has {twice} more than once (allowed: each day once)", twice=", ".join(twice))
        )
    return days


_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]"
OfficeHours = Annotated[str, Field(pattern=f"^{_TIME}-{_TIME}$"), AfterValidator(_span)]


class CalendarRules(StrictModel):
    """What a regulation asks of meetings in a calendar, and when they may be moved to."""

    registered_before_h: Annotated[float, Field(ge=0, le=8760)] = 0.0
    """At least so many hours before it begins a meeting is registered, if it is no emergency; 0: at
    any time. Like `48`."""
    check_before_min: Annotated[int, Field(ge=0, le=1440)] = 0
    """At least so many whole minutes before a meeting opens the system is checked, and its bridges
    and rooms are free; 0: no time is asked for. Like `60`."""
    office_hours: Annotated[list[OfficeHours], Field(min_length=1, max_length=24)] = Field(
        default_factory=lambda: ["08:00-11:30", "13:30-17:00"]
    )
    """Hours of a day to which a meeting may be moved, in their order. Like
    `["08:00-11:30", "13:30-17:00"]`."""
    office_days: Annotated[
        list[Weekday],
        Field(min_length=1, max_length=7),
        AfterValidator(_once),
        told(uniqueItems=True),
    ] = Field(default_factory=lambda: list(typing.get_args(Weekday)[:5]))
    """Days to which a meeting may be moved, each once. Like `["monday", "wednesday"]`."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        ends = [span.partition("-")[2] for span in self.office_hours]
        for before, span in zip(ends, self.office_hours[1:], strict=False):
            if span < before:
                raise ValueError(
                    Sentence(
                        'office_hours: "{span}" begins before {before} (allowed: in order of time)',
                        span=span,
                        before=before,
                    )
                )
        return self

    @property
    def registered_before(self) -> datetime.timedelta:
        return datetime.timedelta(hours=self.registered_before_h)

    @property
    def check_before(self) -> datetime.timedelta:
        return datetime.timedelta(minutes=self.check_before_min)

    @property
    def hours(self) -> list[tuple[datetime.time, datetime.time]]:
        return [
            (datetime.time.fromisoformat(begins), datetime.time.fromisoformat(ends))
            for begins, _, ends in (span.partition("-") for span in self.office_hours)
        ]

    def is_office_day(self, day: datetime.date) -> bool:
        return typing.get_args(Weekday)[day.weekday()] in self.office_days


class Regulation(StrictModel):
    """A regulation issued with a decision, as documents cite it."""

    number: Name
    """Number of the decision. Like `"12/QĐ-UBND"`."""
    date: Annotated[
        str, AfterValidator(_day), told(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", format="date")
    ]
    """Its day: year-month-day. Like `"2013-10-25"`."""
    issuer: Name
    """Who issued it. Like `"the People’s Committee of the province"`."""
    issuer_vi: str = ""
    """The same in Vietnamese, for documents in Vietnamese. Without it they show `issuer`. Like
    `"Ủy ban nhân dân tỉnh"`."""
    articles: Mapping[Subject, Text] = Field(default_factory=dict)
    """Its articles by what documents cite them for; of what is not here they cite none. Like
    `{ expansion = "Art. 4(3)" }`."""
    criteria: Mapping[Name, Text] = Field(default_factory=dict)
    """Its articles by the ids of criteria that serve them.
    Like `{ link-peak = "Art. 25(1)" }`."""
    calendar: CalendarRules = CalendarRules()
    """What it asks of meetings in a calendar."""

    def article(self, subject: str) -> str:
        """`Art. 4(3)`; "" where nothing is to be cited."""
        return next((text for known, text in self.articles.items() if known == subject), "")


def calendar_rules(regulation: Regulation | None) -> CalendarRules:
    """What is asked of meetings in a calendar; without a regulation nothing of their times."""
    return CalendarRules() if regulation is None else regulation.calendar


def article_of(regulation: Regulation | None, subject: str) -> str:
    """The same of a regulation that there may be."""
    return "" if regulation is None else regulation.article(subject)


_ONE = re.compile(r"(?:Art\. ?)?(?P<article>\d+)(?:\((?P<clause>\d+)\)(?P<point>[^\W\d])?)?")
_WHOLE = N_("Art. {article}")
_CLAUSE = N_("Art. {article}({clause})")
_POINT = N_("Art. {article}({clause}){point}")
_AND = " and "


def cited(articles: str, say: Translator) -> str:
    """A list of articles as data has it, in a language; what is no such list stays as it is."""
    lists = [
        [_ONE.fullmatch(each.strip()) for each in part.split(",")] for part in articles.split(_AND)
    ]
    if say.language == SOURCE or not all(all(found) for found in lists):
        return articles
    told, *more = (", ".join(_said(one, say) for one in found if one) for found in lists)
    for last in more:
        told = say.gettext("{first} and {last}", first=told, last=last)
    return told


def _said(one: re.Match[str], say: Translator) -> str:
    article, clause, point = one["article"], one["clause"], one["point"]
    if point:
        return say.gettext(_POINT, article=article, clause=clause, point=point)
    if clause:
        return say.gettext(_CLAUSE, article=article, clause=clause)
    return say.gettext(_WHOLE, article=article)
