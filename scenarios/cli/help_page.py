"""`--help` of every command, in the reader's language: English help strings are looked up in the
catalogue when they are shown, so a command is written as typer has it.

On a terminal it is as wide as that; anywhere else nothing is broken, unless `COLUMNS` says so.
"""

from __future__ import annotations

import inspect
import os
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

from giaoban.files import shown
from giaoban.scenarios.cli import language
from giaoban.sentence import N_, Sentence, digits_of

LEAST_WIDTH = 40
WIDEST_NAME = 30
"""Columns of a terminal, and of them for the names of options, beside which is what they do."""
UNBROKEN = 100_000
LARGEST = 2**31 - 1
"""A limit that only a computer has."""

USAGE, COMMANDS_HEAD = N_("Usage: {usage}"), N_("Commands")
ARGUMENTS_HEAD, OPTIONS_HEAD = N_("Arguments"), N_("Options")
MORE = N_("{command} COMMAND --help says more of a command.")
OF_HELP = N_("show this help")
_PIECES = {"[OPTIONS]": N_("[OPTIONS]"), "COMMAND [ARGS]...": N_("COMMAND [ARGS]…")}
_TYPES = {
    "path": N_("PATH"),
    "file": N_("FILE"),
    "directory": N_("FOLDER"),
    "int": N_("NUMBER"),
    "float": N_("NUMBER"),
    "str": N_("TEXT"),
}
"""What typer calls a type → what people are shown as a value of it."""


def texts(command: Any) -> Iterator[str]:
    """All that its help says in English: what catalogues have to have."""
    yield from paragraphs(command.help)
    for parameter in command.params:
        yield from paragraphs(getattr(parameter, "help", None))
        yield from filter(_has_words, (value_of(parameter), name_of(parameter)))
        yield from paragraphs(getattr(parameter, "rich_help_panel", None))


def _has_words(text: str) -> bool:
    """Not a choice of words that are typed as they stand."""
    return any(map(str.isupper, text))


def paragraphs(text: str | None) -> list[str]:
    """A help string's paragraphs, each in one line, by which catalogues know them."""
    parts = inspect.cleandoc(text or "").partition("\f")[0].split("\n\n")
    return [" ".join(part.split()) for part in parts if part.strip()]


def of_program(
    command: Any, ctx: Any, panels: Sequence[tuple[str, Sequence[tuple[str, str]]]]
) -> str:
    """The help of the program itself: (what about, its commands (name, what it does))."""
    rows = [[(name, _say(text)) for name, text in commands] for _, commands in panels]
    widest = max((len(name) for each in rows for name, _ in each), default=0)
    parts = [_usage(command, ctx), *_prose(command)]
    for (panel, _), each in zip(panels, rows, strict=True):
        parts.append(_section(_say(panel), each, widest))
    more = language.say(Sentence(MORE, command=ctx.command_path))
    parts += [_options(command, ctx), *_wrapped(more)]
    return _page(parts)


def of_command(command: Any, ctx: Any) -> str:
    """The help of one command, or of a group of them."""
    parts = [_usage(command, ctx), *_prose(command), _arguments(command), _options(command, ctx)]
    rows = [
        (name, " ".join(_say(part) for part in paragraphs(each.help)[:1]))
        for name, each in getattr(command, "commands", {}).items()
        if not each.hidden
    ]
    parts.append(_section(_say(COMMANDS_HEAD), rows))
    return _page(parts)


def usage(command: Any, ctx: Any) -> str:
    """How its command line is put together."""
    pieces = []
    for piece in command.collect_usage_pieces(ctx):
        pieces.append(_say(_PIECES[piece]) if piece in _PIECES else "")
    named = [_shown_argument(p) for p in command.params if p.param_type_name == "argument"]
    words = [ctx.command_path, pieces[0], *named, *pieces[1:]]
    return language.say(Sentence(USAGE, usage=" ".join(filter(None, words))))


def _usage(command: Any, ctx: Any) -> str:
    return "\n".join(_wrapped(usage(command, ctx), indent=2))


def _prose(command: Any) -> list[str]:
    return ["\n".join(_wrapped(_say(part))) for part in paragraphs(command.help)]


def _arguments(command: Any) -> str:
    rows = [(_say(name_of(p)), _what(p)) for p in command.params if p.param_type_name == "argument"]
    return _section(_say(ARGUMENTS_HEAD), rows)


def _options(command: Any, ctx: Any) -> str:
    rows: dict[str, list[tuple[str, str]]] = {OPTIONS_HEAD: []}
    for each in command.params:
        if each.param_type_name == "option" and not getattr(each, "hidden", False):
            panel = getattr(each, "rich_help_panel", None) or OPTIONS_HEAD
            rows.setdefault(panel, []).append((_option(each), _what(each)))
    names = ", ".join(sorted(command.get_help_option_names(ctx)))
    rows[OPTIONS_HEAD].append((names, _say(OF_HELP)))
    return "\n\n".join(_section(_say(panel), each) for panel, each in rows.items())


