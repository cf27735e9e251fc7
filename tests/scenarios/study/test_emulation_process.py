"""An emulation in a process of its own: what it leaves, how errors are told, how many at once."""

from __future__ import annotations

import io
import json
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pretended
import pytest
from scenario_factory import scenario

from giaoban.errors import GiaobanError, InputError, InvalidRun, MachineLacks
from giaoban.processes.children import DONE
from giaoban.processes.workers import cores
from giaoban.results.model.result import Engine, Result
from giaoban.results.model.studies.failures import FailureResult
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.study import emulation_process
from giaoban.scenarios.study.emulation_process import (
    ERROR,
    ORDER,
    emulate_all,
    job,
    main,
)
from giaoban.scenarios.study.failures.failures import order_of
from giaoban.scenarios.study.failures.trial import possible_in, question_of

Pretend = Callable[..., list[Path]]
SANDBOX, NATIVE = EngineName.SANDBOX, EngineName.NATIVE


@pytest.fixture
def pretend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pretend:
    """A process that is given orders, whose emulations are replaced: the failure does not happen,
    or an error is raised. Their folders."""
    asked = make_question(scenario(tmp_path / "s.toml"))
    case = possible_in(asked)["cut:west--east"]
    question = question_of(asked, case)

    def use(*errors: BaseException | None) -> list[Path]:
        left = iter(errors)

        def emulate(plan: Plan, folder: Path, _engine: object, *_more: object) -> Engine:
            pretended.emulate(plan, folder)
            if (error := next(left)) is not None:
                raise error
            return pretended.engine()

        monkeypatch.setattr(emulation_process, "emulate", emulate)
        folders = [tmp_path / str(number) / "cut-west--east" for number in range(len(errors))]
        orders = []
        for folder in folders:
            folder.mkdir(parents=True)
            orders.append(job(order_of(case, question, folder, EngineName.SANDBOX)).order)
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{order}\n" for order in orders)))
        return folders

    return use


def test_what_it_leaves(pretend: Pretend) -> None:
    """A failure that never took effect is invalid, never a pass. What parent and child tell each
    other stays nowhere."""
    [folder] = pretend(None)
    assert main() == 0
    assert {path.name for path in folder.iterdir()} == {"result.json", "found.pickle"}
    result = Result.from_json((folder / "result.json").read_bytes())
    assert (result.run_id, result.verdict) == ("cut-west--east", "invalid")
    assert [f.id for f in result.faults] == ["cut-west--east"]
    found = emulation_process.taken(folder / "found.pickle")
    assert isinstance(found, FailureResult)
    assert (found.id, found.verdict, found.reasons) == ("cut:west--east", "invalid", result.reasons)
    assert [(b.bridge, b.behind) for b in found.bridges] == [
        ("west", False),
        ("east", True),
        ("north", True),
    ]
    assert {path.name for path in folder.iterdir()} == {"result.json"}


def test_one_after_the_other(pretend: Pretend, capsys: pytest.CaptureFixture[str]) -> None:
    """Each has the same result as by itself; the first error is the last that it does."""
    first, second, wrong, left = pretend(None, None, InvalidRun("no"), None)
    assert main() == InvalidRun.exit_code
    assert (first / "result.json").read_bytes() == (second / "result.json").read_bytes()
    assert capsys.readouterr().out.splitlines().count(DONE) == 2
    assert (wrong / ERROR).exists()
    assert {path.name for path in left.iterdir()} == {ORDER}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("{file}: no", file="s.toml"), 2),
        (InvalidRun("link x: 9 Mb/s"), 3),
        (MachineLacks("no {what}", "make setup", what="netem"), 4),
        (KeyboardInterrupt(), 130),
    ],
    ids=["input", "invalid", "lacking", "interrupted"],
)
def test_how_errors_are_told(pretend: Pretend, error: BaseException, code: int) -> None:
    [folder] = pretend(error)
    assert main() == code
    path = folder / ERROR
    assert path.exists() == isinstance(error, GiaobanError)
    if isinstance(error, GiaobanError):
        told = pickle.loads(path.read_bytes())
        assert type(told) is type(error)
        assert (told.said, told.said.values) == (error.said, error.said.values)
    assert not (folder / "found.pickle").exists()
    assert not (folder / ORDER).exists()


def test_an_error_of_the_program_is_not_swallowed(pretend: Pretend) -> None:
    pretend(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        main()


def test_an_order_is_one_line_whatever_its_folder_is_called(
    tmp_path: Path, pretend: Pretend
) -> None:
    pretend()
    folder = tmp_path / "odd\nname\tof é"
    folder.mkdir()
    asked = make_question(tmp_path / "s.toml")
    case = possible_in(asked)["cut:west--east"]
    order = job(order_of(case, question_of(asked, case), folder, EngineName.SANDBOX)).order
    assert order.isprintable()
    assert Path(json.loads(order)) == folder.resolve() / ORDER


@pytest.mark.parametrize(
    ("engine", "jobs", "expected"),
    [(SANDBOX, 3, 3), (SANDBOX, None, cores()), (NATIVE, 3, 1), (NATIVE, None, 1)],
)
def test_in_real_time_an_emulation_has_the_machine_to_itself(
    engine: EngineName, jobs: int | None, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever command asks, and whatever --jobs says."""
    asked: list[int] = []

    def run_all(_jobs: Any, *, at_once: int, **_: Any) -> None:
        asked.append(at_once)

    monkeypatch.setattr(emulation_process, "run_all", run_all)
    emulate_all([], 0, engine=engine, jobs=jobs, told="", progress=lambda _what, _done: None)
    assert asked == [expected]
