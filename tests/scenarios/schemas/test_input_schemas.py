"""The schemas of the files that people write: as strict as the models, as far as one key goes."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from giaoban.scenarios.schemas.inputs import INPUTS, input_schema
from giaoban.schemas import INPUT_KINDS, MARK
from giaoban.tomlfile import KINDS as NAMED

ROOT = Path(__file__).parents[3]
KINDS = {kind.name: kind for kind in INPUTS}
BAD = sorted((ROOT / "tests/topology/bad").glob("*.toml"))
BY_ONE_KEY = {
    "extra_forbidden", "missing", "string_type", "float_type", "int_type", "literal_error",
    "greater_than", "greater_than_equal", "less_than", "less_than_equal",
}  # fmt: skip
"""Types of mistakes that a schema knows: what more than one key decides, it does not."""


def plain(value: Any) -> Any:
    """TOML as editors hand it to a validator: dates as text."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def errors(name: str, data: object) -> list[str]:
    validator = Draft202012Validator(input_schema(KINDS[name]))
    return [each.message for each in validator.iter_errors(plain(data))]


@pytest.mark.parametrize("name", KINDS)
def test_the_programs_own_files_fit(name: str) -> None:
    Draft202012Validator.check_schema(input_schema(KINDS[name]))
    for path in KINDS[name].files():
        text = path.read_text(encoding="utf-8")
        assert errors(name, tomllib.loads(text)) == [], path
        assert text.startswith(MARK), path


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_what_one_key_decides_is_refused_by_both(path: Path) -> None:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        KINDS["province"].model.model_validate(data, context={"longest": 1000})
        found: set[str] = set()
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        return
    except ValidationError as error:
        found = {each["type"] for each in error.errors()}
    if found & BY_ONE_KEY:
        assert errors("province", data)


def properties(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    schema = input_schema(KINDS[name])
    for table, inner in (("", schema), *schema.get("$defs", {}).items()):
        for key, about in inner.get("properties", {}).items():
            yield f"{table}.{key}", about


@pytest.mark.parametrize("name", KINDS)
def test_every_key_is_described_and_shown(name: str) -> None:
    for key, about in properties(name):
        assert re.match(r"[A-Z`]", about.get("description", "")), key
        assert about["description"].endswith("."), key
        shown = {"examples", "default", "enum", "const", "$ref", "oneOf"} & about.keys()
        chosen = re.search(r'"(enum|const|\$ref)":|"(boolean|object)"', json.dumps(about))
        assert shown or chosen, key


def test_kinds_are_known_by_name() -> None:
    assert set(KINDS) == INPUT_KINDS
    assert set(NAMED) >= INPUT_KINDS
