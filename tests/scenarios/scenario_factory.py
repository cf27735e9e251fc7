"""Scenario files made to measure, and the command line called with them."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from giaoban.results.model.result import Result
from giaoban.scenarios.cli import entry, language
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.study.seeds import SeedsJudge

ROOT = Path(__file__).resolve().parents[2]
SMALL = ROOT / "tests" / "topology" / "small.toml"
BAD_PROVINCES = ROOT / "tests" / "topology" / "bad"
DEFAULT = ROOT / "topology" / "province.toml"
SCENARIOS = ROOT / "scenarios"

NORTH: dict[str, Any] = {
    "id": "north",
    "name": "Bắc",
    "router": "r-east",
    "km": 2.0,
    "rate_mbps": 10.0,
    "buffer_packets": 200,
    "source": "test",
}
"""A bridge that fits the small province."""


def scenario(
    path: Path,
    *,
    bridges: tuple[dict[str, Any], ...] = (NORTH,),
    phases: tuple[float, float, float] = (2.0, 2.0, 2.0),
    province: Path | str | None = SMALL,
    more: str = "",
    **top: Any,
) -> Path:
    """Write a scenario file; `more` is TOML text for its end, `top` are keys of its first part."""
    head: dict[str, Any] = {
        "schema": "giaoban.scenario/1",
        "id": "short",
        "question": "May one more bridge join?",
        "question_vi": "Có thể kết nối thêm một điểm cầu hay không?",
        "province": None if province is None else str(province),
        **top,
    }
    lines = [_pair(key, value) for key, value in head.items() if value is not None]
    lines += ["[phases]"]
    names = ("before_s", "during_s", "after_s")
    lines += [f"{name} = {value}" for name, value in zip(names, phases, strict=True)]
    for bridge in bridges:
        lines += ["[[bridge]]", *(_pair(key, value) for key, value in bridge.items())]
    path.write_text("\n".join([*lines, more, ""]), encoding="utf-8")
    return path


CUT = '[[fault]]\nkind = "cut"\nlink = "west--east"\nat_s = 2.0\n'
OTHER_TRAFFIC = (
    '[[background]]\nlink = "west--east"\ndirection = "both"\npct = 5.0\nsource = "test"\n'
)
ONLY_EMULATED = OTHER_TRAFFIC + CUT
"""What a scenario of the small province has at its end that cannot be estimated."""
WHY_NOT_ESTIMATED = "where other traffic goes while its link is out of service is emulated"


def _pair(key: str, value: object) -> str:
    return f"{key} = " + (f'"{value}"' if isinstance(value, str) else str(value).lower())


class Ran(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


def only_run(results: Path) -> Path:
    """The one folder that a command has left there."""
    [made] = results.iterdir()
    return made


STUDIES = ("whatif", "headroom")
"""Commands that always judge other seeds, which most of their tests leave out."""


def at_one_seed(*words: str | Path) -> list[str]:
    """A command without trying other seeds, which are the subject of few tests: those say so."""
    said = [str(word) for word in words]
    return [*said, "--seeds", "0"] if said[0] == "check" and "--seeds" not in said else said


def giaoban(*words: str | Path) -> Ran:
    """The command line, carried out in this process; at one seed, if it says nothing else."""
    out, err = io.StringIO(), io.StringIO()
    alone = words[0] in STUDIES and "--seeds" not in words

    def own(_: SeedsJudge, _question: Question, result: Result) -> Result:
        return result

    with (
        mock.patch.object(SeedsJudge, "settled", own if alone else SeedsJudge.settled),
        mock.patch.object(sys, "argv", ["giaoban", *at_one_seed(*words)]),
        mock.patch.dict(os.environ),  # in which --lang is handed on
        # what was chosen for one command is not the next test's
        mock.patch.multiple(language, _chosen=language.chosen(), _asked=language.asked()),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = entry.run()
    return Ran(code, out.getvalue(), err.getvalue())
