"""Find keys and dependencies that are left over from a removed feature.

Unused message ids: tests/giaoban/test_translation.py. Pages outside the navigation, and options
without a page: tests/test_docs.py.
"""

from __future__ import annotations

import ast
import re
import tomllib
import typing
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pydantic import BaseModel

from giaoban.scenarios.schemas.inputs import INPUTS

ROOT = Path(__file__).parents[1]
PRODUCT = ("giaoban", "topology", "traffic", "mcu_sim", "results", "scenarios")
OTHERS = ("bench", "scripts", "tests")
DATA = {"tzdata"}
"""Dependencies that hold data for the standard library: no module imports them."""
TOOLS = {
    *("mkdocs-material", "mkdocs-static-i18n"),  # scripts/docs/mkdocs.yml
    *("mypy", "ruff", "types-jsonschema"),  # make check-style
    *("pytest-timeout", "pytest-xdist"),  # scripts/test
    *("setuptools",),  # tests/packaging/built.py
}
"""Dependencies that are run, not imported, and by what."""


@cache
def trees(rooms: tuple[str, ...]) -> list[ast.Module]:
    """Return the syntax trees of all modules of some rooms."""
    return [ast.parse(p.read_bytes()) for room in rooms for p in (ROOT / room).rglob("*.py")]


def models(kind: object, known: set[type[BaseModel]]) -> None:
    """Add all models that an annotation leads to."""
    if isinstance(kind, typing.TypeAliasType):
        models(kind.__value__, known)
    elif isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in known:
        known.add(kind)
        for field in kind.model_fields.values():
            models(field.annotation, known)
    for part in typing.get_args(kind):
        models(part, known)


@cache
def keys() -> dict[tuple[str, str], str]:
    """Return the attribute of every key of an input file, by its model's name and its own."""
    known: set[type[BaseModel]] = set()
    for each in INPUTS:
        models(each.model, known)
    fields = ((model, name) for model in known for name in model.model_fields)
    found = {(m.__name__, m.model_fields[name].alias or name): name for m, name in fields}
    assert len(found) > 500
    return {key: name for key, name in found.items() if key[1] != "schema"}


def attributes() -> Iterator[str]:
    """Yield the name of every attribute that the product reads."""
    for tree in trees(PRODUCT):
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                yield node.attr
            elif isinstance(node, ast.MatchClass):
                yield from node.kwd_attrs


def test_the_product_reads_every_key() -> None:
    read = set(attributes())
    assert {key for key, name in keys().items() if name not in read} == set()


def test_a_page_or_a_file_of_the_project_shows_every_key() -> None:
    shown = [*(ROOT / "docs").rglob("*.md")]
    shown += [path for room in PRODUCT[1:] for path in (ROOT / room).rglob("*.toml")]
    words = {word for p in shown for word in re.findall(r"[\w-]+", p.read_text("utf-8"))}
    assert {key for key in keys() if key[1] not in words} == set()


def imports(tree: ast.Module) -> Iterator[str]:
    """Yield the top package of every import of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]
        elif isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)


def test_every_dependency_is_imported_or_a_tool() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = [*project["project"]["dependencies"]]
    for lines in project["project"]["optional-dependencies"].values():
        wanted += lines
    names = {canonicalize_name(Requirement(line).name) for line in wanted} - {"giaoban"} - DATA
    modules = {module for tree in trees((*PRODUCT, *OTHERS)) for module in imports(tree)}
    brings = {**packages_distributions(), "dask": ["distributed"]}  # as dask.distributed
    imported = {canonicalize_name(d) for module in modules for d in brings.get(module, ())}
    assert names - imported - TOOLS == set()
    assert imported.isdisjoint(TOOLS)
