"""All models that read what somebody else may have written."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from collections.abc import Iterator
from typing import Any

from pydantic import SecretStr

import giaoban
from giaoban.tomlfile import StrictModel

_PROGRAMS = ("__main__", "locustfile", "guest_init")
"""Modules that do something when they are loaded."""


def all_models() -> list[type[StrictModel]]:
    """Every model of the program's, by name."""
    for module in pkgutil.walk_packages(giaoban.__path__, "giaoban."):
        if not module.name.endswith(_PROGRAMS):
            importlib.import_module(module.name)
    ours = {m for m in _below(StrictModel) if not m.__module__.startswith(("test", "conftest"))}
    return sorted(ours, key=lambda model: (model.__module__, model.__qualname__))


def _below(model: type[StrictModel]) -> Iterator[type[StrictModel]]:
    for each in model.__subclasses__():
        yield each
        yield from _below(each)


def bare_texts(schema: Any, path: str = "") -> Iterator[str]:
    """Where in a core schema a text stands that nothing looks at."""
    if isinstance(schema, dict):
        if schema.get("type") == "str":
            yield path
        function = schema.get("function")
        called = function.get("function") if isinstance(function, dict) else None
        if called is SecretStr or getattr(called, "__module__", "") == "giaoban.tomlfile":
            return
        for key, value in schema.items():
            if key not in ("metadata", "serialization", "default"):
                yield from bare_texts(value, f"{path}.{key}")
    elif isinstance(schema, list | tuple):
        for number, value in enumerate(schema):
            yield from bare_texts(value, f"{path}[{number}]")


if __name__ == "__main__":  # in a process of its own: some modules change what Python's sockets do
    found = [(f"{m.__module__}.{m.__qualname__}", m) for m in all_models()]
    for _, model in found:
        model.model_rebuild()  # none was used before
    bare = [f"{n}{path}" for n, m in found for path in bare_texts(m.__pydantic_core_schema__)]
    sys.stdout.write(json.dumps({"models": [name for name, _ in found], "bare": bare}))
