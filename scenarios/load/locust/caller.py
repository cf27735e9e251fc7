"""What all of Locust's users have in common: a place in the test, phones, and that they hang up."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import gevent
from gevent.event import Event
from locust import User

from mcu_sim.conference.commands import Command
from scenarios.load import generators, timetable
from scenarios.load.locust.outcomes import Operation, Record
from scenarios.load.locust.sip_transport import Seat, now_ms
from scenarios.load.locust.worker_context import Hall
from scenarios.load.passwords import Account, Keys
from scenarios.load.plan import LoadPlan


class Caller(User):  # type: ignore[misc]  # Locust's metaclass is not typed
    """What all have in common: a place in the hall, and that they leave it."""

    abstract = True
    kind: ClassVar[str] = ""
    enter: ClassVar[Callable[[str], tuple[Hall, int] | None]]
    """Set by `hooks`: the hall of this process, and which of its kind this one is; None: there is
    no place, which has been told."""
    left: ClassVar[Callable[[str, int], None]] = staticmethod(lambda kind, number: None)
    """Set by `hooks`: told that this one's place is free."""

    def on_start(self) -> None:
        """Take a place, or go again without a word: Locust prints a traceback for any error."""
        self.seats: list[Seat] = []
        self._stood_s = self._called_s = 0.0
        self._asides: list[tuple[gevent.Greenlet, Callable[[], None]]] = []
        place = type(self).enter(self.kind)
        self._has_place = place is not None
        if place is None:
            raise gevent.GreenletExit
        self.hall, self.number = place

    def on_stop(self) -> None:
        """Hang up, wherever the test was when it ended, and take back registrations."""
        if not self._has_place:
            return
        self._give_up_asides()
        for seat in self.seats:
            if seat.phone.owes:
                self.hall.leave(seat)
        if self.plan.by_hand:
            for seat in self.seats:
                self.hall.exchange.give_up(seat)
            type(self).left(self.kind, self.number)

    def wait_time(self) -> float:
        """Locust's pause between two calls, if Locust's own numbers say how many users there are:
        a subclass may have another."""
        return timetable.pause_s(self.plan, self.hall.now_s() - self._called_s)

    @property
    def plan(self) -> LoadPlan:
        """The test's."""
        return self.hall.plan

    @property
    def keys(self) -> Keys:
        """Everybody's accounts."""
        return self.hall.keys

    def sit(self, account: Account, *, with_media: bool = True) -> Seat:
        """A phone for this account. Without ports nothing more is done: that calls of a timetable
        are missing makes the test invalid."""
        try:
            seat = self.hall.seat(account, with_media=with_media)
        except OSError as error:
            self.hall.tell(f"no phone for some users: {error.strerror or error}")
            self.rest()
            raise
        self.seats.append(seat)
        return seat

    def do(
        self,
        seat: Seat,
        operation: Operation,
        begin: Callable[[float], None],
        due_s: float | None = None,
        *,
        held_up: bool = False,
        within_s: float | None = None,
    ) -> Record:
        """Do something and keep what came of it; `within_s`: as of `Seat.ask`."""
        at_s = self.hall.now_s()
        done = seat.ask(operation, begin, within_s)
        return self.hall.record(seat.phone.account.who, at_s, due_s, done, held_up=held_up)

    def dial(
        self, seat: Seat, room: str, due_s: float | None = None, *, began_late: bool = False
    ) -> bool:
        """Call a room, at `due_s` or as soon after it as the MCU has answered what came before.

        `began_late`: it is the generator's fault if the time has passed.
        """
        held_up = False
        if due_s is not None:
            answered_s, stood_s = self.hall.s_of(seat.answered_ms), self.hall.watch.stood_s
            held_up = not began_late and generators.held_up(
                due_s, answered_s, stood_s - self._stood_s
            )
            self._stood_s = stood_s
            self.hall.sleep_until(due_s)

        def begin(now_ms: float) -> None:
            seat.phone.dial(room, now_ms)

        return self.do(seat, "invite", begin, None if held_up else due_s, held_up=held_up).ok

    def say(self, seat: Seat, command: Command) -> bool:
        """Give a command in a call, if that still stands."""
        if not seat.phone.stands:
            return False
        return self.do(seat, "info", lambda ms: seat.phone.say(command, ms)).ok

    def hang_up(self, seat: Seat) -> None:
        """Leave, if the call still stands."""
        if seat.phone.stands:
            self.do(seat, "bye", seat.phone.hang_up, within_s=self.plan.answer_within_s)

    def introduce(self, seat: Seat) -> None:
        """Ask what the MCU can, and register. Neither is waited for: an MCU may lack both, and be
        called all the same."""
        if self.plan.asks_options:
            self.ask_aside(seat, "options", seat.phone.options)
        if self.plan.registers:
            self.ask_aside(seat, "register", seat.phone.register)

    def ask_aside(self, seat: Seat, operation: Operation, begin: Callable[[float], None]) -> None:
        """Ask for something beside the timetable, and keep what came of it."""
        who, at_s = seat.phone.account.who, self.hall.now_s()

        def ask() -> None:
            done = seat.ask(operation, begin, self.plan.answer_within_s)
            self.hall.record(who, at_s, None, done)

        def give_up() -> None:
            if self.hall.now_s() > at_s + timetable.PREPARE_S:
                done = seat.phone.give_up(operation, now_ms())
                self.hall.record(who, at_s, None, done)

        self._asides.append((gevent.spawn(ask), give_up))

    def _give_up_asides(self) -> None:
        """Whatever was asked beside the timetable is not waited for any longer."""
        for greenlet, give_up in self._asides:
            if not greenlet.ready():
                greenlet.kill()
                give_up()
        self._asides.clear()

    def rest(self) -> None:
        """There is nothing more to do until Locust stops this one."""
        self.hall.rests()
        Event().wait()
