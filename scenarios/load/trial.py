"""One rate that a search tries: calls at that rate for some seconds, nothing else."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

from giaoban.progress import Progress
from giaoban.results.archive.store import RunFolder
from giaoban.results.model.load import Trial
from giaoban.scenarios.load import measures
from giaoban.scenarios.load.load_test import LoadTest, execute, problems

PERIOD_S, HELD_S = 2.0, 0.5
"""A bridge calls every so often and stays so long: so many more bridges than calls there are."""


def order_at(order: LoadTest, rate_per_s: float) -> LoadTest:
    """The same MCU, called at this rate by bridges that do nothing but call."""
    plan = order.plan.model_copy(
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
    return replace(order, plan=plan)


def attempt(order: LoadTest, rate_per_s: float, root: Path, progress: Progress) -> Trial:
    """Try a rate: clean if no call failed, none was dropped, and nothing had to be sent again.

    `root`: folder of the results, in which the trial has a place that is not kept.
    """
    trial = order_at(order, rate_per_s)
    with RunFolder.create(root, "load-trial") as folder:
        seen = execute(trial, folder.path, progress)
    wrong = problems(trial, seen)
    rate = round(rate_per_s, 2)
    failed = [
        f"{sum(o.failed.values())} of {o.attempts} {o.operation} failed"
        for o in measures.operations(seen.kept.records)
        if o.failed
    ]
    held_up = sum(record.held_up for record in seen.kept.records)
    if held_up:
        failed.append(f"{held_up} calls were held up by the bridge's call before")
    repeats = sum(record.repeats for record in seen.kept.records)
    if repeats:
        failed.append(f"{repeats} requests had to be sent again")
    sessions = measures.sessions(seen.kept.records)
    said = "; ".join(failed) or (
        f"{sessions.established} calls, 99 % within "
        f"{sessions.setup.p99_ms if sessions.setup else 0:g} ms"
    )
    if wrong:
        return Trial(rate_per_s=rate, outcome="invalid", why="; ".join(map(str, wrong)))
    return Trial(rate_per_s=rate, outcome="failed" if failed else "clean", why=said)
