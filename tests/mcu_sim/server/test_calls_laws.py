"""Whatever bridges do, in any order: nobody is in twice, and nothing is left in the end."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from giaoban.mcu_sim.accounts import Accounts
from giaoban.mcu_sim.conference import commands
from giaoban.mcu_sim.conference.commands import CONTROL_TYPE
from giaoban.mcu_sim.sdp import Direction
from giaoban.mcu_sim.sip.call import CallState
from giaoban.mcu_sim.sip.events import InfoAnswered
from tests.laws import examples
from tests.loopback import local_address
from tests.mcu_sim.harness_bridge import Bridge
from tests.mcu_sim.mcu_harness import McuHarness
from tests.mcu_sim.rights import may
from tests.mcu_sim.server_factory import device, meeting_of, meetings, planned_streams

MCU = local_address(83)
CHAIR, WEST, EAST, NORTH = MEMBERS = ("chair", "west", "east", "north")
TELECOM = "telecom"
HOSTS = {who: local_address(84, n) for n, who in enumerate((*MEMBERS, "guest", TELECOM), 1)}
ACCOUNTS = Accounts.model_validate(
    {
        "schema": "giaoban.accounts/1",
        "account": [
            {"user": who, "password": "secret"}
            | ({"role": "telecom-technician"} if who == TELECOM else {})
            for who in HOSTS
        ],
    }
)
MEETINGS = ("meeting", "called", "room", "nowhere")
BROKEN = (None, b"v=0\r\n", b"\xff")
"""In place of a description; None: the right one."""

bridges = st.sampled_from(tuple(HOSTS))
REPORT = {"command": "report-interruption", "cause": "a", "remedy": "b", "expected_min": 1}
asked = st.fixed_dictionaries(
    {"command": st.sampled_from(("mute", "unmute", "request-to-speak", "queue", "state"))}
) | st.fixed_dictionaries(
    {
        "command": st.sampled_from(("call-to-speak", "end-speech", "drop", "redial", "mute")),
        "participant": bridges,
    }
)
more_asked = (
    st.fixed_dictionaries({"command": st.sampled_from(("mute-all", "end-meeting"))})
    | st.fixed_dictionaries({**{key: st.just(said) for key, said in REPORT.items()}})
    | st.fixed_dictionaries(
        {
            "command": st.just("permit"),
            "participant": bridges,
            "do": st.sampled_from(("drop", "redial", "mute")),
            "on": bridges,
        }
    )
)


class CallsOfHarness(RuleBasedStateMachine):
    """Five bridges, one of which is no member, a telecom technician (where there are accounts), and
    a device with room for two pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.harness: Any = None

    @initialize(
        seated=st.booleans(),
        secure=st.booleans(),
        known=st.booleans(),
        gathered=st.sampled_from(((), (TELECOM, CHAIR, WEST))),
    )
    def begin(self, seated: bool, secure: bool, known: bool, gathered: tuple[str, ...]) -> None:
        listed = [{"id": who, "uri": f"sip:{who}@{HOSTS[who]}"} for who in (CHAIR, EAST, NORTH)]
        held = meetings(
            meeting_of(MEMBERS, video="switched"),
            {"id": "called", "chair": CHAIR, "member": listed, "opens_s": 20.0, "dial": "out"}
            | {"floor": "chair"},
            rooms={"prefix": "room"},
        )
        self.harness = McuHarness(
            MCU,
            held,
            planned_streams=planned_streams((CHAIR, WEST)) if seated else {},
            guests=3,
            device=device(capacity={"units_total": 7.0}),
            encrypted=secure,
            accounts=ACCOUNTS if known else None,
        )
        self.observers = {TELECOM} if known else set()
        password = "secret" if known else None
        self.bridges = {
            who: Bridge(
                self.harness, who, host, secure=secure, session_expires_s=90, password=password
            )
            for who, host in HOSTS.items()
        }
        for who in gathered:
            self.dial(who, "meeting", None, settled=True)

    @rule(
        who=bridges,
        meeting=st.sampled_from(MEETINGS),
        offer=st.sampled_from(BROKEN),
        settled=st.booleans(),
    )
    def dial(self, who: str, meeting: str, offer: bytes | None, settled: bool) -> None:
        one = self.bridges[who]
        if one.agent.state(one.call) is CallState.DONE:
            if offer is None:
                # what a call on hold had is not what a new one begins with
                one.local = one.offer("audio", "video", "content")
            if settled:
                one.dial(meeting, offer=offer)
            else:
                settle, self.harness.settle = self.harness.settle, lambda: None
                one.dial(meeting, offer=offer)
                self.harness.settle = settle

    @rule(who=bridges)
    def hang_up(self, who: str) -> None:
        """In whatever state the call is."""
        self.bridges[who].hang_up()

    @rule(who=bridges, direction=st.sampled_from(tuple(Direction)))
    def hold(self, who: str, direction: Direction) -> None:
        one = self.bridges[who]
        if one.agent.state(one.call) is CallState.ESTABLISHED and one.agreed:
            try:
                one.reoffer(direction=direction)
            except ValueError as error:
                assert "on its way" in str(error)  # noqa: PT017 - the line was cut meanwhile

    @rule(who=bridges)
    def cut_or_mend(self, who: str) -> None:
        self.bridges[who].cut = not self.bridges[who].cut

    @rule(who=bridges, answers=st.booleans(), refuses=st.sampled_from((None, 486, 603)))
    def change_its_mind(self, who: str, answers: bool, refuses: int | None) -> None:
        self.bridges[who].answers, self.bridges[who].refuses = answers, refuses

    @rule(who=bridges, answer=st.sampled_from(BROKEN))
    def answer_with(self, who: str, answer: bytes | None) -> None:
        self.bridges[who].answers_with = answer

    @rule(seconds=st.sampled_from((0.1, 3.0, 20.0, 40.0, 100.0, 200.0)))
    def wait(self, seconds: float) -> None:
        self.harness.wait(seconds)

    @rule(who=st.sampled_from(MEMBERS), kind=st.sampled_from(("drop", "redial")))
    def command(self, who: str, kind: str) -> None:
        made: Any = {"drop": commands.Drop, "redial": commands.Redial}[kind]
        for meeting in ("meeting", "called"):
            at_console = self.harness.controller.controls.at_console
            at_console(made(command=kind, participant=who), meeting, self.harness.now_ns)
        self.harness.settle()

    @rule(who=bridges, fields=asked | more_asked)
    def ask(self, who: str, fields: dict[str, Any]) -> None:
        """By whom, whatever it is: what it may not changes nothing and gets 403."""
        one, harness = self.bridges[who], self.harness
        call = harness.participants.of(who)
        if call is None or not call.standing or one.cut or not one.signalling.stands:
            return
        if one.agent.state(one.call) is not CallState.ESTABLISHED:
            return
        home = harness.controller.rooms[call.meeting]
        role = "chair-technician" if who == home.meeting.chair else "branch-technician"
        role = "telecom-technician" if who in self.observers else role
        grants = {tuple(grant) for grant in home._state.grants}
        before, told = self.books(), len(one.got(InfoAnswered))
        one.info(CONTROL_TYPE, json.dumps(fields).encode())
        answers = one.got(InfoAnswered)[told:]
        if not may(role, who, fields, grants):
            assert [answer.code for answer in answers] == [403]
            assert self.books() == before
        elif fields["command"] == "call-to-speak" and [each.code for each in answers] == [200]:
            assert home.called in ((fields["participant"],), ())
            assert (home.called == ()) is (home.meeting.floor == "open")

    def books(self) -> list[Any]:
        """What is held of the device, who sits where and may be heard."""
        harness = self.harness
        found: list[Any] = [harness.capacity.units_used, harness.capacity.ports_used]
        found += [(one.call, one.meeting, one.standing) for one in harness.participants]
        for one in harness.controller.rooms:
            found.append([one.live, one.away, one.heard, one.called, one.queue, one.observers])
            found.append([one.ended, one.presenter, one.unreported, sorted(one._state.grants)])
        return found

    @rule()
    def media(self) -> None:
        for one in self.bridges.values():
            if one.agreed and not one.cut:
                one.show(key=True) if "video" in one.agreed else None
        self.harness.pass_over()
        self.harness.run(20)

    @invariant()
    def the_books_agree(self) -> None:
        harness = self.harness
        if harness is None:
            return
        calls = list(harness.participants)
        assert len({call.participant for call in calls}) == len(calls)
        assert len({call.row for call in calls}) == len(calls)
        assert harness.capacity.ports_used == len(calls)
        assert harness.capacity.units_used <= 7.0
        for call in calls:
            assert harness.capacity.holds(call.held)
            assert harness.ports.held[call.row] == call.port_group
        standing = {call.participant: call.meeting for call in calls if call.standing}
        seats = [
            (who, room.meeting.id)
            for room in harness.controller.rooms
            for who in (*room.live, *room.observers)
        ]
        assert dict(seats) == standing
        assert len(seats) == len(standing)
        for room in harness.controller.rooms:
            assert len(room.called) <= 1
            assert set(room.observers) <= self.observers
            assert not self.observers & {*room.live, *room.away, *room.heard}
        assert set(harness.plane._legs) == {call.row for call in calls if call.standing}
        calling = {call.participant for call in calls if call.dialled_ns and not call.standing}
        dialling = [who for room in harness.controller.rooms for who in room._state.dialling]
        assert sorted(dialling) == sorted(calling)

    def teardown(self) -> None:
        harness = self.harness
        if harness is None:
            return
        try:
            harness.controller.close("The end", harness.now_ns)
            harness.wait(200)
            assert harness.is_empty()
            assert list(harness.participants) == []
            assert len(harness.agent._end.slots) == 0
            assert harness.agent.calls == []
            assert sorted(harness.participants._free) == sorted(
                range(len(harness.config.planned_streams), harness.participants.capacity)
            )
        finally:
            harness.close()


CallsOfHarness.TestCase.settings = settings(
    max_examples=examples(40),
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestCallsOfHarness = pytest.mark.filterwarnings("error")(CallsOfHarness.TestCase)
