"""The kinds of runs that have evidence: the answer's file, and what it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from giaoban.results.model.result import FileRef, Inputs, Result
from giaoban.results.model.studies.failures import FaultsAnswer
from giaoban.results.model.studies.load import LoadInputs, LoadResult
from giaoban.results.model.studies.sensitivity import Sensitivity

Kind = Literal["check", "faults", "load", "sensitivity"]
ESTIMATE = "estimate"
"""The name of the engine that computes instead of emulating."""

SEVERAL = ("meeting", "file")
"""Roles of inputs that there may be several of: meetings, recordings and traces."""

Answer = Result | FaultsAnswer | LoadResult
"""What a run with evidence found of which there is an annex."""
Proved = Answer | Sensitivity
"""What any run with evidence found."""
ANSWERS: Mapping[Kind, type[Proved]] = {
    "check": Result,
    "faults": FaultsAnswer,
    "load": LoadResult,
    "sensitivity": Sensitivity,
}


def kind_of(answer: Proved) -> Kind:
    return next(kind for kind, of in ANSWERS.items() if isinstance(answer, of))


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
    if isinstance(inputs, LoadInputs):
        return [] if inputs.mcu is None else [("devices", inputs.mcu)]
    named = [
        ("scenario", inputs.scenario),
        ("province", inputs.province),
        ("devices", inputs.mcu),
        ("criteria", inputs.criteria),
        *(("meeting", ref) for ref in inputs.meetings),
        *(("file", ref) for ref in inputs.files),
    ]
    return [(role, ref) for role, ref in named if ref is not None]
