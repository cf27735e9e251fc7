"""An accepted answer is replaced, and compared with, only by one of the same command and method."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date
from functools import partial
from itertools import permutations, product
from pathlib import Path
from typing import Any, get_args

import load_factory
import meeting_factory
import pytest
import results_factory
import sensitivity_factory
from failures_factory import answer as failures
from hypothesis import given
from hypothesis import strategies as st

from giaoban.errors import InputError
from giaoban.results.archive.stored_report import _REPORTS
from giaoban.results.judge.accepted_cases import (
    accept_cases,
    as_it_was,
    changes,
    read_cases,
    read_failures,
    refuse_to_replace,
    text_of_cases,
)
from giaoban.results.judge.baseline import accept, text_of
from giaoban.results.judge.cases import Case, Report
from giaoban.results.model.quantities import FoundBy, Method
from giaoban.results.report.ci.answers import of_check, of_load, of_meeting, of_sensitivity
from giaoban.scenarios.cli import entry

ON = date(2026, 11, 27)
COMMANDS = sorted(_REPORTS)
METHODS: tuple[FoundBy, ...] = (*get_args(Method), "real-time")
FAULTS_METHODS: tuple[Method, ...] = get_args(Method)


def kept(path: Path, command: str, method: FoundBy | None = "estimate") -> str:
    """What is accepted of a command, written there as the program writes it."""
    if command == "faults":
        made = accept(failures(), name=path.stem, reason="known", on=ON)
        text = text_of(made.model_copy(update={"method": method or "sandbox"}))
    else:
        report = Report(command, "s", "pass", "…", [Case("a", "pass")], method=method)
        text = text_of_cases(accept_cases(report, name=path.stem, reason="known", on=ON))
    path.write_text(text, encoding="utf-8")
    return text


@given(st.text(min_size=1))
def test_a_run_may_be_compared_with_whatever_its_folder_is_called(folder: str) -> None:
    report = Report("check", "s", "pass", "…", [Case("a", "pass")])
    assert as_it_was(report, folder, ON).case.keys() == {"a"}


@pytest.mark.parametrize(("held", "new"), [*permutations(COMMANDS, 2)])
def test_what_is_accepted_of_another_command_is_not_replaced(
    tmp_path: Path, held: str, new: str
) -> None:
    path = tmp_path / "same.toml"
    kept(path, held)
    with pytest.raises(InputError, match=f"same.toml: holds what was accepted of giaoban {held} "):
        refuse_to_replace(path, new, "estimate")
    reading = read_failures if new == "faults" else partial(read_cases, command=new)
    with pytest.raises(InputError, match=f"was accepted of giaoban {held} .*giaoban {new}"):
        reading(str(path), tmp_path, method="estimate")


@pytest.mark.parametrize("command", COMMANDS)
def test_nor_what_was_found_by_another_method(tmp_path: Path, command: str) -> None:
    path = tmp_path / "same.toml"
    methods = FAULTS_METHODS if command == "faults" else METHODS
    for held, new in product(methods, methods):
        kept(path, command, held)
        if held == new:
            refuse_to_replace(path, command, new)
            continue
        with pytest.raises(InputError, match=f"holds what was accepted of a run by {held} "):
            refuse_to_replace(path, command, new)
        if command != "faults":
            with pytest.raises(InputError, match=f"of a run by {held} .*one by {new}"):
                read_cases(str(path), tmp_path, command, new)
    if command != "faults":
        kept(path, command, None)  # accepted before methods were written down
        refuse_to_replace(path, command, "estimate")


def test_every_answer_says_how_it_was_found() -> None:
    checked = results_factory.result()
    assert of_check(checked).method == checked.engine.name
    assert of_sensitivity(sensitivity_factory.answer()).method == "estimate"
    assert of_load(load_factory.calls()).method == "real-time"
    held = meeting_factory.answer()
    for method in (None, *METHODS):
        assert of_meeting(held.model_copy(update={"method": method})).method == method


@pytest.fixture
def runs(tmp_path: Path) -> dict[str, Path]:
    """A run of each of two commands."""
    found: dict[str, Path] = {}
    answers: dict[str, Any] = {"check": results_factory.result(), "faults": failures()}
    for command, answer in answers.items():
        found[command] = tmp_path / command
        found[command].mkdir()
        text = answer.to_json()
        (found[command] / type(answer).FILE).write_text(text, encoding="utf-8")
    return found


@pytest.mark.parametrize(("held", "new"), [*permutations(("check", "faults"))])
def test_baseline_accept_leaves_the_file_as_it_is(
    tmp_path: Path,
    runs: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    held: str,
    new: str,
) -> None:
    def accepted(command: str) -> int:
        words = [str(tmp_path / "kept" / "same.toml"), "--reason", "known"]
        run = ["giaoban", "accept", str(runs[command]), *words]
        monkeypatch.setattr(sys, "argv", run)
        return entry.run()

    assert accepted(held) == 0
    before = (tmp_path / "kept" / "same.toml").read_bytes()
    assert accepted(new) == 2
    assert f"holds what was accepted of giaoban {held}" in capsys.readouterr().err
    assert (tmp_path / "kept" / "same.toml").read_bytes() == before
    assert accepted(held) == 0


def test_what_is_accepted_of_another_scenario_is_told(tmp_path: Path) -> None:
    """By a name that is wrong in a job anything may be no worse. A scenario may be renamed."""
    was = Report("check", "ring", "pass", "…", [Case("a", "pass")], method="estimate")
    accepted = accept_cases(was, name="ring", reason="known", on=ON)
    assert changes(accepted, was) == []
    [told] = changes(accepted, replace(was, subject="star"))
    assert (told.sense, str(told.line)) == ("other", "star: what was accepted is of ring")
