"""Models of pydantic in which each text is one that a person can read (`giaoban.text`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, SecretStr
from pydantic_core import CoreSchema, core_schema

from giaoban.text import text_problem


def checked_texts(schema: CoreSchema, of: type) -> CoreSchema:
    """A model's schema in which each text, key and item is checked, and none can be forgotten.

    A reader that passes `context={"longest": …}` limits their length as well.
    """
    found: CoreSchema = _checked(schema, of)
    return found


def _checked(schema: Any, of: type) -> Any:
    if isinstance(schema, list | tuple):
        return type(schema)(_checked(item, of) for item in schema)
    if not isinstance(schema, Mapping):
        return schema
    kind = schema.get("type")
    if kind == "str":
        return core_schema.with_info_after_validator_function(_check, schema)
    if kind == "function-after" and schema["function"]["function"] in _LOOKED_AT:
        return schema
    if kind == "model" and schema["cls"] is not of:  # has been checked itself
        return schema
    if not isinstance(kind, str):  # fields by their names, of which any may be like a key here
        return {name: _checked(field, of) for name, field in schema.items()}
    inner = {key: _checked(schema[key], of) for key in _INNER & schema.keys()}
    return {**schema, **inner}


_INNER = {
    *("schema", "fields", "items_schema", "keys_schema", "values_schema", "extras_schema"),
    *("choices", "definitions", "json_schema", "python_schema", "lax_schema", "strict_schema"),
    *("steps", "arguments_schema"),
}
"""Keys of a core schema under which there are others."""


def _check(text: str, info: core_schema.ValidationInfo) -> str:
    context = info.context
    if wrong := text_problem(text, context.get("longest") if context else None):
        raise ValueError(wrong)
    return text


def _check_lines(text: str, info: core_schema.ValidationInfo) -> str:
    for line in text.split("\n"):
        _check(line, info)
    return text


_LOOKED_AT = (_check, _check_lines, SecretStr)
"""What checks a text itself; secrets are shown nowhere, and their models say what they may be."""


class _SeveralLines:
    """Marks a text that may hold line breaks, since nothing shows it as a line."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.with_info_after_validator_function(_check_lines, handler(source))


Lines = Annotated[str, _SeveralLines()]
"""A text of several lines, each of which is checked."""
