"""What the decision's text lets each of its technicians do, told once more beside the program's."""

from __future__ import annotations

from typing import Any

from giaoban.mcu_sim.conference.conference import Conference

ABOUT_ONESELF = {"request-to-speak", "withdraw", "mute", "unmute", "report-interruption"}
TELECOM_MAY = {"queue", "state", "report-interruption"}
Grants = set[tuple[str, str, str]]


def may(role: str, by: str, fields: dict[str, Any], grants: Grants | None = None) -> bool:
    """Whether a role may give a command as JSON has it; `grants`: (who, command, on) that the
    chair's technician has asked for."""
    command: str = fields["command"]
    about: str = fields.get("for") or fields.get("participant") or ""
    if role == "chair-technician":
        return True
    if role == "mcu-technician":
        return command != "permit"
    if role == "telecom-technician":
        return command in TELECOM_MAY
    own = command in ABOUT_ONESELF and about in ("", by)
    return own or (by, command, about) in (grants or set())


def presents_itself(by: str, fields: dict[str, Any], home: Conference) -> bool:
    """What no article says: where nobody leads, one who is there presents while nobody else does;
    whoever presents may end that."""
    if fields["command"] != "present" or by in home.observers or not home.is_live(by):
        return False
    if "participant" not in fields:
        return home.presenter == by
    free = home.presenter in (None, by)
    return fields["participant"] == by and home.meeting.floor == "open" and free
