"""What came of each thing that a caller did: records, and why something failed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from giaoban.scenarios.bridge.user_agent import Operation
from giaoban.tomlfile import StrictModel
from giaoban.traffic.media_load.messages import Medium

Performed = Operation | Literal["guess", "malformed"]
"""What bridges do, and what those do who should not get in."""
Cause = Literal["capacity", "timeout", "authentication", "unsupported", "protocol"]
"""Why something failed: the MCU is full; it did not answer in time; it did not believe or admit the
caller; it does not do such a thing at all; it answered anything else, or what cannot be read."""

TIMEOUT = (408, 504)
AUTHENTICATION = (401, 403, 407)
UNSUPPORTED = (405, 415, 416, 420, 488, 501, 505, 606)
"""RFC 3261 §21: method, body, URI scheme, extension, session, functionality, version, session."""
HELD_UP_S = 0.01


class Record(StrictModel):
    """One thing that was done, and what came of it.

    Attributes:
        at_s: since the beginning of the test when it was done; `due_s` when it should have been.
        ms: until the final answer; of a drop the length of the call.
        repeats: requests that were sent again since no answer came (RFC 3261 §17.1).
        code, reason: of the final response; 0 where there is none.
        held_up: a call that began late since the MCU had not answered the bridge's INVITE or BYE
            before it; it has no `due_s`, which tells how late the generator was.
    """

    operation: Performed
    who: str
    at_s: float
    due_s: float | None = None
    ms: float
    ok: bool
    code: int = 0
    reason: str = ""
    cause: Cause | None = None
    repeats: int = 0
    held_up: bool = False


class ReceivedMedia(StrictModel):
    """What one medium of one call brought.

    Attributes:
        at_s: since the beginning of the test when the call stood, `lasted_ms` how long it did.
        agreed: whether the MCU's answer lets it send this at all.
        withheld: whether ours was not sent, since it was to go to another host than the target, and
            nothing came from there.
        sent, received, lost: packets; `giaoban.traffic.media_load.messages.Figures` says which.
        wait_ms: until the first came; None: nothing did.
        heard_ms: what could be played of them.
    """

    who: str
    medium: Medium
    at_s: float
    lasted_ms: float
    agreed: bool
    withheld: bool = False
    sent: int = 0
    received: int = 0
    lost: int = 0
    wait_ms: float | None = None
    heard_ms: float = 0.0


class GeneratorHealth(StrictModel):
    """A generator's own state over the last second; see `watch`.

    `media_*`: of the process with its media, since the sample before; `media_gone`: there is none
    any more.
    """

    generator: str
    at_s: float
    cpu_pct: float
    late_ms: float
    missed_timers: int
    standing: int
    media_cpu_pct: float = 0.0
    media_sent: int = 0
    media_late: int = 0
    media_worst_late_ms: float = 0.0
    media_overflowed: int = 0
    media_gone: bool = False


def cause_of(code: int, capacity_codes: Collection[int]) -> Cause:
    """Why something was refused with this status code (RFC 3261 §21); 0: no answer."""
    if code == 0 or code in TIMEOUT:
        return "timeout"
    if code in capacity_codes:
        return "capacity"
    if code in AUTHENTICATION:
        return "authentication"
    return "unsupported" if code in UNSUPPORTED else "protocol"


def is_held_up(due_s: float, answered_s: float, stood_s: float) -> bool:
    """Whether it is the MCU's doing that a call cannot be dialled in time.

    Args:
        answered_s: when the MCU's last answer came.
        stood_s: for how long the generator itself has stood still since the call before.
    """
    return answered_s - stood_s > due_s + HELD_UP_S
