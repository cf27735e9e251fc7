"""Data goes one way: which room knows which, and nothing knows each other in a circle."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHARED = "giaoban"
KNOWN: Mapping[str, tuple[str, ...]] = {
    SHARED: (),
    "traffic": (SHARED,),
    "topology": (SHARED, "traffic"),
    "mcu_sim": (SHARED, "traffic"),
    "results": (SHARED,),
    "scenarios": (SHARED, "traffic", "topology", "mcu_sim", "results"),
}
"""Room → what it may know beside itself. What all share lies in no room, beside them."""
MOST_MODULES = 20
ENTRANCES = {"giaoban.traffic.locustfile"}
"""What another program begins in a room, for the rooms above it."""
BOTH_WAYS = ("giaoban.sentence", "giaoban.translation")
"""A sentence says itself in Vietnamese; who translates takes sentences."""


@cache
def modules() -> Mapping[str, Path]:
    """Module → its file."""
    paths = {}
    for room in KNOWN:
        for path in (ROOT / room).rglob("*.py"):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            name = name if room == SHARED else f"{SHARED}.{name}"
            paths[name.removesuffix(".__init__")] = path
    return paths


@cache
def imports() -> Mapping[str, frozenset[str]]:
    """Module → the modules that it imports, wherever in it."""
    paths = modules()
    found = {
        module: frozenset(_module(name, paths) for name in _names(path)) & paths.keys()
        for module, path in paths.items()
    }
    found[BOTH_WAYS[0]] -= {BOTH_WAYS[1]}
    return found


def _names(path: Path) -> Iterator[str]:
    """What stands behind `import`, and each name of a `from` as if it were a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module, names, 0):
                yield from (f"{module}.{alias.name}" for alias in names)


def _module(name: str, known: Mapping[str, Path]) -> str:
    """The module of that name, or the one that a name is of."""
    return name if name in known else name.rpartition(".")[0]


def _room(module: str) -> str:
    first = module.removeprefix(f"{SHARED}.").split(".")[0]
    return first if first in KNOWN else SHARED


@pytest.mark.parametrize("room", KNOWN)
def test_a_room_knows_only_those_below_it(room: str) -> None:
    assert [
        f"{module} knows {other}"
        for module, others in imports().items()
        if _room(module) == room and module not in ENTRANCES
        for other in sorted(others)
        if _room(other) not in (room, *KNOWN[room])
    ] == []


@cache
def _folders() -> list[str]:
    """As each process finds the tests, so that nothing is read here."""
    return sorted({module.rpartition(".")[0] for module in modules()} - {""})


@pytest.mark.parametrize("folder", _folders())
def test_nothing_in_a_folder_knows_each_other_in_a_circle(folder: str) -> None:
    """Its modules, and its folders as wholes."""
    within = f"{folder}."
    knows: dict[str, set[str]] = defaultdict(set)
    for module, others in imports().items():
        if not module.startswith(within) or (folder == SHARED and _room(module) != SHARED):
            continue
        own = _child(module, within)
        knows[own] |= {_child(other, within) for other in others if other.startswith(within)}
        knows[own] -= {own}
    try:
        TopologicalSorter(knows).prepare()
    except CycleError as error:
        pytest.fail(f"{folder}: {' knows '.join(error.args[1][::-1])}")


def _child(module: str, within: str) -> str:
    return module.removeprefix(within).split(".")[0]


@pytest.mark.parametrize("folder", _folders())
def test_a_folder_is_seen_at_a_glance(folder: str) -> None:
    within = [module for module in modules() if module.rpartition(".")[0] == folder]
    alone = [module for module in within if module not in _folders()]
    assert len(alone) <= MOST_MODULES


def test_an_assertion_does_nothing() -> None:
    """`python -O` leaves it out: what an object is told in it, it would not be told."""
    texts = {module: path.read_text(encoding="utf-8") for module, path in modules().items()}
    asserted = [
        (module, node)
        for module, text in texts.items()
        if "assert " in text
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Assert)
    ]
    assert len(asserted) > 20
    for module, node in asserted:
        for part in ast.walk(node.test):
            told = isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute)
            assert not told, f"{module}, line {node.lineno}: {ast.unparse(node)}"


def test_there_is_something_to_find() -> None:
    """Imports are found: in a function, and of a name as of a module."""
    known = imports()
    assert len(known) > 500
    assert "giaoban.scenarios.cli.judging" in known["giaoban.scenarios.cli.entry"]
    assert "giaoban.traffic.rtp" in known["giaoban.traffic.recorded.recording"]
