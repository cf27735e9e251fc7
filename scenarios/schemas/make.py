"""Writes the JSON Schemas (`results/schema/`): `python -m giaoban.scenarios.schemas.make`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from giaoban.results.model.answer_files import JsonFile
from giaoban.results.model.result import Result
from giaoban.results.model.studies.calendar import CalendarAnswer
from giaoban.results.model.studies.compared import Compared
from giaoban.results.model.studies.failures import FaultsAnswer
from giaoban.results.model.studies.headroom import Headroom
from giaoban.results.model.studies.load import LoadResult
from giaoban.results.model.studies.meetings import MeetingAnswer
from giaoban.results.model.studies.sensitivity import Sensitivity
from giaoban.results.model.studies.sweep import SweepAnswer
from giaoban.results.model.studies.whatif import WhatIf
from giaoban.scenarios.schemas.inputs import DRAFT, INPUTS, input_schema
from giaoban.schemas import FOLDER, OF_ANSWER, OF_INPUT

ANSWERS: tuple[type[JsonFile], ...] = (
    *(Result, FaultsAnswer, LoadResult, WhatIf, Headroom, Sensitivity, Compared, SweepAnswer),
    *(MeetingAnswer, CalendarAnswer),
)


def schema_path(of: type[JsonFile]) -> Path:
    return FOLDER / of.FILE.replace(".json", OF_ANSWER)


def schema_text(of: type[JsonFile]) -> str:
    """The JSON Schema (draft 2020-12) of an answer, as text."""
    schema = of.model_json_schema(by_alias=True, mode="serialization")
    return _text({"$schema": DRAFT, "$id": of.schema_name(), **schema})


def input_texts() -> dict[Path, str]:
    return {FOLDER / f"{kind.name}{OF_INPUT}": _text(input_schema(kind)) for kind in INPUTS}


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for answer in ANSWERS:
        schema_path(answer).write_text(schema_text(answer), encoding="utf-8")
    for path, text in input_texts().items():
        path.write_text(text, encoding="utf-8")
