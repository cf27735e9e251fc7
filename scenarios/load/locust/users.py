"""Locust's users: bridges, technicians, and those who should not get in.

Each does what its timetable says (`timetable`), whatever came of it before, and tells Locust and
the journal. When Locust stops it, wherever it is, it hangs up.
"""

from __future__ import annotations

import random
from functools import partial

import gevent
from locust import task

from giaoban.mcu_sim.conference.commands import Drop, Layout, Redial, RequestToSpeak, Withdraw
from giaoban.scenarios.bridge.user_agent import Completed
from giaoban.scenarios.load import timetable
from giaoban.scenarios.load.locust import malformed
from giaoban.scenarios.load.locust.caller import Caller
from giaoban.scenarios.load.locust.outcomes import AUTHENTICATION, TIMEOUT
from giaoban.scenarios.load.locust.sip_transport import PhoneSession
from giaoban.scenarios.load.plan import LoadPlan

BEGINS_WITHIN_S = 0.1
"""A bridge that has its phone later than this was not let by its own generator."""
SPEAKS_AFTER = 0.4
"""Of its call, a bridge asks to speak."""
SHORTEST_TO_SPEAK_S = 1.0
ONE_IN = 10
"""So many bridges ask, and withdraw `WAITS_S` later if they still wait: the queue of a meeting is
told to its chair whenever it changes, and hundreds do not stand in it."""
WAITS_S = 2.0
LAYOUTS = ("2x2", "1+5", "auto")
BETWEEN_COMMANDS_S = 0.5
DIALLED_WITHIN_S = 15.0
CYCLE_REST_S = 2.0


class BridgeUser(Caller):
    """A bridge: in a meeting by its timetable, and back when its line was away."""

    abstract = False
    kind = "bridge"

    @task  # type: ignore[untyped-decorator]
    def attend(self) -> None:
        """The whole test by its timetable; or, if Locust's own numbers rule, one call."""
        if self.plan.by_hand:
            self.call()
            return
        plan, number = self.plan, self.number
        calls = list(timetable.calls_of(plan, number))
        if not calls:  # the test is over before its turn comes
            self.wait_for_stop()
        begin_s = calls[0].dial_s - timetable.PREPARE_S
        self.context.sleep_until(begin_s)
        session = self.open_phone(self.accounts.bridge(number))
        began_late = self.context.now_s() > begin_s + BEGINS_WITHIN_S
        self.ask_options_and_register(session)
        for call in calls:
            there = self.dial(session, plan.room, call.dial_s, began_late=began_late)
            began_late = False
            if plan.shape == "storm":
                there = self._be_cut_off(session, call.until_s)
            if there:
                self._stay(session, call)
                self.hang_up(session)
        self.wait_for_stop()

    def call(self) -> None:
        """Dial, stay for a while, hang up; at first get a phone, and register."""
        plan = self.plan
        if not self.sessions:
            session = self.open_phone(self.accounts.bridge(self.number))
            self.ask_options_and_register(session)
            gevent.joinall([each for each, _ in self._background], timeout=timetable.PREPARE_S)
        session = self.sessions[0]
        self._called_s = self.context.now_s()
        if self.dial(session, plan.room):
            session.over.wait(plan.hold_s or None)
            self.hang_up(session)

    def _stay(self, session: PhoneSession, call: timetable.CallInterval) -> None:
        """Be in the meeting until the planned end, or until the call is over."""
        length_s = call.until_s - call.dial_s
        asks = self.plan.asks_to_speak and self.number % ONE_IN == 0
        if asks and length_s >= SHORTEST_TO_SPEAK_S:
            # a storm's calls begin before their line was away
            speak_s = max(self.context.now_s(), call.dial_s + SPEAKS_AFTER * length_s)
            session.over.wait(max(0.0, speak_s - self.context.now_s()))
            self.send_command(session, RequestToSpeak(command="request-to-speak"))
            session.over.wait(min(WAITS_S, max(0.0, call.until_s - self.context.now_s())))
            self.send_command(session, Withdraw(command="withdraw"))
        session.over.wait(max(0.0, call.until_s - self.context.now_s()))

    def _be_cut_off(self, session: PhoneSession, until_s: float) -> bool:
        """Lose the line with all the others, and dial until the call is up again."""
        plan, outage = self.plan, timetable.outage(self.plan)
        self.context.sleep_until(outage.at_s)
        self._give_up_background()
        session.lose_line()
        due_s = outage.back_s + timetable.redial_s(plan, self.number, 0)
        attempt = 0
        while due_s < until_s:
            if self.dial(session, plan.room, due_s):
                if plan.registers:
                    self.ask_in_background(session, "register", session.phone.register)
                return True
            attempt += 1
            due_s = self.context.now_s() + timetable.redial_s(plan, self.number, attempt)
        return False


