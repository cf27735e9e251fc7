"""The kinds of runs that have evidence: the answer's file, and what it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from giaoban.results.model.answer_files import FAULTS, LOAD, RESULT
from giaoban.results.model.failures import FaultsAnswer
from giaoban.results.model.load import LoadInputs, LoadResult
from giaoban.results.model.result import FileRef, Inputs, Result

Kind = Literal["check", "faults", "load"]
ANSWERS: Mapping[Kind, str] = {"check": RESULT, "faults": FAULTS, "load": LOAD}

SEVERAL = ("meeting", "file")
"""Roles of inputs that there may be several of: meetings, recordings and traces."""

Answer = Result | FaultsAnswer | LoadResult
"""What a run with evidence found."""


def kind_of(answer: Answer) -> Kind:
    """By what kind of run an answer was found."""
    match answer:
        case Result():
            return "check"
        case FaultsAnswer():
            return "faults"
        case LoadResult():
            return "load"


def read_answer(kind: Kind, text: str | bytes, origin: str = "") -> Answer:
    """An answer from its file. Raises `InputError` that names the key at fault."""
    origin = origin or ANSWERS[kind]
    match kind:
        case "check":
            return Result.from_json(text, origin)
        case "faults":
            return FaultsAnswer.from_json(text, origin)
        case "load":
            return LoadResult.from_json(text, origin)


def asked(inputs: Inputs | LoadInputs) -> tuple[object, ...]:
    """All that a question is made of: what has the same asks the same."""
    return (*((role, ref.sha256) for role, ref in input_refs(inputs)), inputs.seed)


def input_refs(inputs: Inputs | LoadInputs) -> list[tuple[str, FileRef]]:
    """The files that an answer was made from, each with its role; those that there may be several
    of (`SEVERAL`) come last."""
    named = [
        ("scenario", inputs.scenario),
        ("province", inputs.province),
        ("devices", inputs.mcu),
        ("criteria", inputs.criteria),
        *(("meeting", ref) for ref in inputs.meetings),
        *(("file", ref) for ref in inputs.files),
    ]
    return [(role, ref) for role, ref in named if ref is not None]
