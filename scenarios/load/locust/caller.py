"""What all of Locust's users have in common: a place in the test, phones, and that they hang up."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import gevent
from gevent.event import Event
from locust import User

from giaoban.mcu_sim.conference.commands import Command
from giaoban.scenarios.bridge.user_agent import Operation
from giaoban.scenarios.load import timetable
from giaoban.scenarios.load.locust.outcomes import Record, is_held_up
from giaoban.scenarios.load.locust.sip_transport import PhoneSession, now_ns
from giaoban.scenarios.load.locust.worker_context import WorkerContext
from giaoban.scenarios.load.passwords import LoadAccounts, PhoneAccount
from giaoban.scenarios.load.plan import LoadPlan


class Caller(User):  # type: ignore[misc]  # Locust's metaclass is not typed
    """What all have in common: a place in the context, and that they leave it."""

    abstract = True
    kind: ClassVar[str] = ""
    enter: ClassVar[Callable[[str], tuple[WorkerContext, int] | None]]
    """Set by `hooks`: this process's context, and which of its kind this one is; None: there is
    no place, which has been told."""
    left: ClassVar[Callable[[str, int], None]] = staticmethod(lambda kind, number: None)
    """Set by `hooks`: told that this one's place is free."""

    def on_start(self) -> None:
        """Take a place, or go again without a word: Locust prints a traceback for any error."""
        self.sessions: list[PhoneSession] = []
        self._stood_s = self._called_s = 0.0
        self._background: list[tuple[gevent.Greenlet, Callable[[], None]]] = []
        place = type(self).enter(self.kind)
        self._has_place = place is not None
        if place is None:
            raise gevent.GreenletExit
        self.context, self.number = place

    def on_stop(self) -> None:
        """Hang up, wherever the test was when it ended, and take back registrations."""
        if not self._has_place:
            return
        self._give_up_background()
        for session in self.sessions:
            if session.phone.pending:
                self.context.leave(session)
        if self.plan.by_hand:
            for session in self.sessions:
                self.context.transport.give_up(session)
            type(self).left(self.kind, self.number)

    def wait_time(self) -> float:
        """Locust's pause between two calls, if Locust's own numbers say how many users there are:
        a subclass may have another."""
        return timetable.pause_s(self.plan, self.context.now_s() - self._called_s)

    @property
    def plan(self) -> LoadPlan:
        """The test's."""
        return self.context.plan

    @property
    def accounts(self) -> LoadAccounts:
        """Everybody's accounts."""
        return self.context.accounts

    def open_phone(self, account: PhoneAccount, *, with_media: bool = True) -> PhoneSession:
        """A phone for this account. Without ports nothing more is done: that calls of a timetable
        are missing makes the test invalid."""
        try:
            session = self.context.session(account, with_media=with_media)
        except OSError as error:
            self.context.tell(f"no phone for some users: {error.strerror or error}")
            self.wait_for_stop()
            raise
        self.sessions.append(session)
        return session

    def perform(
        self,
        session: PhoneSession,
        operation: Operation,
        begin: Callable[[int], object],
        due_s: float | None = None,
        *,
        held_up: bool = False,
        within_s: float | None = None,
    ) -> Record:
        """Do something and keep what came of it; `within_s`: as of `PhoneSession.ask`."""
        at_s = self.context.now_s()
        done = session.ask(operation, begin, within_s)
        return self.context.record(session.phone.account.who, at_s, due_s, done, held_up=held_up)

    def dial(
        self,
        session: PhoneSession,
        room: str,
        due_s: float | None = None,
        *,
        began_late: bool = False,
    ) -> bool:
        """Call a room, at `due_s` or as soon after it as the MCU has answered what came before.

        `began_late`: it is the generator's fault if the time has passed.
        """
        held_up = False
        if due_s is not None:
            answered_s, stood_s = self.context.s_of(session.answered_ms), self.context.watch.stood_s
            held_up = not began_late and is_held_up(due_s, answered_s, stood_s - self._stood_s)
            self._stood_s = stood_s
            self.context.sleep_until(due_s)

        def begin(now_ns: int) -> None:
            session.phone.dial(now_ns, room)

        return self.perform(
            session, "invite", begin, None if held_up else due_s, held_up=held_up
        ).ok

    def send_command(self, session: PhoneSession, command: Command) -> bool:
        """Give a command in a call, if that still stands."""
        if not session.phone.stands:
            return False
        return self.perform(session, "info", lambda ns: session.phone.command(command, ns)).ok

    def hang_up(self, session: PhoneSession) -> None:
        """Leave, if the call still stands."""
        if session.phone.stands:
            self.perform(session, "bye", session.phone.hang_up, within_s=self.plan.answer_within_s)

    def ask_options_and_register(self, session: PhoneSession) -> None:
        """Ask what the MCU can, and register. Neither is waited for: an MCU may lack both, and be
        called all the same."""
        if self.plan.asks_options:
            self.ask_in_background(session, "options", session.phone.options)
        if self.plan.registers:
            self.ask_in_background(session, "register", session.phone.register)

    def ask_in_background(
        self, session: PhoneSession, operation: Operation, begin: Callable[[int], object]
    ) -> None:
        """Ask for something beside the timetable, and keep what came of it."""
        who, at_s = session.phone.account.who, self.context.now_s()

        def ask() -> None:
            done = session.ask(operation, begin, self.plan.answer_within_s)
            self.context.record(who, at_s, None, done)

        def give_up() -> None:
            if self.context.now_s() > at_s + timetable.PREPARE_S:
                done = session.phone.give_up(operation, now_ns())
                self.context.record(who, at_s, None, done)

        self._background.append((gevent.spawn(ask), give_up))

    def _give_up_background(self) -> None:
        """Whatever was asked beside the timetable is not waited for any longer."""
        for greenlet, give_up in self._background:
            if not greenlet.ready():
                greenlet.kill()
                give_up()
        self._background.clear()

    def wait_for_stop(self) -> None:
        """There is nothing more to do until Locust stops this one."""
        self.context.user_finished()
        Event().wait()
