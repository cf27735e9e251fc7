"""Locust's users: bridges, technicians, and those who should not get in.

Each does what its timetable says (`timetable`), whatever came of it before, and tells Locust and
the journal. When Locust stops it, wherever it is, it hangs up.
"""

from __future__ import annotations

import random
from functools import partial

import gevent
from locust import task

from mcu_sim.conference.commands import Drop, Layout, Redial, RequestToSpeak, Withdraw
from scenarios.load import timetable
from scenarios.load.locust import malformed
from scenarios.load.locust.caller import Caller
from scenarios.load.locust.outcomes import AUTHENTICATION, TIMEOUT
from scenarios.load.locust.sip_transport import Seat
from scenarios.load.phone import Done
from scenarios.load.plan import LoadPlan

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
        stays = list(timetable.stays(plan, number))
        begin_s = stays[0].dial_s - timetable.PREPARE_S
        self.hall.sleep_until(begin_s)
        seat = self.sit(self.keys.bridge(number))
        began_late = self.hall.now_s() > begin_s + BEGINS_WITHIN_S
        self.introduce(seat)
        for stay in stays:
            there = self.dial(seat, plan.room, stay.dial_s, began_late=began_late)
            began_late = False
            if plan.shape == "storm":
                there = self._be_cut_off(seat, stay.until_s)
            if there:
                self._stay(seat, stay)
                self.hang_up(seat)
        self.rest()

    def call(self) -> None:
        """Dial, stay for a while, hang up; at first get a phone, and register."""
        plan = self.plan
        if not self.seats:
            seat = self.sit(self.keys.bridge(self.number))
            self.introduce(seat)
            gevent.joinall([each for each, _ in self._asides], timeout=timetable.PREPARE_S)
        seat = self.seats[0]
        self._called_s = self.hall.now_s()
        if self.dial(seat, plan.room):
            seat.over.wait(plan.hold_s or None)
            self.hang_up(seat)

    def _stay(self, seat: Seat, stay: timetable.Stay) -> None:
        """Be in the meeting until the end of the stay or of the call."""
        length_s = stay.until_s - stay.dial_s
        asks = self.plan.asks_to_speak and self.number % ONE_IN == 0
        if asks and length_s >= SHORTEST_TO_SPEAK_S:
            # a storm's stays begin before their line was away
            speak_s = max(self.hall.now_s(), stay.dial_s + SPEAKS_AFTER * length_s)
            seat.over.wait(max(0.0, speak_s - self.hall.now_s()))
            self.say(seat, RequestToSpeak(command="request-to-speak"))
            seat.over.wait(min(WAITS_S, max(0.0, stay.until_s - self.hall.now_s())))
            self.say(seat, Withdraw(command="withdraw"))
        seat.over.wait(max(0.0, stay.until_s - self.hall.now_s()))

    def _be_cut_off(self, seat: Seat, until_s: float) -> bool:
        """Lose the line with all the others, and dial until the call is up again."""
        plan, cut = self.plan, timetable.cut(self.plan)
        self.hall.sleep_until(cut.at_s)
        self._give_up_asides()
        seat.lose_line()
        due_s = cut.back_s + timetable.redial_s(plan, self.number, 0)
        attempt = 0
        while due_s < until_s:
            if self.dial(seat, plan.room, due_s):
                if plan.registers:
                    self.ask_aside(seat, "register", seat.phone.register)
                return True
            attempt += 1
            due_s = self.hall.now_s() + timetable.redial_s(plan, self.number, attempt)
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
        self.hall.sleep_until(begin_s - timetable.PREPARE_S)
        names = [plan.line(number, line) for line in range(plan.lines)]
        lines = [self.sit(self.keys.named(name)) for name in names]
        desk = self.sit(self.keys.named(plan.technician(number)))
        for seat in (*lines, desk):
            self.introduce(seat)
        end_s = timetable.window_s(plan)[1]
        self.hall.sleep_until(begin_s)
        while self.hall.now_s() < end_s:
            if self.dial(desk, plan.meeting(number)):
                self._conduct(desk, lines, end_s)
                self.hang_up(desk)
            gevent.sleep(CYCLE_REST_S)
        self.rest()

    def _conduct(self, desk: Seat, lines: list[Seat], end_s: float) -> None:
        """One meeting."""
        for seat in lines:
            self._dial_out(desk, seat)
        for layout in LAYOUTS:
            self.say(desk, Layout.model_validate({"command": "layout", "layout": layout}))
            gevent.sleep(BETWEEN_COMMANDS_S)
        out = lines[self.number % len(lines)]
        if self._drop(desk, out):
            self._dial_out(desk, out)
        desk.over.wait(max(0.0, min(CYCLE_REST_S, end_s - self.hall.now_s())))
        for seat in lines:
            self._drop(desk, seat)

    def _dial_out(self, desk: Seat, seat: Seat) -> None:
        """Have the MCU call a bridge, and wait until that call is up."""
        name = seat.phone.account.name
        self.say(desk, Redial(command="redial", participant=name))
        began_s = self.hall.now_s()
        while not seat.phone.stands and self.hall.now_s() < began_s + DIALLED_WITHIN_S:
            gevent.sleep(0.02)
        if not seat.phone.stands:
            missing = Done("incoming", False, DIALLED_WITHIN_S * 1e3, 0, "the MCU did not call")
            self.hall.record(name, began_s, None, missing)

    def _drop(self, desk: Seat, seat: Seat) -> bool:
        """Put a bridge out; that its call ends then is no failure."""
        if not seat.phone.stands:
            return False
        seat.expects_end = True
        done = self.say(desk, Drop(command="drop", participant=seat.phone.account.name))
        seat.over.wait(DIALLED_WITHIN_S)
        seat.expects_end = False
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
        seat = self.sit(self.keys.intruder(self.number), with_media=False)
        for due_s in timetable.intrusions(self.plan, self.number, self.hall.now_s()):
            self.hall.sleep_until(due_s)
            at_s = self.hall.now_s()
            done = seat.ask("register", seat.phone.register)
            self.hall.record(
                seat.phone.account.who,
                at_s,
                due_s if free_s <= due_s else None,
                done,
                operation="guess",
                ok=not done.ok and done.code in AUTHENTICATION,
            )
            free_s = self.hall.now_s()
        self.rest()


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
        seat = self.sit(self.keys.named(plan.babbler(self.number)), with_media=False)
        self._tells = plan.asks_options and self._is_answer(self._options(seat))
        free_s = self.hall.now_s()
        strikes = timetable.intrusions(plan, self.number, free_s)
        for turn, due_s in enumerate(strikes):
            self.hall.sleep_until(due_s)
            at_s = self.hall.now_s()
            ok = True
            if turn % 2:
                offer = rng.choice(malformed.BAD_OFFERS)
                done = seat.ask("invite", partial(self._dial, seat, offer))
                ok = not done.ok and done.code != 0
                if done.ok:
                    seat.leave(1.0)
            else:
                seat.raw(self._message(rng, seat))
            if ok:
                done = self._question(seat)
                ok = self._is_answer(done)
            in_time = due_s if free_s <= due_s else None  # else it waited for the MCU's answer
            self.hall.record(
                seat.phone.account.who, at_s, in_time, done, operation="malformed", ok=ok
            )
            free_s = self.hall.now_s()
        self.rest()

    def _options(self, seat: Seat) -> Done:
        return seat.ask("options", seat.phone.options, self.plan.answer_within_s)

    @staticmethod
    def _is_answer(done: Done) -> bool:
        return done.code not in (0, *TIMEOUT)

    def _question(self, seat: Seat) -> Done:
        """An honest question, to which any answer is a sign of life: OPTIONS, or a call where the
        MCU does not answer that at the best of times."""
        if self._tells:
            return self._options(seat)
        done = seat.ask("invite", lambda now_ms: seat.phone.dial(self.plan.room, now_ms))
        if done.ok:
            seat.leave(1.0)
        return done

    def _dial(self, seat: Seat, offer: bytes, now_ms: float) -> None:
        seat.phone.dial(self.plan.room, now_ms, offer)

    def _message(self, rng: random.Random, seat: Seat) -> bytes:
        host, port = seat.phone.agent.contact
        to_host, to_port = self.plan.target
        return malformed.message(
            rng,
            server=f"{to_host}:{to_port}",
            client=f"{host}:{port}",
            room=self.plan.room,
            user=seat.phone.account.name,
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
