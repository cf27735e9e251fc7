"""Articles of the province's regulation, as documents of a language cite them."""

from __future__ import annotations

import datetime

from giaoban.regulation import Regulation, Subject, article_of, calendar_rules, cited
from giaoban.results.report.letter import date_in_words
from giaoban.translation import Translator


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
        return in_brackets(article_of(self._regulation, subject), self.say)

    @property
    def check_lead(self) -> str:
        """How long before a meeting opens it has the system checked: `at least 1 hour`; "" where it
        says nothing of it."""
        minutes = calendar_rules(self._regulation).check_before_min
        hours, rest = divmod(minutes, 60)
        if not minutes:
            return ""
        if rest:
            return self.say.gettext("at least {n} {n:minute|minutes}", n=minutes)
        return self.say.gettext("at least {n} {n:hour|hours}", n=hours)

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
