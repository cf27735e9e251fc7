"""One language of all that people read: sentences by gettext, numbers by Babel (CLDR).

A sentence is written in English where it is said, with named `{fields}`; every other language is a
catalogue, `giaoban/locale/*.po`, read as it is at first use. A sentence that is not in it is said
in English. `pybabel extract` finds the sentences by its own keywords.

Babel is loaded by whoever translates. The guest, which does not, goes without: what it loads moves
its measures (see `giaoban.scenarios.spec.faults.graph`).
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache, cached_property
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any

from giaoban import build_cache
from giaoban.sentence import CONTEXT, N_, Both, Figure, Sentence, digits_of, filled

if TYPE_CHECKING:
    from babel import Locale

__all__ = [
    "LOCALES",
    "NBSP",
    "N_",
    "SOURCE",
    "UNITS",
    "Language",
    "Translator",
    "languages",
    "pgettext",
    "translator",
    "unit_words",
]

Language = str
"""One of `languages()`, by its code of ISO 639."""
LOCALES = Path(__file__).with_name("locale")
SOURCE: Language = "en"
"""The language of the sentences in the code."""
NBSP = "\u00a0"


def languages() -> tuple[Language, ...]:
    """Those that have a catalogue, and the one that needs none."""
    return (*sorted(path.stem for path in LOCALES.glob("*.po")), SOURCE)


def pgettext(context: str, msgid: str) -> str:
    """Mark one likewise that is several in other languages; as catalogues write it."""
    return f"{context}{CONTEXT}{msgid}"


COUNTED = (
    *(N_("calls"), N_("bridges"), N_("points"), N_("packets"), N_("frames"), N_("times")),
    *(N_("units"), N_("ports"), N_("reports"), N_("meetings")),
)
"""Units that are things, of which there may be one: in English their plurals."""
UNITS = ("%", "ms", N_("s"), "kb/s", "Mb/s", N_("MOS"), *COUNTED)
"""Units that every language has."""


class Translator:
    """Says sentences and numbers in one language."""

    def __init__(self, language: Language) -> None:
        from babel import Locale

        self.language = language
        self.locale: Locale = Locale(language)
        self._catalogue = _catalogue(language)

    def gettext(self, msgid: str, /, **values: object) -> str:
        """A sentence with values in its fields; `{n:call|calls}` agrees with a number."""
        return self._filled(self.text(msgid), values)

    def text(self, msgid: str) -> str:
        """A sentence as it is, or one that `N_` or `pgettext` marked."""
        if not msgid:
            return ""  # a catalogue's head
        context, found, marked = msgid.partition(CONTEXT)
        if found:
            return self._catalogue.pgettext(context, marked)
        return self._catalogue.gettext(msgid)

    def pgettext(self, context: str, msgid: str, /, **values: object) -> str:
        """The same, where one English word is several in other languages."""
        return self._filled(self._catalogue.pgettext(context, msgid), values)

    def fill(self, text: str, /, **values: object) -> str:
        """Return a text that is in the language already, with values in its fields."""
        return self._filled(text, values)

    def _filled(self, text: str, values: Mapping[str, object]) -> str:
        if "|" not in text:
            return self._spelled(text.format(**values))
        return self._spelled(filled(text, values, self._agreeing))

    def _spelled(self, text: str) -> str:
        return text if self.language == SOURCE else _UNIT_INSIDE.sub(_uncapital, text)

    @cached_property
    def _agreeing(self) -> Formatter:
        return _Agreeing(self.locale)

    def say(self, sentence: str) -> str:
        """A sentence that was made in English, with its numbers and those in its fields; a text of
        no language, as names are, stays as it is."""
        if not isinstance(sentence, Sentence) or self.language == SOURCE:
            return str(sentence)
        if isinstance(sentence, Both) and self.language == "vi":
            return sentence.vi
        msgid = self.text(sentence.msgid) if sentence.msgid else ""
        if not sentence.values:
            return msgid
        return self._spelled(filled(msgid, sentence.values, self._fields))

    @cached_property
    def _fields(self) -> Formatter:
        return _Fields(self)

    def number(self, value: float | None, digits: int = 2) -> str:
        """With the language's signs and at most `digits` decimals; `–` for None."""
        if value is None:
            return "–"
        text = f"{value:,.{digits}f}"
        if "." in text:
            text = text.rstrip("0").rstrip(".")
        return "0" if text == "-0" else text.translate(self.signs)

    def figure(self, value: float, digits: int = 6) -> str:
        """As it was given, to so many significant digits, with the language's signs; in English as
        files have it."""
        text = digits_of(value, digits)
        return text if self.language == SOURCE else self.with_signs(text)

    def with_signs(self, text: str) -> str:
        """A number that was written in English, with the language's signs; in others than English
        with that between thousands, too."""
        if self.language == SOURCE:
            return text.translate(self.signs)
        whole, point, parts = text.partition(".")
        digits = whole.lstrip("-+")
        if digits.isdecimal() and not digits.startswith("0"):
            whole = f"{whole[: len(whole) - len(digits)]}{int(digits):,}"
        return (whole + point + parts).translate(self.signs)

    @cached_property
    def signs(self) -> Mapping[int, str]:
        """Those of numbers in English → those of the language."""
        signs = self.locale.number_symbols["latn"]
        return str.maketrans({",": signs["group"], ".": signs["decimal"], "-": "−"})

    def day(self, at: date) -> str:
        """As the language writes it: `2026-11-25`, `25/11/2026`."""
        return f"{at:%Y-%m-%d}" if self.language == SOURCE else f"{at:%d/%m/%Y}"

    def moment(self, at: datetime) -> str:
        """A day with its time."""
        return f"{self.day(at)} {at:%H:%M}"

    def percent(self, value: float | None, digits: int = 0) -> str:
        """A percentage, 0–100, with its sign."""
        return "–" if value is None else f"{self.number(value, digits)}{NBSP}%"

    def unit(self, amount: float, unit: str) -> str:
        """A unit after an amount as it is shown: `1 call`, `2 calls`; most are signs, `1 ms`."""
        if amount == 1 and self.language == SOURCE and unit in COUNTED:
            return unit.removesuffix("s")
        return self.gettext(unit) if unit in UNITS else unit


