"""The kinds of runs that have evidence: the answer's file, and what it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from giaoban.results.model.answer_files import FAULTS, LOAD, RESULT, SENSITIVITY
from giaoban.results.model.result import FileRef, Inputs, Result
from giaoban.results.model.studies.failures import FaultsAnswer
from giaoban.results.model.studies.load import LoadInputs, LoadResult
from giaoban.results.model.studies.sensitivity import Sensitivity

Kind = Literal["check", "faults", "load", "sensitivity"]
ANSWERS: Mapping[Kind, str] = {
    "check": RESULT,
    "faults": FAULTS,
    "load": LOAD,
    "sensitivity": SENSITIVITY,
}

ESTIMATE = "estimate"
"""The name of the engine that computes instead of emulating."""

SEVERAL = ("meeting", "file")
"""Roles of inputs that there may be several of: meetings, recordings and traces."""

Answer = Result | FaultsAnswer | LoadResult
"""What a run with evidence found of which there is an annex."""
Proved = Answer | Sensitivity
"""What any run with evidence found."""


def kind_of(answer: Proved) -> Kind:
    """By what kind of run an answer was found."""
    match answer:
        case Result():
            return "check"
        case FaultsAnswer():
            return "faults"
        case LoadResult():
            return "load"
        case Sensitivity():
            return "sensitivity"


def read_answer(kind: Kind, text: str | bytes) -> Proved:
    """An answer from its file. Raises `InputError` that names the key at fault."""
    origin = ANSWERS[kind]
    match kind:
        case "check":
            return Result.from_json(text, origin)
        case "faults":
            return FaultsAnswer.from_json(text, origin)
        case "load":
            return LoadResult.from_json(text, origin)
        case "sensitivity":
            return Sensitivity.from_json(text, origin)


def engine_of(answer: Proved) -> str:
    """By what an answer was found; '' where nothing was emulated, and all ran in real time."""
    if isinstance(answer, Sensitivity):
        return ESTIMATE
    return answer.engine.name if answer.engine else ""


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
