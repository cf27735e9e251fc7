"""How many processes are worth starting."""

from __future__ import annotations

import os


def cores() -> int:
    """Those that this process may use; on systems that do not tell, all."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
