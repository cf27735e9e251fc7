"""When each bridge is in its meeting, and what it sees: dialling, admission, commands, failures.

Nothing is signalled. A call is set up in the time that its messages take through the idle network,
if both ends have power and a way to each other; capacity and meetings are the device's own rules
(`giaoban.mcu_sim.admission`, `giaoban.mcu_sim.conference`).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Literal

import numpy as np

from giaoban.clock import NEVER_NS
from giaoban.mcu_sim.admission import Capacity
from giaoban.mcu_sim.conference.commands import BUSY, Command, CommandRejected
from giaoban.mcu_sim.conference.effects import (
    OPERATOR,
    DialOut,
    Effect,
    HangUp,
    JoinAccepted,
    JoinRefused,
    LogEntry,
    MeetingEnded,
    SelectSource,
    SetLayout,
    SetPresenter,
)
from giaoban.mcu_sim.conference.meeting import Meetings
from giaoban.mcu_sim.conference.rooms import Rooms
from giaoban.mcu_sim.device import AUDIO
from giaoban.mcu_sim.media.leg import NOBODY, Kind
from giaoban.scenarios.bridge.power import Power
from giaoban.scenarios.bridge.recovery import Redialling
from giaoban.scenarios.estimate.ways import Span, Ways, merged
from giaoban.scenarios.plan.plan import GRACE_S, Plan
from giaoban.scenarios.records.events import Event, made
from giaoban.scenarios.spec.scenario import Control
from giaoban.traffic.sources.talk_spurts import Speech

SETUP_BYTES = 950
"""Of an INVITE and of its answer on the wire, on average."""
T1_NS = 500_000_000
"""RFC 3261 §17.1.1.1: a request without an answer is sent again after this, then twice as long."""
TIMER_B = 64
"""T1 until a request is given up (§17.1.1.2)."""
NO_ANSWER = 408
SILENT_NS = 2_000_000_000
"""A bridge has sent no packet for so long before the MCU gives its place to its new call."""
HEARD_EVERY_NS = 20_000_000
"""Sound comes so often: what was heard last may be that old."""
HEAR_EVERY_NS = 200_000_000
"""How often the MCU looks who speaks."""
TALK_POWER = 1e6
"""Mean square of speech, of 16-bit samples: about −30 dBov."""
LOGGED_ELSEWHERE = ("joined", "rejoined", "left", "lost", "dialled", "dial-failed")
"""Kinds of log entries for which a `joined`, `left` or `dial-failed` event holds more."""
KEEPS_PLACE = ("media-lost", "replaced")
"""Causes of an end by which a bridge's place is kept (Art. 15(2)b)."""


@dataclass
class Call:
    """One call of a bridge.

    Attributes:
        row: the bridge's number among the plan's calls.
        kinds: its media.
        bridge_from_ns, bridge_to_ns: in which the bridge sends and receives.
        mcu_from_ns, mcu_to_ns: the same of the MCU; it may notice an end later, or never.
    """

    row: int
    kinds: tuple[Kind, ...]
    bridge_from_ns: int
    mcu_from_ns: int
    bridge_to_ns: int = NEVER_NS
    mcu_to_ns: int = NEVER_NS


@dataclass(frozen=True)
class Turn:
    """From a moment on a viewer's forwarded picture is another source's (`NOBODY`: none)."""

    at_ns: int
    kind: Kind
    viewer: int
    source: int


@dataclass
class Timetable:
    """All calls of a meeting.

    Attributes:
        calls: in the order in which they began.
        events: of bridges and MCU, in order of time.
        turns: of forwarded pictures, in order of time.
        relayouts: (ns, row): a composed picture is arranged anew.
        deaf: path → spans in which the device at its end takes no packets: without power, or after
            it gave its call up.
        calls_left, units_left: what the MCU still holds at the end.
    """

    calls: list[Call] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    relayouts: list[tuple[int, int]] = field(default_factory=list)
    deaf: dict[int, list[Span]] = field(default_factory=dict)
    calls_left: int = 0
    units_left: float = 0.0