class TechnicianUser(Caller):
    """The chair's technician: builds a conference, dials all out, changes layouts, drops, redials.

    The bridges it dials are its own: registered, and waiting to be called.
    """

    abstract = False
    kind = "technician"

    @task  # type: ignore[untyped-decorator]
    def hold_meetings(self) -> None:
        """One meeting after another, until the end of the test."""
        plan, number = self.plan, self.number
        begin_s = timetable.PREPARE_S + number
        self.context.sleep_until(begin_s - timetable.PREPARE_S)
        names = [plan.line(number, line) for line in range(plan.lines)]
        lines = [self.open_phone(self.accounts.named(name)) for name in names]
        technician = self.open_phone(self.accounts.named(plan.technician(number)))
        for session in (*lines, technician):
            self.ask_options_and_register(session)
        end_s = timetable.window_s(plan)[1]
        self.context.sleep_until(begin_s)
        while self.context.now_s() < end_s:
            if self.dial(technician, plan.meeting(number)):
                self._conduct(technician, lines, end_s)
                self.hang_up(technician)
            gevent.sleep(CYCLE_REST_S)
        self.wait_for_stop()

    def _conduct(self, technician: PhoneSession, lines: list[PhoneSession], end_s: float) -> None:
        """One meeting."""
        for session in lines:
            self._dial_out(technician, session)
        for layout in LAYOUTS:
            self.send_command(
                technician, Layout.model_validate({"command": "layout", "layout": layout})
            )
            gevent.sleep(BETWEEN_COMMANDS_S)
        out = lines[self.number % len(lines)]
        if self._drop(technician, out):
            self._dial_out(technician, out)
        technician.over.wait(max(0.0, min(CYCLE_REST_S, end_s - self.context.now_s())))
        for session in lines:
            self._drop(technician, session)

    def _dial_out(self, technician: PhoneSession, session: PhoneSession) -> None:
        """Have the MCU call a bridge, and wait until that call is up."""
        name = session.phone.account.name
        self.send_command(technician, Redial(command="redial", participant=name))
        began_s = self.context.now_s()
        while not session.phone.stands and self.context.now_s() < began_s + DIALLED_WITHIN_S:
            gevent.sleep(0.02)
        if not session.phone.stands:
            missing = Completed(
                "incoming", False, DIALLED_WITHIN_S * 1e3, 0, "the MCU did not call"
            )
            self.context.record(name, began_s, None, missing)

    def _drop(self, technician: PhoneSession, session: PhoneSession) -> bool:
        """Put a bridge out; that its call ends then is no failure."""
        if not session.phone.stands:
            return False
        session.expects_end = True
        done = self.send_command(
            technician, Drop(command="drop", participant=session.phone.account.name)
        )
        session.over.wait(DIALLED_WITHIN_S)
        session.expects_end = False
        return done


