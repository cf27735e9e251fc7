"""Models that make no sense, and traces from files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from giaoban.errors import InputError
from giaoban.traffic.impairments import (
    Jitter,
    Loss,
    TraceLoss,
    loss_process,
    parse_trace,
    read_trace,
)


@pytest.mark.parametrize(
    "bad",
    [
        {"model": "bernoulli", "p": 1.1},
        {"model": "bernoulli", "p": -0.1},
        {"model": "bernoulli", "p": float("nan")},
        {"model": "bernoulli"},
        {"model": "gilbert-elliott", "p": 0.1, "r": 0.0},
        {"model": "gilbert-elliott", "p": 0.1, "r": 0.1, "loss": 0.5},
        {"model": "markov", "p": 0.1},
        {"model": "gilbert", "p": 0.1, "r": 0.1, "loss_bad": 0.5},
        {"model": "four-state", "p13": 0.6, "p31": 0.1, "p14": 0.5},
        {"model": "four-state", "p13": 0.1, "p31": 0.6, "p32": 0.5},
        {"model": "trace"},
        {"model": "trace", "file": "a", "runs": [1]},
        {"model": "trace", "runs": [0, 0]},
        {"model": "trace", "runs": [-1, 2]},
        {"model": "trace", "runs": [1, 10**20]},
        {"model": "trace", "file": "a\x00b"},
    ],
)
def test_losses_that_make_no_sense_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Loss).validate_python(bad)


@pytest.mark.parametrize(
    "bad",
    [
        {"model": "normal", "mean_ms": -1.0, "sd_ms": 1.0},
        {"model": "normal", "mean_ms": 1.0},
        {"model": "gamma", "shape": 0.0, "scale_ms": 1.0},
        {"model": "gamma", "shape": 1.0, "scale_ms": float("inf")},
        {"model": "pareto", "shape": 2.0, "scale_ms": 1.0},
        {"model": "normal", "mean_ms": 1.0, "sd_ms": 1.0, "correlation": 1.0},
    ],
)
def test_jitters_that_make_no_sense_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Jitter).validate_python(bad)


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("0001100", [3, 2, 2]),
        ("1", [0, 1]),
        ("0 0\n# 1 of a comment\n0 1 # 0\n\t1\n", [3, 2]),
        ("\ufeff0"[1:], [1]),
    ],
)
def test_a_trace_is_a_character_a_packet(text: str, runs: list[int]) -> None:
    assert parse_trace(text, "trace") == runs


@given(packets=st.lists(st.booleans(), min_size=1, max_size=200))
def test_a_trace_loses_what_is_written(packets: list[bool]) -> None:
    runs = parse_trace("".join("01"[lost] for lost in packets), "trace")
    lost = loss_process(TraceLoss(runs=runs), 0).draw(2 * len(packets))
    assert lost.tolist() == packets * 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("01\n0 1x0\n", "2:4: 'x' is no packet"),
        ("2", "1:1: '2' is no packet"),
        ("# nothing\n\n", "holds no packet"),
        ("", "holds no packet"),
    ],
)
def test_what_is_no_trace_is_refused_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "losses.txt"
    path.write_text(text)
    with pytest.raises(InputError, match=says) as raised:
        read_trace(path)
    assert str(raised.value).startswith(str(path))
    assert "allowed: 0 received, 1 lost" in str(raised.value)


def test_a_trace_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_trace(tmp_path / "none.txt")
    (tmp_path / "binary").write_bytes(b"\xff\xfe01")
    with pytest.raises(InputError, match="is not text"):
        read_trace(tmp_path / "binary")


def test_a_trace_without_an_end_is_refused() -> None:
    with pytest.raises(InputError, match="is not a regular file"):
        read_trace(Path("/dev/zero"))
