"""One failure, tried in a process of its own: `python -m scenarios.study.failures.one ORDER`.

ORDER is a JSON object (`Order`). What it found is in the folder when it exits with 0:
`result.json`, and `failure.json` for whoever started it. Any other exit code is that of the error
told in `error.json` (`scenarios.study.emulation_process`).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from results.model.failures import FailureResult
from scenarios.emulation.engine import EngineName
from scenarios.study.emulation_process import emulated, exit_with, work_in
from scenarios.study.failures.failure import find
from scenarios.study.failures.observe import observe
from scenarios.study.failures.questions import ask, possible_in, question_of
from scenarios.study.failures.routes import read_routes

FAILURE = "failure.json"


@dataclass(frozen=True)
class Order:
    """What to try, and where to put what was found."""

    scenario: str
    province: str
    seed: int | None
    engine: str
    failure: str
    folder: str

    def to_json(self) -> str:
        return json.dumps(asdict(self))


def try_failure(order: Order) -> FailureResult:
    """Emulate, measure, judge; the captures are removed, they can be made again any time."""
    asked = ask(Path(order.scenario), Path(order.province), order.seed)
    failure = find(possible_in(asked), order.failure)
    question = question_of(asked, failure)
    return emulated(
        question,
        Path(order.folder),
        EngineName(order.engine),
        lambda answer, captures: observe(
            failure, answer.result, question.plan.faults, read_routes(captures)
        ),
    )


def main(words: list[str]) -> int:
    """Exit code: 0, or an error's."""
    order = Order(**json.loads(words[0]))
    folder = Path(order.folder)

    def work() -> None:
        found = try_failure(order)
        (folder / FAILURE).write_text(found.model_dump_json(), encoding="utf-8")

    return work_in(folder, work)


if __name__ == "__main__":
    exit_with(main)
