"""Locust's events: a plan, a hall for each process, numbers for its users, records to one file.

A user's number says which bridge it is. The process that Locust's statistics are in (the only one,
or the master) gives them out, one after another, whatever machine asks: workers ask by message,
and are told with the answer how long ago the test began.
"""

from __future__ import annotations

import itertools
import logging
import os
import signal
import time
import uuid
from argparse import Namespace
from collections import defaultdict
from pathlib import Path
from typing import Any

import gevent
from gevent.event import AsyncResult
from gevent.lock import BoundedSemaphore
from locust import events
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.exception import StopUser
from locust.runners import MasterRunner, WorkerRunner

from giaoban.errors import InputError
from scenarios.load import timetable
from scenarios.load.environment import JOURNAL, UNTOLD
from scenarios.load.hall import Hall
from scenarios.load.journal import REST, Journal, JournalFile
from scenarios.load.options import add_options, plan_of
from scenarios.load.outcomes import Record
from scenarios.load.plan import LoadPlan
from scenarios.load.users import USERS, Caller, counts

CLAIM, CLAIMED, RECORDS = "giaoban_claim", "giaoban_claimed", "giaoban_records"
GRACE_S = 2.0
LOOK_EVERY_S = 0.1

log = logging.getLogger("giaoban.load")


class FailedError(Exception):
    """What Locust shows of a failure."""


