"""Carrying out what conferences want: who is heard, who sees whom, who is called or put out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from mcu_sim.conference.effects import (
    OPERATOR,
    DialOut,
    Effect,
    Ended,
    HangUp,
    Heard,
    Logged,
    Presenter,
    Relayout,
    RelayoutOthers,
    Watch,
)
from mcu_sim.media.leg import NOBODY, Kind
from mcu_sim.media.plane import MediaPlane
from mcu_sim.server.answering import Answering
from mcu_sim.server.calls import Call, CallBook

TOLD_ELSEWHERE = ("joined", "rejoined", "left", "lost", "dialled", "dial-failed")
"""Lines of a conference's log that the desk's own events say with more."""


class Tell(Protocol):
    """Writes a line of the events file."""

    def __call__(self, now_ns: int, event: str, bridge: str, **details: object) -> None: ...


class Steering:
    """Effects of conferences, put into media; calls to make and to end go back to the desk."""

    def __init__(
        self,
        book: CallBook,
        plane: MediaPlane,
        tell: Tell,
        dial: Callable[[DialOut, int], None],
        put_out: Callable[[Call, str, int], None],
        answering: Answering,
    ) -> None:
        """`answering`: knows by which number the media plane knows a meeting that has calls, and
        whether the device has room for its content."""
        self._book = book
        self._plane = plane
        self._tell = tell
        self._dial = dial
        self._put_out = put_out
        self._answering = answering
        self._presenters: dict[str, str | None] = {}

    def carry_out(self, effects: Iterable[Effect], now_ns: int) -> None:
        """All of them, in their order."""
        for effect in effects:
            match effect:
                case Heard(participant, heard):
                    if (call := self._standing(participant)) is not None:
                        self._plane.set_heard(call.row, heard)
                case Watch(viewer, source):
                    self._watch("video", viewer, source, now_ns)
                case Relayout(viewer):
                    if (call := self._standing(viewer)) is not None:
                        self._plane.relayout(call.row)
                case RelayoutOthers(meeting, but=but):
                    calls = (self._book.of(who) for who in but)
                    rows = {call.row for call in calls if call is not None}
                    self._plane.relayout_others(self._answering.number(meeting), rows)
                case Presenter(meeting, participant):
                    self._presenters[meeting] = self._with_content(meeting, participant, now_ns)
                    for call in self._book:
                        if call.meeting == meeting:
                            self.show_content(call, now_ns)
                case DialOut():
                    self._dial(effect, now_ns)
                case HangUp(participant, reason):
                    if (held := self._book.of(participant)) is not None:
                        self._put_out(held, reason, now_ns)
                case Logged(meeting, kind, by, on, text):
                    if kind not in TOLD_ELSEWHERE:
                        about = {"meeting": meeting or "", "kind": kind, "by": by, "text": text}
                        self._tell(now_ns, "control", on, **about)
                case Ended(meeting):
                    self._presenters.pop(meeting, None)

    def _with_content(self, meeting: str, presenter: str | None, now_ns: int) -> str | None:
        """Who may show content: nobody if the device has no room left for it, which is told as a
        command that was not carried out."""
        no_room = self._answering.hold_content(meeting, presenter is not None)
        if no_room is None or presenter is None:
            return presenter
        text = f"present: {no_room.code} {no_room.reason}"
        about = {"meeting": meeting, "kind": "refused", "by": OPERATOR.value, "text": text}
        self._tell(now_ns, "control", presenter, **about)
        return None

    def show_content(self, viewer: Call, now_ns: int) -> None:
        """Let a call see the content channel of its meeting."""
        presenter = self._presenters.get(viewer.meeting)
        shown = None if presenter == viewer.participant else presenter
        self._watch("content", viewer.participant, shown, now_ns)

    def show_again(self, viewer: Call, now_ns: int) -> None:
        """Media were added to a call: let it see in them what it is to see."""
        for kind, source in list(viewer.sees.items()):
            self._watch(kind, viewer.participant, source, now_ns)

    def _watch(self, kind: Kind, viewer: str, source: str | None, now_ns: int) -> None:
        call = self._standing(viewer)
        seen = None if source is None else self._standing(source)
        if call is not None:
            call.sees[kind] = source
            self._plane.watch(kind, call.row, NOBODY if seen is None else seen.row, now_ns)

    def _standing(self, participant: str) -> Call | None:
        call = self._book.of(participant)
        return call if call is not None and call.standing else None
