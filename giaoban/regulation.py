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


class Regulation(StrictModel):
    """A regulation issued with a decision, as documents cite it."""

    number: Name
    """Number of the decision. Like `"1681/QĐ-UBND"`."""
    date: Annotated[
        str, AfterValidator(_day), told(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", format="date")
    ]
    """Its day: year-month-day. Like `"2013-10-25"`."""
    issuer: Name
    """Who issued it. Like `"the People’s Committee of Đắk Nông province"`."""
    issuer_vi: str = ""
    """The same in Vietnamese, for documents in Vietnamese. Without it they show `issuer`."""
    articles: Mapping[Subject, Text] = Field(default_factory=dict)
    """Its articles by what documents cite them for; of what is not here they cite none. Like
    `{ expansion = "Art. 4(3)" }`."""
    criteria: Mapping[Name, Text] = Field(default_factory=dict)
    """Its articles by the ids of criteria that they ask for.
    Like `{ link-peak = "Art. 25(1)" }`."""

    def article(self, subject: str) -> str:
        """`Art. 4(3)`; "" where nothing is to be cited."""
        return next((text for known, text in self.articles.items() if known == subject), "")


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
        told = say.gettext(N_("{first} and {last}"), first=told, last=last)
    return told


def _said(one: re.Match[str], say: Translator) -> str:
    article, clause, point = one["article"], one["clause"], one["point"]
    if point:
        return say.gettext(_POINT, article=article, clause=clause, point=point)
    if clause:
        return say.gettext(_CLAUSE, article=article, clause=clause)
    return say.gettext(_WHOLE, article=article)
