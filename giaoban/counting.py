"""English words that agree with a number: `1 failure`, `2 failures`."""

from __future__ import annotations

from typing import Self

from babel import Locale

_ENGLISH = Locale("en")
_TAGS = ("zero", "one", "two", "few", "many", "other")


def agreeing(amount: object, forms: str, locale: Locale = _ENGLISH) -> str:
    """Of words for as many as the language has forms, `call|calls` in CLDR's order (one, few, many,
    other), those that agree with an amount; the last for what is no number."""
    words = forms.split("|")
    if not isinstance(amount, int | float):
        return words[-1]
    rule = locale.plural_form
    tags = [tag for tag in _TAGS if tag in rule.tags or tag == "other"]
    return words[tags.index(rule(amount))]


class Count(int):
    """A whole number whose format may be words: `f"{n} {n:bridge is|bridges are}"`, as many as the
    language has forms, in CLDR's order (one, few, many, other)."""

    def __new__(cls, value: int, locale: Locale = _ENGLISH) -> Self:
        made = super().__new__(cls, value)
        made._locale = locale
        return made

    _locale: Locale

    def __format__(self, spec: str, /) -> str:
        if "|" not in spec:
            return super().__format__(spec)
        return agreeing(int(self), spec, self._locale)


def counted(number: int, noun: str) -> str:
    """`1 failure`, `2 failures`: a number with a noun whose plural ends in s."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
