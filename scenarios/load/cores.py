"""Who gets which core: the test's own MCU one to itself, which its callers do not take from it."""

from __future__ import annotations

import os


def shares(available: frozenset[int]) -> tuple[frozenset[int], frozenset[int]]:
    """(the MCU's core, the callers'); the same for both where there is only one."""
    if len(available) < 2:
        return available, available
    own = frozenset({max(available)})
    return own, available - own


def available() -> frozenset[int]:
    """The cores that this process may use."""
    return frozenset(os.sched_getaffinity(0))
