"""One variant emulated in a process of its own: `python -m scenarios.study.whatif.one ORDER`.

ORDER is the path of a JSON file (`Order`). `result.json` and `summary.md` are in the folder when it
exits with 0; any other exit code is told in `error.json` (`scenarios.study.emulation_process`).
"""

from __future__ import annotations

from pathlib import Path

from giaoban.tomlfile import StrictModel
from results.report.summary import summary_md
from scenarios.emulation.engine import EngineName
from scenarios.spec.question import Question
from scenarios.study.emulation_process import emulated, exit_with, work_in
from scenarios.study.failures.failure import find, possible
from scenarios.study.failures.timing import trial
from scenarios.study.whatif.apply import Base, ask
from scenarios.study.whatif.variant import Variant


class Order(StrictModel):
    """What to emulate, and where to put what was found.

    `failure` is what fails while everybody is in; None: the scenario's own phases.
    """

    name: str
    scenario: str
    province: str
    seed: int | None
    phase_s: float | None
    pace_s: float | None
    engine: str
    variant: Variant
    failure: str | None
    folder: str


def question_of(order: Order) -> Question:
    """The question of an order. Raises `InputError`."""
    base = Base(Path(order.scenario), Path(order.province), order.seed, order.phase_s, order.pace_s)
    if order.failure is None:
        return ask(base, order.variant).question
    calm = ask(base, order.variant).question
    failure = find(possible(calm.plan.network, base.province.groups), order.failure)
    return ask(
        base,
        order.variant,
        change=lambda scenario: trial(scenario, failure),
        all_from_start=True,
    ).question


def main(words: list[str]) -> int:
    """Exit code: 0, or an error's."""
    order = Order.model_validate_json(Path(words[0]).read_bytes())
    folder = Path(order.folder)

    def work() -> None:
        answer = emulated(
            question_of(order),
            folder,
            EngineName(order.engine),
            lambda answer, _: answer,
        )
        (folder / "summary.md").write_text(summary_md(answer.result), encoding="utf-8")

    return work_in(folder, work)


if __name__ == "__main__":
    exit_with(main)
