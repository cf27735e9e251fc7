"""One rate that a search tries: calls at that rate for some seconds, nothing else."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Literal

from giaoban.processes.progress import Progress
from giaoban.results.archive.store import RunFolder
from giaoban.results.model.reasons import SENTENCES
from giaoban.results.model.studies.load import Trial
from giaoban.scenarios.load import measures
from giaoban.scenarios.load.load_test import LoadTest, execute, problems
from giaoban.sentence import N_, Sentence, joined

PERIOD_S, HELD_S = 2.0, 0.5
"""A bridge calls every so often and stays so long: so many more bridges than calls there are."""


def at_rate(test: LoadTest, rate_per_s: float) -> LoadTest:
    """The same MCU, called at this rate by bridges that do nothing but call."""
    plan = test.plan.model_copy(
        update={
            "shape": "steady",
            "bridges": max(2, math.ceil(rate_per_s * PERIOD_S)),
            "rate_per_s": rate_per_s,
            "hold_s": HELD_S,
            "technicians": 0,
            "media": [],
            "registers": False,
            "asks_options": False,
            "asks_to_speak": False,
        }
    )
    return replace(test, plan=plan)


def attempt(test: LoadTest, rate_per_s: float, root: Path, progress: Progress) -> Trial:
    """Try a rate: clean if no call failed, none was dropped, and nothing had to be sent again.

    `root`: folder of the results, in which the trial has a place that is not kept.
    """
    trial = at_rate(test, rate_per_s)
    with RunFolder.create(root, "load-trial") as folder:
        seen = execute(trial, folder.path, progress)
    wrong = problems(trial, seen)
    rate = round(rate_per_s, 2)
    failed = [
        Sentence(
            "{failed} of {attempts} {operation} failed",
            failed=sum(o.failed.values()),
            attempts=o.attempts,
            operation=o.operation,
        )
        for o in measures.operations(seen.kept.records)
        if o.failed
    ]
    if held_up := sum(record.held_up for record in seen.kept.records):
        told = N_("{n} {n:call was|calls were} held up by the bridge's call before")
        failed.append(Sentence(told, n=held_up))
    if repeats := sum(record.repeats for record in seen.kept.records):
        told = N_("{n} {n:request|requests} had to be sent again")
        failed.append(Sentence(told, n=repeats))
    sessions = measures.sessions(seen.kept.records)
    said = Sentence(
        "{n} {n:call|calls}, 99 % within {ms:g} ms",
        n=sessions.established,
        ms=sessions.setup.p99_ms if sessions.setup else 0.0,
    )
    outcome: Literal["clean", "failed", "invalid"] = "clean"
    if wrong:
        outcome, said = (
            "invalid",
            joined("; ", [Sentence(SENTENCES[each.code], **each.arguments) for each in wrong]),
        )
    elif failed:
        outcome, said = "failed", joined("; ", failed)
    return Trial(rate_per_s=rate, outcome=outcome, why=said.en, why_vi=said.vi)
