"""Scenario files as tests: `pytest scenarios/` checks each, with `giaoban` installed.

A file with `schema = "giaoban.scenario/1"` is a test that passes if the check finds what the
scenario's `[expect]` says (a pass, if it says nothing). A failure tells the reasons and where the
annex is; one that begins with `invalid:` says nothing about the network. `--giaoban-fast` estimates
alone.

Loaded by every pytest run of the environment, so that what is heavy is loaded when it is needed.
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from giaoban.errors import InputError
from giaoban.files import read_file
from giaoban.results.model.run_ids import now_in_vietnam
from giaoban.scenarios.spec.project_folder import says_scenario

if TYPE_CHECKING:
    from _pytest._code.code import ExceptionInfo, TerminalRepr

    from giaoban.results.model.result import Result
    from giaoban.scenarios.plan.question import Question
    from giaoban.scenarios.spec.scenario import Expect

OPTION, SEEDS, FAST = "--giaoban-results", "--giaoban-seeds", "--giaoban-fast"
"""Ours by name: `--fast` may be an option of anybody's tests, and two of one name end pytest."""


class NotAsExpected(Exception):  # noqa: N818 - shown without its name
    """A check found something else than the scenario expects."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("giaoban", "scenarios as tests")
    group.addoption(
        OPTION, type=Path, metavar="FOLDER", help="where run folders are made (the project's)"
    )
    group.addoption(
        SEEDS,
        type=_number_of_seeds,
        metavar="N",
        help="other seeds that each is judged by, as of giaoban check",
    )
    group.addoption(
        FAST, action="store_true", help="estimate alone; what can only be emulated is skipped"
    )


def _number_of_seeds(text: str) -> int:
    """As of `giaoban check --seeds`."""
    from giaoban.scenarios.cli.options import MOST_SEEDS

    if not text.isdecimal() or int(text) > MOST_SEEDS:
        raise argparse.ArgumentTypeError(f'"{text}" is out of range (allowed: 0 to {MOST_SEEDS})')
    return int(text)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ScenarioFile | None:
    """Scenario files, and no other TOML."""
    if file_path.suffix != ".toml":
        return None
    try:
        if not says_scenario(read_file(file_path)):
            return None
    except InputError:  # none of ours: a pipe would have no end
        return None
    return ScenarioFile.from_parent(parent, path=file_path)


class ScenarioFile(pytest.File):
    def collect(self) -> Iterator[ScenarioItem]:
        yield ScenarioItem.from_parent(self, name="check")


class ScenarioItem(pytest.Item):
    def runtest(self) -> None:
        from giaoban.scenarios.emulation.engine import EngineName
        from giaoban.scenarios.plan.question import make_question
        from giaoban.scenarios.spec.project import project_of
        from giaoban.scenarios.study.check import check, check_by_estimate

        question, fast = make_question(self.path), self.config.getoption(FAST)
        if fast and (why := _only_emulated(question)):
            pytest.skip(why)
        how = check_by_estimate if fast else partial(check, engine=EngineName.SANDBOX)
        seeds: int | None = self.config.getoption(SEEDS)
        outcome = how(
            question,
            root=self.config.getoption(OPTION) or project_of(self.path).runs,
            now=now_in_vietnam(),
            progress=lambda _what, _done: None,
            seeds=seeds,
        )
        wrong = difference(outcome.answer, question.scenario.expect)
        if wrong:
            again = ["giaoban", "check", str(self.path), *(["--estimate"] if fast else [])]
            again += [] if seeds is None else ["--seeds", str(seeds)]
            told = [f"again: {shlex.join(again)}", f"run: {outcome.folder}"]
            raise NotAsExpected("\n".join([*wrong, *told]))

    def repr_failure(
        self, excinfo: ExceptionInfo[BaseException], style: object = None
    ) -> str | TerminalRepr:
        """What a person needs: no traceback for what is not the program's own error."""
        from giaoban.errors import GiaobanError, InvalidRun

        error = excinfo.value
        if isinstance(error, InvalidRun):
            return f"invalid: {error}"
        if isinstance(error, NotAsExpected | GiaobanError):
            return str(error)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, f"check of {self.path.name}"


def _only_emulated(question: Question) -> str:
    """Why it cannot be estimated; '' if it can."""
    from giaoban.scenarios.estimate.limits import reasons

    return "; ".join(reasons(question.plan))


def difference(result: Result, expect: Expect) -> list[str]:
    """What is not as expected, in lines; nothing if all is. What failed is told as in JUnit's file
    of `giaoban check`."""
    from giaoban.results.report.ci.answers import of_check

    binding = result.binding.criterion if result.binding else None
    if result.verdict == "invalid":
        head = []
    elif result.verdict != expect.verdict:
        head = [f"verdict is {result.verdict}, expected {expect.verdict}"]
    elif expect.binding is not None and binding != expect.binding:
        head = [f"binding is {binding}, expected {expect.binding}"]
    else:
        return []
    return [*head, *(str(line) for case in of_check(result).failed for line in case.lines)]