class Session:
    """One process's part in the tests that Locust runs in it, one after another."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._hall: Hall | None = None
        self._began_s = 0.0
        self._numbers: defaultdict[str, Any] = defaultdict(itertools.count)
        self._claims: dict[str, AsyncResult] = {}
        self._building = BoundedSemaphore()
        self._refused = False
        self._resting = 0
        """Users that have come to the end of their timetables."""
        self._ending: gevent.Greenlet | None = None
        # A plan of `giaoban load` holds for every test; one made here, for that one alone.
        self._given = self._options.giaoban_plan
        self._host = environment.host
        path = os.environ.get(JOURNAL)
        self._file = JournalFile(Path(path)) if path else None
        runner = environment.runner
        assert runner is not None
        if isinstance(runner, MasterRunner):
            runner.register_message(CLAIM, self._on_claim)
            runner.register_message(RECORDS, self._on_records)
        elif isinstance(runner, WorkerRunner):
            runner.register_message(CLAIMED, self._on_claimed)
        for kind in USERS:
            kind.enter = self.enter

    # ------------------------------------------------------------------------- Locust's events

    def on_test_start(self, **_: Any) -> None:
        """Whoever gives out numbers fixes the plan, and how many users of each kind there are."""
        options = self._options
        if isinstance(self._environment.runner, WorkerRunner):
            signal.signal(UNTOLD, signal.SIG_IGN)
            return
        self._refused = False
        options.giaoban_plan = self._given
        host = self._environment.host
        # Locust's page may name another host than the one whose owner has agreed
        authorised = options.i_am_authorised and host == self._host
        try:
            plan = plan_of(options, host, authorised=authorised)
        except InputError as error:
            # Locust logs what a listener raises, and goes on
            self._refused = True
            log.error("%s", error)
            self._environment.process_exit_code = InputError.exit_code
            if self._environment.runner is not None:
                gevent.spawn(self._environment.runner.quit)
            return
        options.giaoban_plan = plan.model_dump_json()
        for kind, count in counts(plan).items():
            kind.fixed_count = count
        self._environment.user_classes = [kind for kind, n in counts(plan).items() if n]
        self._began_s = time.monotonic()
        if self._file is not None:
            self._file.begin(self._began_s)
        self._numbers.clear()
        self._resting = 0
        self._ending = gevent.spawn(self._end_in_time, plan)

    def on_test_stop(self, **_: Any) -> None:
        """All users have left."""
        if isinstance(self._environment.runner, WorkerRunner):
            signal.signal(UNTOLD, signal.SIG_DFL)
        if self._ending is not None and self._ending is not gevent.getcurrent():
            self._ending.kill()
        if self._hall is not None:
            self._hall.close()
            self._hall = None

    def on_quitting(self, **_: Any) -> None:
        """Ctrl-C, SIGTERM or the end: first everybody hangs up, then Locust goes."""
        runner = self._environment.runner
        if runner is not None and not isinstance(runner, WorkerRunner):
            runner.stop()

    # ---------------------------------------------------------------------- numbers and halls

    def enter(self, kind: str) -> tuple[Hall, int]:
        """The hall of this process, and the number of a user of this kind."""
        if self._refused:
            raise StopUser
        number, elapsed_s = self._claim(kind)
        asked_s = time.monotonic()
        with self._building:  # which lets others run, who come for the same
            if self._hall is None:
                plan = LoadPlan.model_validate_json(self._options.giaoban_plan)
                # Locust calls a worker by its machine's name and a number: that name is nobody's
                # business who reads the records
                client = str(getattr(self._environment.runner, "client_id", "local"))
                generator = client.rpartition("_")[2]
                hand_on = self._send if self._is_worker else self._keep
                elapsed_s += time.monotonic() - asked_s
                self._hall = Hall(plan, generator, elapsed_s, Journal(hand_on), self._fire)
            return self._hall, number

    def _claim(self, kind: str) -> tuple[int, float]:
        runner = self._environment.runner
        if not isinstance(runner, WorkerRunner):
            return next(self._numbers[kind]), time.monotonic() - self._began_s
        token = uuid.uuid4().hex
        answer = self._claims[token] = AsyncResult()
        runner.send_message(CLAIM, {"kind": kind, "token": token})
        number, elapsed_s = answer.get()
        return number, elapsed_s

    def _on_claim(self, environment: Environment, msg: Any, **_: Any) -> None:
        number = next(self._numbers[msg.data["kind"]])
        answer = {
            "token": msg.data["token"],
            "number": number,
            "elapsed_s": time.monotonic() - self._began_s,
        }
        assert isinstance(environment.runner, MasterRunner)
        environment.runner.send_message(CLAIMED, answer, client_id=msg.node_id)

    def _on_claimed(self, environment: Environment, msg: Any, **_: Any) -> None:
        answer = self._claims.pop(msg.data["token"])
        answer.set((msg.data["number"], msg.data["elapsed_s"]))

    # --------------------------------------------------------------------------------- records

    def _send(self, batch: list[dict[str, Any]]) -> None:
        assert isinstance(self._environment.runner, WorkerRunner)
        self._environment.runner.send_message(RECORDS, {"batch": batch})

    def _on_records(self, environment: Environment, msg: Any, **_: Any) -> None:
        self._keep(msg.data["batch"])

    def _keep(self, batch: list[dict[str, Any]]) -> None:
        self._resting += sum(entry["kind"] == REST for entry in batch)
        if self._file is not None:
            self._file.write(batch)

    def _fire(self, record: Record) -> None:
        error = None
        if not record.ok:
            error = FailedError(f"{record.cause}: {record.code or 'no answer'} {record.reason}")
        self._environment.events.request.fire(
            request_type="SIP",
            name=record.operation,
            response_time=record.ms,
            response_length=0,
            exception=error,
            context={},
        )

    # ------------------------------------------------------------------------------ the inside

    def _end_in_time(self, plan: LoadPlan) -> None:
        """The timetable has an end, so the test has; calls that are not answered by then have
        until the MCU may be said not to answer."""
        gevent.sleep(timetable.total_s(plan) + GRACE_S)
        limit_s = time.monotonic() + plan.answer_within_s
        while self._resting < sum(counts(plan).values()) and time.monotonic() < limit_s:
            gevent.sleep(LOOK_EVERY_S)
        runner = self._environment.runner
        if runner is None:
            return
        runner.stop()
        if self._options.headless:
            runner.quit()
        elif self._options.autostart and self._environment.web_ui is not None:
            # Locust waits for its page, which `giaoban load` wants to end with the test
            self._environment.web_ui.stop()

    @property
    def _is_worker(self) -> bool:
        return isinstance(self._environment.runner, WorkerRunner)

    @property
    def _options(self) -> Namespace:
        assert self._environment.parsed_options is not None
        options: Namespace = self._environment.parsed_options
        return options


def install() -> None:
    """Hang everything up on Locust's events."""

    def on_parser(parser: LocustArgumentParser, **_: Any) -> None:
        add_options(parser)

    def on_init(environment: Environment, **_: Any) -> None:
        session = Session(environment)
        environment.events.test_start.add_listener(session.on_test_start)
        environment.events.test_stop.add_listener(session.on_test_stop)
        environment.events.quitting.add_listener(session.on_quitting)

    events.init_command_line_parser.add_listener(on_parser)
    events.init.add_listener(on_init)


__all__ = ["Caller", "install"]
