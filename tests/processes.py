"""What runs on this machine, for tests of what a command leaves behind, and waiting for it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

PATIENCE_S = 120.0
"""How long to wait for what must happen, not how long it may take: on a machine that is busy with
other things a program may not have begun after ten seconds."""


def wait_for(condition: Callable[[], Any], what: str, within_s: float = PATIENCE_S) -> Any:
    """What `condition` gives as soon as that is true."""
    limit = time.monotonic() + within_s
    while not (found := condition()):
        assert time.monotonic() < limit, f"waited {within_s:g} s for {what}"
        time.sleep(0.02)
    return found


def alive(pid: int) -> bool:
    """Whether a process runs: a zombie only waits for its parent."""
    return pid in processes()


def processes() -> dict[int, tuple[int, int]]:
    """pid → (parent, session) of everything that runs; zombies wait for their parent only."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            # asked of hundreds of processes, fifty times a second
            with open(f"/proc/{pid}/stat", "rb", buffering=0) as file:
                text = file.read()
        except OSError:
            continue
        fields = text.rpartition(b")")[2].split()
        if fields[0] not in b"ZX":
            found[int(pid)] = (int(fields[1]), int(fields[3]))
    return found


def descendants(process: int, among: Mapping[int, tuple[int, int]]) -> set[int]:
    """All below one, of what `processes` found."""
    found: set[int] = set()
    new = {process}
    while new := {pid for pid, (parent, _) in among.items() if parent in new}:
        found |= new
    return found


def guest_leader(folder: Path) -> int:
    """Return the process group of the guest that may write to `folder`; helpers of it that have
    ended meanwhile do not count."""
    groups = set()
    for pid in guest_in(folder):
        with suppress(ProcessLookupError):
            groups.add(os.getpgid(pid))
    [leader] = groups
    return leader


def guest_in(folder: Path) -> set[int]:
    """The processes of a guest that may write to `folder`: all have its kernel's command line."""
    init = f"init={folder}/".encode()
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if init in Path("/proc", pid, "cmdline").read_bytes():
                found.add(int(pid))
        except OSError:  # gone by now
            continue
    return found
