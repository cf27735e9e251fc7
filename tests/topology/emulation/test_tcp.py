"""TCP on emulated lines: packets as routers see them, none larger than a frame."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from emulation_factory import measured, star
from lab_tcp import SENT_BYTES

from giaoban.topology.lines.qos import FULL_FRAME_BYTES

pytestmark = pytest.mark.sandbox

LINE = {"km": 10.0, "rate_mbps": 100.0, "buffer_packets": 2000}


def test_no_segment_on_a_line_is_larger_than_a_frame(tmp_path: Path) -> None:
    measured(tmp_path, "lab_tcp", network=star(LINE, LINE).model_dump_json())
    found = json.loads((tmp_path / "frames.json").read_text(encoding="utf-8"))
    assert found["bytes"] == SENT_BYTES
    assert max(found["frames"]) == FULL_FRAME_BYTES
    headers = 14 + 20 + 32  # Ethernet, IPv4, TCP with time stamps
    full = [length - headers for length in found["frames"] if length == FULL_FRAME_BYTES]
    assert sum(full) > 0.95 * SENT_BYTES  # the others end a write
