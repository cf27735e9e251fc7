"""Texts from outside: one line without control and bidirectional formatting characters.

Such characters steer terminals and turn the direction of writing (Unicode UAX #9; "Trojan Source",
CVE-2021-42574). Files with them are refused; what a peer sent is shown without them. Markup is
escaped by each renderer.
"""

from __future__ import annotations

import re

from giaoban.sentence import Sentence

LONGEST = 1_000
"""Characters of a text in a file that people write."""
LONGEST_NAME = 120
"""Characters of a name: it stands in headings, cells of tables and beside dots on the map."""
LONGEST_ARGUMENT = 4_096
"""Characters of an argument on the command line: a path of Linux may have so many (PATH_MAX)."""
_STEERING = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def text_problem(text: str, longest: int | None = None) -> Sentence | None:
    """Return what is wrong with a text, and what is allowed. `longest` in characters."""
    if longest is not None and len(text) > longest:
        return Sentence(
            "is {length} characters long (allowed: {longest})", length=len(text), longest=longest
        )
    if (found := _STEERING.search(text)) is None:
        return None
    code = f"U+{ord(found[0]):04X}"
    return Sentence("holds {character} (allowed: one line of printable text)", character=code)


def hidden_in(text: str) -> tuple[int, Sentence] | None:
    """Return the first line (from 1) of a whole file that has such a character, and which."""
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if wrong := text_problem(line.removesuffix("\r").replace("\t", " ")):
            return number, wrong
    return None


def printable(text: str, longest: int | None = None) -> str:
    """Return a text without such characters, cut to `longest` with an ellipsis."""
    clean = _STEERING.sub("", text[: longest and 2 * longest])
    if longest is not None and len(clean) > longest:
        clean = clean[: longest - 1] + "…"
    return clean


def in_a_line(text: str) -> str:
    """Return what an error or another program printed, perhaps in several lines, as one line."""
    return "; ".join(printable(line.strip()) for line in text.splitlines() if line.strip())


def fit(value: object, longest: int) -> object:
    """Return a value of an event or a record, in which each text is `printable`."""
    match value:
        case str():
            return printable(value, longest)
        case list() | tuple():
            return [fit(item, longest) for item in value]
        case dict():
            return {fit(key, longest): fit(item, longest) for key, item in value.items()}
    return value
