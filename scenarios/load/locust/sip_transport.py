"""Phones on real sockets, under gevent: one greenlet a phone that listens, one for all timers.

To be imported in Locust's processes only, after gevent has patched the standard library.
"""

from __future__ import annotations

import heapq
import itertools
import random
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial

import gevent
from gevent.event import AsyncResult, Event

from giaoban.mcu_sim.media.leg import Kind
from giaoban.mcu_sim.sdp.offer_answer import NegotiatedMedia
from giaoban.mcu_sim.sip.message import Peer
from giaoban.scenarios.bridge.user_agent import (
    Completed,
    FastUpdateWanted,
    MediaStarted,
    MediaStopped,
    Operation,
)
from giaoban.scenarios.load.passwords import PhoneAccount
from giaoban.scenarios.load.phone import Phone
from giaoban.scenarios.load.plan import LoadPlan
from giaoban.traffic.batch import try_to_send
from giaoban.traffic.media_load.messages import MEDIA, CallReport, MediaTarget, Medium
from giaoban.traffic.media_load.process import MediaError, MediaProcess
from giaoban.traffic.profiles import DSCP_SIGNALLING, Profile

ASIDE: tuple[Operation, ...] = ("options", "register")
"""What a bridge asks beside its timetable."""
MAX_DATAGRAM = 65_535
BUFFER_BYTES = 256 << 10
MISSED_MS = 250.0
"""Half of T1 (RFC 3261 §17.1.1.1): a timer that is later than that would let a caller repeat what
was answered."""
KEEP_ALIVE = b"\r\n\r\n"
"""Of no request (RFC 3261 §7.5, RFC 5626 §3.5.1): who listens passes it over."""
PROBE_EVERY_MS = 500.0
"""T1. One machine is told of what it cannot reach about once a second (RFC 1812 §4.3.2.8)."""


class SipTransport:
    """All phones of one process."""

    def __init__(self, plan: LoadPlan, profile: Profile, media: MediaProcess | None) -> None:
        self.plan = plan
        self.media = media
        self._profile = profile
        self.server = Peer(*plan.target)
        self.address = plan.address or _own_address(plan.target)
        self.missed = 0
        """Timers that were later than MISSED_MS."""
        self.sessions: list[PhoneSession] = []
        self._agenda: list[tuple[float, int, PhoneSession]] = []
        self._numbers = itertools.count()
        self._sooner = Event()
        self._timers = gevent.spawn(self._run_timers)
        # who is called may answer from another port, which a connected socket would not hear; but
        # only a connected one is told that nobody listens
        self._probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._probe.bind((self.address, 0))
        self._probe.connect(plan.target)
        self._probed_ms = float("-inf")
        self._refusals = gevent.spawn(self._hear_refusals)

    def session(
        self,
        account: PhoneAccount,
        on_done: Callable[[Completed], None],
        on_over: Callable[[Sequence[Medium], CallReport | None, float], None],
        *,
        with_media: bool = True,
    ) -> PhoneSession:
        """A phone on a port of its own. Raises `MediaError`.

        Args:
            on_done: told what nobody waits for: calls that the MCU makes or ends.
            on_over: told of each call with ports for media that is over: which of them were to
                come, what came (None: nothing could be sent or heard), and the ms that it stood.
        """
        session = PhoneSession(
            self, account, on_done, on_over, self._profile, with_media=with_media
        )
        self.sessions.append(session)
        return session

    def give_up(self, session: PhoneSession) -> None:
        """A phone is no longer needed; what stands there is not hung up by that."""
        self.sessions.remove(session)
        session.close()
        session.release()

    @property
    def standing(self) -> int:
        """Calls that are up."""
        return sum(session.phone.stands for session in self.sessions)

    def schedule(self, session: PhoneSession, at_ms: float) -> None:
        """Let a session's timers run at this time."""
        heapq.heappush(self._agenda, (at_ms, next(self._numbers), session))
        if self._agenda[0][0] >= at_ms:
            self._sooner.set()

    def probe(self) -> None:
        """No answer has come in time: is there anybody who listens?"""
        if now_ms() - self._probed_ms >= PROBE_EVERY_MS:
            self._probed_ms = now_ms()
            try_to_send(partial(self._probe.send, KEEP_ALIVE))

    def _hear_refusals(self) -> None:
        """No answer is waited for where nobody listens (RFC 3261 §8.1.3.1, §18.4)."""
        while True:
            try:
                self._probe.recv(MAX_DATAGRAM)
            except OSError:  # ICMP: no such port, host or network
                for session in list(self.sessions):
                    session.nobody_listens()

    def close(self) -> None:
        """Forget everything; calls that stand are not hung up by that."""
        self._timers.kill()
        self._refusals.kill()
        self._probe.close()
        for session in self.sessions:
            session.close()
        if self.media is not None:
            self.media.close()

    def _run_timers(self) -> None:
        while True:
            self._sooner.clear()
            wait_s = max(0.0, (self._agenda[0][0] - now_ms()) / 1e3) if self._agenda else None
            if wait_s is None or wait_s > 0:
                self._sooner.wait(wait_s)
            while self._agenda and self._agenda[0][0] <= now_ms():
                at_ms, _, session = heapq.heappop(self._agenda)
                if session.tick(at_ms) and now_ms() - at_ms > MISSED_MS:
                    self.missed += 1
            gevent.sleep(0)


