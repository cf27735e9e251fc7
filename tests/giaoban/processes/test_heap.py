"""Memory that was freed goes back to the system."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
from pathlib import Path
from resource import getpagesize
from giaoban.processes.heap import give_back

def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * getpagesize() / 1e6

# below the size from which the C library asks the system for each piece by itself
pieces = [bytearray(64_000) for _ in range(2_000)]
last = bytearray(64_000)
whole = resident_mb()
del pieces
before = resident_mb()
give_back()
print(whole, before, resident_mb())
"""


def test_what_lies_below_something_that_stays_is_given_back() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    whole, before, after = map(float, done.stdout.split())
    assert before > whole - 10  # the C library keeps it, so that there is something to give back
    assert after < whole - 100
