"""Models that make no sense."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from giaoban.traffic.impairments import Jitter, Loss


@pytest.mark.parametrize(
    "bad",
    [
        {"model": "bernoulli", "p": 1.1},
        {"model": "bernoulli", "p": float("nan")},
        {"model": "gilbert-elliott", "p": 0.1, "r": 0.0},
        {"model": "gilbert-elliott", "p": 0.1, "r": 0.1, "loss": 0.5},
        {"model": "markov", "p": 0.1},
    ],
)
def test_losses_that_make_no_sense_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Loss).validate_python(bad)


@pytest.mark.parametrize(
    "bad",
    [
        {"model": "normal", "mean_ms": -1.0, "sd_ms": 1.0},
        {"model": "pareto", "shape": 2.0, "scale_ms": 1.0},
        {"model": "normal", "mean_ms": 1.0, "sd_ms": 1.0, "correlation": 1.0},
    ],
)
def test_jitters_that_make_no_sense_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Jitter).validate_python(bad)
