"""By which run and from which files an answer was made, as every summary lists it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from giaoban.results.model.answers import ESTIMATE
from giaoban.results.model.result import Engine
from giaoban.results.report.document import Bullets, Code, Text
from giaoban.sentence import N_, Sentence

_FILES = {
    "scenario": N_("scenario: {file} sha256 {sum}"),
    "province": N_("province: {file} sha256 {sum}"),
    "mcu": N_("devices: {file} sha256 {sum}"),
    "criteria": N_("criteria: {file} sha256 {sum}"),
}
_RUNS = {
    None: N_("run {run}, seed {seed}, code {code}"),
    "estimate": N_("run {run}, estimated, seed {seed}, code {code}"),
    "virtual": N_("run {run}, engine {engine} (virtual time, {kernel}), seed {seed}, code {code}"),
    "real": N_("run {run}, engine {engine} (real time, {kernel}), seed {seed}, code {code}"),
}
"""By the time of the engine, `estimate` without one; None: of runs of several engines."""
NO_DOCUMENT = Sentence(
    "an estimate is no document for approval; emulations are in {folder}", folder=Code("confirmed/")
)
"""Of a study that estimates, and may have emulated some of what it found."""


def evidence(
    run_id: str, inputs: Any, *, engine: Engine | None = None, more: Sequence[Text] = ()
) -> Bullets:
    """Return the run with its engine, then `more` about it, then its files with their sums.

    `inputs` are those of any kind of answer.
    """
    time: str | None = None if engine is None else engine.time
    if engine is not None and engine.name == ESTIMATE:
        time = ESTIMATE
    by = {} if engine is None else {"engine": engine.name, "kernel": engine.kernel}
    run = Sentence(_RUNS[time], run=Code(run_id), seed=inputs.seed, code=inputs.code, **by)
    files = [
        Sentence(text, file=Code(ref.path), sum=Code(ref.sha256))
        for role, text in _FILES.items()
        if (ref := getattr(inputs, role, None)) is not None
    ]
    return Bullets([run, *more, *files])
