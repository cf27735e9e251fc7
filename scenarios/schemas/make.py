"""The JSON Schemas of inputs and answers, made from their models when they are asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from giaoban.errors import InputError, near_names
from giaoban.files import write_whole
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
from giaoban.schemas import OF_INPUT

ANSWERS: tuple[type[JsonFile], ...] = (
    *(Result, FaultsAnswer, LoadResult, WhatIf, Headroom, Sensitivity, Compared, SweepAnswer),
    *(MeetingAnswer, CalendarAnswer),
)


def input_names() -> list[str]:
    return sorted(kind.name for kind in INPUTS)


def answer_names() -> list[str]:
    return sorted(map(_name, ANSWERS))


def schema_text(of: type[JsonFile]) -> str:
    """Return the JSON Schema (draft 2020-12) of an answer, as text."""
    schema = of.model_json_schema(by_alias=True, mode="serialization")
    return _text({"$schema": DRAFT, "$id": of.schema_name(), **schema})


def text_of(name: str) -> str:
    """Return the schema of that name. Raises `InputError`."""
    for kind in INPUTS:
        if kind.name == name:
            return _text(input_schema(kind))
    for answer in ANSWERS:
        if _name(answer) == name:
            return schema_text(answer)
    near = near_names("schema", name, [*input_names(), *answer_names()], every=True)
    raise InputError('no schema "{name}"{near}', name=name, near=near)


def write_all(folder: Path) -> list[Path]:
    """Write the schemas of all files that people write. Raises `InputError`, `MachineLacks`."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for kind in sorted(INPUTS, key=lambda kind: kind.name):
        written.append(folder / f"{kind.name}{OF_INPUT}")
        write_whole(written[-1], _text(input_schema(kind)).encode())
    return written


def _name(answer: type[JsonFile]) -> str:
    return answer.schema_name().removeprefix("giaoban.").partition("/")[0]


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
