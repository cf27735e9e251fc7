"""The generated networks of docs/estimate.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from giaoban.scenarios.estimate.estimate import judge_alone
from giaoban.scenarios.plan.question import make_question
from scripts.networks import NETWORKS, write_network

PAGE = Path(__file__).resolve().parents[2] / "docs" / "estimate.md"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.read_text("utf-8").partition("### Generated networks")[2].splitlines()
    if line.startswith("| ") and line[2].isdigit()
]


def test_every_network_has_a_row() -> None:
    assert [int(row[0]) for row in ROWS] == list(NETWORKS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"seed {row[0]}")
def test_the_estimate_has_the_verdict_of_the_page(row: list[str], tmp_path: Path) -> None:
    seed, video, verdict, margin_pct, *_ = row
    question = make_question(write_network(int(seed), tmp_path))
    judgement = judge_alone(question)
    assert (question.plan.meeting.video, judgement.verdict) == (video, verdict)
    assert judgement.binding is not None
    assert judgement.binding.margin_pct == pytest.approx(float(margin_pct), abs=0.06)
