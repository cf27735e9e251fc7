"""The same question at other seeds, tried while other work goes on.

By estimate in processes beside this one, where that can be; else, if it is asked for, emulated in a
few, one after the other or side by side.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from giaoban.errors import InputError, InvalidRun
from giaoban.processes.progress import Progress
from giaoban.processes.workers import Helpers, InlineWorker, Kept, WorkerPool, cores
from giaoban.results.judge.criteria import FAILING_SEEDS, Criteria
from giaoban.results.judge.verdict import Judgement, trial, with_seeds
from giaoban.results.model.quantities import Method
from giaoban.results.model.result import Result
from giaoban.results.model.seeds import (
    MOST_OTHERS,
    OTHER_SEEDS,
    Seeds,
    Trial,
    others,
    seeds_of,
    verdict_of,
)
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.estimate.estimate import estimate, judge_alone
from giaoban.scenarios.estimate.limits import kept_bytes, reasons
from giaoban.scenarios.measure.assemble import Answer, criteria_of
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.study.documents import load_drawing
from giaoban.scenarios.study.emulation_process import result_of
from giaoban.scenarios.study.engine import emulate_points
from giaoban.sentence import N_, Sentence, joined

Judge = Callable[[Question], Answer]
"""How a question is answered without files: the estimate, or a stand-in in tests."""
Alone = Callable[[Question], Judgement]
"""How a question is judged and nothing else: by the estimate, or a stand-in."""

ALL_FAIL = 3
"""Seeds that decide a study if all of them fail."""
MOST_EMULATED = 3
"""So many seeds are emulated where nothing can be estimated: each takes as long as the check."""
NICENESS = 10
"""What an emulation does goes first: other seeds get a tenth of a core that it wants."""
IN_MEMORY_BYTES = 1 << 30
"""An estimate whose packets take more than this has the machine to itself."""
PLACE = "other-seeds"


def helpers_for(question: Question, count: int | None) -> AbstractContextManager[Helpers]:
    """Processes to try so many seeds in, and to draw the map; begun before threads are, they are
    cheaper. What all of them need is read before, once. Raises `InputError`: thresholds."""
    count = OTHER_SEEDS if count is None else count
    if not count or reasons(question.plan):
        return nullcontext(InlineWorker())
    criteria_of(question)
    most = cores() if kept_bytes(question.plan) <= IN_MEMORY_BYTES else 1
    pool = WorkerPool(min(most, count), niceness=NICENESS)
    for _ in range(pool.count):  # each has its turn, while nothing else is asked of it
        pool.ask(load_drawing)
    return pool


class SeedTrials:
    """Other seeds that are tried meanwhile: here none are, and `told` says why, or nothing."""

    def __init__(self, told: Seeds | None = None) -> None:
        self._told = told

    def begin(self) -> None:
        """From now on there is time for it."""

    def seeds(self, own: Result, folder: Path, progress: Progress) -> Seeds | None:
        """Return the seeds when all are judged. `own`: the result of the own seed; `folder`: for
        files meanwhile."""
        return self._told


def other_seeds(
    question: Question, count: int | None, helpers: Helpers, engine: EngineName
) -> SeedTrials:
    """How other seeds of a question are tried.

    Args:
        count: how many; None: as many as usual, where they can be estimated.
        engine: of the check, for what has to be emulated.

    Raises:
        InputError: more than can be emulated.
    """
    if count == 0:
        return SeedTrials()
    if not (why := reasons(question.plan)):
        return _EstimatedTrials(question, count, helpers)
    if count is None:
        told = joined("; ", why)
        return SeedTrials(Seeds(refused=told.en, refused_vi=told.vi))
    if count > MOST_EMULATED:
        raise InputError(
            "--seeds = {count}: {scenario_path} cannot be estimated, and no more than "
            "{most_emulated} seeds are emulated (allowed: 0 to {most_emulated})\n"
            "  {lines}",
            count=count,
            scenario_path=question.scenario_path.name,
            most_emulated=MOST_EMULATED,
            lines=joined("\n  ", why),
        )
    return _EmulatedTrials(question, count, engine)


class _EstimatedTrials(SeedTrials):
    """In processes beside this one; without any, when the answers are wanted.

    If no number is given, 20 seeds more are tried while the verdict is undecided.
    """

    def __init__(self, question: Question, count: int | None, helpers: Helpers) -> None:
        self._question = question
        self._count = OTHER_SEEDS if count is None else count
        self._most = most_others(self._count) if count is None else self._count
        self._helpers = helpers
        self._kept = Kept(question)
        self._answers: list[Callable[[], Trial]] = []

    def begin(self) -> None:
        self._ask(self._count)

    def _ask(self, count: int) -> None:
        ask, seeds = self._helpers.ask, others(self._question.plan.seed, self._most)
        for seed in seeds[len(self._answers) :][:count]:
            self._answers.append(ask(self._kept.call, _estimated_at, seed))

    def seeds(self, own: Result, folder: Path, progress: Progress) -> Seeds:
        limit_pct = limit_pct_of(criteria_of(self._question))
        trials: list[Trial] = []
        while len(trials) < len(self._answers):
            number, count = len(trials), len(self._answers)
            progress(
                Sentence("other seeds: {number} of {all}", number=number, all=count), number / count
            )
            trials.append(self._answers[number]())
            failing = sum(not each.passes for each in trials) + (own.verdict != "pass")
            if (
                len(trials) == count < self._most
                and own.verdict != "invalid"
                and verdict_of(failing, 1 + count, limit_pct) == "undecided"
            ):
                self._ask(OTHER_SEEDS)
        return seeds_of(trials, "estimate")


class _EmulatedTrials(SeedTrials):
    """By emulations, each in a process of its own, once the check's own is through."""

    def __init__(self, question: Question, count: int, engine: EngineName) -> None:
        self._question = question
        self._seeds = others(question.plan.seed, count)
        self._engine = engine

    def seeds(self, own: Result, folder: Path, progress: Progress) -> Seeds:
        place = folder / PLACE
        found = emulate_points(
            {f"seed-{seed}": self._question.at_seed(seed) for seed in self._seeds},
            place,
            self._engine,
            progress,
            told=N_("other seeds: {done} of {count}"),
            look=result_of,
            on_end=_trusted,
        )
        shutil.rmtree(place)
        method: Method = "sandbox" if self._engine is EngineName.SANDBOX else "native"
        results = zip(self._seeds, found.items(), strict=True)
        return seeds_of([trial(seed, _trusted(*each)) for seed, each in results], method)


