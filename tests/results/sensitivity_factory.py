"""Analyses of assumptions for tests: a line of 10 Mb/s that has to have 4.1 Mb/s or more."""

from __future__ import annotations

from giaoban.results.model.sensitivity import FlipPoint, Sensitivity, TriedFigure
from tests.results import results_factory

KEY = "province.bridges.west.rate_mbps"


def flip(holds: float | str, flips: float | str) -> FlipPoint:
    """Beyond which the verdict is fail."""
    return FlipPoint(holds=holds, flips=flips, verdict="fail", binding=None)


def figure() -> TriedFigure:
    """A line, tried from 2 to 100 Mb/s."""
    return TriedFigure(
        key=KEY,
        what="access of bridge Tây",
        what_vi="đường truy nhập của điểm cầu Tây",
        field="rate_mbps",
        unit="Mb/s",
        value=10.0,
        low=2.0,
        high=100.0,
        range_source="offers",
        settled_by="the contract",
        below=flip(4.1, 4.0),
    )


def analysis(*figures: TriedFigure) -> Sensitivity:
    """Of the sample check."""
    check = results_factory.result()
    return Sensitivity(
        run_id=check.run_id,
        verdict="pass",
        as_assumed="pass",
        criteria=check.criteria,
        binding=check.binding,
        question_en=check.question.text_en,
        question_vi=check.question.text_vi,
        inputs=check.inputs,
        seeds=0,
        figures=list(figures),
        untried=[],
        estimates=1,
        seconds=1.0,
    )
