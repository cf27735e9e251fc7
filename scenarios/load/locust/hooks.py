"""Listeners to Locust's events: our options, the start and end of a test, sums of all workers.

A user's number says which bridge it is: worker `i` of `n` has the numbers `i`, `i + n`, …
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

import gevent
from locust import events
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from giaoban.errors import InputError
from giaoban.scenarios.load.environment import STATISTICS
from giaoban.scenarios.load.locust.options import add_options, plan_of
from giaoban.scenarios.load.locust.run import LoadRun
from giaoban.scenarios.load.locust.users import BridgeUser
from giaoban.scenarios.load.target import MOST_S

log = logging.getLogger("giaoban.load")


class LocustListeners:
    """One process's part in the tests that Locust runs in it, one after another."""

    def __init__(self, environment: Environment) -> None:
        options = environment.parsed_options
        assert options is not None
        assert environment.runner is not None
        self._environment = environment
        self._options = options
        self._runner: Any = environment.runner
        # Locust's own limit does not wait until the workers have hung up
        self._seconds = float(options.run_time or MOST_S)
        options.run_time = None
        # Locust's page may name another host than the one whose owner has agreed
        self._agreed_host = environment.host if options.i_am_authorised else None
        self._end: gevent.Greenlet | None = None
        self._began_s = 0.0
        self._counts: Counter[str] = Counter()
        self._peaks: dict[str, int] = {}
        self._cpu_pct = 0.0

    def on_test_start(self, **_: Any) -> None:
        """Check what is asked for; begin this process's part."""
        environment, worker = self._environment, isinstance(self._runner, WorkerRunner)
        authorised = environment.host == self._agreed_host
        try:
            plan = plan_of(
                self._options,
                environment.host,
                authorised=self._options.i_am_authorised if worker else authorised,
                seconds=self._seconds,
            )
            if not isinstance(self._runner, MasterRunner):
                index = max(0, self._runner.worker_index) if worker else 0
                expected = self._options.generators or self._options.expect_workers
                workers = max(1, expected) if worker else 1
                BridgeUser.run_here = LoadRun(environment, plan, index, workers)
        except (InputError, OSError, ValueError, KeyError) as error:  # the page takes any value
            log.error("%s", error)
            self._refuse()
            return
        if not worker:
            self._counts.clear()
            self._peaks.clear()
            self._began_s = time.time()
            self._end = gevent.spawn_later(self._seconds, self._end_test)

    def _refuse(self) -> None:
        """End Locust, or at its page only the test, since Locust goes on after an error here."""
        self._environment.process_exit_code = InputError.exit_code
        gevent.spawn(self._runner.quit if self._options.headless else self._runner.stop)

    def on_spawning_complete(self, **_: Any) -> None:
        if BridgeUser.run_here is not None:
            BridgeUser.run_here.spawned.set()

    def on_usage(self, cpu_usage: float, **_: Any) -> None:
        self._cpu_pct = max(self._cpu_pct, cpu_usage)

    def on_test_stop(self, **_: Any) -> None:
        """End this process's part once all users have hung up."""
        if self._end is not None and self._end is not gevent.getcurrent():
            self._end.kill()
        run, BridgeUser.run_here = BridgeUser.run_here, None
        if run is not None:
            run.close()
            self._counts += run.counts
            self._peaks["here"] = run.peak

    def on_quit(self, **_: Any) -> None:
        """Write the statistics: now a master has the last ones of its workers."""
        if not isinstance(self._runner, WorkerRunner) and (path := os.environ.get(STATISTICS)):
            Path(path).write_text(json.dumps(self._statistics()), encoding="utf-8")

    def on_report(self, data: dict[str, Any], **_: Any) -> None:
        """In a worker: send its sums with Locust's statistics, at the end."""
        data["giaoban"] = [dict(self._counts), self._peaks.get("here", 0), self._cpu_pct]
        self._counts.clear()

    def on_worker_report(self, client_id: str, data: dict[str, Any], **_: Any) -> None:
        """In the master: take a worker's sums."""
        counts, peak, cpu_pct = data["giaoban"]
        self._counts.update(counts)
        self._peaks[client_id] = max(peak, self._peaks.get(client_id, 0))
        self._cpu_pct = max(self._cpu_pct, cpu_pct)

    def on_quitting(self, **_: Any) -> None:
        """At Ctrl-C, SIGTERM or the end: all hang up before Locust goes."""
        if not isinstance(self._runner, WorkerRunner):
            self._runner.stop()

    def _end_test(self) -> None:
        self._runner.stop()
        if self._options.headless:
            self._runner.quit()
        elif self._options.autostart and self._environment.web_ui is not None:
            self._environment.web_ui.stop()

    def _statistics(self) -> dict[str, Any]:
        runner, stats = self._runner, self._environment.stats
        missing = len(runner.clients.missing) if isinstance(runner, MasterRunner) else 0
        return {
            "began_s": self._began_s,
            "entries": [entry.serialize() for entry in stats.entries.values()],
            "errors": [error.serialize() for error in stats.errors.values()],
            "counts": dict(self._counts),
            "peak": sum(self._peaks.values()),
            "cpu_pct": round(self._cpu_pct, 1),
            "workers_missing": missing,
        }


def install() -> None:
    """Add the listeners."""

    def on_parser(parser: LocustArgumentParser, **_: Any) -> None:
        add_options(parser)

    def on_init(environment: Environment, **_: Any) -> None:
        listeners = LocustListeners(environment)
        on = environment.events
        on.test_start.add_listener(listeners.on_test_start)
        on.spawning_complete.add_listener(listeners.on_spawning_complete)
        on.usage_monitor.add_listener(listeners.on_usage)
        on.test_stop.add_listener(listeners.on_test_stop)
        on.report_to_master.add_listener(listeners.on_report)
        on.worker_report.add_listener(listeners.on_worker_report)
        on.quit.add_listener(listeners.on_quit)
        on.quitting.add_listener(listeners.on_quitting)

    events.init_command_line_parser.add_listener(on_parser)
    events.init.add_listener(on_init)
