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


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """' (did you mean "x"?)' for a near miss, the list of choices if it is short, or ''."""
    known = sorted(set(choices))
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return f' (did you mean "{close[0]}"?)'
    if known and len(known) <= 12:
        return f" (allowed: {', '.join(known)})"
    return ""
