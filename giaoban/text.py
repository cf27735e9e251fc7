"""What a text from outside may hold: one line that a person can read, wherever it is shown.

Names and questions of a file go to terminals, documents, tables, pages and logs. Control characters
and terminal escapes, marks that turn the direction of writing (Unicode UAX #9; "Trojan Source",
CVE-2021-42574), characters without a meaning or a shape, and texts without end are refused where
they are read, once for all of these. What is left may still look like markup: each renderer
escapes what is markup to it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from giaoban.sentence import N_, Sentence

LONGEST = 1_000
"""Characters of a text in a file that people write."""
LONGEST_NAME = 120
"""Characters of a name: it stands in headings, cells of tables and beside dots on the map."""
LONGEST_ARGUMENT = 4_096
"""Characters of an argument on the command line: a path of Linux may have so many (PATH_MAX)."""
MOST_MARKS = 4
"""Combining marks on one letter; Vietnamese takes two where its letters are taken apart."""

_SPACES = "\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""Spaces (Zs) other than the common one: word processors write them."""
_BLANK = re.compile("[\u115f\u1160\u2800\u3164\uffa0]")
"""Letters and signs that nothing is seen of."""
_PILED = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe2f]"
)

_KINDS = {
    "Cc": N_("a control character"),
    "Cf": N_("an invisible mark"),
    "Cs": N_("half a character"),
    "Co": N_("a character of private use"),
    "Cn": N_("no character"),
    "Zl": N_("a line break"),
    "Zp": N_("a line break"),
}


def text_problem(text: str, longest: int | None = None) -> Sentence | None:
    """What is wrong with a text and what is allowed; None: nothing. `longest` in characters."""
    if longest is not None and len(text) > longest:
        return Sentence(
            "is {length} characters long (allowed: {longest})", length=len(text), longest=longest
        )
    if text.isascii() and text.isprintable():
        return None
    at = _hidden(text)
    if at is not None:
        return Sentence(
            "holds {character} (allowed: one line of printable text)", character=_named(text[at])
        )
    return None


def hidden_in(text: str) -> tuple[int, Sentence] | None:
    """The first line (from 1) of a whole file with something that must not be in it, and what."""
    if _shown(text):
        return None
    for number, line in enumerate(text.split("\n"), 1):
        plain = line.removesuffix("\r").replace("\t", " ").removeprefix("\ufeff" * (number == 1))
        if wrong := text_problem(plain):
            return number, wrong
    return None


def printable(text: str, longest: int | None = None) -> str:
    """What a stranger sent, fit to be shown in a line: `\\x1b` for what must not be in it."""
    clean = text[: longest and longest + 1]
    if not (clean.isascii() and clean.isprintable()):
        clean = "".join(c if _plain(c) else _escaped(c) for c in clean)
        if _PILED.search(clean):
            piled = zip(clean, _marks(clean), strict=True)
            clean = "".join(_escaped(c) if marks > MOST_MARKS else c for c, marks in piled)
    if longest is not None and len(clean) > longest:
        clean = clean[: longest - 1] + "…"
    return clean


def in_a_line(text: str) -> str:
    """What an error or another program said, perhaps in several lines, as one that is shown."""
    return "; ".join(printable(line.strip()) for line in text.splitlines() if line.strip())


def fit(value: object, longest: int) -> object:
    """A value of an event or a record, in which each text is `printable`."""
    match value:
        case str():
            return printable(value, longest)
        case list() | tuple():
            return [fit(item, longest) for item in value]
        case dict():
            return {fit(key, longest): fit(item, longest) for key, item in value.items()}
    return value


def _shown(text: str) -> bool:
    plain = text.replace("\n", " ").replace("\r", " ").replace("\t", " ")
    return (plain.isascii() and plain.isprintable()) or _hidden(plain) is None


def _hidden(text: str) -> int | None:
    """Where the first character stands that must not be in a line."""
    plain = text
    if not plain.isprintable():
        for space in _SPACES:
            plain = plain.replace(space, " ")
    if not plain.isprintable():
        return next(at for at, c in enumerate(plain) if not c.isprintable())
    if found := _BLANK.search(plain):
        return found.start()
    if _PILED.search(plain):
        return next((at for at, marks in enumerate(_marks(plain)) if marks > MOST_MARKS), None)
    return None


def _marks(text: str) -> Iterator[int]:
    """Of each character how many marks have come on its letter, with itself; 0: it is none."""
    marks = 0
    for c in text:
        marks = marks + 1 if unicodedata.combining(c) or unicodedata.category(c) == "Mn" else 0
        yield marks


def _plain(c: str) -> bool:
    return (c.isprintable() and not _BLANK.match(c)) or c in _SPACES


def _named(c: str) -> Sentence | str:
    known = _KINDS.get(unicodedata.category(c))
    name = unicodedata.name(c, "") or (known and Sentence(known))
    if c in "\n\r":
        name = Sentence("a line break")
    code = f"U+{ord(c):04X}"
    return Sentence("{code}, {name}", code=code, name=name) if name else code


def _escaped(c: str) -> str:
    return ascii(c)[1:-1]
