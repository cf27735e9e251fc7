"""What the users of one process share: plan, clock, phones, records. Under gevent."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Sequence

import gevent
from gevent.lock import BoundedSemaphore

from giaoban.mcu_sim.media.audio import g711
from giaoban.scenarios.bridge.user_agent import Completed
from giaoban.scenarios.load.locust.journal import Journal
from giaoban.scenarios.load.locust.outcomes import (
    Cause,
    GeneratorHealth,
    Performed,
    ReceivedMedia,
    Record,
    cause_of,
)
from giaoban.scenarios.load.locust.sip_transport import PhoneSession, SipTransport
from giaoban.scenarios.load.passwords import LoadAccounts, PhoneAccount
from giaoban.scenarios.load.plan import LoadPlan
from giaoban.traffic.media_load.messages import CallReport, Figures, Medium
from giaoban.traffic.media_load.messages import Health as MediaHealth
from giaoban.traffic.media_load.process import MediaError, MediaProcess
from giaoban.traffic.profiles import load_profiles
from giaoban.traffic.sources.tone import tone, tone_hz

FLUSH_EVERY_S = 0.5
LEAVE_WITHIN_S = 5.0
"""A BYE that is lost is sent again after 0.5, 1 and 2 s (RFC 3261 §17.1.2.1)."""
LEAVE_PER_S = 100.0
"""How many hang up a second where a test is broken off."""
STOOD_S = 0.1
"""A process that was not let for longer than this stood still, whatever it waited for."""

_FIGURES = ReceivedMedia.model_fields.keys() & Figures.model_fields.keys()

log = logging.getLogger("giaoban.load")
Fire = Callable[[Record], None]


def room_for(plan: LoadPlan) -> int:
    """Phones that there may be at the same time."""
    if plan.by_hand:
        return plan.bridges * (plan.lines + 1)
    return plan.bridges + plan.technicians * (plan.lines + 1)


class WorkerContext:
    """One process of a test, from its beginning to its end."""

    def __init__(
        self,
        plan: LoadPlan,
        generator: str,
        elapsed_s: float,
        journal: Journal,
        fire: Fire,
        tell: Callable[[str], None] = log.error,
    ) -> None:
        """Args:
        elapsed_s: since the beginning of the test, which may be on another machine.
        fire: tells Locust of each record.
        tell: what is wrong for all users, and is told once however many meet it.
        """
        self.plan = plan
        self._began_s = time.monotonic() - elapsed_s
        self._journal = journal
        self._fire = fire
        self._capacity = frozenset(plan.capacity_codes)
        self.accounts = LoadAccounts(plan)
        profile = load_profiles().pick(plan.profile)
        rng = random.Random(f"{plan.seed}/{generator}")
        self._leaving = 0
        self._unanswered = 0
        """Whose goodbye the MCU did not answer."""
        self.tell = tell
        media = None
        if plan.media:
            media = MediaProcess(
                room_for(plan),
                plan.address or "0.0.0.0",
                g711.a_law_encode(tone(tone_hz(3))).tobytes(),
                plan.profile if "video" in plan.media else None,
                rng.getrandbits(32),
                BoundedSemaphore,
            )
        self.transport = SipTransport(plan, profile, media)
        self.watch = GeneratorMonitor(self.transport, generator, self.now_s, journal)
        self._flusher = gevent.spawn(self._flush)

    def now_s(self) -> float:
        """Since the beginning of the test."""
        return time.monotonic() - self._began_s

    def s_of(self, ms: float) -> float:
        """A moment of `transport.now_ms` by this clock."""
        return ms / 1e3 - self._began_s

    def sleep_until(self, at_s: float) -> None:
        """Wait for a moment of the timetable."""
        gevent.sleep(max(0.0, at_s - self.now_s()))

    def session(self, account: PhoneAccount, *, with_media: bool = True) -> PhoneSession:
        """A phone; what happens at it of itself is recorded. Raises `MediaError`."""

        def on_done(done: Completed) -> None:
            self.record(account.who, self.now_s() - done.ms / 1e3, None, done)

        def on_over(coming: Sequence[Medium], told: CallReport | None, stood_ms: float) -> None:
            for medium in self.plan.media:
                came = told.media.get(medium) if told is not None else None
                lasted_ms = told.lasted_ms if told is not None and told.media else stood_ms
                figures = {} if came is None else came.model_dump(include=_FIGURES)
                heard = ReceivedMedia(
                    who=account.who,
                    medium=medium,
                    at_s=round(self.now_s() - stood_ms / 1e3, 4),
                    lasted_ms=round(lasted_ms, 1),
                    agreed=medium in coming,
                    **figures,
                )
                self._journal.heard(heard)

        return self.transport.session(account, on_done, on_over, with_media=with_media)

    def record(
        self,
        who: str,
        at_s: float,
        due_s: float | None,
        done: Completed,
        *,
        operation: Performed | None = None,
        ok: bool | None = None,
        held_up: bool = False,
    ) -> Record:
        """Keep what came of something. `operation`, `ok`: where it was meant otherwise."""
        succeeded = done.ok if ok is None else ok
        cause: Cause | None = None
        if not succeeded:
            # a 200 that nobody can use, or one to what should have been refused
            broken = done.code == 200 or done.operation == "drop"
            cause = "protocol" if broken else cause_of(done.code, self._capacity)
        record = Record(
            operation=operation or done.operation,
            who=who,
            at_s=round(at_s, 4),
            due_s=None if due_s is None else round(due_s, 4),
            ms=round(done.ms, 3),
            ok=succeeded,
            code=done.code,
            reason=done.reason,
            cause=cause,
            repeats=done.repeats,
            held_up=held_up,
        )
        self._journal.record(record)
        self._fire(record)
        return record

    def user_finished(self) -> None:
        """One more has done all that its timetable has."""
        self._journal.finished()

    def leave(self, session: PhoneSession) -> None:
        """Hang up where the test ends early; one after another, and each until it is answered."""
        self._leaving += 1
        try:
            gevent.sleep(self._leaving / LEAVE_PER_S)
            session.leave(LEAVE_WITHIN_S)
            self._unanswered += session.phone.busy
        finally:
            self._leaving -= 1

    def close(self) -> None:
        """The test is over here: the last records go, ports are given up."""
        if self._unanswered:
            log.warning("%d phones hung up or unregistered without an answer", self._unanswered)
        self.watch.close()
        self._flusher.kill()
        self._journal.flush()
        self.transport.close()

    def _flush(self) -> None:
        while True:
            gevent.sleep(FLUSH_EVERY_S)
            self._journal.flush()


TICK_S = 0.02
SAMPLE_S = 1.0


class GeneratorMonitor:
    """Ticks fifty times a second and notes by how much the latest tick was late; each second it
    writes that down with the processor time that this process and that with its media took."""

    def __init__(
        self,
        transport: SipTransport,
        generator: str,
        now_s: Callable[[], float],
        journal: Journal,
    ) -> None:
        self._transport = transport
        self._generator = generator
        self._now_s = now_s
        self._journal = journal
        self._media: MediaHealth | None = None
        self.stood_s = 0.0
        """For how long this process has stood still in all, in pieces of more than STOOD_S."""
        self._greenlet = gevent.spawn(self._run)

    def close(self) -> None:
        """Watch no more."""
        self._greenlet.kill()

    def _run(self) -> None:
        before, cpu_s, missed = time.monotonic(), time.process_time(), self._transport.missed
        late_s, due = 0.0, time.monotonic()
        while True:
            due += TICK_S
            gevent.sleep(max(0.0, due - time.monotonic()))
            now = time.monotonic()
            late_s = max(late_s, now - due)
            if now - due > STOOD_S:
                self.stood_s += now - due
            due = max(due, now - TICK_S)  # ticks that could not be are not made up for
            if now - before < SAMPLE_S:
                continue
            used, timers = time.process_time(), self._transport.missed
            self._sample(now - before, used - cpu_s, late_s, timers - missed)
            before, cpu_s, missed, late_s = now, used, timers, 0.0

    def _sample(self, took_s: float, cpu_s: float, late_s: float, missed: int) -> None:
        health = GeneratorHealth(
            generator=self._generator,
            at_s=round(self._now_s(), 3),
            cpu_pct=round(100 * cpu_s / took_s, 1),
            late_ms=round(late_s * 1e3, 1),
            missed_timers=missed,
            standing=self._transport.standing,
        )
        self._journal.health(health.model_copy(update=self._of_media(took_s)))

    def _of_media(self, took_s: float) -> dict[str, float]:
        """What the process with the media did since the sample before."""
        if self._transport.media is None:
            return {}
        try:
            now = self._transport.media.look()
        except MediaError:
            return {"media_gone": True}
        before = self._media or now.model_copy(
            update={"cpu_s": 0.0, "sent": 0, "late": 0, "overflowed": 0}
        )
        self._media = now
        return {
            "media_cpu_pct": round(100 * (now.cpu_s - before.cpu_s) / took_s, 1),
            "media_sent": now.sent - before.sent,
            "media_late": now.late - before.late,
            "media_worst_late_ms": round(now.worst_late_ms, 1),
            "media_overflowed": now.overflowed - before.overflowed,
        }
