"""A run's folder that somebody else made: with links, or contradicting itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from scenario_factory import giaoban

from giaoban.files import bounded
from giaoban.results.archive.evidence.pack import ENDING
from giaoban.results.model.answer_files import RESULT
from giaoban.results.model.manifest import MANIFEST
from tests.results import history_factory as h


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A finished check with its manifest."""
    return h.proven(tmp_path / "runs", h.measured(h.JANUARY), tmp_path / "sources")


def refused(command: str, folder: Path, out: Path) -> str:
    """Return the refusal of a folder by a command, which may not take much memory."""
    name = {"annex": "a.pdf", "evidence": f"a{ENDING}", "view": "a.html"}[command]
    with bounded("the command", 2**29):
        ran = giaoban(command, folder, "--out", out / name)
    assert ran.code == 2, ran.out + ran.err
    return ran.err.replace("\n", "")


@pytest.mark.parametrize("leads_to", ["/dev/zero", "/dev/tty", "nowhere", "."])
@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("evidence", MANIFEST),
        ("evidence", RESULT),
        ("evidence", "inputs/scenario.toml"),
        ("annex", "inputs/scenario.toml"),
        ("view", RESULT),
    ],
)
def test_a_link_in_place_of_a_file_is_refused(
    made: Path, tmp_path: Path, command: str, name: str, leads_to: str
) -> None:
    path = made / name
    path.unlink(missing_ok=True)
    path.symlink_to(leads_to)
    assert made.name in refused(command, made, tmp_path / "out")


CONTRADICTIONS: dict[str, Callable[[str], str]] = {
    "another verdict": lambda text: text.replace('"verdict": "pass"', '"verdict": "fail"'),
    "another run": lambda text: text.replace(h.JANUARY, h.JULY),
    "another kind": lambda text: text.replace('"kind": "check"', '"kind": "faults"'),
    "another seed": lambda text: text.replace('"seed": ', '"seed": 9'),
    "another size of a file": lambda text: text.replace('"bytes": ', '"bytes": 1', 1),
}


@pytest.mark.parametrize("what", CONTRADICTIONS)
def test_a_manifest_that_contradicts_the_folder_is_refused(
    made: Path, tmp_path: Path, what: str
) -> None:
    path = made / MANIFEST
    true = path.read_text(encoding="utf-8")
    path.write_text(CONTRADICTIONS[what](true), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != true
    assert "run it again" in refused("evidence", made, tmp_path / "out")