class PhoneSession:
    """One phone with its socket, and its rows in the media process."""

    def __init__(
        self,
        transport: SipTransport,
        account: PhoneAccount,
        on_done: Callable[[Completed], None],
        on_over: Callable[[Sequence[Medium], CallReport | None, float], None],
        profile: Profile,
        *,
        with_media: bool,
    ) -> None:
        self._transport = transport
        self._on_done = on_done
        self._on_over = on_over
        self._row = -1
        ports = {}
        media, plan = transport.media, transport.plan
        if media is not None and with_media:
            opened = media.open(plan.media)
            self._row, ports = opened.row, opened.ports
        self._media = media if ports else None
        self._stands: tuple[float, list[Medium]] | None = None
        """Of a call with ports for media: since when, in ms, and what is to come of it."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, DSCP_SIGNALLING << 2)
        self._socket.bind((transport.address, 0))
        self.phone = Phone(
            account,
            self._socket.getsockname(),
            transport.server,
            random.SystemRandom(),
            ports=ports,
            profile=profile,
            answer_within_s=plan.answer_within_s,
        )
        self._waiting: dict[Operation, AsyncResult] = {}
        self._reminded_ms = float("inf")
        self.answered_ms = 0.0
        """When the last answer came that a bridge's timetable waits for, or was given up."""
        self.over = Event()
        """Set while no call stands."""
        self.over.set()
        self.expects_end = False
        """Whether it is known that the MCU is going to end the call: then that is not told."""
        self._listener = gevent.spawn(self._listen)

    def ask(
        self, operation: Operation, begin: Callable[[int], object], within_s: float | None = None
    ) -> Completed:
        """Begin something and wait for its end; each has one, by SIP's own timers.

        `within_s`: no answer by then is none; one that comes later is not told to anybody.
        """
        answer = self._waiting[operation] = AsyncResult()
        begin(now_ns())
        self._after()
        try:
            done = answer.get(timeout=within_s)
        except gevent.Timeout:
            self._waiting.pop(operation, None)
            self._note_answer(operation)
            return self.phone.give_up(operation, now_ns())
        assert isinstance(done, Completed)
        return done

    def raw(self, data: bytes) -> None:
        """Send bytes that no user agent would send."""
        host, port, _ = self._transport.server
        try_to_send(partial(self._socket.sendto, data, (host, port)))

    def lose_line(self) -> None:
        """Be cut off: media stop without a word, and the phone begins anew. What the MCU still
        holds is hung up by `leave`."""
        self.phone.lose_line()
        self._stop_media(silently=True)
        self.over.set()

    def tick(self, at_ms: float) -> bool:
        """A reminder's time has come; whether anything was due."""
        if at_ms == self._reminded_ms:
            self._reminded_ms = float("inf")
        timer_ms = self.phone.next_timeout()
        due = timer_ms is not None and timer_ms <= now_ms()
        if due:
            if self.phone.agent.unanswered:
                self._transport.probe()
            self.phone.advance(now_ns())
        self._after()
        return due

    def nobody_listens(self) -> None:
        """What was asked and had no answer has none."""
        self.phone.transport_failed(now_ns())
        self._after()

    def leave(self, within_s: float) -> None:
        """Hang up whatever there is, take back the registration, and wait until the MCU has said
        that it knows."""
        until_ms = now_ms() + within_s * 1e3
        self.phone.leave(now_ns())
        self._after()
        while self.phone.busy and now_ms() < until_ms:
            gevent.sleep(0.02)

    def close(self) -> None:
        """Give up the port."""
        self._listener.kill()
        self._socket.close()

    def release(self) -> None:
        """Give up the ports of its media."""
        if self._media is not None:
            with suppress(MediaError):
                self._media.release(self._row)

    def _listen(self) -> None:
        while True:
            try:
                data, (host, port) = self._socket.recvfrom(MAX_DATAGRAM)
            except ConnectionError:
                continue  # what the network says of an earlier datagram (ICMP)
            self.phone.receive(data, Peer(host, port), now_ns())
            self._after()

    def _after(self) -> None:
        for datagram in self.phone.outgoing():
            target = datagram.target.host, datagram.target.port
            try_to_send(partial(self._socket.sendto, datagram.data, target))
        for event in self.phone.take_events():
            match event:
                case Completed():
                    waiting = self._waiting.pop(event.operation, None)
                    if waiting is not None:
                        self._note_answer(event.operation)
                        waiting.set(event)
                    elif not (event.operation == "drop" and self.expects_end):
                        self._on_done(event)
                case MediaStarted(terms):
                    self.over.clear()
                    self._start_media(where_to(terms, self._transport.server.host))
                case MediaStopped():
                    self._stop_media(silently=False)
                    self.over.set()
                case FastUpdateWanted():
                    if self._media is not None:
                        with suppress(MediaError):
                            self._media.key_frame(self._row)
        timer_ms = self.phone.next_timeout()
        if timer_ms is not None and timer_ms < self._reminded_ms:
            self._reminded_ms = timer_ms
            self._transport.schedule(self, timer_ms)

    def _note_answer(self, operation: Operation) -> None:
        if operation not in ASIDE:
            self.answered_ms = now_ms()

    def _start_media(self, media: dict[Medium, MediaTarget]) -> None:
        if self._media is None:
            return
        coming = [medium for medium, where in media.items() if where.expects is not None]
        self._stands = now_ms(), coming
        with suppress(MediaError):  # an address that nobody can send to; gone: see `watch`
            self._media.start(self._row, media, self.phone.account.name)

    def _stop_media(self, *, silently: bool) -> None:
        if self._media is None or self._stands is None:
            return
        since_ms, coming = self._stands
        self._stands, told = None, None
        with suppress(MediaError):
            told = self._media.stop(self._row, silently=silently)
        self._on_over(coming, told, now_ms() - since_ms)


def where_to(terms: Mapping[Kind, NegotiatedMedia], target: str) -> dict[Medium, MediaTarget]:
    """Where the media of these terms go. Only `target`'s owner has agreed to get any: what another
    host says of itself is in no answer of the target's (the "voice hammer" of RFC 8445 §19.5.1)."""
    return {
        medium: MediaTarget(
            rtp=agreed.remote,
            rtcp=agreed.remote_rtcp,
            payload_type=agreed.send_type,
            muxed=agreed.rtcp_mux,
            sends=agreed.sends,
            assured=agreed.remote[0] == target,
            expects=agreed.receive_type if agreed.receives else None,
        )
        for medium in MEDIA
        if (agreed := terms.get(medium)) is not None
    }


def now_ns() -> int:
    """CLOCK_MONOTONIC."""
    return time.monotonic_ns()


def now_ms() -> float:
    """CLOCK_MONOTONIC in ms."""
    return now_ns() / 1e6


def _own_address(target: tuple[str, int]) -> str:
    """This machine's address on the way to another."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(target)
        return str(probe.getsockname()[0])
