"""A phone on a real socket, under gevent. For Locust's processes only."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
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
from giaoban.scenarios.load.outcomes import ReceivedMedia
from giaoban.scenarios.load.passwords import PhoneAccount
from giaoban.scenarios.load.phone import Phone
from giaoban.scenarios.load.plan import LoadPlan
from giaoban.traffic.batch import try_to_send
from giaoban.traffic.media_load.messages import MEDIA, Figures, MediaTarget, Medium
from giaoban.traffic.media_load.process import MediaError, MediaProcess
from giaoban.traffic.profiles import DSCP_SIGNALLING, Profile

MAX_DATAGRAM = 65_535
BUFFER_BYTES = 256 << 10
_FIGURES = ReceivedMedia.model_fields.keys() & Figures.model_fields.keys()


class PhoneSession:
    """A phone with its socket, and its ports in the media process."""

    def __init__(
        self,
        plan: LoadPlan,
        account: PhoneAccount,
        profile: Profile,
        media: MediaProcess | None,
        on_done: Callable[[Completed], None],
        on_media: Callable[[ReceivedMedia], None],
    ) -> None:
        """`on_done` gets what nobody waits for, as a call that the MCU ends; `on_media` each medium
        of a call that is over. Raises `OSError`, `MediaError`."""
        self._plan = plan
        self._on_done = on_done
        self._on_media = on_media
        self._media = media
        self._row, ports = -1, {}
        if media is not None:
            opened = media.open(plan.media)
            self._row, ports = opened.row, opened.ports
        self._began_ms: float | None = None
        self._coming: list[Medium] = []
        """Of a call that stands: since when, in ms, and the media that the MCU may send."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, DSCP_SIGNALLING << 2)
        self._socket.bind((own_address(plan.target), 0))
        self.phone = Phone(
            account,
            self._socket.getsockname(),
            Peer(*plan.target),
            ports=ports,
            profile=profile,
            answer_within_s=plan.answer_within_s,
        )
        self.cut = False
        """Whether its line was cut: the MCU may end the call without a failure."""
        self._waiting: dict[Operation, AsyncResult] = {}
        self._timer: gevent.Greenlet | None = None
        self._timer_ms = float("inf")
        self.over = Event()
        """Set while no call stands."""
        self.over.set()
        self._listener = gevent.spawn(self._listen)

    def ask(self, operation: Operation, begin: Callable[[int], object]) -> Completed:
        """Begin an operation and wait for its end, `answer_within_s` at the most."""
        answer = self._waiting[operation] = AsyncResult()
        begin(time.monotonic_ns())
        self._after()
        try:
            # an INVITE ends by the user agent's own timer, which also cancels it
            limit_s = self._plan.answer_within_s + (1.0 if operation == "invite" else 0.0)
            done: Completed = answer.get(timeout=limit_s)
        except gevent.Timeout:
            self._waiting.pop(operation, None)
            return self.phone.give_up(operation, time.monotonic_ns())
        return done

    def cut_line(self) -> None:
        """Stop the media without a word to the MCU, as a line that fails does."""
        self.cut = True
        self._stop_media(silently=True)

    def leave(self, within_s: float) -> None:
        """Hang up, unregister, and wait up to `within_s` for the answers."""
        until_s = time.monotonic() + within_s
        self.phone.leave(time.monotonic_ns())
        self._after()
        while self.phone.busy and time.monotonic() < until_s:
            gevent.sleep(0.02)
        # a request without an answer is reported before Locust sends its statistics
        while self._waiting:
            operation, answer = self._waiting.popitem()
            answer.set(self.phone.give_up(operation, time.monotonic_ns()))
        gevent.sleep(0)

    def close(self) -> None:
        """Close all ports; a call that stands is not hung up by that."""
        self._listener.kill()
        if self._timer is not None:
            self._timer.kill()
        self._socket.close()
        if self._media is not None:
            with suppress(MediaError):
                self._media.release(self._row)

    def _listen(self) -> None:
        while True:
            try:
                data, (host, port) = self._socket.recvfrom(MAX_DATAGRAM)
            except ConnectionError:
                continue  # ICMP about an earlier datagram
            self.phone.receive(data, Peer(host, port), time.monotonic_ns())
            self._after()

    def _on_time(self) -> None:
        self._timer, self._timer_ms = None, float("inf")
        self.phone.advance(time.monotonic_ns())
        self._after()

    def _after(self) -> None:
        """Send what is to be sent, pass on what happened, set the next timer."""
        for datagram in self.phone.outgoing():
            target = datagram.target.host, datagram.target.port
            try_to_send(partial(self._socket.sendto, datagram.data, target))
        for event in self.phone.take_events():
            match event:
                case Completed():
                    waiting = self._waiting.pop(event.operation, None)
                    if waiting is not None:
                        waiting.set(event)
                    elif not self.cut:
                        self._on_done(event)
                case MediaStarted(terms):
                    self.over.clear()
                    self._start_media(where_to(terms, self._plan.target[0]))
                case MediaStopped():
                    self._stop_media(silently=False)
                    self.over.set()
                case FastUpdateWanted():
                    if self._media is not None:
                        with suppress(MediaError):
                            self._media.key_frame(self._row)
        due_ms = self.phone.next_timeout()
        if due_ms is not None and due_ms < self._timer_ms:
            if self._timer is not None:
                self._timer.kill(block=False)
            self._timer_ms = due_ms
            delay_s = max(0.0, due_ms / 1e3 - time.monotonic())
            self._timer = gevent.spawn_later(delay_s, self._on_time)

    def _start_media(self, media: dict[Medium, MediaTarget]) -> None:
        if self._media is None:
            return
        self._began_ms = time.monotonic() * 1e3
        self._coming = [medium for medium, where in media.items() if where.expects is not None]
        with suppress(MediaError):  # an address that cannot be sent to: then nothing comes
            self._media.start(self._row, media, self.phone.account.name)

    def _stop_media(self, *, silently: bool) -> None:
        if self._media is None or self._began_ms is None:
            return
        lasted_ms, self._began_ms = time.monotonic() * 1e3 - self._began_ms, None
        report = None
        with suppress(MediaError):
            report = self._media.stop(self._row, silently=silently)
        for medium in self._plan.media:
            came = None if report is None else report.media.get(medium)
            if report is not None and report.media:
                lasted_ms = report.lasted_ms
            self._on_media(
                ReceivedMedia(
                    who=self.phone.account.who,
                    medium=medium,
                    lasted_ms=round(lasted_ms, 1),
                    agreed=medium in self._coming,
                    **({} if came is None else came.model_dump(include=_FIGURES)),
                )
            )


def where_to(terms: Mapping[Kind, NegotiatedMedia], target: str) -> dict[Medium, MediaTarget]:
    """Return where the media of these terms go. Only `target`'s owner has agreed to get any: to
    another host none go before some came from there (the "voice hammer" of RFC 8445 §19.5.1)."""
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


def own_address(target: tuple[str, int]) -> str:
    """Return this machine's address on the way to another."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(target)
        return str(probe.getsockname()[0])
