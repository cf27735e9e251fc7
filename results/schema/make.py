"""Writes `result.schema.json` beside this file: `python -m results.schema.make`."""

from __future__ import annotations

import json
from pathlib import Path

from results.model import SCHEMA, Result

PATH = Path(__file__).with_name("result.schema.json")


def schema_text() -> str:
    """The JSON Schema (draft 2020-12) of a result file, as text."""
    schema = Result.model_json_schema(by_alias=True, mode="serialization")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA}
    return json.dumps(head | schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PATH.write_text(schema_text(), encoding="utf-8")
