"""Who goes first, of processes that have something to do at the same moment of virtual time.

Computing takes no time in the guest, so that happens at every tick. The kernel's fair scheduler
would go by what each has used since boot, and with it by how the program was started; a fixed order
knows only who it is. Real-time processes also wake when they asked to, not within 50 µs of it.
"""

from __future__ import annotations

import os
from pathlib import Path

CLOCKSOURCE = Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")
VIRTUAL = "time-travel-clock"
TURNS = ("background", "bridges", "mcu", "routers", "conductor")
"""From last to first: the network changes before anything is sent on it at the same moment."""


def in_virtual_time() -> bool:
    """Whether this is the guest, in virtual time."""
    return CLOCKSOURCE.is_file() and CLOCKSOURCE.read_text(encoding="ascii").strip() == VIRTUAL


def priority(who: str) -> int:
    """What real-time priority its place in TURNS is (sched(7))."""
    return 1 + TURNS.index(who)


def take_turn(who: str) -> None:
    """Give this process its place in TURNS; what it starts later has none until it takes its own.

    In real time this does nothing: there a process may compute for long, and would keep others out.
    """
    if in_virtual_time():
        policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(0, policy, os.sched_param(priority(who)))
