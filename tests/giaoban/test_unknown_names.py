"""Whatever people name and is not there is told with near misses and the command that lists it."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from giaoban.errors import LISTED_BY, did_you_mean, near_names
from giaoban.scenarios.cli.app import every_command

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("giaoban", "topology", "traffic", "mcu_sim", "scenarios", "results")
NOT_NAMED = {
    "giaoban/errors.py": "where it is defined",
    "giaoban/files.py": "files of a folder",
    "giaoban/provenance.py": "figures of a table",
    "giaoban/table.py": "headings of a table",
    "giaoban/tomlfile.py": "keys of a file",
    "scenarios/calendar/csv_file.py": "columns of a table",
    "scenarios/cli/usage.py": "options and commands, which --help lists",
    "scenarios/study/sensitivity/figures.py": "figures of a question",
    "topology/importers/draft.py": "routers of a file that is being imported",
}
"""Modules in which something else is mistyped than what a command lists."""
ENDS = {"near", "hint", "choices", "instead_of", "known"}
"""Fields in which near misses stand."""
OTHERWISE = {
    "unknown key{near}",
    "{name}: no such file{near}",
    "{path}: no such file, so this is not a finished run",
    "there is no such file",
    "{text}: there is no such file at that revision",
    'district "{district}" is not in the catalogue, so the line needs a router and km',
    "{path}: there is no such file",
    "unknown router",  # `near` follows, of whoever joins it
    "unknown link",
    "a link to nowhere, unknown router",
    "unknown: {run} – {reason}",  # whether an approval holds
}


class Call(NamedTuple):
    """Something that is called with a text first."""

    module: str
    called: str
    text: str | None


@cache
def calls() -> list[Call]:
    """All of the product, each module read once."""
    found = []
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            name = path.relative_to(ROOT)
            if any((ROOT / p).is_symlink() for p in name.parents):
                continue
            for node in ast.walk(ast.parse(path.read_bytes())):
                if not isinstance(node, ast.Call):
                    continue
                called = getattr(node.func, "id", getattr(node.func, "attr", ""))
                first = node.args[0] if node.args else None
                text = first.value if isinstance(first, ast.Constant) else None
                said = text if isinstance(text, str) else None
                found.append(Call(name.as_posix(), called, said))
    return found


def test_names_are_told_with_what_lists_them() -> None:
    bare = {call.module for call in calls() if call.called == "did_you_mean"}
    assert bare == set(NOT_NAMED)


def test_every_unknown_name_says_what_may_have_been_meant() -> None:
    unsaid = {
        (call.module, call.text)
        for call in calls()
        if call.called in ("Sentence", "InputError")
        and call.text is not None
        and re.search(r"\b(unknown|no such|not in the catalogue|in no run)\b", call.text)
        and not ENDS & {*re.findall(r"\{(\w+)", call.text)}
        and "(allowed" not in call.text
        and call.text not in OTHERWISE
    }
    assert unsaid == set()


def test_every_kind_is_one_that_something_lists() -> None:
    naming = [call for call in calls() if call.called in ("near_names", "listed_by")]
    kinds = {call.text for call in naming if call.text is not None}
    assert {"bridge", "device", "profile", "router", "run", "scenario", "unit"} <= kinds
    assert kinds - set(LISTED_BY) <= {
        "concurrent meeting",  # of the scenario itself
        "criterion of load",  # which are all told
        "failure",  # those of a network are told
        "family",  # of the device file itself
        "metric",  # of the result itself
        "schema",  # which are all told
    }


def test_the_commands_are_there() -> None:
    there = {tuple(name) for name, _ in every_command()}
    for command in LISTED_BY.values():
        words = [word for word in command.split()[1:] if not word.startswith("-")]
        assert tuple(words) in there, command


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("cu-jt", ' (did you mean "cu-jut"?); giaoban topology show shows them'),
        ("nowhere", " (allowed: cu-jut, dak-mil); giaoban topology show shows them"),
    ],
)
def test_what_is_said(word: str, said: str) -> None:
    assert near_names("bridge", word, ["cu-jut", "dak-mil"]) == said


def test_the_beginning_of_a_name_is_a_near_miss() -> None:
    named = ["codian-4520-hd", "rmx-1500-mpmx-fixed", "rmx-2000-mpmx-four-cards"]
    known = [*named, *map(str, range(20))]
    assert did_you_mean("rmx", known) == ' (did you mean "rmx-1500-mpmx-fixed"?)'
    assert did_you_mean("rm", known) == ""
