"""The regulation under which a province's conference system is run: data of the province, cited by
documents. Where a province has none, or none of what a sentence cites, the sentence cites nothing.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from giaoban.provenance import Name, Text
from giaoban.sentence import Sentence
from giaoban.tomlfile import StrictModel, told

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

    def article(self, subject: str) -> str:
        """`Art. 4(3)`; "" where nothing is to be cited."""
        return next((text for known, text in self.articles.items() if known == subject), "")


def article_of(regulation: Regulation | None, subject: str) -> str:
    """The same of a regulation that there may be."""
    return "" if regulation is None else regulation.article(subject)