def _trusted(name: str, found: Result | InvalidRun) -> Result:
    """An emulation that cannot be trusted leaves the whole question without an answer."""
    if isinstance(found, InvalidRun):
        raise InvalidRun("{name}: {found}", name=name, found=found)
    if found.verdict == "invalid":
        raise InvalidRun("{name}: {reasons}", name=name, reasons="; ".join(found.reasons))
    return found


@dataclass(frozen=True)
class SeedsJudge:
    """A judge by all seeds: the own seed and others, while their verdict is undecided.

    `count` other seeds are judged first, then 20 more at a time, up to `MOST_OTHERS`. It ends early
    if the failure is certain: if the first three seeds fail, or so many that the rest cannot change
    it. A refused call or a full device is the same at every seed: no other is tried. With helpers
    seeds are judged side by side, and counted in their order.

    Attributes:
        count: how many others are judged first; 0: the own seed alone.
        own: judges the own seed; `alone`: another one.
    """

    count: int
    own: Judge = estimate
    alone: Alone = judge_alone
    helpers: Helpers = field(default_factory=InlineWorker)

    def __call__(self, question: Question) -> Answer:
        answer = self.own(question)
        return replace(answer, result=self.settled(question, answer.result))

    def settled(self, question: Question, result: Result) -> Result:
        """Return the result of the own seed, judged by all seeds."""
        bound = result.binding
        by_mcu = result.verdict == "fail" and (bound is None or bound.cause == "mcu")
        if not self.count or by_mcu or result.verdict == "invalid":
            return result
        criteria = criteria_of(question)
        limit_pct = limit_pct_of(criteria)
        trials: list[Trial] = []
        failing, ahead = int(result.verdict != "pass"), 0
        for one in self._trials(question, others(question.plan.seed, most_others(self.count))):
            if len(trials) == ahead:
                if trials and verdict_of(failing, 1 + ahead, limit_pct) != "undecided":
                    break
                ahead += OTHER_SEEDS if trials else self.count
            trials.append(one())
            failing += not trials[-1].passes
            if fails_for_certain(failing, 1 + len(trials), 1 + ahead, limit_pct):
                break
        stopped = len(trials) < ahead
        return with_seeds(result, criteria, seeds_of(trials, "estimate", stopped=stopped))

    def _trials(self, question: Question, seeds: Sequence[int]) -> Iterator[Callable[[], Trial]]:
        side_by_side = self.helpers.count + 1
        for start in range(0, len(seeds), side_by_side):
            here, *beside = seeds[start : start + side_by_side]
            asked = [self.helpers.ask(_judged_by, self.alone, question, seed) for seed in beside]
            yield partial(_judged_by, self.alone, question, here)
            yield from asked


def limit_pct_of(criteria: Criteria) -> float:
    """Return the largest share of all seeds that may fail, in %."""
    return next((c.threshold for c in criteria.criterion if c.id == FAILING_SEEDS), 100.0)


def most_others(count: int) -> int:
    """Return how many other seeds are judged at most, of which `count` are judged first."""
    return max(count, count + (MOST_OTHERS - count) // OTHER_SEEDS * OTHER_SEEDS)


def fails_for_certain(failing: int, judged: int, ahead: int, limit_pct: float) -> bool:
    """Return whether the seeds fail, whatever those that are left of `ahead` come to.

    Three seeds that all fail are taken for certain too: at the limit that is a chance of 0.2 %.
    """
    if failing == judged >= ALL_FAIL:
        return True
    return verdict_of(failing, ahead, limit_pct) == "fail"


def _estimated_at(question: Question, seed: int) -> Trial:
    return _judged_by(judge_alone, question, seed)


def _judged_by(alone: Alone, question: Question, seed: int) -> Trial:
    return trial(seed, alone(question.at_seed(seed)))
