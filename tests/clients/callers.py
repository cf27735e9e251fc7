"""The bridges of many load tests at once, in one process: `python -m tests.clients.callers`.

A list of plans comes on the standard input as JSON; what each one's journal holds goes to the
standard output. They are the users that Locust runs, without Locust's runner, and several tests
have their media in one process, which Locust starts for each.
"""

# ruff: noqa: E402
from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import json
import sys
import time
from typing import Any

import gevent
from locust.env import Environment

from giaoban.scenarios.load import timetable
from giaoban.scenarios.load.locust import worker_context
from giaoban.scenarios.load.locust.journal import FINISHED, Journal
from giaoban.scenarios.load.locust.users import BridgeUser
from giaoban.scenarios.load.locust.worker_context import WorkerContext
from giaoban.scenarios.load.plan import LoadPlan
from giaoban.traffic.media_load.process import MediaProcess


class SharedMedia(MediaProcess):
    """Of many tests: it stays until all are over."""

    def close(self) -> None:
        pass

    def end(self) -> None:
        super().close()


class SharedMediaOf:
    """In place of `MediaProcess`: who makes one is given what others have as well.

    All calls begin at once, and a process takes a few orders a slot: so few share one that none
    has its media later for it.
    """

    TESTS = 5

    def __init__(self) -> None:
        self._made: list[SharedMedia] = []
        self._given = 0
        self._of: list[Any] = []

    def __call__(self, capacity: int, *what: Any) -> SharedMedia:
        if self._given % self.TESTS == 0:
            self._made.append(SharedMedia(self.TESTS * capacity, *what))
        self._given += 1
        self._of = self._of or list(what[:3])
        assert list(what[:3]) == self._of, "address, payload and profile are the same"
        return self._made[-1]

    def end(self) -> None:
        for media in self._made:
            media.end()


def test(context: WorkerContext, kept: list[dict[str, Any]]) -> None:
    """One load test from its beginning to its end."""
    plan = context.plan
    numbers = iter(range(plan.bridges))

    class Bridge(BridgeUser):
        enter = staticmethod(lambda kind: (context, next(numbers)))

    users = [Bridge(Environment(user_classes=[Bridge])) for _ in range(plan.bridges)]
    for user in users:
        user.on_start()
    calling = [gevent.spawn(user.attend) for user in users]
    limit_s = timetable.total_s(plan) + plan.answer_within_s
    while (
        sum(entry["kind"] == FINISHED for entry in kept) < len(users) and context.now_s() < limit_s
    ):
        gevent.sleep(0.1)
    gevent.killall(calling)
    gevent.joinall([gevent.spawn(user.on_stop) for user in users])
    context.close()


LEAVE_WITHIN_S = 0.5
"""Whom a device has not answered for as long as the plan says, it never answers."""


def main() -> None:
    worker_context.LEAVE_WITHIN_S = LEAVE_WITHIN_S
    plans = [LoadPlan.model_validate_json(json.dumps(plan)) for plan in json.load(sys.stdin)]
    journals: list[list[dict[str, Any]]] = [[] for _ in plans]
    shared = worker_context.MediaProcess = SharedMediaOf()  # type: ignore[misc,assignment]
    contexts = [
        WorkerContext(plan, "1", 0.0, Journal(kept.extend), lambda record: None)
        for plan, kept in zip(plans, journals, strict=True)
    ]
    # however long the machine takes to start their processes, that is before
    for context in contexts:
        if context.transport.media is not None:
            context.transport.media.look()
    for context in contexts:
        context._began_s = time.monotonic()
    tests = [gevent.spawn(test, *pair) for pair in zip(contexts, journals, strict=True)]
    gevent.joinall(tests, raise_error=True)
    shared.end()
    json.dump(journals, sys.stdout)


if __name__ == "__main__":
    main()