def _shown_argument(parameter: Any) -> str:
    name = _say(name_of(parameter))
    return name if parameter.required else f"[{name}]"


def name_of(parameter: Any) -> str:
    """An argument's name as it is shown; options have names of their own."""
    if parameter.param_type_name != "argument":
        return ""
    name = (parameter.metavar or parameter.name.upper().replace("_", "-")).strip("[]")
    many = parameter.nargs == -1 and "…" not in name
    return f"{name}…" if many else str(name)


def _option(parameter: Any) -> str:
    names = ", ".join([*parameter.opts, *parameter.secondary_opts])
    value = value_of(parameter)
    return f"{names} {_say(value) if _has_words(value) else value}" if value else names


def value_of(parameter: Any) -> str:
    """What an option takes, in English: `FILE`, `N`, `a|b`; "" for one that takes nothing."""
    if parameter.param_type_name == "argument" or parameter.is_flag:
        return ""
    if parameter.metavar:
        value = str(parameter.metavar)
        return value.strip("[]") if value[0] == "[" else value
    kind = str(parameter.display_type(None)).strip("<>").removesuffix(" range")
    kind = kind.removeprefix("list[").removesuffix("]").lower()
    return _TYPES.get(kind, kind)


def _what(parameter: Any) -> str:
    """What a parameter does, the values it may have, and the one it has if nothing is said."""
    said = " ".join(_say(part) for part in paragraphs(getattr(parameter, "help", None)))
    more = [*filter(None, (_range(parameter), _default(parameter)))]
    if parameter.required and parameter.param_type_name == "option":
        more.append(Sentence("required"))
    told = f"[{'; '.join(map(language.say, more))}]" if more else ""
    return f"{said} {told}".strip()


def _range(parameter: Any) -> Sentence | None:
    low, high = limits(parameter)
    if low is not None and high is not None:
        return Sentence("{low} to {high}", low=bound(low), high=bound(high))
    if low is not None:
        return Sentence("at least {low}", low=bound(low)) if low else None
    return Sentence("at most {high}", high=bound(high)) if high is not None else None


def limits(parameter: Any) -> tuple[float | None, float | None]:
    """The least and the most that an option's number may be; None: it has no such limit."""
    low, high = getattr(parameter, "min", None), getattr(parameter, "max", None)
    return low, None if high is not None and high >= LARGEST else high


def bound(limit: float) -> str:
    """A limit as it may be written for an option: with no power of ten."""
    return digits_of(limit, 15)


def _default(parameter: Any) -> Sentence | None:
    value = parameter.default
    if not parameter.show_default or callable(value):
        return None
    if parameter.param_type_name == "option" and parameter.is_flag:
        if not parameter.secondary_opts:
            return None
        value = parameter.opts[0] if value else parameter.secondary_opts[0]
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, Path):
        if value.is_absolute():  # the program's own, which its help says in words
            return None
        value = shown(value)
    if value is None or value in ("", (), []):
        return None
    if isinstance(value, float):
        return Sentence("if not said: {value:g}", value=value)
    return Sentence("if not said: {value}", value=value)


def _section(head: str, rows: Sequence[tuple[str, str]], widest: int | None = None) -> str:
    """Names and what they do, side by side; below each other where a name is long."""
    if not rows:
        return ""
    width = max(len(name) for name, _ in rows) if widest is None else widest
    width = min(width, WIDEST_NAME, _width() // 2 - 4)
    lines = [_bold(f"{head}:")]
    for name, text in rows:
        beside = _wrapped(text, room=width + 4) or [""]
        if len(name) > width:
            lines.append(f"  {name}")
        else:
            lines.append(f"  {name:<{width}}  {beside.pop(0)}".rstrip())
        lines += [f"{'':{width + 4}}{line}" for line in beside]
    return "\n".join(lines)


def _wrapped(text: str, *, room: int = 0, indent: int = 0) -> list[str]:
    width = max(_width() - room, 20)
    return textwrap.wrap(
        text, width, subsequent_indent=" " * indent, break_on_hyphens=False, break_long_words=False
    )


def _width() -> int:
    if sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit():
        return max(shutil.get_terminal_size().columns, LEAST_WIDTH)
    return UNBROKEN


def _page(parts: Sequence[str]) -> str:
    return "\n\n".join(filter(None, parts))


def _bold(text: str) -> str:
    plain = not sys.stdout.isatty() or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    return text if plain else f"\x1b[1m{text}\x1b[0m"


def _say(msgid: str) -> str:
    return language.say(Sentence(msgid))
