"""What the benchmark of the emulation measures around a check: memory, and when it was where."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.processes import memory_mb
from bench.timed_check import Stopwatch, TimedCheck

MB = 40
SHARED_BY_TWO = f"""
import mmap, os, sys
held = mmap.mmap(-1, {MB * 10**6})
os.fork()  # both end with standard input
held[:] = b"1" * len(held)
print(flush=True)
sys.stdin.read()
"""


@pytest.mark.realtime
def test_what_two_processes_share_counts_once() -> None:
    pipe = subprocess.PIPE
    words = [sys.executable, "-c", SHARED_BY_TWO]
    with subprocess.Popen(words, stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        for _ in range(2):
            assert process.stdout.readline()
        found = memory_mb(process.pid)
        process.stdin.close()
    assert MB <= found < 1.9 * MB


def test_the_guest_winds_up_after_the_meeting_s_last_report() -> None:
    watch = Stopwatch()
    for what in ("planning", "booting the guest", "meeting", "meeting", "measuring", "drawing"):
        watch(what, 0.5)
    watch.finish()
    assert list(watch.stages) == ["plan", "boot", "meeting", "save", "measure", "draw"]
    assert len(watch.meeting) == 2
    assert min(watch.stages.values()) >= 0


def test_the_times_of_a_check_come_back_as_they_were() -> None:
    timed = TimedCheck(Path("runs/one"), {"plan": 0.1}, [(0.0, 1.5), (1.0, 2.5)], 3.25)
    assert TimedCheck.from_json(timed.to_json()) == timed
