"""Locust's user: a bridge that calls the MCU."""

from __future__ import annotations

import logging
import math
import random
import time
from collections.abc import Callable
from typing import ClassVar

import gevent
from gevent.event import Event
from locust import User, task

from giaoban.scenarios.bridge.user_agent import Completed, Operation
from giaoban.scenarios.load.locust.run import LoadRun
from giaoban.scenarios.load.locust.session import PhoneSession
from giaoban.scenarios.load.plan import HELD_SHARE, REGISTERED_WITHIN_S, SETTLE_S, LoadPlan

SHORTEST_PERIOD_S = 1.0

log = logging.getLogger("giaoban.load")


class BridgeUser(User):  # type: ignore[misc]  # Locust's metaclass is not typed
    """A bridge: it registers, calls the room, stays, hangs up, and calls again."""

    run_here: ClassVar[LoadRun | None] = None
    """This process's part of the test; None: there is no test."""

    def on_start(self) -> None:
        """Take a number and a phone; without one the user ends without a traceback."""
        self.sessions: list[PhoneSession] = []
        self.number: int | None = None
        self._cut_off = self._back = False
        self._called_s = time.monotonic()
        self._restored_s = math.inf
        found = type(self).run_here
        if found is None:
            raise gevent.GreenletExit
        self.test = found
        self.number = found.take_number()
        if self.number is None:
            log.error("no more bridges: this test may have no more, or there are no more accounts")
            self.environment.process_exit_code = 1
            raise gevent.GreenletExit
        # Locust starts the users of each second together
        gevent.sleep(self.number % max(1, int(self.plan.rate_per_s)) / self.plan.rate_per_s)
        try:
            self._new_phone()
        except OSError as error:
            log.error("no ports for a bridge: %s", error)
            self.environment.process_exit_code = 1
            raise gevent.GreenletExit from None
        beside: list[tuple[Operation, Callable[[int], object]]] = []
        if self.plan.asks_options:
            beside.append(("options", self.phone.phone.options))
        if self.plan.registers:
            beside.append(("register", self.phone.phone.register))
        # an MCU may lack both, and be called all the same
        asked = [gevent.spawn(self.perform, operation, begin) for operation, begin in beside]
        gevent.joinall(asked, timeout=REGISTERED_WITHIN_S)

    def on_stop(self) -> None:
        """Hang up wherever the test is when it ends, and unregister."""
        if self.number is None:
            return
        if self._cut_off and not self._back:
            self.test.report("back", 0.0, "- not back")
            # a late generator leaves a bridge less time to come back than the plan does
            if not self.plan.had_time(time.monotonic() - self._restored_s):
                self.test.counts["ended early"] += 1
        for session in self.sessions:
            self.test.leave(session)
        self.test.give_back(self.number)

    def wait_time(self) -> float:
        """Return Locust's pause until the next call; a subclass may have another."""
        period_s = self.plan.period_s or max(self.plan.hold_s / HELD_SHARE, SHORTEST_PERIOD_S)
        return max(0.0, self._called_s + period_s - time.monotonic())

    @property
    def plan(self) -> LoadPlan:
        return self.test.plan

    @property
    def phone(self) -> PhoneSession:
        """The bridge's phone of now."""
        return self.sessions[-1]

    @task  # type: ignore[untyped-decorator]
    def call(self) -> None:
        """Dial, stay, hang up."""
        self._called_s = time.monotonic()
        if self.plan.shape == "storm":
            self._call_through_a_storm()
        elif self.dial("invite"):
            self.phone.over.wait(self.plan.hold_s or None)
            self.hang_up()
        if self.plan.shape != "steady":
            self._wait_for_end()

    def dial(self, name: str) -> bool:
        """Call the room; `name` of the call in Locust's statistics. Return whether it stands."""
        self.test.wait_for_turn()
        room = self.plan.room
        done = self.perform("invite", lambda now_ns: self.phone.phone.dial(now_ns, room), name)
        if done.ok:
            self.test.stands(1)
            gevent.spawn(self._count_end, self.phone.over)
        return done.ok

    def _count_end(self, over: Event) -> None:
        over.wait()
        self.test.stands(-1)

    def hang_up(self) -> None:
        """Leave, if the call still stands."""
        if self.phone.phone.stands:
            self.perform("bye", self.phone.phone.hang_up)

    def perform(
        self, operation: Operation, begin: Callable[[int], object], name: str | None = None
    ) -> Completed:
        """Do something at the phone, wait for its end, and report it."""
        session = self.phone
        done = session.ask(operation, begin)
        self.test.fire(session.phone.account.who, done, name)
        return done

    @staticmethod
    def _wait_for_end() -> None:
        Event().wait()

    def _new_phone(self) -> None:
        assert self.number is not None
        self.sessions.append(self.test.session(self.number))

    def _call_through_a_storm(self) -> None:
        """Join, lose the line with all others once everybody has called, and dial until back."""
        there = self.dial("invite")
        self.test.spawned.wait()
        gevent.sleep(SETTLE_S)
        if not (there and self.phone.phone.stands):
            return  # a bridge that was not there is not cut off
        self._cut_off = True
        self.phone.cut_line()
        gevent.sleep(self.plan.outage_s)
        self._restored_s = time.monotonic()
        self._new_phone()  # it starts anew; the old call is hung up when the test ends
        attempt = 0
        while True:
            gevent.sleep(redial_after_s(self.plan, attempt))
            if self.dial("redial"):
                break
            attempt += 1
        self._back = True
        self.test.report("back", (time.monotonic() - self._restored_s) * 1e3, None)
        if self.plan.registers:
            self.perform("register", self.phone.phone.register)


def redial_after_s(plan: LoadPlan, attempt: int) -> float:
    """Return how long a bridge waits before it dials again.

    Attempt 0 counts from when its line is back, later ones from the refusal before. Without
    back-off all bridges do the same. With it the first attempts are spread over `spread_s`, and
    each later one over twice the time of the one before, as RFC 3261 §21.5.4 and RFC 5626 §4.5
    have it.
    """
    if plan.back_off == "none":
        return 0.0 if attempt == 0 else plan.redial_s
    return random.random() * (plan.spread_s if attempt == 0 else plan.redial_s * 2**attempt)
