"""Scenarios of the repository whose verdict one thing turns, alone: without it, it is another.

By estimate; what only an emulation knows is in the `[expect]` of two files that differ by it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scenario_factory import SCENARIOS

from giaoban.scenarios.estimate.estimate import judge_early
from giaoban.scenarios.plan.question import make_question
from giaoban.tomlfile import dumps, parse

Document = dict[str, Any]


def without(*path: str) -> Callable[[Document, Path], object]:
    """Leaves out a key; of an array the first table is meant."""

    def change(scenario: Document, _folder: Path) -> None:
        at: Any = scenario
        for key in path[:-1]:
            at = at[key][0] if isinstance(at[key], list) else at[key]
        del at[path[-1]]

    return change


def queue_of_packets(scenario: Document, _folder: Path) -> None:
    [bridge] = scenario["bridge"]
    del bridge["buffer_ms"]
    bridge["buffer_packets"] = 200


def accepted(scenario: Document, _folder: Path) -> None:
    scenario["fault"][0] |= {"accepted": "all", "accepted_reason": "a second MCU is ordered"}


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("slides-over-a-thin-line", without("content")),
        ("buffer-of-ten-milliseconds", queue_of_packets),
        ("pictures-of-a-recorded-endpoint", without("encoder")),
        ("rate-with-all-that-is-on-the-wire", without("link", "framing")),
        ("policed-access-line", without("bridge", "profile")),
        ("mcu-stops-for-five-seconds", accepted),
    ],
)
def test_its_verdict_is_another_without(
    tmp_path: Path, name: str, change: Callable[[Document, Path], object]
) -> None:
    file = SCENARIOS / f"{name}.toml"
    said = parse(file, file.read_text(encoding="utf-8"))
    for key in {"province", "devices"} & said.keys():
        said[key] = str((SCENARIOS / said[key]).resolve())
    change(said, tmp_path)
    other = tmp_path / "other.toml"
    other.write_text(dumps(said), encoding="utf-8")
    # a meeting that fails is held until it does
    verdicts = [judge_early(make_question(asked), 0.0).judgement.verdict for asked in (file, other)]
    assert verdicts[0] == said["expect"]["verdict"]
    assert sorted(verdicts) == ["fail", "pass"]