def unit_words(unit: str, amount: float, unit_vi: str | None = None) -> Both:
    """A unit after an amount, in both languages, so that it agrees with what is shown of it.

    Args:
        unit_vi: of a unit that somebody named himself.
    """
    english = translator(SOURCE).unit(amount, unit)
    return Both(english, lambda: translator("vi").unit(amount, unit_vi or unit))


_UNIT_INSIDE = re.compile(
    r"(?:(?<=[^.!?\s]\s)|(?<=\())(?:Tỉnh|Thị xã|Thị trấn|Huyện|Quận|Xã|Phường|Đặc khu)"
    r"(?=\s(\w))"
)
"""The kind of an administrative unit before its name, not at the beginning of a sentence: in lower
case there (Decree 30/2020/NĐ-CP, annex II)."""


def _uncapital(kind: re.Match[str]) -> str:
    if not kind[1].isupper():  # "Tỉnh ủy" is a body, no unit
        return kind[0]
    return kind[0][0].lower() + kind[0][1:]


_PLURALS = ("zero", "one", "two", "few", "many", "other")
"""In CLDR's order; a language has some of them."""


class _Agreeing(Formatter):
    """Fills the fields of a sentence, `{n:call|calls}` with the words that agree with a number: as
    many as the language has plurals, the last of them for what is no number."""

    def __init__(self, locale: Locale) -> None:
        self._locale = locale

    def format_field(self, value: object, format_spec: str) -> str:
        if "|" not in format_spec:
            return format(value, format_spec)
        words = format_spec.split("|")
        if not isinstance(value, int | float):
            return words[-1]
        rule = self._locale.plural_form
        tags = [tag for tag in _PLURALS if tag in rule.tags or tag == "other"]
        return words[tags.index(rule(value))]


class _Fields(_Agreeing):
    """Fills those of a sentence that was made in English, in a translator's language."""

    def __init__(self, by: Translator) -> None:
        super().__init__(by.locale)
        self._by = by

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """A value, which may be a sentence itself."""
        value = super().get_value(key, args, kwargs)
        return self._by.say(value) if isinstance(value, Sentence) else value

    def format_field(self, value: object, format_spec: str) -> str:
        """Return a formatted number with the language's signs, any other value as it is: it stands
        so in a file."""
        if isinstance(value, Figure) and not format_spec:
            return self._by.figure(value)
        formatted = super().format_field(value, format_spec)
        if not isinstance(value, int | float) or not format_spec or "|" in format_spec:
            return formatted
        return self._by.with_signs(formatted)


@cache
def translator(language: Language) -> Translator:
    """That of a language; its catalogue is read at the first call."""
    return Translator(language)


@cache
def _catalogue(language: Language) -> NullTranslations:
    """Return the compiled catalogue of a language; it is read once, since reading takes long."""
    if language == SOURCE:
        return NullTranslations()
    return GNUTranslations(BytesIO(_compiled(LOCALES / f"{language}.po", language)))


def _compiled(catalogue: Path, language: Language) -> bytes:
    """As gettext reads it: kept in the user's cache, where anything can be kept, since to compile
    it takes longer than most commands have."""
    import babel

    source = catalogue.read_bytes()
    try:
        place = build_cache.cache() / "catalogues" / _sum(os.fsencode(catalogue))
        kept = place / f"{language}-{_sum(babel.__version__.encode() + source)}.mo"

        def build(scratch: Path) -> Path:
            for old in place.glob(f"{language}-*"):
                old.unlink()
            made = scratch / kept.name
            made.write_bytes(_compile(source, language))
            return made

        return build_cache.ensure(kept, build).read_bytes()
    except (OSError, ImportError, RuntimeError):  # nowhere, or not on this system
        return _compile(source, language)


def _sum(of: bytes) -> str:
    return hashlib.sha256(of).hexdigest()[:16]


def _compile(source: bytes, language: Language) -> bytes:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(source), locale=language, abort_invalid=True))
    return compiled.getvalue()
