"""At which loss of a new bridge's line does the verdict turn? `python -m bench.loss_on_a_line`

The default expansion by estimate, its last bridge on an access line that loses packets at random,
at its own seed and at others: at how many of them it passes, what fails first, and how long the
pictures of that bridge stood still. Printed as a table of Markdown (docs/the-verdict.md).
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from functools import partial
from statistics import median
from typing import NamedTuple

from bench.harness import SCENARIO
from giaoban.processes.workers import WorkerPool, cores
from giaoban.results.model.seeds import others
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.plan.question import Question, make_question
from giaoban.scenarios.spec.scenario import Scenario

LOSSES_PCT = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.5)
SEEDS = 20


class FreezeFigures(NamedTuple):
    """One loss at one seed: what failed first, and the bridge's pictures at their worst."""

    first: str | None
    frozen_pct: float
    longest_ms: float


def main() -> int:
    """Exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m bench.loss_on_a_line", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"beside its own ({SEEDS})")
    options = parser.parse_args()
    if options.seeds < 0:
        parser.error("--seeds is 0 or more")
    heads = ["loss", "passes at", "fails first"]
    heads += ["frozen in the worst 20 s, median", "longest freeze, median"]
    rows = [f"| {' | '.join(heads)} |", "|---:|---:|---|---:|---:|"]
    with WorkerPool(cores()) as helpers:
        for loss_pct in LOSSES_PCT:
            question = asked(loss_pct)
            own = question.plan.seed
            seeds = [own, *others(own, options.seeds)]
            waiting = [helpers.ask(seen, question, seed) for seed in seeds]
            rows.append(row(loss_pct, [answer() for answer in waiting]))
            sys.stderr.write(f"{rows[-1]}\n")
    sys.stdout.write("\n".join(rows) + "\n")
    return 0


def asked(loss_pct: float) -> Question:
    """The default expansion with such a line."""
    return make_question(SCENARIO, change=partial(_losing, loss_pct))


def _losing(loss_pct: float, scenario: Scenario) -> Scenario:
    *rest, last = scenario.new_bridges
    lossy = last.model_copy(update={"loss_pct": loss_pct})
    return scenario.model_copy(update={"new_bridges": [*rest, lossy]})


def seen(question: Question, seed: int) -> FreezeFigures:
    """One seed's answer."""
    result = estimate(question.at_seed(seed)).result
    new = result.question.new[-1].id
    pictures = [
        stream
        for phase in result.phases
        for bridge in phase.bridges
        if bridge.id == new
        for stream in bridge.streams
        if stream.kind == "video"
    ]
    failed = result.verdict != "pass" and result.binding is not None
    return FreezeFigures(
        result.binding.criterion if failed and result.binding is not None else None,
        max(stream.freeze_pct_20s or 0.0 for stream in pictures),
        max(stream.freeze_ms_max or 0.0 for stream in pictures),
    )


def row(loss_pct: float, found: list[FreezeFigures]) -> str:
    """A line of the table."""
    failing = Counter(one.first for one in found if one.first is not None)
    first = ", ".join(f"`{ident}` ({count})" for ident, count in failing.most_common())
    passed = len(found) - failing.total()
    frozen, longest = (
        median(one.frozen_pct for one in found),
        median(one.longest_ms for one in found),
    )
    return (
        f"| {loss_pct:g} % | {passed} of {len(found)} seeds | {first or '–'} "
        f"| {frozen:.1f} % | {longest:.0f} ms |"
    )


if __name__ == "__main__":
    sys.exit(main())
