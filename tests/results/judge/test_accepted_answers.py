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
    against_cases,
    as_it_was,
    changes,
    read_cases,
    read_failures,
    refuse_to_replace,
    text_of_cases,
)
from giaoban.results.judge.baseline import accept, text_of
from giaoban.results.judge.cases import Case, JudgedFigure, Report, Status
from giaoban.results.model.quantities import FoundBy, Method
from giaoban.results.report.ci.answers import of_check, of_load, of_meeting, of_sensitivity
from giaoban.scenarios.cli import entry
from giaoban.translation import languages, translator

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


def test_nor_what_is_no_accepted_answer_at_all(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    refuse_to_replace(path, "check", "estimate")  # there is nothing yet
    path.write_text('schema = "giaoban.scenario/1"\n', encoding="utf-8")
    for command in COMMANDS:
        with pytest.raises(InputError, match=r"s\.toml: is there, and is no accepted answer"):
            refuse_to_replace(path, command, "estimate")


def test_one_of_another_version_is_told_as_that_alone(tmp_path: Path) -> None:
    path = tmp_path / "older.toml"
    path.write_text('schema = "giaoban.accepted-cases/9"\nwhat = "that has"\n', encoding="utf-8")
    with pytest.raises(InputError) as told:
        read_cases(str(path), tmp_path, "check", None)
    this, needed = "giaoban.accepted-cases/9", "giaoban.accepted-cases/1"
    said = f"{path}:1: schema = '{this}': is not known (allowed: '{needed}')"
    assert str(told.value) == said


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


STATUSES = {"pass": "met", "fail": "not met", "not-judged": "not judged"}
"""Status of a case that can be accepted → its word."""


@pytest.mark.parametrize(("was", "now"), [*product(STATUSES, STATUSES)])
def test_a_change_of_status_names_both_statuses(was: Status, now: Status) -> None:
    """All combinations in both directions. Only a case that fails now is worse."""
    figures = {"pass": 300.0, "fail": 468.36, "not-judged": None}
    made = {
        status: Case(
            "mouth-to-ear",
            status,
            ["468.4 ms at Cư Jút (limit 400 ms)"] if status == "fail" else [],
            JudgedFigure(value, 400.0, "ms"),
            name="Sound",
        )
        for status, value in figures.items()
    }
    then, later = (Report("check", "s", "pass", "…", [made[status]]) for status in (was, now))
    accepted = accept_cases(then, name="s", reason="known", on=ON)
    report, found = against_cases(later, accepted)
    if was == now:
        assert found == []
        return
    [change] = found
    said = str(change.line)
    assert said.startswith(f"Sound: was {STATUSES[was]}, is {STATUSES[now]} now")
    assert (change.sense == "worse", report.verdict) == (
        now == "fail",
        "fail" if now == "fail" else "pass",
    )
    assert (change.sense == "better") is ((was, now) == ("fail", "pass"))
    assert ("was 300 ms" in said) is ((was, now) == ("pass", "fail"))
    assert ("468.4 ms at Cư Jút (limit 400 ms)" in said) is (now == "fail")
    assert [str(line) for case in report.cases for line in case.lines] == (
        [str(change.what)] if now == "fail" else []
    )


def test_a_limit_that_was_another_is_named() -> None:
    was, now = (
        Report("check", "s", "pass", "…", [Case("a", status, [], JudgedFigure(300.0, limit, "ms"))])
        for status, limit in (("pass", 400.0), ("fail", 250.0))
    )
    accepted = accept_cases(was, name="s", reason="known", on=ON)
    assert [str(change.what) for change in changes(accepted, now)] == [
        "was met, is not met now (300 ms, limit 250 ms, was 300 ms, limit was 400 ms)"
    ]


def test_what_is_accepted_of_another_scenario_is_told(tmp_path: Path) -> None:
    """By a name that is wrong in a job anything may be no worse. A scenario may be renamed."""
    was = Report("check", "ring", "pass", "…", [Case("a", "pass")], method="estimate")
    accepted = accept_cases(was, name="ring", reason="known", on=ON)
    assert changes(accepted, was) == []
    [told] = changes(accepted, replace(was, subject="star"))
    assert (told.sense, str(told.line)) == ("other", "star: what was accepted is of ring")


@pytest.mark.parametrize(
    "was",
    [of_check(results_factory.result()), of_load(load_factory.calls())],
    ids=["check", "load"],
)
def test_changes_say_names_in_both_languages(was: Report, tmp_path: Path) -> None:
    """Also of what is not judged any more, which the file alone knows. JUnit and JSON keep ids."""
    made = accept_cases(was, name="as-it-was", reason="known", on=ON)
    (tmp_path / "as-it-was.toml").write_text(text_of_cases(made), encoding="utf-8")
    accepted = read_cases("as-it-was", tmp_path, was.command, was.method)
    fail = [replace(case, status="fail") for case in was.cases[1:]]
    found = changes(accepted, replace(was, verdict="fail", cases=fail))
    assert {change.case for change in found} == {case.id for case in was.cases}
    for language in languages():
        said = [translator(language).say(change.line) for change in found]
        assert not [line for line in said if any(line.startswith(f"{c.id}:") for c in was.cases)]
    assert [str(change.line) for change in found if change.case == was.cases[0].id] == [
        f"{was.cases[0].name}: was accepted, and is not judged now"
    ]
