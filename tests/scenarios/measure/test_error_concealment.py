"""Decoders that conceal errors, by estimate: what turns by it, and what it leaves as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from scenario_factory import scenario

from giaoban.results.judge.criteria import DAMAGE
from giaoban.results.model.result import Result
from giaoban.results.report.wording import Wording
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.plan.question import make_question

LOSSY = """
[content]
bridge = "west"
kbps = 500.0

[[impairment]]
link = "access-east"
direction = "up"
from_s = 3.0
to_s = 5.0
loss = { model = "bernoulli", p = 0.01 }

[thresholds]
audio-loss = 50.0
"""
OF_FRAMES = {"frames_not_shown_pct", "frames_not_shown_pct_20s", "freezes", "freeze_ms_max"}
OF_FRAMES |= {"artefacts", "artefacts_expected_per_h", "artefacts_per_h"}
OF_FRAMES |= {"freeze_ms_total", "freeze_pct", "freeze_pct_20s", *DAMAGE}


def result(folder: Path, *, conceals: bool, more: str = "") -> Result:
    meeting = f"[meeting]\nerror_concealment = {str(conceals).lower()}\n"
    file = scenario(folder / "s.toml", bridges=(), phases=(2, 6, 2), more=meeting + LOSSY + more)
    return estimate(make_question(file)).result


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Result]:
    folder = tmp_path_factory.mktemp("concealed")
    return {conceals: result(folder, conceals=conceals) for conceals in (False, True)}


def failed(found: Result) -> set[str]:
    return {criterion.id for criterion in found.criteria if not criterion.ok}


def streams(found: Result) -> dict[tuple[str, ...], dict[str, Any]]:
    return {
        (phase.name, bridge.id, stream.kind, stream.direction): stream.model_dump()
        for phase in found.phases
        for bridge in phase.bridges
        for stream in bridge.streams
    }


def test_a_picture_that_stood_still_is_damaged_and_fails_by_that(found: dict[bool, Result]) -> None:
    assert failed(found[False]) == {"picture-artefacts"}
    assert "picture-damaged" not in {criterion.id for criterion in found[False].criteria}
    assert failed(found[True]) == {"picture-damaged"}
    [judged] = [c for c in found[True].criteria if c.id == "picture-damaged"]
    assert (judged.threshold, judged.place and judged.place.id) == (1.8, "east")
    told = [Wording("en").meeting(found[conceals].meeting) for conceals in (False, True)]
    does = "All terminals and the MCU conceal errors, showing damaged pictures."
    assert told[0] == told[1].replace(f" {does}", "") != told[1]
    assumed = {assumption.what for assumption in found[True].assumptions}
    assert assumed - {each.what for each in found[False].assumptions} == {
        "Limit: Picture: time damaged"
    }


def test_all_else_is_as_it_was(found: dict[bool, Result]) -> None:
    """Who asks for key frames, and when, too: the same packets are sent and lost."""
    off, on = (streams(found[conceals]) for conceals in (False, True))
    assert found[False].accounting == found[True].accounting
    assert off.keys() == on.keys()
    for key, before in off.items():
        after = on[key]
        assert {n: v for n, v in before.items() if n not in OF_FRAMES} == {
            n: v for n, v in after.items() if n not in OF_FRAMES
        }
        if key[2] != "video":  # slides are shown whole
            assert before == after
            continue
        assert [before[name] for name in DAMAGE] == [None] * 4
        gone = before["frames_lost"] + before["frames_undecodable"]
        assert after["frames_damaged"] <= gone
        assert (after["frames_damaged"] > 0) == (gone > 0)
    lossy = on["during", "east", "video", "up"]
    # a frame's time before it the picture was right yet
    assert lossy["damaged_ms_total"] == pytest.approx(
        off["during", "east", "video", "up"]["freeze_ms_total"], abs=5 * 1000 / 30
    )
    assert lossy["damaged_pct_20s"] == pytest.approx(lossy["damaged_ms_total"] / 200)


@pytest.mark.parametrize(("conceals", "verdict"), [(False, "fail"), (True, "pass")])
def test_a_scenario_may_say_how_long_a_picture_may_be_damaged(
    tmp_path: Path, conceals: bool, verdict: str
) -> None:
    found = result(tmp_path, conceals=conceals, more="picture-damaged = 30.0\n")
    assert found.verdict == verdict
    unjudged = [(limit.id, limit.why) for limit in found.unjudged_limits]
    assert unjudged == ([] if conceals else [("picture-damaged", "concealment")])
