"""The errors a user can meet, each with its exit code.

GiaobanError
├── InputError      2   a file, key, value or option is wrong
├── InvalidRun      3   the emulation cannot be trusted
└── MachineLacks    4   this machine misses something; the message says how to install it

Exit codes 0 (pass) and 1 (fail) are verdicts, not errors: 70 is an error of the program itself, 130
is Ctrl-C, 141 that whoever read our output went away.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable

from giaoban.sentence import Sentence, joined
from giaoban.text import printable


class GiaobanError(Exception):
    """Something the user should read; the command line prints it and exits with `exit_code`.

    It is an English sentence with named fields and their values.
    """

    exit_code = 70

    def __init__(self, msgid: str, /, **values: object) -> None:
        self.said = Sentence(msgid, **values)
        super().__init__(self.said)


class InputError(GiaobanError):
    """Bad input or usage: the message names file, key, value and what is allowed."""

    exit_code = 2


class InvalidRun(GiaobanError):  # noqa: N818 - the word of the exit code
    """The emulation cannot be trusted, so it gives no verdict about the network."""

    exit_code = 3


class MachineLacks(GiaobanError):  # noqa: N818 - the word of the exit code
    """This machine misses something.

    `install` is the command that puts it right, or says what does; shown under the message.
    """

    exit_code = 4

    def __init__(self, msgid: str, install: str, /, **values: object) -> None:
        self.what = Sentence(msgid, **values)
        self.install = Sentence(install)
        super().__init__("{what}\n  to mend it: {install}", what=self.what, install=self.install)

    def __reduce__(self) -> tuple[type[MachineLacks], tuple[str, str]]:
        return type(self), (self.what, self.install)


MOST_LINES = 20
"""Lines of a message: a file of another kind is wrong in every line."""
LONGEST_LINE = 600
"""Characters of one line of a message."""


def several(lines: Iterable[str], more: int = 0) -> InputError:
    """One error for several mistakes, each once; the first, and how many `more` there are."""
    distinct = list(dict.fromkeys(lines))
    shown = distinct[:MOST_LINES]
    more += len(distinct) - len(shown)
    return InputError(joined("\n", [*shown, _and_more(more)] if more > 0 else shown))


def _and_more(more: int) -> Sentence:
    return Sentence("and {more:,} more", more=more)


def for_terminal(error: GiaobanError) -> str:
    """Return an error for a terminal: at most `MOST_LINES` lines, without control characters."""
    lines = str(error).split("\n")
    cut = [printable(line, LONGEST_LINE) for line in lines[: MOST_LINES + 1]]
    if (more := len(lines) - len(cut)) > 0:
        cut[-1] = _and_more(more + 1)
    return "\n".join(cut)


MOST_COMPARED = 100_000
_compared = 0


def hints_anew() -> None:
    """Another file is read: its mistakes may be compared with what is known."""
    global _compared
    _compared = 0


def may_hint(words: int) -> bool:
    """Whether one more mistake of this file may be compared with so many words."""
    global _compared
    _compared += words
    return _compared <= MOST_COMPARED or words <= 12


LEAST_BEGINNING = 3
"""So many letters of a longer name are taken for its beginning."""


def did_you_mean(word: str, choices: Iterable[str]) -> Sentence:
    """' (did you mean "x"?)' for a near miss, the list of choices if it is short, or ''.

    A file in which every line is wrong gets hints for the first of them: comparing takes long, and
    nobody reads more (`MOST_COMPARED` words a file).
    """
    known = sorted(set(choices))
    if not may_hint(len(known)):
        return NOTHING
    close = difflib.get_close_matches(word[:100], known, n=1, cutoff=0.6)
    if not close and len(word) >= LEAST_BEGINNING:
        close = [name for name in known if name.startswith(word)]
    if close:
        return Sentence(' (did you mean "{close}"?)', close=close[0])
    if known and len(known) <= 12:
        return allowed(known)
    return NOTHING


LISTED_BY = {
    "baseline": "giaoban list baselines",
    "bridge": "giaoban list network",
    "criterion": "giaoban list criteria",
    "device": "giaoban list devices",
    "link": "giaoban list network",
    "meeting": "giaoban list meetings",
    "profile": "giaoban list profiles",
    "province": "giaoban history list",
    "resolution": "giaoban list devices",
    "router": "giaoban list network",
    "run": "giaoban history list",
    "scenario": "giaoban list scenarios",
    "unit": "giaoban list units",
}
"""Kinds of names, each with the command that lists them."""


def near_names(kind: str, word: str, choices: Iterable[str], *, every: bool = False) -> Sentence:
    """Return the words after an unknown name: a near miss, and the command that lists all names.

    `kind`: one of `LISTED_BY`; other kinds have no such command. `every`: without a near miss all
    choices follow, however many.
    """
    known = list(choices)
    near = did_you_mean(word, known) or (allowed(known) if every else NOTHING)
    return listed_by(kind, near) if kind in LISTED_BY else near


_UNKNOWN = {
    "bridge": "unknown bridge{near}",
    "device": "unknown device{near}",
    "group": "unknown group{near}",
    "link": "unknown link{near}",
    "router": "unknown router{near}",
}


def unknown(kind: str, word: str, choices: Iterable[str]) -> Sentence:
    """Return the error of a name that is none of the choices, which are all of one kind."""
    return Sentence(_UNKNOWN[kind], near=near_names(kind, word, choices))


def listed_by(kind: str, near: Sentence) -> Sentence:
    """Return the words about near names, with the command that lists all of the kind."""
    return Sentence("{near}; {command} shows them", near=near, command=LISTED_BY[kind])


def allowed(choices: Iterable[str]) -> Sentence:
    """Return ' (allowed: x, y)', which follows the error of a value."""
    return Sentence(" (allowed: {choices})", choices=", ".join(choices))


NOTHING = Sentence("")


def strerror(of: OSError | int) -> Sentence:
    """Return the system's text of an error."""
    if isinstance(of, int):
        return Sentence(os.strerror(of))
    return Sentence(of.strerror or str(of))
