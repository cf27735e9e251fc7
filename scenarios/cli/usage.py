"""What is wrong with a command line, in the reader's language.

Typer says it in English, in sentences that are put together; here they are known again by their
parts, and by what is left of them: the error below, the parameter, the names that there are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from giaoban.errors import InputError, allowed, did_you_mean, told
from giaoban.scenarios.cli import help_page, language
from giaoban.sentence import N_, Sentence

SENTENCES = {
    "Option {option} requires an argument.": N_("{option}: needs a value"),
    "Option {option} requires {number} arguments.": N_("{option}: needs {number} values"),
    "Option {option} does not take a value.": N_("{option}: takes no value"),
    "Argument {argument} takes {number} values.": N_("{argument}: takes {number} values"),
    "Got unexpected extra argument(s) ({words})": N_("too many arguments: {words}"),
    "Got unexpected extra argument ({words})": N_("too many arguments: {words}"),
    "Got unexpected extra arguments ({words})": N_("too many arguments: {words}"),
    "Missing command.": N_("a command is missing"),
    "No such option: {option}": N_("{option}: no such option"),
    "No such command {command}.": N_("{command}: no such command"),
    "Value {value} is not a valid {kind}.": N_("{value}: is not known"),
    "{value} is not one of {choices}.": N_("{value}: is not known"),
}
"""What typer says, word by word, with what it puts into it → what we say."""
_SUGGESTED = re.compile(r"\. Did you mean .*\?$")
HELP = N_("  for help: {command} --help")


def message(error: Any) -> str:
    """What a usage error of typer's says, in the chosen language; several lines."""
    lines = [told(InputError(_wrong(error)), language.say)]
    ctx = getattr(error, "ctx", None)
    if ctx is not None:
        lines.insert(0, help_page.usage(ctx.command, ctx))
        lines.append(language.say(Sentence(HELP, command=ctx.command_path)))
    lines[-1 if ctx is None else 1] = f"giaoban: {lines[-1 if ctx is None else 1]}"
    return "\n".join(lines)


def _wrong(error: Any) -> Sentence:
    kind = type(error).__name__
    ctx = getattr(error, "ctx", None)
    if kind == "MissingParameter":
        return _missing(error)
    if kind == "BadParameter":
        name, why = _named(error.param), _why(error)
        return Sentence("{option}: {why}", option=name, why=why) if name else why
    wrong = known(_SUGGESTED.sub(".", error.message))
    if kind == "NoSuchOption":
        near = did_you_mean(error.option_name, _options(ctx))
    elif "command" in wrong.values:
        near = did_you_mean(str(wrong.values["command"]), _commands(ctx))
    else:
        return wrong
    return Sentence("{wrong}{near}", wrong=wrong, near=near) if near else wrong


def known(said: str) -> Sentence:
    """What we say for one of typer's `SENTENCES`, with what is in its fields; else as it is."""
    for ours, pattern in _patterns():
        if found := pattern.fullmatch(said):
            return Sentence(ours, **{n: v.strip("'") for n, v in found.groupdict().items()})
    return Sentence(said)


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    found = []
    for typers, ours in SENTENCES.items():
        parts = re.split(r"\{(\w+)\}", typers)
        texts, fields = parts[::2], parts[1::2]
        pattern = re.escape(texts[0])
        for field, text in zip(fields, texts[1:], strict=True):
            pattern += f"(?P<{field}>.+?){re.escape(text)}"
        found.append((ours, re.compile(pattern, re.DOTALL)))
    return found


def _missing(error: Any) -> Sentence:
    if error.param is None:
        return Sentence("an argument is missing")
    return Sentence(
        "{option}: is missing, and nothing is done without it", option=_named(error.param)
    )


def _past_both(parameter: Any) -> Sentence | None:
    """What a number may be, from both ends, as its help has it."""
    low, high = help_page.limits(parameter)
    if low is None or high is None:
        return None
    return Sentence(
        "is out of range (allowed: {low} to {high}{unit})",
        low=help_page.bound(low),
        high=help_page.bound(high),
        unit="",
    )


def _why(error: Any) -> Sentence:
    """Typer has values checked by pydantic, whose errors are said as those of files are."""
    below = error.__cause__
    if below is not None and hasattr(below, "errors"):
        from giaoban.tomlfile import said_by_pydantic

        first = below.errors()[0]
        said = said_by_pydantic(first)
        given = first.get("input")
        said = known(str(said)) if said.msgid == str(said) else said
        if choices := said.values.get("choices"):
            words = [word.strip("'") for word in str(choices).split(", ")]
            near = did_you_mean(str(given), words) or allowed(words)
            return Sentence('"{value}" is not known{near}', value=given, near=near)
        if first["type"].startswith(("greater_", "less_")):
            said = _past_both(error.param) or said
        return Sentence('"{value}": {said}', value=given, said=said) if given is not None else said
    return known(error.message)


def _named(parameter: Any) -> str:
    """A parameter as it stands in the help."""
    if parameter is None:
        return ""
    if parameter.param_type_name == "option":
        return str(max(parameter.opts, key=len))
    return language.say(Sentence(help_page.name_of(parameter)))


def _options(ctx: Any) -> Iterable[str]:
    return () if ctx is None else [name for p in ctx.command.params for name in p.opts]


def _commands(ctx: Any) -> Iterable[str]:
    return () if ctx is None else getattr(ctx.command, "commands", {})
