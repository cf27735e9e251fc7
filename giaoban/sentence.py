"""What a program says, as it is said and as it can be said again in another language.

Errors, mistakes in files and lines of progress are made far below whoever knows the language of the
reader. They are `Sentence`s: English text, as any other, that remembers what it was made from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from string import Formatter
from typing import Any, Self


def N_(msgid: str) -> str:  # noqa: N802 - the name by which gettext's tools know it
    """Mark a sentence that is translated later, where it is said."""
    return msgid


CONTEXT = "\x04"
"""Between what `giaoban.translation.pgettext` marked and the sentence."""


def digits_of(value: float, digits: int = 6) -> str:
    """A number to so many significant digits, never as a power of ten."""
    text = float.__format__(float(value), f".{digits}g")
    return format(Decimal(text), "f") if "e" in text else text


def decimals_apart(value: float, other: float, least: int = 2, most: int = 9) -> int:
    """So many decimals, `least` or more, that two numbers that differ are shown as two: a value a
    hair above its limit, and not as the limit."""
    for decimals in range(least, most):
        if value == other or f"{value:.{decimals}f}" != f"{other:.{decimals}f}":
            return decimals
    return most


class Figure(float):
    """A number as documents say it: to six significant digits, with the language's decimal sign."""

    def __format__(self, spec: str, /) -> str:
        return super().__format__(spec) if spec else digits_of(self)


class Sentence(str):
    """An English sentence with values in its named fields, as in `str.format`.

    `{n:call|calls}` is the word that agrees with a number.

    Attributes:
        msgid: the sentence with its fields, by which catalogues know it.
        values: what is in them; may be sentences.
    """

    msgid: str
    values: Mapping[str, object]

    def __new__(cls, msgid: str, /, **values: object) -> Self:
        if isinstance(msgid, cls) and not values:
            return msgid
        kept = {name: _kept(value) for name, value in values.items()}
        english = msgid.rpartition(CONTEXT)[2]
        made = super().__new__(cls, filled(english, kept, ENGLISH) if kept else english)
        made.msgid, made.values = str(msgid), kept
        return made

    @property
    def en(self) -> str:
        """In English, as result files keep it."""
        return str(self)

    @property
    def vi(self) -> str:
        """In Vietnamese, as result files keep it."""
        from giaoban.translation import translator  # which takes sentences from here

        return translator("vi").say(self)

    def lines(self) -> list[str]:
        """The sentences that it was joined from; itself, if from none."""
        parts = [value for name, value in self.values.items() if name.startswith(PART)]
        return [self] if not parts else [p for p in parts if isinstance(p, str)]

    def __reduce__(self) -> tuple[Callable[..., Sentence], tuple[str, Mapping[str, object]]]:
        return _again, (self.msgid, self.values)


class Both(Sentence):
    """A text of which there is one in Vietnamese in no catalogue: stored, or made when asked."""

    _vi: str | Callable[[], str]

    def __new__(cls, en: str, vi: str | Callable[[], str]) -> Self:
        made = super().__new__(cls, str(en))
        made._vi = vi
        return made

    @property
    def vi(self) -> str:
        return self._vi if isinstance(self._vi, str) else self._vi()


def message(msgid: str, /, **values: object) -> Sentence:
    """A sentence of documents, which `N_` or `pgettext` marked: its floats are figures."""
    figures = {
        name: Figure(value) if type(value) is float else value for name, value in values.items()
    }
    return Sentence(msgid, **figures)


def either(words: Iterable[str]) -> str:
    """`a or b or c`, with the word of the language."""
    first, *others = words
    for word in others:
        first = Sentence("{first} or {last}", first=first, last=word)
    return first


def counted(number: int, noun: str) -> str:
    """`1 failure`, `2 failures`: a number with an English noun whose plural ends in s."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def number(value: float, spec: str = "g", after: str = "") -> Sentence:
    """A figure where it stands alone, with the signs of the language, and what follows it."""
    field = f"{{value:{spec}}}{{after}}"
    return Sentence(field, value=value, after=after)


MOST_DECIMALS = 9


def decimals_of(value: float, limit: float | None = None) -> int:
    """Return the decimals with which every document shows a value: two below 100, else none.

    Beside its limit a value has more decimals until the two differ as shown, and until the margin
    in whole percent follows from what is shown (100.5 of 80 is -26 %, 100 is not). A limit itself
    (`value == limit`) is shown exactly.
    """
    if value == limit:
        return next((d for d in range(2, MOST_DECIMALS) if round(value, d) == value), MOST_DECIMALS)
    least = 2 if abs(value) < 100 else 0
    if limit is None:
        return least
    decimals = decimals_apart(value, limit, least)
    if limit and abs(value) < 10 * abs(limit):  # margins of less than -900 %
        share = f"{100 * value / limit:.0f}"
        while decimals < MOST_DECIMALS and f"{100 * round(value, decimals) / limit:.0f}" != share:
            decimals += 1
    return decimals


def shown(value: float, limit: float | None = None) -> Sentence:
    """Return a value as all documents show it (`decimals_of`), with the signs of the language."""
    decimals = decimals_of(value, limit)
    fraction = f"{value:.{decimals}f}".partition(".")[2].rstrip("0")
    return number(round(value, decimals) + 0.0, f".{len(fraction)}f")  # + 0.0: no -0


def _again(msgid: str, values: Mapping[str, object]) -> Sentence:
    return Sentence(msgid, **values)


def said_by(error: BaseException) -> Sentence:
    """What an error says, in one sentence."""
    said = error.args[0] if len(error.args) == 1 else None
    return said if isinstance(said, Sentence) else Sentence(str(error))


def _kept(value: object) -> object:
    """An error is what it says; whatever is neither text nor number is what it is written as."""
    if isinstance(value, BaseException):
        return said_by(value)
    return value if isinstance(value, str | int | float) else str(value)


class English(Formatter):
    """Fills the fields of an English sentence."""

    def format_field(self, value: object, format_spec: str) -> str:
        """A value in its field; of `one|more` the word that agrees with it."""
        if "|" in format_spec:
            one, more = format_spec.split("|")
            return one if value == 1 else more
        return str(super().format_field(value, format_spec))


ENGLISH = English()


def filled(msgid: str, values: Mapping[str, object], formatter: Formatter) -> str:
    """A sentence with its values. Raises `KeyError`: it has a field without one."""
    return formatter.vformat(msgid, (), values)


def record(sentence: object) -> object:
    """A sentence as JSON has it, for another process of ours."""
    if not isinstance(sentence, Sentence):
        return sentence
    values = {name: record(value) for name, value in sentence.values.items()}
    return {"msgid": sentence.msgid, "values": values}


def of_record(recorded: Any) -> Any:
    """What `record` gave."""
    if not isinstance(recorded, dict):
        return recorded
    values = {name: of_record(value) for name, value in recorded["values"].items()}
    return Sentence(recorded["msgid"], **values)


PART = "part_"


def joined(mark: str, sentences: Iterable[str]) -> Sentence:
    """Sentences in a row with a mark between them, each of which stays one."""
    parts = {f"{PART}{number}": sentence for number, sentence in enumerate(sentences)}
    msgid = mark.join(f"{{{name}}}" for name in parts)
    return Sentence(msgid, **parts)