def timetable(plan: Plan, ways: Ways) -> Timetable:
    """Return all calls of a plan's meeting, until the plan's end."""
    return _Meeting(plan, ways).run()


class _Meeting:
    def __init__(self, plan: Plan, ways: Ways) -> None:
        self._plan, self._ways = plan, ways
        self._found = Timetable()
        self._agenda: list[tuple[int, int, Callable[[int], None]]] = []
        self._count = 0
        self._row_of = {call.bridge: row for row, call in enumerate(plan.calls)}
        self._redials = [
            Redialling(plan.recovery, 0, row, plan.seed) for row in range(len(plan.calls))
        ]
        self._wanted = [True] * len(plan.calls)
        self._attempt = [0] * len(plan.calls)
        self._at_bridge: dict[int, Call] = {}
        self._at_mcu: dict[int, Call] = {}
        self._deaf_since: dict[int, int] = {}
        self._ringing: dict[int, str] = {}
        """Row → meeting, of bridges that the MCU calls."""
        self._bridge_off = [Power.of(c.bridge, plan.outages, 0).gaps for c in plan.calls]
        self._mcu_off = Power.of(plan.network.mcu.id, plan.outages, 0).gaps
        self._waiting: list[Callable[[int], None]] = []
        """Actions of the technician at the console that wait until the MCU has power."""
        self._starts = 0
        self._speech = [
            Speech(plan.speech, plan.streams[call.up["audio"]].seed + 4) for call in plan.calls
        ]
        self._start_mcu()

    def _start_mcu(self) -> None:
        plan = self._plan
        meetings = Meetings(schema="giaoban.meetings/1", meeting=plan.meetings)
        self._rooms = Rooms(meetings, lambda _who, _now: None)
        self._capacity = Capacity(plan.device)
        self._open: set[str] = set()
        self._presenters: dict[str, str | None] = {}
        self._showing: set[str] = set()

    def run(self) -> Timetable:
        plan, at = self._plan, self._at
        for row, call in enumerate(plan.calls):
            if plan.dial == "in":
                at(round(call.dial_s * 1e9), partial(self._dial, row))
            for off_ns, on_ns in self._bridge_off[row]:
                at(off_ns, partial(self._switch_off, row))
                at(on_ns, partial(self._switch_on, row))
        for control in plan.controls:
            at(round(control.at_s * 1e9), partial(self._control, control))
        for off_ns, on_ns in self._mcu_off:
            at(off_ns, self._switch_mcu_off)
            at(on_ns, self._switch_mcu_on)
        at(round(plan.hang_up_s * 1e9), self._hang_up)
        if plan.recovery is not None:
            at(round((plan.hang_up_s + GRACE_S) * 1e9), self._close)
        if any(meeting.floor == "open" for meeting in plan.meetings):
            at(0, self._listen)
        end_ns = round(plan.end_s * 1e9)
        while self._agenda and self._agenda[0][0] < end_ns:
            at_ns, _, action = heapq.heappop(self._agenda)
            action(at_ns)
        for path in list(self._deaf_since):
            self._hear(path, NEVER_NS)
        found = self._found
        found.events.sort(key=lambda e: getattr(e, "t_ms", 0.0))
        found.turns.sort(key=lambda turn: turn.at_ns)
        found.calls_left = len(self._at_mcu)
        found.units_left = self._capacity.units_used
        return found

    def _at(self, at_ns: int, action: Callable[[int], None]) -> None:
        heapq.heappush(self._agenda, (at_ns, self._count, action))
        self._count += 1

    def _hear(self, path: int, now_ns: int) -> None:
        if (since_ns := self._deaf_since.pop(path, None)) is not None:
            self._found.deaf.setdefault(path, []).append((since_ns, now_ns))

    # ---------------------------------------------------------------------------------- set-up

    def _way_ns(self, path: int) -> int:
        return self._ways.delay_ns(path, SETUP_BYTES)

    def _meet(self, row: int, now_ns: int) -> bool:
        """Return whether a bridge and the MCU reach each other and both have power."""
        ways = self._ways
        off = (*self._mcu_off, *self._bridge_off[row])
        return (
            not any(a <= now_ns < b for a, b in off)
            and ways.alive(2 * row, now_ns)
            and ways.alive(2 * row + 1, now_ns)
        )

    def _dial(self, row: int, now_ns: int) -> None:
        if self._has_no_power(row, now_ns):
            return
        self._redials[row].calls(now_ns)
        self._attempt[row] += 1
        self._invite(row, self._attempt[row], now_ns, T1_NS, now_ns)
        self._persevere_later(row)

    def _invite(self, row: int, attempt: int, dialled_ns: int, wait_ns: int, now_ns: int) -> None:
        if attempt != self._attempt[row] or not self._wanted[row]:
            return
        if self._meet(row, now_ns):
            self._answer(row, dialled_ns, now_ns + self._way_ns(2 * row))
        elif now_ns + wait_ns < dialled_ns + TIMER_B * T1_NS:
            again = partial(self._invite, row, attempt, dialled_ns, 2 * wait_ns)
            self._at(now_ns + wait_ns, again)
        else:
            self._redials[row].refused(None)
            self._tell(dialled_ns + TIMER_B * T1_NS, "bridge", row, "timed-out")

    def _answer(self, row: int, dialled_ns: int, now_ns: int) -> None:
        """The MCU answers an INVITE."""
        call, who, rooms = self._plan.calls[row], self._id(row), self._rooms
        decision = rooms.admits(call.meeting, who)
        old = self._at_mcu.get(row)
        if old is not None and isinstance(decision, JoinRefused) and decision.code == BUSY:
            if self._silent_ns(row, now_ns) < SILENT_NS:
                self._refuse(row, decision.code, decision.reason, now_ns)
                return
            self._leave(old, "replaced", now_ns)
            decision = rooms.admits(call.meeting, who)
            self._at(now_ns + T1_NS, partial(self._answer, row, dialled_ns))
            return
        if not isinstance(decision, JoinAccepted):
            self._refuse(row, decision.code, decision.reason, now_ns)
            return
        admission = self._admit(row, self._plan.line_kbps)
        if isinstance(admission, tuple):
            self._refuse(row, *admission, now_ns)
            return
        set_up_ns = now_ns + self._way_ns(2 * row + 1)
        self._redials[row].stands(set_up_ns)
        setup_ms = round((set_up_ns - dialled_ns) / 1e6, 3)
        self._tell(set_up_ns, "bridge", row, "connected", setup_ms=setup_ms)
        self._begin(row, admission, set_up_ns, set_up_ns + self._way_ns(2 * row))

    def _admit(self, row: int, kbps: float | None) -> tuple[int, str] | dict[str, str]:
        """Take a call's capacity. Return the step down that it was given, or a refusal's code and
        reason."""
        plan, device, meeting = self._plan, self._plan.device, self._plan.calls[row].meeting
        if meeting not in self._open:
            if not self._capacity.open_conference(meeting):
                return device.refusal.code, device.refusal.reason
            self._open.add(meeting)
        asked = plan.profile.resolution
        found = self._capacity.admit(self._id(row), asked, kbps, meeting)
        if not found.accepted:
            self._close_if_empty(meeting)
            return found.code, found.reason
        if not found.stepped_down:
            return {}
        return {"asked": asked, "given": found.given or "", "reason": found.reason}

    def _close_if_empty(self, meeting: str) -> None:
        if not any(
            self._capacity.holds(c.bridge) for c in self._plan.calls if c.meeting == meeting
        ):
            self._open.discard(meeting)
            self._capacity.close_conference(meeting)

    def _refuse(self, row: int, code: int, reason: str, now_ns: int) -> None:
        self._redials[row].refused(code)
        at_ns = now_ns + self._way_ns(2 * row + 1)
        self._tell(at_ns, "bridge", row, "refused", code=code, reason=reason)
        self._persevere_later(row)

    def _begin(
        self,
        row: int,
        less: dict[str, str],
        set_up_ns: int,
        joined_ns: int,
        setup_ms: float | None = None,
    ) -> None:
        plan = self._plan
        planned = plan.calls[row]
        kinds: tuple[Kind, ...] = ("audio", "video")
        if "content" in planned.up or "content" in planned.down:
            kinds = (*kinds, "content")
        if less.get("given") == AUDIO:
            kinds = ("audio",)
        call = Call(row, kinds, set_up_ns, joined_ns)
        self._found.calls.append(call)
        self._at_bridge[row] = call
        self._hear(2 * row + 1, set_up_ns)
        self._at(joined_ns, partial(self._join, call, less, setup_ms))
        self._watch(call)

    def _join(self, call: Call, less: dict[str, str], setup_ms: float | None, now_ns: int) -> None:
        row, who = call.row, self._id(call.row)
        decision, effects = self._rooms.join(self._plan.calls[row].meeting, who)
        if not isinstance(decision, JoinAccepted):  # the meeting ended meanwhile
            call.bridge_to_ns = call.mcu_to_ns = now_ns
            return
        self._at_mcu[row] = call
        self._hear(2 * row, now_ns)
        where = {
            "meeting": self._plan.calls[row].meeting,
            "host": self._plan.network.address(who),
        }
        self._tell(now_ns, "mcu", row, "joined", **where, setup_ms=setup_ms, **less)
        self._carry_out(effects, now_ns)
        self._show_content(row, now_ns)

    # ------------------------------------------------------------------------------------- ends

    def _watch(self, call: Call) -> None:
        """Let a bridge give its call up when no media has come for too long."""
        recovery = self._plan.recovery
        if recovery is None:
            return
        timeout_ns = round(recovery.media_timeout_s * 1e9)
        silent = merged(self._unheard(call))
        since = ((max(a, call.bridge_from_ns), b) for a, b in silent)
        lost = [a + timeout_ns for a, b in since if b - a > timeout_ns]
        if lost:
            self._at(min(lost) - HEARD_EVERY_NS, partial(self._lose_media, call))

    def _unheard(self, call: Call) -> Iterable[Span]:
        yield from self._ways.dead(2 * call.row + 1)
        yield from ((off, NEVER_NS) for off, _ in self._mcu_off if off >= call.bridge_from_ns)
        if call.mcu_to_ns < NEVER_NS:
            yield call.mcu_to_ns, NEVER_NS

    def _lose_media(self, call: Call, now_ns: int) -> None:
        row = call.row
        if self._at_bridge.get(row) is not call:
            return
        self._drop(call, now_ns)
        self._deaf_since.setdefault(2 * row + 1, now_ns)
        self._redials[row].ends(now_ns)
        self._tell(now_ns, "bridge", row, "media-lost")
        self._persevere_later(row)

    def _drop(self, call: Call, now_ns: int) -> None:
        """End a bridge's call; its BYE comes to the MCU if there is a way."""
        self._at_bridge.pop(call.row, None)
        call.bridge_to_ns = now_ns
        if self._meet(call.row, now_ns):
            at_ns = now_ns + self._way_ns(2 * call.row)
            self._at(at_ns, partial(self._leave, call, "bye"))

    def _persevere_later(self, row: int) -> None:
        redial = self._redials[row]
        if row not in self._at_bridge and redial.next_ns < NEVER_NS:
            self._at(redial.next_ns, partial(self._persevere, row))

    def _persevere(self, row: int, now_ns: int) -> None:
        redial = self._redials[row]
        if row in self._at_bridge or not self._wanted[row] or redial.due(now_ns) != "dial":
            return
        self._redial(row, now_ns)

    def _redial(self, row: int, now_ns: int) -> None:
        self._tell(now_ns, "bridge", row, "redial", attempt=self._redials[row].attempts)
        self._dial(row, now_ns)

    def _silent_ns(self, row: int, now_ns: int) -> int:
        """Return how long no packet has come of a bridge's call that stands at the MCU."""
        call = self._at_mcu[row]
        spans = [*self._ways.dead(2 * row), *self._bridge_off[row]]
        if call.bridge_to_ns < NEVER_NS:
            spans.append((call.bridge_to_ns, NEVER_NS))
        since = [a for a, b in merged(spans) if a <= now_ns < b or now_ns - SILENT_NS < b <= now_ns]
        return now_ns - min(since) if since else 0

    def _leave(self, call: Call, cause: str, now_ns: int) -> None:
        """The MCU's side of a call ends."""
        row, who = call.row, self._id(call.row)
        if self._at_mcu.get(row) is not call:
            return
        del self._at_mcu[row]
        call.mcu_to_ns = now_ns
        meeting = self._plan.calls[row].meeting
        self._capacity.release(who)
        self._close_if_empty(meeting)
        self._left(call, cause, now_ns)
        leave = self._rooms.lost if cause in KEEPS_PLACE else self._rooms.left
        self._carry_out(leave(who), now_ns)

    def _left(self, call: Call, cause: str, now_ns: int) -> None:
        meeting = self._plan.calls[call.row].meeting
        lasted_s = round((now_ns - call.mcu_from_ns) / 1e9, 3)
        told = {"cause": cause, "meeting": meeting, "lasted_s": lasted_s}
        self._tell(now_ns, "mcu", call.row, "left", **told)

    def _put_out(self, row: int, now_ns: int) -> None:
        """The MCU ends a call."""
        call = self._at_mcu.get(row)
        if call is None:
            return
        self._leave(call, "put-out", now_ns)
        if self._meet(row, now_ns) and self._at_bridge.get(row) is call:
            at_ns = now_ns + self._way_ns(2 * row + 1)
            del self._at_bridge[row]
            call.bridge_to_ns = at_ns
            self._redials[row].ends(at_ns)
            self._tell(at_ns, "bridge", row, "ended-by-mcu")
            self._persevere_later(row)
        elif self._at_bridge.get(row) is call:
            self._watch(call)

    def _hang_up(self, now_ns: int) -> None:
        for row in range(len(self._plan.calls)):
            self._wanted[row] = False
            self._redials[row].stop()
            if (call := self._at_bridge.get(row)) is not None:
                self._drop(call, now_ns)

    def _close(self, now_ns: int) -> None:
        """Some bridges cannot hang up: the MCU closes its meetings."""
        if self._has_no_mcu(now_ns):
            self._waiting.append(self._close)
            return
        for conference in list(self._rooms):
            self._carry_out(conference.end("The meeting is over"), now_ns)
        for row in list(self._at_mcu):
            self._put_out(row, now_ns)

    # ------------------------------------------------------------------------------------ power

    def _has_no_power(self, row: int, now_ns: int) -> bool:
        return any(a <= now_ns < b for a, b in self._bridge_off[row])

    def _has_no_mcu(self, now_ns: int) -> bool:
        return any(a <= now_ns < b for a, b in self._mcu_off)

    def _switch_off(self, row: int, now_ns: int) -> None:
        if (call := self._at_bridge.pop(row, None)) is not None:
            call.bridge_to_ns = now_ns
        self._attempt[row] += 1
        self._deaf_since.setdefault(2 * row + 1, now_ns)
        self._redials[row].stop()
        self._tell(now_ns, "bridge", row, "powered-off")

    def _switch_on(self, row: int, now_ns: int) -> None:
        plan, redial = self._plan, self._redials[row]
        self._tell(now_ns, "bridge", row, "powered-on")
        due = plan.dial == "in" and now_ns >= round(plan.calls[row].dial_s * 1e9)
        if self._wanted[row] and (due or redial.was_in):
            redial.attempts += 1
            self._redial(row, now_ns)

    def _switch_mcu_off(self, now_ns: int) -> None:
        self._capacity = Capacity(self._plan.device)
        for row in range(len(self._plan.calls)):
            self._deaf_since.setdefault(2 * row, now_ns)
        for row, call in list(self._at_mcu.items()):
            del self._at_mcu[row]
            call.mcu_to_ns = now_ns
            self._left(call, "power-lost", now_ns)
        self._tell(now_ns, "mcu", None, "powered-off")

    def _switch_mcu_on(self, now_ns: int) -> None:
        self._tell(now_ns, "mcu", None, "powered-on")
        self._start_mcu()
        waiting, self._waiting = self._waiting, []
        for action in waiting:
            action(now_ns)

    # --------------------------------------------------------------------------------- commands

    def _control(self, control: Control, now_ns: int) -> None:
        if control.by == OPERATOR.value:
            if self._has_no_mcu(now_ns):
                self._waiting.append(partial(self._control, control))
                return
            meeting = self._plan.meeting_of_control(control)
            _, effects = self._rooms.command(OPERATOR, control.do, now_ns / 1e6, meeting)
            self._carry_out(effects, now_ns)
            return
        row = self._row_of[control.by]
        if row not in self._at_bridge:
            command = control.do.command
            self._tell(now_ns, "bridge", row, "command-without-call", command=command)
        elif self._meet(row, now_ns):
            at_ns = now_ns + self._way_ns(2 * row)
            self._at(at_ns, partial(self._commanded, row, control.do))

    def _commanded(self, row: int, command: Command, now_ns: int) -> None:
        if row not in self._at_mcu:
            return
        answer, effects = self._rooms.command(self._id(row), command, now_ns / 1e6)
        if isinstance(answer, CommandRejected):
            at_ns = now_ns + self._way_ns(2 * row + 1)
            self._tell(at_ns, "bridge", row, "command-refused", code=answer.code)
        self._carry_out(effects, now_ns)

    def _listen(self, now_ns: int) -> None:
        """Under an open floor the picture follows the voice."""
        if not self._has_no_mcu(now_ns):
            powers = {self._id(row): self._power(row, now_ns) for row in self._at_mcu}
            self._carry_out(self._rooms.voice(powers, now_ns / 1e6), now_ns)
        if now_ns + HEAR_EVERY_NS < round(self._plan.hang_up_s * 1e9):
            self._at(now_ns + HEAR_EVERY_NS, self._listen)

    def _power(self, row: int, now_ns: int) -> float:
        if self._plan.sound == "tone":
            return TALK_POWER
        heard_ns = now_ns - self._way_ns(2 * row) - round(self._plan.terminal.playout_ms * 1e6)
        talks = self._speech[row].talking(np.array([max(heard_ns, 0)]))
        return TALK_POWER * bool(talks[0])

    def _carry_out(self, effects: Iterable[Effect], now_ns: int) -> None:
        for effect in effects:
            match effect:
                case SelectSource(viewer, source):
                    self._turn("video", self._row_of[viewer], source, now_ns)
                case SetLayout(viewer):
                    if self._row_of[viewer] in self._at_mcu:
                        self._found.relayouts.append((now_ns, self._row_of[viewer]))
                case SetPresenter(meeting, participant):
                    self._presenters[meeting] = self._with_content(meeting, participant, now_ns)
                    for row in self._at_mcu:
                        if self._plan.calls[row].meeting == meeting:
                            self._show_content(row, now_ns)
                case DialOut(meeting, participant):
                    self._dial_out(meeting, participant, now_ns)
                case HangUp(participant):
                    self._ringing.pop(self._row_of[participant], None)
                    self._put_out(self._row_of[participant], now_ns)
                case LogEntry():
                    self._log(effect, now_ns)
                case MeetingEnded(meeting):
                    self._presenters.pop(meeting, None)
                    self._showing.discard(meeting)

    def _log(self, entry: LogEntry, now_ns: int) -> None:
        meeting, vain = entry.meeting or "", False
        if entry.kind == "present" and entry.on:
            vain = self._presenters.get(meeting) != entry.on
            self._showing |= set() if vain else {meeting}
        elif entry.kind == "present":
            vain = meeting not in self._showing
            self._showing.discard(meeting)
        if entry.kind in LOGGED_ELSEWHERE or vain:
            return
        told: dict[str, object] = {"meeting": meeting, "kind": entry.kind, "by": entry.by}
        told |= {"text": entry.text} | ({} if entry.report is None else asdict(entry.report))
        self._tell(now_ns, "mcu", entry.on, "control", **told)

    # ---------------------------------------------------------------------- pictures and content

    def _turn(self, kind: Kind, viewer: int, source: str | None, now_ns: int) -> None:
        call = self._at_mcu.get(viewer)
        if call is None or kind not in call.kinds:
            return
        row = NOBODY if source is None else self._row_of[source]
        row = row if row in self._at_mcu else NOBODY
        self._found.turns.append(Turn(now_ns, kind, viewer, row))

    def _show_content(self, row: int, now_ns: int) -> None:
        presenter = self._presenters.get(self._plan.calls[row].meeting)
        self._turn("content", row, None if presenter == self._id(row) else presenter, now_ns)

    def _with_content(self, meeting: str, presenter: str | None, now_ns: int) -> str | None:
        """Return the presenter; None if the device has no room for content."""
        if meeting not in self._open:
            return presenter
        if presenter is None:
            self._capacity.hide_content(meeting)
        elif not self._capacity.show_content(meeting):
            refusal = self._plan.device.refusal
            text = f"present: {refusal.code} {refusal.reason}"
            entry = LogEntry(meeting, "refused", OPERATOR.value, presenter, text)
            self._log(entry, now_ns)
            return None
        return presenter

    def _dial_out(self, meeting: str, participant: str, now_ns: int) -> None:
        """The MCU calls a bridge."""
        row = self._row_of[participant]
        less = self._admit(row, None)
        if isinstance(less, tuple):
            self._dial_failed(row, *less, now_ns)
            return
        self._ringing[row] = meeting
        self._ring(row, less, now_ns, T1_NS, now_ns)

    def _ring(
        self, row: int, less: dict[str, str], dialled_ns: int, wait_ns: int, now_ns: int
    ) -> None:
        if row not in self._ringing:
            return
        if self._meet(row, now_ns):
            del self._ringing[row]
            answered_ns = now_ns + self._way_ns(2 * row + 1)
            joined_ns = answered_ns + self._way_ns(2 * row)
            self._redials[row].stands(answered_ns)
            self._begin(row, less, answered_ns, joined_ns, round((joined_ns - dialled_ns) / 1e6, 3))
        elif now_ns + wait_ns < dialled_ns + TIMER_B * T1_NS:
            self._at(now_ns + wait_ns, partial(self._ring, row, less, dialled_ns, 2 * wait_ns))
        else:
            del self._ringing[row]
            self._capacity.release(self._id(row))
            self._dial_failed(row, NO_ANSWER, "No answer", now_ns)

    def _dial_failed(self, row: int, code: int, reason: str, now_ns: int) -> None:
        who, meeting = self._id(row), self._plan.calls[row].meeting
        self._tell(now_ns, "mcu", row, "dial-failed", code=code, reason=reason)
        self._carry_out(self._rooms.dial_failed(meeting, who, reason), now_ns)

    # ------------------------------------------------------------------------------------ events

    def _id(self, row: int) -> str:
        return self._plan.calls[row].bridge

    def _tell(
        self,
        now_ns: int,
        who: Literal["mcu", "bridge"],
        of: int | str | None,
        event: str,
        **details: object,
    ) -> None:
        """Add an event of the MCU or a bridge, about a bridge (row or id; None: the MCU)."""
        about = self._plan.network.mcu.id if of is None else of
        bridge = self._id(about) if isinstance(about, int) else about
        told = {"t_ms": round(now_ns / 1e6, 3), "who": who, "event": event, "bridge": bridge}
        if who == "mcu" and of is not None:
            held = self._capacity
            details |= {"units": held.units_used, "ports": held.ports_used, "use": asdict(held.use)}
        self._found.events.append(made(**told, **details))
