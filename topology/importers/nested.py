"""Nested tables as flat keys with dots, for formats that know only names and values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from giaoban.errors import InputError
from giaoban.tomlfile import MOST_PARTS


def flat(data: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """{"fibre": {"us_per_km": 5.0}} → {"fibre.us_per_km": 5.0}; items of lists count from 0."""
    return dict(_leaves(prefix, data))


def nested(data: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The inverse of `flat`. Raises `InputError` where a key is both a value and a table."""
    made: dict[str, Any] = {}
    for name, value in data.items():
        table = made
        *outer, last = name.split(".")
        if len(outer) >= MOST_PARTS:
            raise InputError(
                "{path}: a key of more than {most_parts} parts", path=path, most_parts=MOST_PARTS
            )
        for part in outer:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                raise InputError(
                    '{path}: key "{name}": "{part}" is a value and a table',
                    path=path,
                    name=name,
                    part=part,
                )
        if last in table:
            raise InputError(
                '{path}: key "{name}" is there twice, or as a value and a table',
                path=path,
                name=name,
            )
        table[last] = value
    return {name: _lists(value) for name, value in made.items()}


def _leaves(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        items: Any = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    else:
        yield prefix, value
        return
    for name, inner in items:
        yield from _leaves(f"{prefix}.{name}" if prefix else str(name), inner)


def _lists(value: Any) -> Any:
    """Tables whose keys are 0, 1, 2 … were lists."""
    if not isinstance(value, dict):
        return value
    if value and set(value) == {str(n) for n in range(len(value))}:
        return [_lists(value[str(n)]) for n in range(len(value))]
    return {name: _lists(inner) for name, inner in value.items()}
