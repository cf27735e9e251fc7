"""Writes the JSON Schemas beside this file: `python -m giaoban.results.schema.make`."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel

from giaoban.results.model import (
    calendar,
    compared,
    failures,
    headroom,
    load,
    meetings,
    result,
    sensitivity,
    sweep,
    whatif,
)
from giaoban.results.schema.inputs import INPUTS, input_schema_text
from giaoban.schemas import OF_INPUT

FOLDER = Path(__file__).parent
PATH = FOLDER / "result.schema.json"
FAULTS_PATH = FOLDER / "faults.schema.json"
LOAD_PATH = FOLDER / "load.schema.json"
OTHERS: dict[Path, tuple[type[BaseModel], str]] = {
    FOLDER / "whatif.schema.json": (whatif.WhatIf, whatif.SCHEMA),
    FOLDER / "headroom.schema.json": (headroom.Headroom, headroom.SCHEMA),
    FOLDER / "sensitivity.schema.json": (sensitivity.Sensitivity, sensitivity.SCHEMA),
    FOLDER / "compare.schema.json": (compared.Compared, compared.SCHEMA),
    FOLDER / "sweep.schema.json": (sweep.SweepAnswer, sweep.SCHEMA),
    FOLDER / "meeting.schema.json": (meetings.MeetingAnswer, meetings.SCHEMA),
    FOLDER / "calendar.schema.json": (calendar.CalendarAnswer, calendar.SCHEMA),
}
"""Files of other answers, with the model and the name of each."""


def schema_text(of: type[BaseModel] = result.Result, ident: str = result.SCHEMA) -> str:
    """The JSON Schema (draft 2020-12) of a result file, as text."""
    schema = of.model_json_schema(by_alias=True, mode="serialization")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": ident}
    return json.dumps(head | schema, indent=2, ensure_ascii=False) + "\n"


def faults_schema_text() -> str:
    """The same of `faults.json`."""
    return schema_text(failures.FaultsAnswer, failures.SCHEMA)


def load_schema_text() -> str:
    """The same of `load.json`."""
    return schema_text(load.LoadResult, load.SCHEMA)


def input_texts() -> dict[Path, str]:
    """The schemas of all files that people write."""
    return {FOLDER / f"{kind.name}{OF_INPUT}": input_schema_text(kind) for kind in INPUTS}


if __name__ == "__main__":
    PATH.write_text(schema_text(), encoding="utf-8")
    FAULTS_PATH.write_text(faults_schema_text(), encoding="utf-8")
    LOAD_PATH.write_text(load_schema_text(), encoding="utf-8")
    for path, (answer, ident) in OTHERS.items():
        path.write_text(schema_text(answer, ident), encoding="utf-8")
    for path, text in input_texts().items():
        path.write_text(text, encoding="utf-8")
