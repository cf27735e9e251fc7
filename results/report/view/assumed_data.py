"""What the page's script needs of an analysis of assumptions: each figure's tried values. Pure."""

from __future__ import annotations

from typing import Any

from giaoban.results.model.sensitivity import Sensitivity, TriedFigure
from giaoban.results.report.sensitivity_summary import name_of
from giaoban.results.report.view.run_data import both
from giaoban.sentence import Sentence


def assumed_data(answer: Sensitivity) -> dict[str, Any]:
    """`assumed`: figures that move the margin, what can flip the verdict first, the nearest on top;
    `judged`: what criteria are called."""
    return {
        "assumed": [_figure(figure) for figure in answer.ranked],
        "judged": {each.id: both(each.name_vi, each.name_en) for each in answer.criteria},
    }


def _figure(figure: TriedFigure) -> dict[str, Any]:
    name, unit = name_of(figure), Sentence(figure.unit)
    return {
        "name": both(name.vi, name.en),
        "unit": both(unit.vi, unit.en),
        "value": figure.value,
        "scale": figure.scale,
        "whole": figure.whole,
        "choices": bool(figure.choices),
        "curve": [
            {
                "value": each.value,
                "verdict": each.verdict,
                "margin": round(each.held_pct, 2),
                "criterion": each.criterion,
            }
            for each in figure.curve
        ],
    }
