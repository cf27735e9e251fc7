"""A generator watches itself: whether it had the processor when it needed it. Under gevent."""

from __future__ import annotations

import time
from collections.abc import Callable

import gevent

from giaoban.scenarios.load.generators import STOOD_S
from giaoban.scenarios.load.locust.journal import Journal
from giaoban.scenarios.load.locust.outcomes import Health
from giaoban.scenarios.load.locust.sip_transport import SipTransport
from giaoban.traffic.media_load.messages import Health as MediaHealth
from giaoban.traffic.media_load.process import MediaError

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
        health = Health(
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
            "media_silent": now.silent,
        }
