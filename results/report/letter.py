"""The letter that an annex goes with: Decree 30/2020/NĐ-CP, Annex I, II.4 (annexes)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from giaoban.errors import InputError
from giaoban.translation import Translator, pgettext, translator

DOTS = "…"

_NUMBER = re.compile(r"\d{1,6}/[0-9A-ZĐĂÂÊÔƠƯ][0-9A-ZĐĂÂÊÔƠƯa-z&.-]{0,39}")
_ROMAN = re.compile(r"X{0,3}(IX|IV|V?I{0,3})")


@dataclass(frozen=True)
class Letter:
    """What is known of the letter. Empty: left open, as in an electronic file before it is issued.

    `annex` is the Roman number of the annex where a letter has several.
    """

    number: str = ""
    date: date | None = None
    issuer: str = ""
    annex: str = ""

    def attached(self) -> str:
        """Return `(Kèm theo Công văn số 15/STTTT-CNTT ngày 05 tháng 02 năm 2026 của …)`.

        Days below 10 and months 1 and 2 have a 0 before them (Annex I, II.4).
        """
        when = f"ngày {DOTS} tháng {DOTS} năm {DOTS}"
        if self.date is not None:
            when = date_in_words(self.date, translator("vi"))
        number = self.number or f"{DOTS}/{DOTS}-{DOTS}"
        return f"(Kèm theo Công văn số {number} {when} của {self.issuer or DOTS})"


def make_letter(number: str = "", when: str = "", issuer: str = "", annex: str = "") -> Letter:
    """A letter from what was typed. Raises `InputError` that names the option."""
    number, issuer = (" ".join(text.split()) for text in (number, issuer))
    if number and not _NUMBER.fullmatch(number):
        raise InputError(
            '--letter-number = "{number}": is no number of a letter (allowed: number, '
            '"/", signs of the body without spaces, as 15/STTTT-CNTT)',
            number=number,
        )
    if annex and (not _ROMAN.fullmatch(annex)):
        raise InputError(
            '--annex-number = "{annex}": must be a Roman number, I to XXXIX', annex=annex
        )
    if len(issuer) > 120 or not issuer.isprintable():
        raise InputError("--issuer: must be up to 120 printable characters")
    return Letter(number, _read_date(when), issuer, annex)


def _read_date(text: str) -> date | None:
    if not text:
        return None
    found = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", text)
    parts = found.groups() if found else ()
    if not found and (found := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text)):
        parts = found.groups()[::-1]
    try:
        return date(*map(int, parts))
    except (TypeError, ValueError):
        raise InputError(
            '--letter-date = "{text}": is no date (allowed: 2026-11-25 or 25/11/2026)', text=text
        ) from None


def date_in_words(day: date, say: Translator) -> str:
    """`25 October 2013`, `ngày 25 tháng 10 năm 2013`."""
    month = say.text(_MONTHS[day.month - 1])
    return say.gettext("{day} {month} {year}", day=day.day, month=month, year=day.year)


_MONTHS = (
    *(pgettext("month", "January"), pgettext("month", "February"), pgettext("month", "March")),
    *(pgettext("month", "April"), pgettext("month", "May"), pgettext("month", "June")),
    *(pgettext("month", "July"), pgettext("month", "August"), pgettext("month", "September")),
    *(pgettext("month", "October"), pgettext("month", "November"), pgettext("month", "December")),
)
