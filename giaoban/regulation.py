"""The regulation under which a province's conference system is run: data of the province, cited by
documents. Where a province has none, or none of what a sentence cites, the sentence cites nothing.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from giaoban.provenance import Name, Text
from giaoban.sentence import Sentence
from giaoban.tomlfile import StrictModel, schema_keywords
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
    "backup-power",
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


class CalendarRules(StrictModel):
    """The times that a regulation asks of meetings in a calendar."""

    registered_before_h: Annotated[float, Field(ge=0, le=8760)] = 0.0
    """At least so many hours before it begins a meeting is registered, if it is no emergency; 0: at
    any time. Like `48`."""
    check_before_min: Annotated[int, Field(ge=0, le=1440)] = 0
    """At least so many whole minutes before a meeting opens the system is checked, and its bridges
    and rooms are free; 0: no time is asked for. Like `60`."""

    @property
    def registered_before(self) -> datetime.timedelta:
        return datetime.timedelta(hours=self.registered_before_h)

    @property
    def check_before(self) -> datetime.timedelta:
        return datetime.timedelta(minutes=self.check_before_min)


class Regulation(StrictModel):
    """A regulation issued with a decision, as documents cite it."""

    number: Name
    """Number of the decision. Like `"12/QĐ-UBND"`."""
    date: Annotated[
        str,
        AfterValidator(_day),
        schema_keywords(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", format="date"),
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
