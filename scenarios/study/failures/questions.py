"""From a scenario file to the question of each failure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scenarios.measure.assemble import criteria_of
from scenarios.spec.question import Question, make_question
from scenarios.study.failures.failure import Failure, possible
from scenarios.study.failures.timing import trial


@dataclass(frozen=True)
class Asked:
    """A scenario whose failures are asked for, read and checked as it is."""

    question: Question
    seed: int | None

    @property
    def scenario_path(self) -> Path:
        return self.question.scenario_path


def ask(scenario: Path, province: Path | None, seed: int | None) -> Asked:
    """Read a scenario and all it names. Raises `InputError` for any mistake in it."""
    return Asked(make_question(scenario, province_path=province, seed=seed), seed)


def possible_in(asked: Asked) -> dict[str, Failure]:
    """Every single failure of the scenario's network."""
    return possible(asked.question.plan.network, asked.question.province.groups)


def question_of(asked: Asked, failure: Failure) -> Question:
    """The question of one failure: everybody is in the meeting, and it happens.

    Raises `InputError` for what the scenario asks and a trial's phases cannot give.
    """
    question = make_question(
        asked.scenario_path,
        province_path=asked.question.province_path,
        seed=asked.seed,
        change=lambda scenario: trial(scenario, failure),
        all_from_start=True,
    )
    criteria_of(question)
    return question
