"""The language in which the command line speaks, chosen once: `--lang`, else `GIAOBAN_LANG`, else
the project's, else the locale of messages (POSIX, XBD 8.2), else English. Engineering tools, help
and errors speak English.

What a command prints for other programs, `--json` and result files, is the same in any language.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from giaoban.errors import InputError
from giaoban.translation import SOURCE, Language, languages, translator

OPTION, VARIABLE = "--lang", "GIAOBAN_LANG"
LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")
"""Variables of the locale; the first that is not empty counts."""
LANGUAGES = languages()
ENGINEERING_TOOLS = {"accept", "doctor", "list", "mcu", "shell", "stream"}
"""Commands that print English in every language."""

_chosen: Language = SOURCE
_asked: Language | None = None


def choose(words: list[str]) -> list[str]:
    """Choose by a command line and the environment; the words without the option.

    The programs that we start speak as we do. Raises `InputError`: a language that there is not.
    """
    global _chosen, _asked
    rest, _asked = without_option(words)
    _chosen = _asked or of_environment(os.environ)
    if rest and rest[0] in ENGINEERING_TOOLS:
        _chosen = SOURCE
    if _asked is not None:
        os.environ[VARIABLE] = _asked
    return rest


def chosen() -> Language:
    """The language of what is printed."""
    return _chosen


def asked() -> Language | None:
    """The one that was asked for with the option: that of documents, too, which have their own."""
    return _asked


def say(sentence: str) -> str:
    """A sentence in the language; nothing is loaded for English, which it is in."""
    return sentence if _chosen == SOURCE else translator(_chosen).say(sentence)


def without_option(words: list[str]) -> tuple[list[str], Language | None]:
    """The words before and after the option, and what it says; the last one counts."""
    end = words.index("--") if "--" in words else len(words)
    rest: list[str] = []
    asked: Language | None = None
    before = iter(words[:end])
    for word in before:
        if word == OPTION:
            asked = _known(OPTION, next(before, ""))
        elif word.startswith(f"{OPTION}="):
            asked = _known(OPTION, word.removeprefix(f"{OPTION}="))
        else:
            rest.append(word)
    return rest + words[end:], asked


def of_environment(environment: Mapping[str, str], *, strict: bool = True) -> Language:
    """That of the variables, and of the project that the current folder lies in.

    Raises `InputError` if `strict`: our variable names none that there is.
    """
    ours = environment.get(VARIABLE, "")
    if ours and (strict or ours in LANGUAGES):
        return _known(VARIABLE, ours)
    from giaoban.scenarios.spec.project_folder import find, here, language_of

    if (of_project := language_of(find(here()))) in LANGUAGES:
        return of_project
    locale = next((value for name in LOCALE if (value := environment.get(name))), "")
    spoken = locale.lower().replace("-", "_").partition(".")[0].partition("_")[0]
    return next((language for language in LANGUAGES if language == spoken), SOURCE)


def _known(option: str, text: str) -> Language:
    for language in LANGUAGES:
        if text == language:
            return language
    raise InputError(
        '{option} = "{value}": is not known (allowed: {allowed})',
        option=option,
        value=text,
        allowed=", ".join(LANGUAGES),
    )
