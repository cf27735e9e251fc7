"""Articles of the province's regulation, as documents of a language cite them."""

from __future__ import annotations

import datetime
import re

from giaoban.regulation import Regulation, Subject, article_of
from giaoban.results.report.annex.letter import date_in_words
from giaoban.translation import N_, SOURCE, Translator

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


def in_brackets(articles: str, say: Translator) -> str:
    """As it follows a word: ` (Art. 4(3))`, or nothing."""
    return f" ({cited(articles, say)})" if articles else ""


class Citation:
    """Cites a province's regulation, if it has one, in a language."""

    def __init__(self, regulation: Regulation | None, say: Translator) -> None:
        self._regulation = regulation
        self.say = say

    def article(self, subject: Subject) -> str:
        """`Art. 4(3)`; "" where nothing is to be cited."""
        return cited(article_of(self._regulation, subject), self.say)

    def in_brackets(self, subject: Subject) -> str:
        """As it follows a word: ` (Art. 4(3))`, or nothing."""
        return in_brackets(article_of(self._regulation, subject), self.say)

    @property
    def decision(self) -> dict[str, str]:
        """`number`, `date` and `issuer` for a sentence; nothing where there is none."""
        of = self._regulation
        if of is None:
            return {}
        vi = self.say.language == "vi"
        return {
            "number": of.number,
            "date": date_in_words(datetime.date.fromisoformat(of.date), self.say),
            "issuer": of.issuer_vi or of.issuer if vi else of.issuer,
        }
