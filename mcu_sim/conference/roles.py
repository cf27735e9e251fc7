"""Who may give which command, and why: the table of rights of Art. 2 and 15 to 18.

The MCU tells people apart by the call a command comes in, or by its own console. A bridge's call is
its technician's: the chair is a person in the room, who says what is to be done and speaks without
being called (`Floor`); the technician at the chair bridge does it (Art. 2(4), 15(2)a). What a
branch adjusts when its people speak (Art. 16(2)b) is its own camera, nothing at the MCU.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple

Role = Literal["chair-technician", "mcu-technician", "branch-technician", "telecom-technician"]
"""The technician at the chair bridge (Art. 15), the one of the Provincial Office at the MCU's
console (Art. 18(3), 21(3)), the one of a branch (Art. 2(5), 16), the telecom company's (Art. 2(4),
17(1), 25(2))."""


_CHAIR = (
    "request-to-speak",
    "withdraw",
    "call-to-speak",
    "end-speech",
    "mute",
    "unmute",
    "mute-all",
    "layout",
    "present",
    "drop",
    "redial",
    "queue",
    "state",
    "report-interruption",
    "permit",
    "end-meeting",
)
Scope = Literal["all", "own"]
"""Whom a command may be about: everybody, or one's own bridge alone."""
RIGHTS: Mapping[Role, Mapping[str, Scope]] = {
    "chair-technician": dict.fromkeys(_CHAIR, "all"),
    # it runs the MCU for every meeting, but only the chair's technician asks branches for help
    "mcu-technician": {name: "all" for name in _CHAIR if name != "permit"},
    "branch-technician": {
        "request-to-speak": "own",
        "withdraw": "own",
        "mute": "own",
        "unmute": "own",
        "report-interruption": "own",
    },
    # on duty for all lines during the whole meeting: looks and tells, steers nothing
    "telecom-technician": {"queue": "all", "state": "all", "report-interruption": "all"},
}


class Grant(NamedTuple):
    """The chair's technician has asked a branch's to give a command about another bridge, once
    (Art. 16(2)c)."""

    participant: str
    command: str
    on: str


def refusal(
    role: Role, by: str, command: str, on: str, grants: Collection[Grant] = ()
) -> str | None:
    """Why somebody may not give a command about `on` ("": nobody, or oneself); None: it may."""
    right = RIGHTS[role].get(command)
    if right == "all" or (right == "own" and on in ("", by)):
        return None
    if role == "branch-technician":
        if Grant(by, command, on) in grants:
            return None
        if right is not None:
            return "a branch may not adjust another bridge"
        return "only the chair's technician may do this"
    if role == "mcu-technician":
        return "only the chair's technician asks a branch to do this"
    return "the telecom technician looks after lines and steers no meeting"
