"""The files that a scenario names."""

from __future__ import annotations

from pathlib import Path

import pytest

from giaoban.errors import InputError
from giaoban.scenarios.plan.recordings import open_recording


@pytest.mark.parametrize("name", ["a.pcap", "A.PCAP", "meeting.PcapNg", "B.CAP"])
def test_a_capture_is_known_by_its_ending_in_any_case(tmp_path: Path, name: str) -> None:
    """As programs of Windows may write it."""
    path = tmp_path / name
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(InputError, match="is no capture"):
        open_recording(path, ssrc=None, fps=None, max_payload=1200, spread=0.5)
