"""What the users of one of Locust's processes share during a test. Under gevent."""

from __future__ import annotations

import heapq
import json
import logging
import os
import random
import time
from collections import Counter
from pathlib import Path

import gevent
from gevent.event import Event
from gevent.lock import BoundedSemaphore
from locust.env import Environment

from giaoban.mcu_sim.media.audio import g711
from giaoban.scenarios.bridge.user_agent import Completed
from giaoban.scenarios.load import media
from giaoban.scenarios.load.environment import CALLS
from giaoban.scenarios.load.locust.session import PhoneSession
from giaoban.scenarios.load.outcomes import ReceivedMedia, Request
from giaoban.scenarios.load.passwords import LoadAccounts
from giaoban.scenarios.load.plan import LoadPlan
from giaoban.scenarios.load.target import MOST_BRIDGES, MOST_PER_S
from giaoban.traffic.media_load.process import MediaError, MediaProcess
from giaoban.traffic.profiles import load_profiles
from giaoban.traffic.sources.tone import tone, tone_hz

LEAVE_WITHIN_S = 5.0
"""A BYE that is lost is sent again after 0.5, 1 and 2 s (RFC 3261 §17.1.2.1)."""
LEAVE_PER_S = 100.0
SIP, RTP = "SIP", "RTP"
"""Request types in Locust's statistics."""

log = logging.getLogger("giaoban.load")


class RequestFailedError(Exception):
    """A failure in Locust's statistics: its text is `CODE REASON`, or why media did not come."""


class LoadRun:
    """One test in one of Locust's processes."""

    def __init__(self, environment: Environment, plan: LoadPlan, index: int, workers: int) -> None:
        """`index` of this one of the `workers`, from 0. Raises `InputError`, `OSError`."""
        self.plan = plan
        self.counts: Counter[str] = Counter()
        """Sums that Locust's statistics do not have."""
        self.peak = 0
        """The most calls that stood at a time."""
        self.spawned = Event()
        """Set when all users of all processes have been started."""
        self._environment = environment
        self._accounts = LoadAccounts()
        self._profile = load_profiles().pick(plan.profile)
        self._free: list[int] = []
        self._next = index
        self._step = workers
        bounded = not getattr(environment.parsed_options, "unbounded", False)
        self._most = MOST_BRIDGES if bounded else plan.bridges + workers
        if self._accounts.most is not None:
            self._most = min(self._most, self._accounts.most)
        self._every_s = workers / MOST_PER_S if bounded else 0.0
        self._dials_s = 0.0
        self._standing = 0
        self._leaving = 0
        path = os.environ.get(CALLS)
        self._calls = None if path is None else Path(path)
        self._media = None
        if plan.media:
            rows = 2 * self._most  # after the cut of a storm a bridge has two phones
            self._media = MediaProcess(
                rows,
                "0.0.0.0",
                g711.a_law_encode(tone(tone_hz(3))).tobytes(),
                plan.profile if "video" in plan.media else None,
                random.getrandbits(32),
                BoundedSemaphore,
            )
            self._media.look()  # it has started, so that no user has to wait for it

    def take_number(self) -> int | None:
        """Return the number of a new user's bridge; None: no more are allowed here."""
        if self._free:
            return heapq.heappop(self._free)
        number = self._next
        if number >= self._most:
            return None
        self._next += self._step
        return number

    def give_back(self, number: int) -> None:
        """Let the next user have the number."""
        heapq.heappush(self._free, number)

    def session(self, number: int) -> PhoneSession:
        """Return a phone of a bridge. Raises `OSError`."""
        account = self._accounts.bridge(number)

        def on_done(done: Completed) -> None:
            self.fire(account.who, done)

        return PhoneSession(self.plan, account, self._profile, self._media, on_done, self._on_media)

    def wait_for_turn(self) -> None:
        """Wait so that no more than `MOST_PER_S` calls a second reach a device of others."""
        now_s = time.monotonic()
        at_s = max(now_s, self._dials_s)
        self._dials_s = at_s + self._every_s
        gevent.sleep(at_s - now_s)

    def stands(self, change: int) -> None:
        """Count a call that began to stand (1) or ended (-1)."""
        self._standing += change
        self.peak = max(self.peak, self._standing)

    def fire(self, who: str, done: Completed, name: str | None = None) -> None:
        """Report the outcome of an operation to Locust."""
        operation = name or done.operation
        failure = None if done.ok else f"{done.code or '-'} {done.reason}"
        self.report(operation, done.ms, failure)
        if self._calls is not None:
            request = Request(
                operation=operation,
                who=who,
                at_s=time.time(),
                ms=round(done.ms, 3),
                ok=done.ok,
                code=done.code,
                reason=done.reason,
            )
            self._write(request.model_dump())

    def report(self, name: str, ms: float, failure: str | None, kind: str = SIP) -> None:
        """Fire Locust's event of a request. Delays of failures are not in its percentiles."""
        self._environment.events.request.fire(
            request_type=kind,
            name=name,
            response_time=None if failure else ms,
            response_length=0,
            exception=RequestFailedError(failure) if failure else None,
            context={},
        )

    def _on_media(self, came: ReceivedMedia) -> None:
        missing = media.missing(came)
        short = came.lasted_ms < media.SHORTEST_MS and missing is not None
        kind = came.medium
        self.counts[f"{kind} sent"] += came.sent
        self.counts[f"{kind} received"] += came.received
        self.counts[f"{kind} lost"] += max(0, came.lost)
        expected_ms = media.expected_ms(came)
        self.counts[f"{kind} expected ms"] += round(expected_ms)
        self.counts[f"{kind} heard ms"] += round(min(came.heard_ms, expected_ms))
        if short:
            self.counts[f"{kind} short"] += 1
            self.counts[f"{kind} short ms"] += round(came.lasted_ms)
        else:
            self.report(kind, came.wait_ms or 0.0, missing, RTP)
        if self._calls is not None:
            self._write(came.model_dump())

    def _write(self, entry: dict[str, object]) -> None:
        assert self._calls is not None
        with self._calls.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def leave(self, session: PhoneSession) -> None:
        """Hang up and unregister when a user stops; one after another."""
        phone = session.phone
        if phone.pending:
            self._leaving += 1
            gevent.sleep(self._leaving / LEAVE_PER_S)
            if phone.stands:
                self.fire(phone.account.who, session.ask("bye", phone.hang_up))
            session.leave(LEAVE_WITHIN_S)
            self._leaving -= 1
        session.close()

    def close(self) -> None:
        """End the media process and keep its figures."""
        if self._media is not None:
            try:
                health = self._media.look()
                self.counts["media sent"] += health.sent
                self.counts["media late"] += health.late
                self.counts["media overflowed"] += health.overflowed
            except MediaError as error:
                log.error("%s", error)
                self.counts["media processes ended"] += 1
            self._media.close()
