"""Locust's events: a plan, a context for each process, numbers for its users, records to one file.

A user's number says which bridge it is. The process that Locust's statistics are in (the only one,
or the master) gives them out, whatever machine asks: workers ask by message, and are told with the
answer how long ago the test began. Where Locust's own numbers rule (its page, a LoadTestShape), the
number of a user that has left is given out again.

What is wrong for all users is told in one line; each of them goes without a word.
"""

from __future__ import annotations

import logging
import os
import signal
import time
import uuid
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gevent
import locust.stats
from gevent.event import AsyncResult
from gevent.lock import BoundedSemaphore
from locust import events
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from giaoban.errors import InputError, MachineLacks
from giaoban.scarce import shortage
from giaoban.scenarios.load import timetable
from giaoban.scenarios.load.environment import ACCOUNTS, JOURNAL, UNTOLD
from giaoban.scenarios.load.locust.journal import FINISHED, Journal, JournalFile
from giaoban.scenarios.load.locust.number_pool import NumberPool
from giaoban.scenarios.load.locust.options import add_options, plan_of
from giaoban.scenarios.load.locust.outcomes import Record
from giaoban.scenarios.load.locust.users import USERS, BridgeUser, counts
from giaoban.scenarios.load.locust.worker_context import WorkerContext
from giaoban.scenarios.load.passwords import LoadAccounts
from giaoban.scenarios.load.plan import LoadPlan
from giaoban.scenarios.load.target import MOST_BRIDGES, MOST_PER_S

CLAIM, CLAIMED, RECORDS = "giaoban_claim", "giaoban_claimed", "giaoban_records"
LEFT, TROUBLE = "giaoban_left", "giaoban_trouble"
GRACE_S = 2.0
LOOK_EVERY_S = 0.1

log = logging.getLogger("giaoban.load")

FAILED = 1
"""Locust's own exit code where something failed."""
KINDS = [kind.kind for kind in USERS]


class FailedError(Exception):
    """What Locust shows of a failure."""


