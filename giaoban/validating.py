"""Validation that ends at the first mistake of each list: a file may hold a million of them.

Pydantic keeps some 500 bytes for each mistake, so a small file full of empty records would take all
memory there is.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import SchemaValidator

from giaoban.errors import InputError

SPARE_ITEMS, BYTES_AN_ITEM = 100_000, 6
"""A value of ours takes more than ten bytes with its key; the parser takes 100 for the emptiest."""


def validated[M: BaseModel](
    model: type[M], data: object, context: Mapping[str, Any] | None = None
) -> M:
    """Data as a model. Raises `ValidationError` with the first mistakes."""
    found = _stopping(model).validate_python(data, context=dict(context or {}))
    assert isinstance(found, model)
    return found


def read_json[M: BaseModel](model: type[M], text: str | bytes, origin: str, schema: str) -> M:
    """A JSON text as a model; `schema` is what it should be, `origin` the file's name.

    Raises `InputError` that names the first key at fault.
    """
    data = text.encode() if isinstance(text, str) else text
    items = data.count(b",") + data.count(b"{") + data.count(b"[")
    if items > SPARE_ITEMS + len(data) // BYTES_AN_ITEM:
        raise InputError(f"{origin}: not a {schema} file: {items:,} values in {len(data):,} bytes")
    try:
        found = _stopping(model).validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{origin}: not a {schema} file: {key}: {first['msg']}") from None
    assert isinstance(found, model)
    return found


@cache
def _stopping(model: type[BaseModel]) -> SchemaValidator:
    schema = _fail_fast(model.__pydantic_core_schema__)
    try:  # else the models inside keep the validators that they have, which do not stop
        return SchemaValidator(schema, _use_prebuilt=False)
    except TypeError:  # older ones never take them
        return SchemaValidator(schema)


def _fail_fast(schema: Any) -> Any:
    if isinstance(schema, list | tuple):
        return type(schema)(_fail_fast(item) for item in schema)
    if not isinstance(schema, dict):
        return schema
    apart = ("metadata", "serialization")
    kept = {key: v if key in apart else _fail_fast(v) for key, v in schema.items()}
    return {**kept, "fail_fast": True} if schema.get("type") in ("list", "dict") else kept
