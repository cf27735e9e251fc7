"""Who may give which command, and why: the table of rights of Art. 2 and 15 to 18.

The MCU tells people apart by the call a command comes in, or by its own console. A bridge's call is
its technician's: the chair is a person in the room, who says what is to be done and speaks without
being called (`Floor`); the technician at the chair bridge does it (Art. 2(4), 15(2)a). What a
branch adjusts when its people speak (Art. 16(2)b) is its own camera, nothing at the MCU.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

Role = Literal["chair-technician", "mcu-technician", "branch-technician", "telecom-technician"]
"""The technician at the chair bridge (Art. 15), the one of the Provincial Office at the MCU's
console (Art. 18(3), 21(3)), the one of a branch (Art. 2(5), 16), the telecom company's (Art. 2(4),
17(1), 25(2))."""


@dataclass(frozen=True, slots=True)
class Right:
    """What gives a role a command, by Đắk Nông's decision; `own`: only about its own bridge."""

    article: str
    own: bool = False


_CHAIR = {
    "request-to-speak": Right("15(2)c"),
    "withdraw": Right("15(2)c"),
    "call-to-speak": Right("15(2)a"),
    "end-speech": Right("15(2)a"),
    "mute": Right("15(2)a"),
    "unmute": Right("15(2)a"),
    "mute-all": Right("15(2)a"),
    "layout": Right("15(2)a"),
    "present": Right("15(2)a"),
    "drop": Right("15(2)a"),
    "redial": Right("15(2)b"),
    "queue": Right("15(2)c"),
    "state": Right("15(2)d"),
    "report-interruption": Right("15(2)d"),
    "permit": Right("16(2)c"),
    "end-meeting": Right("15(2)a"),
}
RIGHTS: Mapping[Role, Mapping[str, Right]] = {
    "chair-technician": _CHAIR,
    # it runs the MCU for every meeting, but only the chair's technician asks branches for help
    "mcu-technician": {name: Right("21(3)") for name in _CHAIR if name != "permit"},
    "branch-technician": {
        "request-to-speak": Right("16(2)e", own=True),
        "withdraw": Right("16(2)e", own=True),
        "mute": Right("16(2)a", own=True),
        "unmute": Right("16(2)a", own=True),
        "report-interruption": Right("16(2)d", own=True),
    },
    # on duty for all lines during the whole meeting: looks and tells, steers nothing
    "telecom-technician": {
        "queue": Right("17(1)"),
        "state": Right("17(1)"),
        "report-interruption": Right("17(1)"),
    },
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
    if right is not None and (not right.own or on in ("", by)):
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