class LocustListeners:
    """One process's part in the tests that Locust runs in it, one after another."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._context: WorkerContext | None = None
        self._began_s = 0.0
        self._numbers = NumberPool({})
        self._told: set[str] = set()
        self._claims: dict[str, AsyncResult] = {}
        self._building = BoundedSemaphore()
        self._refused = False
        self._users = 0
        self._finished = 0
        """Users that have come to the end of their timetables."""
        self._ending: gevent.Greenlet | None = None
        # A plan of `giaoban load` holds for every test; one made here, for that one alone.
        # The page can set any option, also one that it does not show: these are as they were said
        # by whoever started Locust.
        options = self._options
        self._given = options.giaoban_plan
        self._authorised = options.i_am_authorised
        self._accounts = options.accounts
        if self._accounts and not self._given:
            os.environ[ACCOUNTS] = self._accounts
        self._host = environment.host
        path = os.environ.get(JOURNAL)
        self._file = JournalFile(Path(path)) if path else None
        runner = environment.runner
        assert runner is not None
        if isinstance(runner, MasterRunner):
            runner.register_message(CLAIM, self._on_claim, concurrent=True)
            runner.register_message(LEFT, self._on_left)
            runner.register_message(TROUBLE, self._on_trouble)
            runner.register_message(RECORDS, self._on_records)
        elif isinstance(runner, WorkerRunner):
            runner.register_message(CLAIMED, self._on_claimed)
        for kind in USERS:
            kind.enter, kind.left = self.enter, self.left
        if not (self._given or isinstance(runner, WorkerRunner)):
            # Of ours only bridges, unless others are named, also in the page's list of classes. A
            # master looks at this before the start, and a worker runs whom it is told to.
            shown = {BridgeUser.__name__, *(options.user_classes or ())}
            hidden = {each.__name__ for each in USERS} - shown
            classes = environment.user_classes
            classes[:] = [each for each in classes if each.__name__ not in hidden]
            for listed in (environment.available_user_classes, environment.available_user_tasks):
                for name in hidden & (listed or {}).keys():
                    del listed[name]

    # ------------------------------------------------------------------------- Locust's events

    def on_test_start(self, **_: Any) -> None:
        """Whoever gives out numbers fixes the plan, and how many users of each kind there are."""
        environment, options = self._environment, self._options
        self._refused = False
        if isinstance(environment.runner, WorkerRunner):
            signal.signal(UNTOLD, signal.SIG_IGN)
            return
        self._told.clear()
        options.giaoban_plan, options.accounts = self._given, self._accounts
        # Locust's page may name another host than the one whose owner has agreed
        authorised = self._authorised and environment.host == self._host
        own_shape = environment.shape_class is not None
        try:
            plan = plan_of(options, environment.host, authorised=authorised, own_shape=own_shape)
        except InputError as error:
            self._refuse(error)
            return
        options.giaoban_plan = plan.model_dump_json()
        if self._given:
            self._numbers = NumberPool({kind.kind: n for kind, n in counts(plan).items()})
            self._users = sum(counts(plan).values())
            for kind, count in counts(plan).items():
                kind.fixed_count = count
            environment.user_classes = [kind for kind, n in counts(plan).items() if n]
        else:
            limits = dict.fromkeys(KINDS, MOST_BRIDGES)
            if plan.accounts == "file":
                limits[BridgeUser.kind] = min(MOST_BRIDGES, LoadAccounts(plan).bridges)
            self._numbers = NumberPool(limits, MOST_PER_S)
            self._users = plan.bridges
        self._began_s = time.monotonic()
        if self._file is not None:
            with self._complete():
                self._file.begin(self._began_s)
        self._finished = 0
        self._ending = gevent.spawn(self._end_in_time, plan)

    def _refuse(self, error: InputError) -> None:
        """There is no test: Locust would log what a listener raises, and go on."""
        self._refused = True
        log.error("%s", error)
        runner, page = self._environment.runner, self._environment.web_ui
        if runner is None:
            return
        if page is not None and not self._options.autostart:
            gevent.spawn(runner.stop)  # whoever sits at the page may ask for something else
            return
        self._quit(InputError.exit_code)

    def _quit(self, code: int) -> None:
        """Locust's end, however far it is."""
        self._environment.process_exit_code = code
        runner, page = self._environment.runner, self._environment.web_ui
        if runner is not None:
            gevent.spawn(runner.quit)
        if page is not None:
            page.stop()

    def on_test_stop(self, **_: Any) -> None:
        """All users have left."""
        if isinstance(self._environment.runner, WorkerRunner):
            signal.signal(UNTOLD, signal.SIG_DFL)
        if self._ending is not None and self._ending is not gevent.getcurrent():
            self._ending.kill()
        if self._context is not None:
            self._context.close()
            self._context = None

    def on_quitting(self, **_: Any) -> None:
        """Ctrl-C, SIGTERM or the end: first everybody hangs up, then Locust goes."""
        runner = self._environment.runner
        if runner is not None and not isinstance(runner, WorkerRunner):
            runner.stop()

    # ---------------------------------------------------------------------- numbers, contexts

    def enter(self, kind: str) -> tuple[WorkerContext, int] | None:
        """This process's context, and the number of a user of this kind; None: there is no place,
        which has been told."""
        if self._refused:
            return None
        number, elapsed_s, plan = self._claim(kind)
        if number is None:
            return None
        asked_s = time.monotonic()
        with self._building:  # which lets others run, who come for the same
            if self._context is None and not self._refused:
                try:
                    elapsed_s += time.monotonic() - asked_s
                    self._context = self._open_context(plan, elapsed_s)
                except (OSError, InputError) as error:
                    self._refused = True
                    why = error.strerror if isinstance(error, OSError) else None
                    target = "{}:{}".format(*LoadPlan.model_validate_json(plan).target)
                    self._tell(f"nobody can call sip:{target}: {why or error}")
            return None if self._context is None else (self._context, number)

    def left(self, kind: str, number: int) -> None:
        """A user's place is free."""
        runner = self._environment.runner
        if isinstance(runner, WorkerRunner):
            runner.send_message(LEFT, {"kind": kind, "number": number})
        else:
            self._numbers.give_back(kind, number)

    def _open_context(self, text: str, elapsed_s: float) -> WorkerContext:
        # Locust calls a worker by its machine's name and a number: that name is nobody's business
        # who reads the records
        client = str(getattr(self._environment.runner, "client_id", "local"))
        generator = client.rpartition("_")[2]
        hand_on = self._send if self._is_worker else self._keep
        plan = LoadPlan.model_validate_json(text)
        return WorkerContext(plan, generator, elapsed_s, Journal(hand_on), self._fire, self._tell)

    def _claim(self, kind: str) -> tuple[int | None, float, str]:
        """(number or None, for how long the test has been going on, its plan)."""
        runner = self._environment.runner
        if not isinstance(runner, WorkerRunner):
            return self._give_number(kind)
        token = uuid.uuid4().hex
        answer = self._claims[token] = AsyncResult()
        runner.send_message(CLAIM, {"kind": kind, "token": token})
        number, elapsed_s, plan = answer.get()
        return number, elapsed_s, plan

    def _give_number(self, kind: str) -> tuple[int | None, float, str]:
        if self._refused:
            return None, 0.0, ""
        number = self._numbers.take(kind)
        if number is None:
            self._tell(
                f"no more users: {self._numbers.limit(kind)} of {kind} are as many as this test "
                "may have"
            )
        else:
            gevent.sleep(self._numbers.wait_s(time.monotonic()))
        return number, time.monotonic() - self._began_s, self._options.giaoban_plan

    def _on_claim(self, environment: Environment, msg: Any, **_: Any) -> None:
        given = self._give_number(msg.data["kind"])
        assert isinstance(environment.runner, MasterRunner)
        answer = {"token": msg.data["token"], "given": given}
        environment.runner.send_message(CLAIMED, answer, client_id=msg.node_id)

    def _on_claimed(self, environment: Environment, msg: Any, **_: Any) -> None:
        self._claims.pop(msg.data["token"]).set(tuple(msg.data["given"]))

    def _on_left(self, environment: Environment, msg: Any, **_: Any) -> None:
        self._numbers.give_back(msg.data["kind"], msg.data["number"])

    def _tell(self, what: str) -> None:
        """One line, however many users or workers meet the same, and no good end of the test."""
        runner = self._environment.runner
        if isinstance(runner, WorkerRunner):
            runner.send_message(TROUBLE, {"what": what})
        elif what not in self._told:
            self._told.add(what)
            log.error("%s", what)
            if self._environment.process_exit_code is None:
                self._environment.process_exit_code = FAILED

    def _on_trouble(self, environment: Environment, msg: Any, **_: Any) -> None:
        self._tell(msg.data["what"])

    # --------------------------------------------------------------------------------- records

    def _send(self, batch: list[dict[str, Any]]) -> None:
        assert isinstance(self._environment.runner, WorkerRunner)
        self._environment.runner.send_message(RECORDS, {"batch": batch})

    def _on_records(self, environment: Environment, msg: Any, **_: Any) -> None:
        self._keep(msg.data["batch"])

    def _keep(self, batch: list[dict[str, Any]]) -> None:
        self._finished += sum(entry["kind"] == FINISHED for entry in batch)
        if self._file is not None:
            with self._complete():
                self._file.write(batch)

    @contextmanager
    def _complete(self) -> Iterator[None]:
        """A test of which not all is written down says nothing: it ends. Locust would log what a
        listener raises, and go on."""
        try:
            yield
        except OSError as error:
            log.error("%s", shortage(error) or error)
            self._file = None
            self._quit(MachineLacks.exit_code)

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
        """The test ends when all have done what they had to. The timetable has an end; calls that
        are not answered by then have until the MCU may be said not to answer."""
        if plan.by_hand:
            gevent.sleep(plan.seconds)
        else:
            takes_s = timetable.total_s(plan) + GRACE_S + plan.answer_within_s
            limit_s = time.monotonic() + takes_s
            while self._finished < self._users and time.monotonic() < limit_s:
                gevent.sleep(LOOK_EVERY_S)
            if self._finished >= self._users and self._file is not None:
                with self._complete():
                    self._file.end(time.monotonic() - self._began_s)
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


