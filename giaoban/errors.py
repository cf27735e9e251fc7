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
from collections.abc import Iterable

from giaoban.text import printable


class GiaobanError(Exception):
    """Something the user should read; the command line prints it and exits with `exit_code`."""

    exit_code = 70


class InputError(GiaobanError):
    """Bad input or usage: the message names file, key, value and what is allowed."""

    exit_code = 2


class InvalidRun(GiaobanError):  # noqa: N818 - the word of the exit code
    """The emulation cannot be trusted, so it gives no verdict about the network."""

    exit_code = 3


class MachineLacks(GiaobanError):  # noqa: N818 - the word of the exit code
    """This machine misses something.

    `install` is the command that puts it right, shown under the message.
    """

    exit_code = 4

    def __init__(self, what: str, install: str) -> None:
        super().__init__(f"{what}\n  to mend it: {install}")
        self.what = what
        self.install = install

    def __reduce__(self) -> tuple[type[MachineLacks], tuple[str, str]]:
        return type(self), (self.what, self.install)


MOST_TOLD = 20
"""Lines of a message: a file of another kind is wrong in every line."""
LONGEST_LINE = 600
"""Characters of one line of a message."""


def several(lines: Iterable[str], more: int = 0) -> InputError:
    """One error for several mistakes, each told once; the first, and how many `more` there are."""
    distinct = list(dict.fromkeys(lines))
    shown = distinct[:MOST_TOLD]
    more += len(distinct) - len(shown)
    return InputError("\n".join([*shown, f"and {more:,} more"] if more > 0 else shown))


def told(error: GiaobanError) -> str:
    """An error as a terminal may be given it: not too long, and nothing in it that steers one."""
    lines = str(error).split("\n")
    cut = [printable(line, LONGEST_LINE) for line in lines[: MOST_TOLD + 1]]
    if (more := len(lines) - len(cut)) > 0:
        cut[-1] = f"and {more + 1:,} more"
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


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """' (did you mean "x"?)' for a near miss, the list of choices if it is short, or ''.

    A file in which every line is wrong gets hints for the first of them: comparing takes long, and
    nobody reads more (`MOST_COMPARED` words a file).
    """
    known = sorted(set(choices))
    if not may_hint(len(known)):
        return ""
    close = difflib.get_close_matches(word[:100], known, n=1, cutoff=0.6)
    if close:
        return f' (did you mean "{close[0]}"?)'
    if known and len(known) <= 12:
        return f" (allowed: {', '.join(known)})"
    return ""
