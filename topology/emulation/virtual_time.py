"""Virtual time: the clock of the guest, which advances only while every process waits."""

from __future__ import annotations

from pathlib import Path

CLOCKSOURCE = Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")
VIRTUAL = "time-travel-clock"


def in_virtual_time() -> bool:
    """Return whether this process runs in the guest, in virtual time."""
    return CLOCKSOURCE.is_file() and CLOCKSOURCE.read_text(encoding="ascii").strip() == VIRTUAL
