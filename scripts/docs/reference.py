"""A page for each command, of what its `--help` says: made when the site is built, so that it is
never older than the program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import typer

from giaoban.scenarios.cli.app import app
from scripts.docs.fences import Command, commands, pages

WORDS = {
    "en": {
        "intro": "What each command does, with its options, as `giaoban COMMAND --help` says it.",
        "title": "Commands",
        "command": "command",
        "does": "what it does",
        "argument": "argument",
        "option": "option",
        "meaning": "meaning",
        "default": "default",
        "required": "required",
        "repeatable": "repeatable",
        "none": "–",
        "examples": "In these documents",
    },
    "vi": {
        "intro": "Công dụng và các tùy chọn của từng lệnh như `--help` hiển thị.",
        "title": "Các lệnh",
        "command": "lệnh",
        "does": "công dụng",
        "argument": "tham số",
        "option": "tùy chọn",
        "meaning": "ý nghĩa",
        "default": "mặc định",
        "required": "bắt buộc",
        "repeatable": "dùng được nhiều lần",
        "none": "–",
        "examples": "Trong tài liệu này",
    },
}


@cache
def tree() -> dict[str, Any]:
    """Top-level name → click's command, in the order of the help."""
    group: Any = typer.main.get_command(app)
    return {name: group.get_command(None, name) for name in group.list_commands(None)}


def walk(name: str, command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The commands below one, itself if it is none of many: path and command."""
    below = getattr(command, "commands", None)
    if below is None:
        yield (name,), command
        return
    for key, each in below.items():
        for path, leaf in walk(key, each):
            yield (name, *path), leaf


def page(name: str, command: Any, lang: str) -> str:
    """Markdown of a command's page."""
    words = WORDS[lang]
    leaves = list(walk(name, command))
    whole = len(leaves) == 1 and leaves[0][0] == (name,)
    text = [f"# giaoban {name}", ""]
    if not whole:
        text += [_prose(command.help), ""]
    for path, leaf in leaves:
        if not whole:
            text += [f"## giaoban {' '.join(path)}", ""]
        text += _one(path, leaf, words)
    shown = [each for each in _shown() if (each.arguments or ("",))[0] == name]
    if shown:
        text += [f"## {words['examples']}", "", "```sh"]
        text += list(dict.fromkeys(_plain(each) for each in shown))
        text += ["```", ""]
    return "\n".join(text)


def index(lang: str) -> str:
    """Markdown of the list of all."""
    words = WORDS[lang]
    lines = [f"# {words['title']}", "", words["intro"], ""]
    lines += [f"| {words['command']} | {words['does']} |", "|---|---|"]
    for name, command in tree().items():
        first = _prose(command.help).partition("\n\n")[0].replace("\n", " ")
        lines.append(f"| [`{name}`]({name}.md) | {_cell(first)} |")
    return "\n".join(lines) + "\n"


def _one(path: tuple[str, ...], command: Any, words: dict[str, str]) -> list[str]:
    arguments = [p for p in command.params if _is_argument(p)]
    options = [p for p in command.params if not _is_argument(p) and not p.hidden]
    usage = " ".join(["giaoban", *path, "[OPTIONS]" if options else ""]).strip()
    usage += "".join(f" {_argument(each)}" for each in arguments)
    text = ["```", usage, "```", "", _prose(command.help), ""]
    if arguments:
        text += [f"| {words['argument']} | {words['meaning']} |", "|---|---|"]
        for each in arguments:
            text.append(f"| `{_argument(each)}` | {_cell(each.help or '')} |")
        text.append("")
    if options:
        text += [
            f"| {words['option']} | {words['meaning']} | {words['default']} |",
            "|---|---|---|",
        ]
        for each in options:
            names = ", ".join(f"`{name}`" for name in (*each.opts, *each.secondary_opts))
            said = _cell(each.help or "")
            if each.multiple and "repeatable" not in (each.help or ""):
                said += f" ({words['repeatable']})"
            text.append(f"| {names}{_value(each)} | {said} | {_default(each, words)} |")
        text.append("")
    return text


def _is_argument(parameter: Any) -> bool:
    return not any(name.startswith("-") for name in parameter.opts)


def _argument(parameter: Any) -> str:
    name = (parameter.metavar or parameter.name.strip("_")).upper().strip("[]")
    name += "…" if parameter.nargs == -1 or parameter.multiple else ""
    return name if parameter.required else f"[{name}]"


def _value(option: Any) -> str:
    if option.is_flag:
        return ""
    value = option.metavar or "|".join(_choices(option)) or _kind(option)
    return " <code>" + value.replace("|", "&#124;") + "</code>"


def _annotation(option: Any) -> Any:
    return option.type_descriptor.annotation


def _choices(option: Any) -> list[str]:
    members = getattr(_annotation(option), "__members__", None)
    return [str(each.value) for each in members.values()] if members else []


def _kind(option: Any) -> str:
    name = getattr(_annotation(option), "__name__", str(_annotation(option)))
    return {"int": "N", "float": "X", "str": "TEXT", "Path": "PATH"}.get(name, "…")


def _default(option: Any, words: dict[str, str]) -> str:
    if option.required:
        return words["required"]
    value = option.default
    if value in (None, False, (), []) or callable(value) or not option.show_default:
        return words["none"]
    value = getattr(value, "value", value)
    if value is True:
        return "on"
    text = str(value)
    return words["none"] if "/" in text and not text.startswith(".") else f"`{text}`"


def _prose(text: str | None) -> str:
    """Typer keeps a paragraph's lines; a click mark that keeps them (\\b) becomes a list."""
    return re.sub(r"\n[ \t]+", "\n", text or "").replace("\b\n", "").strip()


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _plain(command: Command) -> str:
    return command.text.replace(".venv/bin/giaoban", "giaoban")


@cache
def _shown() -> list[Command]:
    """Those of the guides."""
    return [each for page in pages() if ".vi." not in page.name for each in commands(page)]