class GuesserUser(Caller):
    """One who has a bridge's name and guesses its password."""

    abstract = False
    kind = "guesser"

    @task  # type: ignore[untyped-decorator]
    def guess(self) -> None:
        """Register with a wrong password; that it is refused is what should be.

        The later an answer comes, the better: who waits for it guesses no more meanwhile.
        """
        free_s = 0.0
        session = self.open_phone(self.accounts.intruder(self.number), with_media=False)
        for due_s in timetable.intrusions(self.plan, self.number, self.context.now_s()):
            self.context.sleep_until(due_s)
            at_s = self.context.now_s()
            done = session.ask("register", session.phone.register)
            self.context.record(
                session.phone.account.who,
                at_s,
                due_s if free_s <= due_s else None,
                done,
                operation="guess",
                ok=not done.ok and done.code in AUTHENTICATION,
            )
            free_s = self.context.now_s()
        self.wait_for_stop()


class BabblerUser(Caller):
    """A broken device: sends what is no SIP, or calls with offers that nobody can accept.

    What should be is that the MCU refuses or ignores it, and answers the next honest question.
    """

    abstract = False
    kind = "babbler"

    @task  # type: ignore[untyped-decorator]
    def babble(self) -> None:
        """In turns a malformed message, and a call with a bad offer."""
        plan = self.plan
        rng = random.Random(f"{plan.seed}/babbler/{self.number}")
        session = self.open_phone(self.accounts.named(plan.babbler(self.number)), with_media=False)
        self._tells = plan.asks_options and self._is_answer(self._options(session))
        free_s = self.context.now_s()
        due = timetable.intrusions(plan, self.number, free_s)
        for turn, due_s in enumerate(due):
            self.context.sleep_until(due_s)
            at_s = self.context.now_s()
            ok = True
            if turn % 2:
                offer = rng.choice(malformed.BAD_OFFERS)
                done = session.ask("invite", partial(self._dial, session, offer))
                ok = not done.ok and done.code != 0
                if done.ok:
                    session.leave(1.0)
            else:
                session.raw(self._message(rng, session))
            if ok:
                done = self._question(session)
                ok = self._is_answer(done)
            in_time = due_s if free_s <= due_s else None  # else it waited for the MCU's answer
            self.context.record(
                session.phone.account.who, at_s, in_time, done, operation="malformed", ok=ok
            )
            free_s = self.context.now_s()
        self.wait_for_stop()

    def _options(self, session: PhoneSession) -> Completed:
        return session.ask("options", session.phone.options, self.plan.answer_within_s)

    @staticmethod
    def _is_answer(done: Completed) -> bool:
        return done.code not in (0, *TIMEOUT)

    def _question(self, session: PhoneSession) -> Completed:
        """An honest question, to which any answer is a sign of life: OPTIONS, or a call where the
        MCU does not answer that at the best of times."""
        if self._tells:
            return self._options(session)
        done = session.ask("invite", lambda now_ns: session.phone.dial(now_ns, self.plan.room))
        if done.ok:
            session.leave(1.0)
        return done

    def _dial(self, session: PhoneSession, offer: bytes, now_ns: int) -> None:
        session.phone.dial(now_ns, self.plan.room, offer)

    def _message(self, rng: random.Random, session: PhoneSession) -> bytes:
        host, port = session.phone.agent.contact
        to_host, to_port = self.plan.target
        return malformed.message(
            rng,
            server=f"{to_host}:{to_port}",
            client=f"{host}:{port}",
            room=self.plan.room,
            user=session.phone.account.name,
        )


USERS: tuple[type[Caller], ...] = (BridgeUser, TechnicianUser, GuesserUser, BabblerUser)


def counts(plan: LoadPlan) -> dict[type[Caller], int]:
    """How many of each a plan has."""
    intruders = timetable.intruders(plan)
    return {
        BridgeUser: plan.bridges,
        TechnicianUser: plan.technicians,
        GuesserUser: intruders if plan.shape == "guess" else 0,
        BabblerUser: intruders if plan.shape == "malformed" else 0,
    }
