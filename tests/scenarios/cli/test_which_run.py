"""A run that is named by the beginning of its id: every command that takes one finds it alike."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_factory import giaoban

from giaoban.results.archive.store import open_run
from giaoban.results.model.answer_files import ANSWER_FILES

CHECK, FAULTS, SENSITIVITY = "check", "faults", "sensitivity"
COMMANDS: list[tuple[str, tuple[str, ...]]] = [
    (CHECK, ("view", "RUN")),
    (CHECK, ("annex", "RUN")),
    *((kind, ("accept", "RUN", "a", "--reason", "known")) for kind in ANSWER_FILES),
]


def run(root: Path, name: str, kind: str) -> Path:
    """A folder that is such a run, as far as its name is asked about."""
    (root / name).mkdir()
    (root / name / ANSWER_FILES[kind]).write_text("{}", encoding="utf-8")
    return root / name


@pytest.mark.parametrize(("kind", "words"), COMMANDS, ids=lambda each: " ".join(each))
def test_the_runs_that_begin_so_are_named(
    tmp_path: Path, kind: str, words: tuple[str, ...]
) -> None:
    run(tmp_path, "whole", CHECK)
    run(tmp_path, "expansion-1", kind)
    run(tmp_path, "expansion-2", kind)
    said = ["expansion" if word == "RUN" else word for word in words]
    ran = giaoban(*said, "--results", tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert 'run "expansion": 2 runs begin so: expansion-1, expansion-2' in ran.err


def test_a_check_with_its_analysis_serves_as_both(tmp_path: Path) -> None:
    both = run(tmp_path, "expansion-1", CHECK)
    (both / ANSWER_FILES[SENSITIVITY]).write_text("{}", encoding="utf-8")
    for kinds in ((CHECK,), (SENSITIVITY,), ()):
        assert open_run("expansion", tmp_path, *kinds) == both


def test_without_a_run_an_annex_names_what_it_may_be_of(tmp_path: Path) -> None:
    ran = giaoban("annex", "--results", tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert "holds no finished run of check, faults, load" in ran.err
