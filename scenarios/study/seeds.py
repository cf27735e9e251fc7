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
from giaoban.files import writing
from giaoban.processes.progress import Progress
from giaoban.processes.workers import Helpers, InlineWorker, WorkerPool, cores, keep_in, with_kept
from giaoban.results.judge.criteria import EVERY_SEED, Criteria
from giaoban.results.judge.verdict import Judgement, trial, with_seeds
from giaoban.results.model.quantities import Method
from giaoban.results.model.result import Result
from giaoban.results.model.seeds import OTHER_SEEDS, Seeds, Trial, others, seeds_of
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.estimate.estimate import estimate, judge_alone
from giaoban.scenarios.estimate.limits import kept_bytes, reasons
from giaoban.scenarios.measure.assemble import Answer, criteria_of
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.study.documents import load_drawing
from giaoban.scenarios.study.emulation_process import (
    EmulationJob,
    emulate_all,
    result_of,
)
from giaoban.sentence import N_, Sentence, joined

Judge = Callable[[Question], Answer]
"""How a question is answered without files: the estimate, or a stand-in in tests."""
Alone = Callable[[Question], Judgement]
"""How a question is judged and nothing else: by the estimate, or a stand-in."""

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

    def seeds(self, folder: Path, progress: Progress) -> Seeds | None:
        """What they came to, when all are through; `folder` is for what is in the way meanwhile."""
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
        return _EstimatedTrials(question, OTHER_SEEDS if count is None else count, helpers)
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
    """In processes beside this one; without any, when the answers are wanted."""

    def __init__(self, question: Question, count: int, helpers: Helpers) -> None:
        self._question = question
        self._seeds = others(question.plan.seed, count)
        self._helpers = helpers
        self._answers: list[Callable[[], Trial]] = []

    def begin(self) -> None:
        ask = self._helpers.ask
        if not self._helpers.count:
            self._answers = [ask(_estimated_at, self._question, seed) for seed in self._seeds]
            return
        keep_in(self._helpers, self._question)
        self._answers = [ask(with_kept, _estimated_at, seed) for seed in self._seeds]

    def seeds(self, folder: Path, progress: Progress) -> Seeds:
        trials = []
        for number, answer in enumerate(self._answers):
            progress(
                Sentence("other seeds: {number} of {all}", number=number, all=len(self._answers)),
                number / len(self._answers),
            )
            trials.append(answer())
        return seeds_of(trials, "estimate")


class _EmulatedTrials(SeedTrials):
    """By emulations, each in a process of its own, once the check's own is through."""

    def __init__(self, question: Question, count: int, engine: EngineName) -> None:
        self._question = question
        self._seeds = others(question.plan.seed, count)
        self._engine = engine

    def seeds(self, folder: Path, progress: Progress) -> Seeds:
        place = folder / PLACE
        names = {seed: f"seed-{seed}" for seed in self._seeds}
        with writing(place):
            for name in names.values():
                (place / name).mkdir(parents=True)
        found = emulate_all(
            (
                EmulationJob(
                    name, self._question.at_seed(seed), self._engine, place / name, result_of
                )
                for seed, name in names.items()
            ),
            len(names),
            engine=self._engine,
            told=N_("other seeds: {done} of {count}"),
            progress=progress,
            on_end=_trusted,
        )
        shutil.rmtree(place)
        method: Method = "sandbox" if self._engine is EngineName.SANDBOX else "native"
        trials = [trial(seed, _trusted(name, found[name].found)) for seed, name in names.items()]
        return seeds_of(trials, method)


def _trusted(name: str, found: Result | InvalidRun) -> Result:
    """An emulation that cannot be trusted leaves the whole question without an answer."""
    if isinstance(found, InvalidRun):
        raise InvalidRun("{name}: {found}", name=name, found=found)
    if found.verdict == "invalid":
        raise InvalidRun("{name}: {reasons}", name=name, reasons="; ".join(found.reasons))
    return found


@dataclass(frozen=True)
class SeedsJudge:
    """A judge by other seeds as well: a question passes if it does at each.

    The own seed goes first, then the others as long as no more fail than may (by default none):
    what is no answer costs no more than it has to. With helpers they are judged side by side, and
    counted in their order.

    Attributes:
        count: how many others; 0: the own seed alone.
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
        """The answer of the own seed, by the others as well where it passes."""
        if not self.count or result.verdict != "pass":
            return result
        trials: list[Trial] = []
        seeds = others(question.plan.seed, self.count)
        criteria = criteria_of(question)
        stopped = False
        for one in self._trials(question, seeds):
            trials.append(one())
            failed_pct = 100 * sum(not trial.passes for trial in trials) / self.count
            if stopped := failed_pct > _allowed_pct(criteria):
                break
        return with_seeds(result, criteria, seeds_of(trials, "estimate", stopped=stopped))

    def at_all_seeds(self, question: Question, result: Result) -> Result:
        """Return a result of the own seed, with its trials at all other seeds.

        A refused call or a full device is the same at every seed: no other is tried.
        """
        bound = result.binding
        if not self.count or (result.verdict == "fail" and (bound is None or bound.cause == "mcu")):
            return result
        trials = [one() for one in self._trials(question, others(question.plan.seed, self.count))]
        return with_seeds(result, criteria_of(question), seeds_of(trials, "estimate"))

    def _trials(self, question: Question, seeds: Sequence[int]) -> Iterator[Callable[[], Trial]]:
        side_by_side = self.helpers.count + 1
        for start in range(0, len(seeds), side_by_side):
            here, *beside = seeds[start : start + side_by_side]
            asked = [self.helpers.ask(_judged_by, self.alone, question, seed) for seed in beside]
            yield partial(_judged_by, self.alone, question, here)
            yield from asked


def _allowed_pct(criteria: Criteria) -> float:
    """The share of other seeds that may fail."""
    return next((c.threshold for c in criteria.criterion if c.id == EVERY_SEED), 100.0)


def _estimated_at(question: Question, seed: int) -> Trial:
    return _judged_by(judge_alone, question, seed)


def _judged_by(alone: Alone, question: Question, seed: int) -> Trial:
    return trial(seed, alone(question.at_seed(seed)))
