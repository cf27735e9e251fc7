"""The memory of a process and all its descendants, read from /proc while they run."""

from __future__ import annotations

import threading
from pathlib import Path

EVERY_S = 0.5  # reading costs some milliseconds a process, which would show in what is timed


def tree(root: int) -> list[int]:
    """Process ids of `root` and its descendants at this moment."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                # the second field, the program's name, may hold blanks and brackets
                fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], [root]
    while waiting:
        process = waiting.pop()
        found.append(process)
        waiting += children.get(process, [])
    return found


def memory_mb(root: int) -> float:
    """Proportional set size of the tree: pages that several processes share count once."""
    total_kb = 0
    for process in tree(root):
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total_kb += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total_kb * 1024 / 1e6


class PeakMemory:
    """Samples a process tree while the `with` lasts; `mb` is the highest sample."""

    def __init__(self, root: int) -> None:
        """`root`: process id."""
        self._root = root
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.mb = 0.0

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._end.set()
        self._thread.join()

    def _sample(self) -> None:
        while True:
            self.mb = max(self.mb, memory_mb(self._root))
            if self._end.wait(EVERY_S):
                return
