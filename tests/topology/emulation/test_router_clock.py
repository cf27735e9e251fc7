"""What is loaded before a router's BIRD: by it BIRD ends with us, and nobody goes without it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from giaoban.errors import InvalidRun
from giaoban.topology.emulation import router_clock
from giaoban.topology.emulation.routers import Routers
from tests.processes import PATIENCE_S

PARENT = """
import os, subprocess, sys, time
environment = {"LD_PRELOAD": sys.argv[1], "GIAOBAN_PARENT": str(os.getpid())}
child = subprocess.Popen(["/bin/sleep", "600"], env=environment, stdin=subprocess.DEVNULL)
print(child.pid, flush=True)
time.sleep(600)
"""


def routers_of(folder: Path, process: subprocess.Popen[bytes], clock: Path) -> Routers:
    """The routers' processes, of which there is one, however it was started."""
    routers = object.__new__(Routers)
    routers.folder, routers._clock, routers._processes = folder, clock, {"r": process}
    (folder / "r.log").write_text("ld.so: cannot be preloaded\n")
    return routers


@pytest.mark.parametrize("loaded", [True, False], ids=["with", "without"])
def test_without_it_bird_is_not_trusted(tmp_path: Path, *, loaded: bool) -> None:
    """It would have no turn among the guest's processes, and outlive them."""
    clock = router_clock.ensure()
    environment = {"GIAOBAN_PARENT": str(os.getpid())} | (
        {"LD_PRELOAD": str(clock)} if loaded else {}
    )
    process = subprocess.Popen(["/bin/sleep", "600"], env=environment)
    try:
        routers = routers_of(tmp_path, process, clock)
        if loaded:
            deadline = time.monotonic() + PATIENCE_S
            while clock.name not in Path(f"/proc/{process.pid}/maps").read_text(encoding="utf-8"):
                assert time.monotonic() < deadline
            routers.check_clocks()
        else:
            with pytest.raises(InvalidRun, match=r"r: BIRD runs without .*\nld\.so: cannot be pre"):
                routers.check_clocks()
    finally:
        process.kill()
        process.wait()


def test_who_ended_is_told_with_its_last_words(tmp_path: Path) -> None:
    process = subprocess.Popen(["/bin/false"])
    process.wait()
    with pytest.raises(InvalidRun, match=r"r: BIRD ended with 1:\nld\.so: cannot be preloaded"):
        routers_of(tmp_path, process, router_clock.ensure()).check_clocks()


def test_it_ends_with_who_started_it() -> None:
    """Whatever ends that one, and whether or not it had time to say so."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(router_clock.ensure())], stdout=subprocess.PIPE
    )
    child = Path("/proc") / parent.stdout.readline().decode().strip()
    maps = child / "maps"
    deadline = time.monotonic() + PATIENCE_S
    while router_clock.name() not in maps.read_text(encoding="utf-8"):
        assert time.monotonic() < deadline
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    while child.exists() and "Z (zombie)" not in (child / "status").read_text(encoding="utf-8"):
        assert time.monotonic() < deadline
