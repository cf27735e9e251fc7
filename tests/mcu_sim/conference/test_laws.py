"""Whatever participants and technicians do: the laws of the floor, of places and of the effects."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mcu_sim.conference import (
    OPERATOR,
    Busy,
    By,
    Conference,
    DialOut,
    Done,
    Effect,
    Ended,
    HangUp,
    Heard,
    Joined,
    Logged,
    Meetings,
    Presenter,
    Refused,
    Relayout,
    Rooms,
    Watch,
    parse,
)
from mcu_sim.sip.registration import Registrar

CHAIR = "gia-nghia"
PEOPLE = [CHAIR, "cu-jut", "dak-mil", "krong-no", "tuy-duc"]
ROOMS = ["giao-ban", "hop", "phong-1"]
MEETINGS = {
    "schema": "giaoban.meetings/1",
    "meeting": [
        {
            "id": "giao-ban",
            "name": "Briefing",
            "pattern": "province-districts",
            "chair": CHAIR,
            "member": [{"id": who, "uri": f"sip:{who}@10.68.0.2"} for who in PEOPLE[1:]],
            "video": "switched",
        },
        {"id": "hop", "name": "Other", "pattern": "any-bridges", "chair": CHAIR, "layout": "1+5"},
    ],
    "open_rooms": {"video": "switched"},
}

people = st.sampled_from(PEOPLE)
commands = st.fixed_dictionaries(
    {"command": st.sampled_from(["request-to-speak", "withdraw", "mute", "unmute", "present"])},
    optional={"participant": people},
) | st.one_of(
    st.fixed_dictionaries(
        {
            "command": st.sampled_from(["call-to-speak", "end-speech", "drop", "redial"]),
            "participant": people,
        }
    ),
    st.fixed_dictionaries(
        {"command": st.just("call-to-speak"), "participant": people, "also": st.booleans()}
    ),
    st.fixed_dictionaries({"command": st.sampled_from(["mute-all", "queue"])}),
    st.fixed_dictionaries(
        {"command": st.just("layout"), "layout": st.sampled_from(["auto", "1+1", "4x4"])},
        optional={"for": people},
    ),
)


@dataclass
class Listener:
    """Knows nothing but the effects, and which calls have ended."""

    heard: set[str] = field(default_factory=set)
    watching: dict[str, str | None] = field(default_factory=dict)
    pictures: dict[str, Relayout] = field(default_factory=dict)
    presenters: dict[str, str] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    calling: set[tuple[str, str]] = field(default_factory=set)

    def take(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Heard(who, on):
                    assert (who in self.heard) != on
                    (self.heard.add if on else self.heard.remove)(who)
                case Watch(viewer, source):
                    assert self.watching.get(viewer) != source
                    self.watching[viewer] = source
                case Relayout(viewer):
                    assert self.pictures.get(viewer) != effect
                    self.pictures[viewer] = effect
                case Presenter(meeting, who):
                    assert self.presenters.get(meeting) != who
                    self.presenters.pop(meeting, None)
                    if who is not None:
                        self.presenters[meeting] = who
                case HangUp(who):
                    self.pictures.pop(who, None)
                    self.calling = {call for call in self.calling if call[1] != who}
                case DialOut(meeting, who):
                    assert (meeting, who) not in self.calling
                    self.calling.add((meeting, who))
                case Ended(meeting):
                    self.ended.add(meeting)
                case Logged(_, kind, by, _, _):
                    assert kind != "refused" or by


class Device(RuleBasedStateMachine):
    """One device with three meetings, a listener, and a simple account of who may be heard."""

    def __init__(self) -> None:
        super().__init__()
        self.device = Rooms(Meetings.model_validate(MEETINGS), 0.0, Registrar().uri_of)
        self.listener = Listener()
        self.now_ms = 0.0
        self.home: dict[str, str | None] = dict.fromkeys(PEOPLE)
        self.muted: set[str] = set()
        self.self_muted: set[str] = set()
        self.called: dict[str, list[str]] = {room: [] for room in ROOMS}
        self.queue: dict[str, list[str]] = {room: [] for room in ROOMS}

    def then(self, effects: list[Effect]) -> None:
        self.listener.take(effects)
        self.now_ms += 20
        for who in PEOPLE:
            if self.device.meeting_of(who) != self.home[who]:
                self.home[who] = self.device.meeting_of(who)
                self.muted.discard(who)
                self.self_muted.discard(who)
                for names in (*self.called.values(), *self.queue.values()):
                    if who in names:
                        names.remove(who)

    @initialize(room=st.sampled_from(ROOMS))
    def begin(self, room: str) -> None:
        for who in PEOPLE:
            self.join(who, room)

    @rule(who=people, room=st.sampled_from(ROOMS))
    def join(self, who: str, room: str) -> None:
        before = self.conference_of(who)
        decision, effects = self.device.join(room, who, self.now_ms)
        if not isinstance(decision, Joined):
            assert effects == []
        if isinstance(decision, Busy):
            assert before is not None
            assert who in before.live
        else:
            self.listener.calling.discard((room, who))
        self.then(effects)

    @rule(who=people)
    def hang_up(self, who: str) -> None:
        self.listener.pictures.pop(who, None)
        self.then(self.device.left(who))

    @rule(who=people)
    def lose(self, who: str) -> None:
        queue = [conference.queue for conference in self.device]
        called = [conference.called for conference in self.device]
        self.listener.pictures.pop(who, None)
        self.then(self.device.lost(who))
        assert queue == [conference.queue for conference in self.device]
        assert called == [conference.called for conference in self.device]

    @rule(who=people, room=st.sampled_from(ROOMS))
    def no_answer(self, who: str, room: str) -> None:
        self.listener.calling.discard((room, who))
        self.then(self.device.dial_failed(room, who, "no answer"))

    @rule(powers=st.dictionaries(people, st.sampled_from([0.0, 1e6, 1e8])), ticks=st.integers(1, 9))
    def speak(self, powers: dict[str, float], ticks: int) -> None:
        for _ in range(ticks):
            self.now_ms += 200
            self.then(self.device.voice(powers, self.now_ms))

    @rule(by=people, fields=commands)
    def technician_of_a_bridge(self, by: str, fields: dict[str, Any]) -> None:
        home = self.conference_of(by)
        if home is not None and by == home.meeting.chair:
            self.tell(by, fields, home)
            return
        mine = [f for f in ("participant", "for") if fields.get(f, by) != by]
        before = self.all_but(by)
        answer, effects = self.tell(by, fields, home)
        # a branch never changes anything of another (Art. 16(2)c)
        assert before == self.all_but(by)
        assert all(isinstance(e, Heard) and e.participant == by for e in effects[:-1])
        if mine or fields["command"] not in ("request-to-speak", "withdraw", "mute", "unmute"):
            assert isinstance(answer, Refused)
            assert answer.code == 403
            assert [e.kind for e in effects if isinstance(e, Logged)] == ["refused"]

    @rule(who=people, fields=commands)
    def technician_of_a_chair(self, who: str, fields: dict[str, Any]) -> None:
        home = self.conference_of(who)
        if home is not None:
            self.tell(home.meeting.chair, fields, self.conference_of(home.meeting.chair))

    @rule(who=people, presents=st.booleans())
    def ask_and_be_called(self, who: str, presents: bool) -> None:
        home = self.conference_of(who)
        if home is not None:
            self.tell(who, {"command": "request-to-speak"}, home)
            chair = {"command": "call-to-speak", "participant": who, "also": True}
            self.tell(home.meeting.chair, chair, self.conference_of(home.meeting.chair))
            if presents:
                chair = {"command": "present", "participant": who}
                self.tell(home.meeting.chair, chair, self.conference_of(home.meeting.chair))

    @rule(room=st.sampled_from(ROOMS), seldom=st.integers(0, 9))
    def end(self, room: str, seldom: int) -> None:
        if seldom == 0:
            home = next((one for one in self.device if one.meeting.id == room), None)
            self.tell(OPERATOR, {"command": "end-meeting"}, home, room)

    @rule(fields=commands, room=st.sampled_from(ROOMS))
    def technician_of_the_device(self, fields: dict[str, Any], room: str) -> None:
        home = next((one for one in self.device if one.meeting.id == room), None)
        answer, _ = self.tell(OPERATOR, fields, home, room)
        if home is None:
            assert answer.code == 404

    def tell(
        self, by: By, fields: dict[str, Any], home: Conference | None, room: str | None = None
    ) -> tuple[Any, list[Effect]]:
        command = parse(json.dumps(fields).encode())
        seated = [] if home is None else [*home.live, *home.away]
        answer, effects = self.device.command(by, command, self.now_ms, room)
        if isinstance(answer, Done) and home is not None:
            self.account(by, fields, home, seated)
        if isinstance(answer, Refused):
            assert [type(effect) for effect in effects] == [Logged]
        for effect in effects:
            if isinstance(effect, HangUp):
                self.device.left(effect.participant)  # the call ends afterwards
        self.then(effects)
        return answer, effects

    def account(self, by: By, fields: dict[str, Any], home: Conference, seated: list[str]) -> None:
        who = fields.get("participant", by)
        called, queue = self.called[home.meeting.id], self.queue[home.meeting.id]
        match fields["command"]:
            case "request-to-speak":
                chair = home.meeting.floor == "chair" and who == home.meeting.chair
                if who not in (*queue, *called) and not chair:
                    queue.append(who)
            case "withdraw":
                if who in queue:
                    queue.remove(who)
            case "mute":
                (self.self_muted if who == by else self.muted).add(who)
            case "unmute":
                if who == by:
                    self.self_muted.discard(who)
                if who != by or by == home.meeting.chair:
                    self.muted.discard(who)
            case "mute-all":
                self.muted |= set(seated) - {home.meeting.chair}
            case "call-to-speak":
                self.muted.discard(who)
                if who in queue:
                    queue.remove(who)
                if home.meeting.floor == "chair":
                    kept = [one for one in called if fields.get("also") and one != who]
                    called[:] = [*kept, who]
            case "end-speech":
                called.remove(who)

    def conference_of(self, who: str) -> Conference | None:
        return next((one for one in self.device if who in one), None)

    def all_but(self, who: str) -> list[Any]:
        return [
            (
                one.meeting.id,
                one.live,
                one.away,
                one.called,
                one.presenter,
                one.ended,
                [p for p in one.heard if p != who],
                [request for request in one.queue if request.participant != who],
            )
            for one in self.device
        ]

    @invariant()
    def heard_is_who_may_be(self) -> None:
        heard = set()
        for one in self.device:
            for who in one.live:
                floor = one.meeting.floor == "open" or who == one.meeting.chair
                speaks = floor or who in self.called[one.meeting.id]
                if speaks and who not in self.muted | self.self_muted:
                    heard.add(who)
            assert list(one.called) == self.called[one.meeting.id]
        assert self.listener.heard == heard == {who for one in self.device for who in one.heard}

    @invariant()
    def each_has_one_place(self) -> None:
        seats = [who for one in self.device for who in (*one.live, *one.away)]
        assert len(seats) == len(set(seats))
        for one in self.device:
            assert not (one.ended and (one.live or one.away))
            assert (
                one.ended == (one.meeting.id in self.listener.ended) or one.meeting.id == ROOMS[2]
            )
            waiting = [request.participant for request in one.queue]
            assert waiting == self.queue[one.meeting.id]
            assert len(waiting) == len(set(waiting))
            assert set(waiting) | set(one.called) <= {*one.live, *one.away}
            assert not set(waiting) & set(one.called)
            if one.presenter is not None:
                assert one.presenter in one.live
                speakers = (one.meeting.chair, *one.called)
                assert one.meeting.floor == "open" or one.presenter in speakers
            assert self.listener.presenters.get(one.meeting.id) == one.presenter

    @invariant()
    def the_listener_knows_who_watches_whom(self) -> None:
        live = {who: one for one in self.device for who in one.live}
        for who in PEOPLE:
            one, source = live.get(who), self.listener.watching.get(who)
            if one is None or one.meeting.video != "switched":
                assert source is None
                continue
            assert source != who
            assert source is None or source in one.live
            if who != one.speaker:
                assert source == one.speaker
            elif len(one.live) > 1:
                assert source is not None
        seen = {who for who, one in live.items() if one.meeting.video == "presence"}
        assert set(self.listener.pictures) == seen
        for who, picture in self.listener.pictures.items():
            cells = [cell for cell in picture.cells if cell is not None]
            assert len(cells) == len(set(cells))
            others = {*live[who].live, *live[who].away} - {who}
            assert set(cells) <= others
            assert len(cells) == min(len(others), len(picture.cells))


TestDevice = Device.TestCase
TestDevice.settings = settings(max_examples=150, stateful_step_count=40)
