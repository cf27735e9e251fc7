"""What a shell offers when Tab is pressed: commands, options, names of scenarios, runs and devices.

A shell asks at each Tab, so nothing heavy is loaded: what commands and options there are is written
down once (`_tree`), under the user's cache, by the sum of the files that say so.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from giaoban import PACKAGE, build_cache
from giaoban.scenarios.cli import language
from giaoban.scenarios.spec import project_folder
from giaoban.translation import Language

VARIABLE = "_GIAOBAN_COMPLETE"
"""Set by the shells' scripts, to the shell's name."""
FILES, FOLDERS = ":files", ":folders"
"""An answer by which the shell adds names of files itself."""

_KINDS = {
    "scenario": "scenario",
    "--scenario": "scenario",
    "--in": "scenario",
    "run": "run",
    "runs": "run",
    "first": "run",
    "second": "run",
    "--failures": "run",
    "--device": "device",
    "device_id": "device",
    "--profile": "profile",
    "--meetings": "meeting",
    "meeting name": "meeting",
    "--baseline": "baseline",
    "baseline show name": "baseline",
    "criterion": "criterion",
    "--max": "criterion",
    "--results": "folder",
    "--baselines": "folder",
    "--catalogue": "folder",
}
"""Of what kind the value of an option or argument is; a word before it is the command's."""


def answer(shell: str, given: Sequence[str]) -> str:
    """What the shell's script asked for, a line each; what is after a tab describes it.

    bash gives its line and where the cursor is; the others give the words up to there.
    """
    if shell == "bash":
        line, point = given[0], int(given[1])
        words = _split(line[:point])[1:]
    else:
        words = [*given]
    words = words or [""]
    found = [*candidates(words, tree(language.of_environment(os.environ, strict=False)))]
    if shell == "bash":  # which replaces what is after the last = or : alone
        cut = max(words[-1].rfind("="), words[-1].rfind(":")) + 1
        found = [each if each in (FILES, FOLDERS) else each[cut:] for each in found]
    return "".join(f"{each}\n" for each in found)


def _split(line: str) -> list[str]:
    """The words of a line of which the last is not finished, "" if it has not begun."""
    for end in ("", '"', "'", "\\"):
        with suppress(ValueError):
            *words, last = shlex.split(f"{line}{end}x")
            return [*words, last[:-1]]
    return []


def candidates(words: Sequence[str], of: dict[str, Any]) -> Iterator[str]:
    """What may stand for the last word, after the others."""
    *before, last = words
    arguments, waits = 0, None
    for word in before:
        option = of["options"].get(word)
        if waits is not None:
            waits = None
        elif option is not None:
            waits = option["kind"] if option["takes"] else None
        elif word in of["commands"]:
            of, arguments = of["commands"][word], 0
        elif not word.startswith("-"):
            arguments += 1
    if waits is not None:
        yield from _values(waits, last, before)
        return
    name, equals, value = last.partition("=")
    if equals and name in of["options"]:
        yield from (
            each if each in (FILES, FOLDERS) else f"{name}={each}"
            for each in _values(of["options"][name]["kind"], value, before)
        )
        return
    if last.startswith("-"):
        yield from _described(of["options"], last)
        return
    yield from _described(of["commands"], last)
    if of["arguments"]:
        yield from _values(of["arguments"][min(arguments, len(of["arguments"]) - 1)], last, before)


def _described(named: dict[str, Any], begin: str) -> Iterator[str]:
    return (f"{name}\t{of['help']}" for name, of in named.items() if name.startswith(begin))


def _values(kind: str, begin: str, before: Sequence[str]) -> Iterator[str]:
    if kind.startswith("one of "):
        names = kind.removeprefix("one of ").split("|")
        yield from (name for name in names if name.startswith(begin))
    elif kind in _NAMED:
        with suppress(OSError, ValueError, KeyError, TypeError):  # a file of somebody's is wrong
            yield from (n for n in sorted({*_NAMED[kind](before)}) if n.startswith(begin))
    if kind in ("file", "scenario", "meeting"):
        yield FILES
    elif kind in ("folder", "run"):
        yield FOLDERS


def _scenarios(_before: Sequence[str]) -> Iterator[str]:
    yield from (path.stem for path in (PACKAGE / "scenarios").glob("*.toml"))
    folder, project = _project()
    if folder is not None:
        yield from (p.stem for p in (folder / project.get("scenarios", ".")).glob("*.toml"))


def _runs(before: Sequence[str]) -> Iterator[str]:
    folder, project = _project()
    root = _given("--results", before)
    if root is None:
        root = Path("runs") if folder is None else folder / project.get("runs", "runs")
    yield from (path.name for path in root.iterdir() if path.is_dir() and path.name[0] != ".")


