"""Emulations in processes of their own: what they leave, how errors are told, how many at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pretended
import pytest
from pretended_failures import InlinePool
from scenario_factory import scenario

from giaoban.errors import InputError, InvalidRun, MachineLacks
from giaoban.processes.workers import cores
from giaoban.results.model.result import Engine, Result
from giaoban.results.model.studies.failures import FailureResult
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.study import emulation_process
from giaoban.scenarios.study.emulation_process import EmulationJob, EmulationOutcome, emulate_all
from giaoban.scenarios.study.failures.failures import order_of
from giaoban.scenarios.study.failures.trial import possible_in, question_of

SANDBOX, NATIVE = EngineName.SANDBOX, EngineName.NATIVE
Emulated = Callable[..., dict[str, EmulationOutcome[FailureResult]]]


@pytest.fixture
def emulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Emulated:
    """Emulations of a failure that does not happen, or that raise an error."""
    asked = make_question(scenario(tmp_path / "s.toml"))
    case = possible_in(asked)["cut:west--east"]
    question = question_of(asked, case)

    def use(*errors: BaseException | None) -> dict[str, EmulationOutcome[FailureResult]]:
        left = iter(errors)

        def emulate(
            plan: Plan, folder: Path, _engine: object, progress: Callable[[str, float], None]
        ) -> Engine:
            pretended.emulate(plan, folder)
            progress("meeting", 0.5)
            if (error := next(left)) is not None:
                raise error
            return pretended.engine()

        def order(number: int) -> EmulationJob[FailureResult]:
            folder = tmp_path / str(number) / "cut-west--east"
            folder.mkdir(parents=True)
            made = order_of(case, question, folder, SANDBOX)
            return EmulationJob(f"{made.name} {number}", made.question, SANDBOX, folder, made.look)

        monkeypatch.setattr(emulation_process, "emulate", emulate)
        monkeypatch.setattr(emulation_process, "WorkerPool", InlinePool)
        return emulate_all(
            map(order, range(len(errors))),
            len(errors),
            engine=SANDBOX,
            jobs=1,
            told="{done} of {count}",
            progress=lambda _what, _done: None,
        )

    return use


def test_what_it_leaves(tmp_path: Path, emulated: Emulated) -> None:
    """A failure that never took effect is invalid, never a pass. An error of one ends no other."""
    (name, good), (_, wrong), (_, last) = emulated(None, InvalidRun("no"), None).items()
    assert name == "cut:west--east 0"
    folder = tmp_path / "0" / "cut-west--east"
    assert [path.name for path in folder.iterdir()] == ["result.json"]
    result = Result.from_json((folder / "result.json").read_bytes())
    assert (result.run_id, result.verdict) == ("cut-west--east", "invalid")
    assert [f.id for f in result.faults] == ["cut-west--east"]
    found = good.found
    assert isinstance(found, FailureResult)
    assert (found.id, found.verdict, found.reasons) == ("cut:west--east", "invalid", result.reasons)
    behind = [bridge.bridge for bridge in found.bridges if bridge.behind]
    assert behind == ["east", "north"]
    assert str(wrong.found) == "no"
    assert last.found == found


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (InputError("{file}: no", file="s.toml"), InputError),
        (MachineLacks("no {what}", "make setup", what="netem"), MachineLacks),
        (MemoryError(), MachineLacks),
        (ZeroDivisionError(), ZeroDivisionError),
    ],
)
def test_other_errors_end_all(
    emulated: Emulated, error: BaseException, expected: type[Exception]
) -> None:
    with pytest.raises(expected) as caught:
        emulated(error)
    if expected is MachineLacks:
        assert str(caught.value).startswith("cut:west--east 0: ")


@pytest.mark.parametrize(
    ("engine", "jobs", "expected"),
    [(SANDBOX, 3, 3), (SANDBOX, None, cores()), (NATIVE, 3, 1), (NATIVE, None, 1)],
)
def test_in_real_time_an_emulation_has_the_machine_to_itself(
    engine: EngineName, jobs: int | None, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def pool(size: int) -> Any:
        asked.append(size)
        return InlinePool(size)

    monkeypatch.setattr(emulation_process, "WorkerPool", pool)
    emulate_all([], 100, engine=engine, jobs=jobs, told="", progress=lambda _what, _done: None)
    assert asked == [expected]
