"""The bridges of many load tests at once, in one process: `python -m tests.clients.callers`.

A list of plans comes on the standard input as JSON; what each one's journal holds goes to the
standard output. They are the users that Locust runs, without Locust's runner.
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
from giaoban.scenarios.load.locust.journal import FINISHED, Journal
from giaoban.scenarios.load.locust.users import BridgeUser
from giaoban.scenarios.load.locust.worker_context import WorkerContext
from giaoban.scenarios.load.plan import LoadPlan


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


def main() -> None:
    plans = [LoadPlan.model_validate_json(json.dumps(plan)) for plan in json.load(sys.stdin)]
    journals: list[list[dict[str, Any]]] = [[] for _ in plans]
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
    json.dump(journals, sys.stdout)


if __name__ == "__main__":
    main()