def _ids(file: str, table: str, _before: Sequence[str]) -> Iterator[str]:
    """Those of a file of the program's own."""
    return _below(tomllib.loads((PACKAGE / file).read_text(encoding="utf-8")), table)


def _below(value: Any, table: str) -> Iterator[str]:
    """Of the tables of a name, wherever they stand: devices are below their cards."""
    if isinstance(value, list):
        for each in value:
            yield from _below(each, table)
    elif isinstance(value, dict):
        for name, each in value.items():
            if name == table and isinstance(each, list):
                yield from (one["id"] for one in each if "id" in one)
            yield from _below(each, table)


def _meetings(_before: Sequence[str]) -> Iterator[str]:
    return (path.stem for path in (PACKAGE / "scenarios" / "meetings").glob("*.toml"))


def _baselines(before: Sequence[str]) -> Iterator[str]:
    folder = _given("--baselines", before) or PACKAGE / "results" / "baselines"
    return (path.stem for path in folder.glob("*.toml"))


_NAMED: dict[str, Callable[[Sequence[str]], Iterator[str]]] = {
    "scenario": _scenarios,
    "run": _runs,
    "device": partial(_ids, "mcu_sim/devices.toml", "device"),
    "profile": partial(_ids, "traffic/profiles.toml", "profile"),
    "criterion": partial(_ids, "results/criteria.toml", "criterion"),
    "meeting": _meetings,
    "baseline": _baselines,
}


def _given(option: str, before: Sequence[str]) -> Path | None:
    for word, after in zip(before, [*before[1:], ""], strict=True):
        if word == option:
            return Path(after)
        if word.startswith(f"{option}="):
            return Path(word.removeprefix(f"{option}="))
    return None


def _project() -> tuple[Path | None, dict[str, str]]:
    """The folder of the project that we stand in, and what its file says."""
    with suppress(OSError, ValueError):
        if (file := project_folder.find(project_folder.here())) is not None:
            return file.parent, tomllib.loads(file.read_text(encoding="utf-8"))
    return None, {}


def tree(of: Language) -> dict[str, Any]:
    """All commands with their options, in a language; kept until a file that says so changes."""
    kept = build_cache.cache() / f"completion-{of}-{_sum()}.json"
    with suppress(OSError, ValueError):
        found: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        return found
    made = _tree(of)
    with suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        for old in kept.parent.glob(f"completion-{of}-*.json"):
            old.unlink(missing_ok=True)
        part = kept.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(made, ensure_ascii=False), encoding="utf-8")
        part.replace(kept)
    return made


def _sum() -> str:
    """Of the files by which commands and options are said, as a copy elsewhere has it too."""
    ours = Path(__file__).parent
    files = [*ours.glob("*.py"), *ours.glob("commands/*/*.py"), *PACKAGE.glob("locale/*.po")]
    told = [(p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in sorted(files)]
    return hashlib.sha256(repr((str(ours), told)).encode()).hexdigest()[:16]


def _tree(of: Language) -> dict[str, Any]:
    from giaoban.scenarios.cli.app import every_command
    from giaoban.sentence import Sentence
    from giaoban.translation import translator

    say = translator(of).say
    root: dict[str, Any] = {}
    for words, command in every_command():
        node = _node(" ".join(words), command, lambda text: say(Sentence(text)))
        at = root
        for word in words[:-1]:
            at = at["commands"][word]
        if words:
            at["commands"][words[-1]] = node
        else:
            root = node
    return root


def _node(name: str, command: Any, say: Callable[[str], str]) -> dict[str, Any]:
    from giaoban.scenarios.cli import help_page

    def said(text: str | None) -> str:
        return " ".join(say(part) for part in help_page.paragraphs(text)[:1])

    options: dict[str, Any] = {}
    for each in command.params:
        if each.param_type_name == "option" and not getattr(each, "hidden", False):
            value = help_page.value_of(each)
            told = {"help": said(each.help), "takes": bool(value), "kind": _kind("", each)}
            options |= dict.fromkeys([*each.opts, *each.secondary_opts], told)
    shown = {"help": say(help_page.OF_HELP), "takes": False, "kind": ""}
    return {
        "help": said(command.help),
        "options": {**options, "--help": shown},
        "arguments": [_kind(name, p) for p in command.params if p.param_type_name == "argument"],
        "commands": {},
    }


def _kind(command: str, parameter: Any) -> str:
    from giaoban.scenarios.cli import help_page

    for name in (f"{command} {parameter.name}", parameter.name, *parameter.opts):
        if name in _KINDS:
            return _KINDS[name]
    value, shown = parameter.display_type(None), help_page.value_of(parameter)
    if "|" in shown:
        return f"one of {shown}"
    if "path" in value.lower() or shown == "FILE":
        return "file"
    return ""
