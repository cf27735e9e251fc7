"""English words that agree with a number: `1 failure`, `2 failures`."""

from __future__ import annotations

from typing import Self

from babel import Locale
from babel.plural import PluralRule

_ENGLISH = Locale("en")
_TAGS = ("zero", "one", "two", "few", "many", "other")


class Count(int):
    """A whole number whose format may be words: `f"{n} {n:bridge is|bridges are}"`, as many as the
    language has forms, in CLDR's order (one, few, many, other)."""

    def __new__(cls, value: int, locale: Locale = _ENGLISH) -> Self:
        made = super().__new__(cls, value)
        made._plural = locale.plural_form
        return made

    _plural: PluralRule

    def __format__(self, spec: str, /) -> str:
        forms = spec.split("|")
        if len(forms) == 1:
            return super().__format__(spec)
        tags = [tag for tag in _TAGS if tag in self._plural.tags or tag == "other"]
        return forms[tags.index(self._plural(int(self)))]


def counted(number: int, noun: str) -> str:
    """`1 failure`, `2 failures`: a number with a noun whose plural ends in s."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