class CsvWriter(locust.stats.StatsCSVFileWriter):  # type: ignore[misc]
    """Locust's CSV files, which are closed when no greenlet writes them any more.

    Locust closes them, and leaves the greenlet: one whose second is over before the process has
    ended logs a traceback about a closed file.
    """

    _greenlet: gevent.Greenlet | None = None

    def stats_writer(self) -> None:
        """Write the files until this greenlet is killed."""
        self._greenlet = gevent.getcurrent()
        super().stats_writer()

    def close_files(self) -> None:
        """Stop the writing greenlet, then close the files."""
        if self._greenlet is not None:
            self._greenlet.kill()
        super().close_files()


def install() -> None:
    """Hang everything up on Locust's events."""
    locust.stats.StatsCSVFileWriter = CsvWriter

    def on_parser(parser: LocustArgumentParser, **_: Any) -> None:
        add_options(parser)

    def on_init(environment: Environment, **_: Any) -> None:
        listeners = LocustListeners(environment)
        environment.events.test_start.add_listener(listeners.on_test_start)
        environment.events.test_stop.add_listener(listeners.on_test_stop)
        environment.events.quitting.add_listener(listeners.on_quitting)

    events.init_command_line_parser.add_listener(on_parser)
    events.init.add_listener(on_init)
