"""Data as TOML text, for files that the program writes and people then edit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any


def dumps(data: Mapping[str, Any]) -> str:
    """TOML of nested mappings; lists of mappings become `[[tables]]`, in the order given.

    Values are str, bool, int, float, lists of them, mappings of them; None is left out.
    Raises `TypeError` for anything else.
    """
    return "\n".join(_table((), data)).strip() + "\n"


def _table(name: tuple[str, ...], data: Mapping[str, Any]) -> Iterator[str]:
    """Plain values first: what comes after a header belongs to it."""
    for key, value in data.items():
        if value is not None and not _is_table(value) and not _is_tables(value):
            yield f"{_key(key)} = {_value(value)}"
    for key, value in data.items():
        inner = (*name, _key(key))
        if _is_table(value):
            yield from ("", f"[{'.'.join(inner)}]")
            yield from _table(inner, value)
        elif _is_tables(value):
            for item in value:
                yield from ("", f"[[{'.'.join(inner)}]]")
                yield from _table(inner, item)


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping)


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, Mapping) for v in value)


def _key(key: str) -> str:
    plain = key.replace("-", "").replace("_", "")
    return key if plain.isascii() and plain.isalnum() else _value(key)


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            # the escapes of JSON are TOML's as well, which wants DEL escaped too
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case list():
            return f"[{', '.join(_value(item) for item in value)}]"
    raise TypeError(f"{type(value).__name__} cannot be written as TOML")
