"""Meetings of an MCU without signalling or media: who sits where, is heard, is seen, may do what.

The owner of a `Rooms` does this, and nothing else:

- a call comes:            decision = rooms.admits(meeting, participant, now_ms)
- a call is up:            decision, effects = rooms.join(meeting, participant, now_ms)
- a call is hung up:       effects = rooms.left(participant)
- a call's media is gone:  effects = rooms.lost(participant)
- a control request comes: answer, effects = rooms.command(participant, parse(body), now_ms)
- the time has come:       effects = rooms.advance(now_ms)    (when next_timeout() <= now_ms)
- after every call:        carry out the effects, in order
"""

from mcu_sim.conference.commands import Answer, Command, CommandError, Done, Queue, Refused, parse
from mcu_sim.conference.conference import Conference
from mcu_sim.conference.effects import (
    OPERATOR,
    AlreadyIn,
    Busy,
    By,
    Decision,
    DialOut,
    Dropped,
    Effect,
    Ended,
    HangUp,
    Heard,
    Joined,
    Logged,
    NotAMember,
    Presenter,
    Relayout,
    RelayoutOthers,
    UnknownMeeting,
    Watch,
)
from mcu_sim.conference.meeting import Meeting, Meetings, Member, OpenRooms, load_meetings
from mcu_sim.conference.rooms import Rooms

__all__ = [
    "OPERATOR",
    "AlreadyIn",
    "Answer",
    "Busy",
    "By",
    "Command",
    "CommandError",
    "Conference",
    "Decision",
    "DialOut",
    "Done",
    "Dropped",
    "Effect",
    "Ended",
    "HangUp",
    "Heard",
    "Joined",
    "Logged",
    "Meeting",
    "Meetings",
    "Member",
    "NotAMember",
    "OpenRooms",
    "Presenter",
    "Queue",
    "Refused",
    "Relayout",
    "RelayoutOthers",
    "Rooms",
    "UnknownMeeting",
    "Watch",
    "load_meetings",
    "parse",
]
