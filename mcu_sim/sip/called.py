"""Calls that come in, until they stand (RFC 3261 §8.2, §9.2, §12.1.1, §13.3)."""

from __future__ import annotations

from sipmessage import Request

from mcu_sim.sip.abilities import Abilities
from mcu_sim.sip.call import Book, Call, CallState
from mcu_sim.sip.dialog import Dialog
from mcu_sim.sip.endpoint import Endpoint, Slot, Watcher
from mcu_sim.sip.events import CallEstablished, CallFailed, IncomingCall
from mcu_sim.sip.message.answers import PHRASES, Peer, reply
from mcu_sim.sip.message.fields import cseq_of, from_of, tag_of
from mcu_sim.sip.message.headers import OTHER_WARNING, body_of, warned
from mcu_sim.sip.session import Sessions

Identity = tuple[str, str, int]
"""From tag, Call-ID and CSeq: the same if one request came by two ways (§8.2.2.2)."""


class Called(Watcher):
    """INVITEs that begin a call, until their ACK."""

    def __init__(
        self, end: Endpoint, book: Book, sessions: Sessions, abilities: Abilities, *, rings: bool
    ) -> None:
        self._end = end
        self._rings = rings
        self._book = book
        self._sessions = sessions
        self._abilities = abilities
        self._initial: dict[Identity, Slot] = {}

    def is_merged(self, slot: Slot, request: Request, now_ms: float) -> bool:
        """Whether the same INVITE came by another way already; it is refused then (§8.2.2.2)."""
        slot.watcher = self
        if self._initial.setdefault(_identity(request), slot) is slot:
            return False
        self._end.refuse(slot, 482, now_ms)
        return True

    def on_invite(
        self, slot: Slot, request: Request, source: Peer, verified: str | None, now_ms: float
    ) -> None:
        """Someone calls."""
        if not self._abilities.admits(slot, request, now_ms):
            return
        if self._rings:  # the caller need not repeat itself (§17.2.1)
            self._end.respond(slot, reply(request, 100), now_ms)
        name = self._end.random_hex()
        slot.call = name
        sdp = body_of(request)
        dialog = Dialog.as_server(request, name, source)
        self._book.add(Call(name, CallState.RINGING, False, slot, dialog, seen_sdp=sdp))
        self._end.emit(
            IncomingCall(
                call=name,
                from_user=from_of(request).uri.user or "",
                to_user=request.uri.user or "",
                sdp=sdp,
                source=source,
                sip_call_id=request.call_id,
                verified_user=verified,
            )
        )

    def accept(self, call: Call, sdp: bytes, now_ms: float) -> None:
        """Answer 200, after 180 for callers that want to hear it ring (§13.3.1.1)."""
        if self._rings:
            ringing = self._abilities.reply_in_dialog(call, call.invite, 180)
            self._end.respond(call.invite, ringing, now_ms)
        response, terms = self._abilities.success(call, call.invite, sdp)
        call.state = CallState.ANSWERED
        call.sent_sdp = sdp
        self._sessions.succeed(call, call.invite, response, now_ms)
        self._sessions.arm(call, terms, now_ms)

    def refuse(
        self,
        call: Call,
        code: int,
        reason: str,
        now_ms: float,
        retry_after_s: int | None,
        warning: int = OTHER_WARNING,
    ) -> None:
        """Answer with a refusal."""
        response = reply(call.invite.request, code, reason, call.id)
        for name, value in warned(code, warning, self._end.contact, reason).items():
            response.headers.set(name, value)
        if retry_after_s is not None:
            response.headers.set("Retry-After", str(retry_after_s))
        call.state = CallState.DONE
        self._book.forget(call)
        self._end.respond(call.invite, response, now_ms)

    def acknowledged(self, call: Call, ack: Request) -> None:
        """The ACK to our 200 came."""
        call.state = CallState.ESTABLISHED
        sdp = body_of(ack)
        call.seen_sdp = sdp or call.seen_sdp
        self._end.emit(CallEstablished(call.id, sdp))

    def on_cancel(self, call: Call, now_ms: float) -> None:
        """The caller gives up; too late if the call is decided."""
        if call.state is CallState.RINGING:
            self.refuse(call, 487, PHRASES[487], now_ms, None)
            self._end.emit(CallFailed(call.id, 487, PHRASES[487]))

    def on_gone(self, slot: Slot) -> None:
        identity = _identity(slot.request)
        if self._initial.get(identity) is slot:
            del self._initial[identity]


def _identity(request: Request) -> Identity:
    return tag_of(from_of(request)), request.call_id, cseq_of(request).sequence
