"""The wall clock is set while things run, in a kernel whose clock may be set: nobody notices."""

from __future__ import annotations

import json
from typing import Any

import pytest
from emulation_factory import measured

from tests.topology.emulation.lab_wall_clock import SILENT_S, SPACING_NS

pytestmark = pytest.mark.sandbox

STEPS_S = (-0.05, -1.0, 3600.0)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = measured(tmp_path_factory.mktemp("wall-clock"), "lab_wall_clock", *map(str, STEPS_S))
    told: dict[str, Any] = json.loads((folder / "found.json").read_text(encoding="utf-8"))
    return told


def test_the_mcu_goes_on_hearing_everybody(found: dict[str, Any]) -> None:
    """Before the first step and after each: the tones of who was there and of who came since, and
    when packets came."""
    meeting = found["meeting"]
    for who in ("west", "north"):
        assert len(meeting["heard"][who]) == 1 + len(STEPS_S)
        assert min(meeting["heard"][who]) > 100
    assert meeting["spacing_ms"] == pytest.approx([SPACING_NS / 1e6] * 2, abs=10.0)
    assert meeting["after_s"] == pytest.approx(SILENT_S, abs=0.1)


def test_a_bridge_whose_line_was_lost_gets_in_again(found: dict[str, Any]) -> None:
    assert found["meeting"]["came_back"]


def test_the_closing_report_tells_of_every_step(found: dict[str, Any]) -> None:
    """Those of the meeting, and the one while a line was lost."""
    meeting = found["meeting"]
    assert meeting["steps"] == len(STEPS_S) + 1
    assert meeting["largest_ms"] == pytest.approx(sum(STEPS_S[2:]) * 1e3, abs=1000)


def test_a_load_tests_calls_have_no_jitter_of_it(found: dict[str, Any]) -> None:
    """A step of over 0.2 s is always seen, since a socket is read every 0.2 s. A packet that waits
    there when the clock goes back by 50 ms may be taken for one that came after the step. It adds a
    sixteenth of the step to the jitter (RFC 3550, section 6.4.1)."""
    load = found["load"]
    assert load["reports"] >= 3
    assert load["jitter_max_ms"] < 5.0


def test_the_receiver_of_paced_streams_has_none_of_it_either(found: dict[str, Any]) -> None:
    paced = found["paced"]
    assert (paced["lost"], paced["reordered"]) == (0, 0)
    assert paced["jitter_max_ms"] < 1.0
    assert paced["packets_per_s"] == pytest.approx(1e9 / SPACING_NS, rel=0.001)
