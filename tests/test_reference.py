"""Compare the answers of the scenario files with those in tests/reference/."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.reference import (
    REFERENCE,
    SCENARIOS,
    Answer,
    delay_error_ms,
    differences,
    emulated,
    estimated,
    table,
)

FILES = sorted(SCENARIOS.glob("*.toml"))


def reference(path: Path) -> Answer:
    """Return the stored answers of a scenario file, by method."""
    answer: Answer = json.loads((REFERENCE / f"{path.stem}.json").read_text("utf-8"))
    return answer


def test_every_scenario_file_has_a_reference() -> None:
    assert sorted(file.stem for file in REFERENCE.glob("*.json")) == [p.stem for p in FILES]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_stored_estimate_agrees_with_the_stored_emulation(path: Path) -> None:
    estimate, emulation = reference(path)["estimate"], reference(path)["emulation"]
    assert (estimate["verdict"], estimate["binding"]) == (
        emulation["verdict"],
        emulation["binding"],
    )
    if not emulation["lost_packets"]:
        assert estimate["lost_packets"] == 0
        assert delay_error_ms(estimate, emulation) <= 0.3


def test_the_documentation_shows_the_stored_answers() -> None:
    assert table() in (SCENARIOS.parent / "docs" / "estimate.md").read_text("utf-8")


@pytest.mark.long
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_estimate_gives_the_stored_answer(path: Path) -> None:
    assert list(differences(reference(path)["estimate"], estimated(path))) == []


@pytest.mark.nightly
@pytest.mark.sandbox
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_emulation_gives_the_stored_answer(path: Path) -> None:
    assert list(differences(reference(path)["emulation"], emulated(path))) == []
