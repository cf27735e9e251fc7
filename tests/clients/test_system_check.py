"""`giaoban meeting --real` calls an MCU as the technicians of a meeting's bridges do."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from giaoban.results.model.studies.meetings import MeetingAnswer
from tests.clients.programs import HOST, LATE, Mcu, undrawn

pytestmark = pytest.mark.realtime
ROOT = Path(__file__).resolve().parents[2]


def test_every_bridge_of_a_meeting_is_seen_and_heard(
    tmp_path: Path, serve: Callable[..., Mcu]
) -> None:
    mcu = serve()
    words = undrawn(
        "meeting",
        "district-to-district",
        *("--target", f"sip:{HOST}:{mcu.port}", "--i-am-authorised"),
        *("--results", str(tmp_path / "runs"), "--json"),
    )
    ran = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False, cwd=ROOT)
    answer = MeetingAnswer.from_json(ran.stdout)
    (part,) = answer.parts
    assert ran.returncode == (LATE if part.verdict == "invalid" else 0), ran.stdout
    assert answer.device == f"sip:{HOST}:{mcu.port}"
    assert [bridge.bridge for bridge in part.bridges] == ["cu-jut", "dak-mil"]
    assert all(bridge.ok for bridge in part.bridges), part.bridges
    (folder,) = (tmp_path / "runs").iterdir()
    assert json.loads((folder / "meeting.json").read_text("utf-8")) == json.loads(ran.stdout)
    joined = mcu.said("joined")
    assert len(joined) == len(mcu.said("left")) == 2  # nobody is left standing
