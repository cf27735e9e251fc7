"""Nothing that waits, measures or expires goes by the wall clock, which anybody may set."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("giaoban", "topology", "traffic", "mcu_sim", "scenarios", "results")

WALL_CLOCK = {
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "CLOCK_REALTIME"),
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
}
STAMPS = "SO_TIMESTAMP"
MAY_READ = re.compile(
    "|".join([rf"\b{of}\s*\.\s*{name}\b" for of, name in WALL_CLOCK] + [r"from\s+time\b", STAMPS])
)
"""What the text of one has that reads it: to parse all takes seconds."""

DATES = "a date for people"
READERS = {
    "results/model/run_ids.py": DATES,
    "giaoban/processes/ownership.py": "the age of what killed runs left",
    "scenarios/cli/commands/mcu/mcu.py": "the time of day at which an MCU's events begin",
    "scenarios/emulation/recorder.py": "read by `ReceiveBatch`",
    "scenarios/bridge/terminal.py": "once, from which the NTP time of RTCP goes on evenly",
    "topology/emulation/probe.py": "both ends of milliseconds, and measured again where it is off",
    "traffic/batch.py": "turned by `StampClock` before anybody sees them",
    "traffic/receiver/timestamps.py": "the one place that follows it",
}
"""File → why it may."""


def reads(text: str) -> bool:
    """Whether a module reads the wall clock, or asks for time stamps of the kernel."""
    if not MAY_READ.search(text):
        return False
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if (node.value.id, node.attr) in WALL_CLOCK:
                return True
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
            if (node.value.attr, node.attr) in WALL_CLOCK:
                return True
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            if any(("time", name.name) in WALL_CLOCK for name in node.names):
                return True
        elif isinstance(node, ast.Name) and node.id.startswith(STAMPS):
            return True
    return False


def test_who_reads_the_wall_clock_is_known_with_the_reason() -> None:
    found = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if reads(path.read_text(encoding="utf-8"))
    }
    assert found == READERS.keys()


def test_what_would_be_found() -> None:
    for text in (
        "import time\nx = time.time()",
        "import time\nread = time.clock_gettime_ns(time.CLOCK_REALTIME)",
        "from time import time_ns",
        "import datetime\nx = datetime.datetime.now()",
        "from giaoban.traffic.batch import SO_TIMESTAMPNS\nsock.setsockopt(1, SO_TIMESTAMPNS, 1)",
    ):
        assert reads(text), text
    assert not reads("import time\nx = time.monotonic()")
