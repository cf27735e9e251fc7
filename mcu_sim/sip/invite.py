"""INVITE: calls that come in, calls that are made, and changes of calls that stand.

RFC 3261 §8.1, §8.2, §9, §12.1, §13, §22.2, and §14 for re-INVITE: only one INVITE may be on its way
in a dialog. An offer of ours waits for its turn; one of the peer that meets ours is refused with
491, as ours is by the peer, and ours is tried again later.
"""

from __future__ import annotations

from sipmessage import URI, CSeq, Request, Response

from giaoban.mcu_sim.sip.authentication import ClientAuthentication
from giaoban.mcu_sim.sip.call import Call, CallState, CallTable
from giaoban.mcu_sim.sip.capabilities import Capabilities
from giaoban.mcu_sim.sip.dialog import Dialog, first_request
from giaoban.mcu_sim.sip.endpoint import Endpoint, SipDatagram, TransactionSlot, TransactionUser
from giaoban.mcu_sim.sip.events import (
    CallEstablished,
    CallFailed,
    EndCause,
    IncomingCall,
    InviteAccepted,
    InviteRefused,
    InviteTimedOut,
    Reoffer,
    ReofferAnswered,
    ReofferRefused,
    ReofferWithdrawn,
)
from giaoban.mcu_sim.sip.message.addresses import Peer
from giaoban.mcu_sim.sip.message.headers import (
    OTHER_WARNING,
    body_of,
    cseq_of,
    from_of,
    retry_after_s,
    to_tag,
    warned,
)
from giaoban.mcu_sim.sip.message.responses import PHRASES, phrase_of, reply
from giaoban.mcu_sim.sip.session import Sessions
from giaoban.mcu_sim.sip.transaction import GIVE_UP_MS

MAX_RAISES = 3
"""How often an INVITE is sent again with a longer session interval (422)."""
MAX_FORKS = 8
"""Places whose answers to one INVITE are heeded."""


class OutgoingInvites:
    """INVITEs that begin a call of ours."""

    def __init__(
        self,
        end: Endpoint,
        call_table: CallTable,
        sessions: Sessions,
        capabilities: Capabilities,
        client_authentication: ClientAuthentication,
        *,
        display_name: str,
        answer_within_ms: float,
    ) -> None:
        self._end = end
        self._call_table = call_table
        self._sessions = sessions
        self._capabilities = capabilities
        self._client_authentication = client_authentication
        self._display_name = display_name
        self._answer_within_ms = answer_within_ms
        end.on_timer["ring"] = self._on_no_patience

    def call(self, uri: URI, sdp: bytes, target: Peer, now_ms: float) -> str:
        """Send the INVITE; the call's name is returned."""
        end = self._end
        request = first_request(end, "INVITE", uri, self._display_name)
        name: str = request.call_id
        self._capabilities.offer(request, sdp, target, None)
        slot = end.start(request, target, now_ms, _InviteClient(self, name))
        self._call_table.add(Call(name, CallState.CALLING, True, slot, sent_sdp=sdp))
        end.set_timer("ring", name, now_ms + self._answer_within_ms)
        return name

    def give_up(self, call: Call, now_ms: float) -> None:
        """Stop calling. A 200 that is on its way is answered with ACK and BYE."""
        attempt = call.invite.tu
        assert isinstance(attempt, _InviteClient)
        self._is_over(call)
        if attempt.provisional:
            self._send_cancel(call.invite, now_ms)

    def abandon(self, call: Call, now_ms: float) -> None:
        """Stop calling; without any response so far the INVITE is forgotten, and with it a 200."""
        attempt = call.invite.tu
        assert isinstance(attempt, _InviteClient)
        self.give_up(call, now_ms)
        if not attempt.provisional:
            self._end.drop(call.invite)

    def _on_no_patience(self, name: str, now_ms: float) -> None:
        self._end.emit(InviteTimedOut(name))
        self.give_up(self._call_table.calls[name], now_ms)

    def _is_over(self, call: Call) -> None:
        call.state = CallState.DONE
        self._end.set_timer("ring", call.id, None)
        self._call_table.forget(call)

    def _send_cancel(self, invite: TransactionSlot, now_ms: float) -> None:
        """A CANCEL is its INVITE with another method, branch and all (§9.1)."""
        request = invite.request
        cancel = Request("CANCEL", request.uri)
        for name in ("Via", "Max-Forwards", "From", "To", "Call-ID"):
            cancel.headers.set(name, request.headers[name])
        cancel.cseq = CSeq(cseq_of(request).sequence, "CANCEL")
        cancel.headers.set("Content-Length", "0")
        self._end.start(cancel, invite.target, now_ms, branch=invite.key[1])
        # If nothing final comes after that, §9.1 says to stop waiting.
        self._end.limit(invite, now_ms + GIVE_UP_MS)

    # ------------------------------------------------------------------------ what came of it

    def on_response(
        self, attempt: _InviteClient, slot: TransactionSlot, response: Response, now_ms: float
    ) -> None:
        """A response to the INVITE of an attempt."""
        call = self._call_table.calls.get(attempt.name)
        if response.code < 200:
            # A CANCEL may only follow a provisional response (§9.1).
            if call is None and not attempt.provisional:
                self._send_cancel(slot, now_ms)
            attempt.provisional = True
        elif response.code < 300:
            self._on_success(attempt, slot, response, now_ms)
        elif call is not None and not self._again(attempt, call, response, now_ms):
            self._is_over(call)
            after_s = retry_after_s(response)
            self._end.emit(InviteRefused(call.id, response.code, phrase_of(response), after_s))

    def on_no_answer(self, attempt: _InviteClient) -> None:
        """Nothing came, or nothing final after a CANCEL."""
        call = self._call_table.calls.get(attempt.name)
        if call is not None:
            self._is_over(call)
            self._end.emit(InviteTimedOut(call.id))

    def _on_success(
        self, attempt: _InviteClient, slot: TransactionSlot, response: Response, now_ms: float
    ) -> None:
        tag = to_tag(response)
        if tag in attempt.acks:
            ack = attempt.acks[tag]
            self._end.send(ack.data, ack.target)
            return
        if len(attempt.acks) >= MAX_FORKS:
            self._end.dropped["fork"] += 1
            return
        dialog = Dialog.as_client(slot.request, response, slot.target)
        ack = attempt.acks[tag] = acknowledge(self._end, dialog, slot)
        call = self._call_table.calls.get(attempt.name)
        if call is None or call.state is not CallState.CALLING:
            # Hung up while the 200 was on its way, or a second branch of a fork answered.
            self._sessions.end_dialog(dialog, now_ms)
            return
        self._end.set_timer("ring", call.id, None)
        call.state = CallState.ESTABLISHED
        call.dialog = dialog
        call.seen_sdp = body_of(response)
        self._call_table.add(call)
        self._sessions.arm(call, self._capabilities.agreed(response), now_ms)
        self._end.emit(InviteAccepted(call.id, call.seen_sdp))

    def _again(self, attempt: _InviteClient, call: Call, refusal: Response, now_ms: float) -> bool:
        """Try once more with what a refusal asks for, if that can be given (§8.1.3.5)."""
        last = call.invite.request
        sequence, raises = cseq_of(last).sequence + 1, attempt.raises
        request = self._client_authentication.again(last, refusal, sequence)
        if request is None and raises < MAX_RAISES:
            # The new request may be asked for a proof of its own.
            request, raises = self._capabilities.raised(last, refusal, sequence, None), raises + 1
        if request is None:
            return False
        renewed = _InviteClient(self, call.id, raises)
        call.invite = self._end.start(request, call.invite.target, now_ms, renewed)
        return True


class _InviteClient(TransactionUser):
    """One INVITE of a call; the ACKs that were sent by the To tag they answer (§13.2.2.4)."""

    def __init__(self, part: OutgoingInvites, name: str, raises: int = 0) -> None:
        self.name = name
        self.raises = raises
        self.provisional = False
        self.acks: dict[str, SipDatagram] = {}
        self._owner = part

    def on_response(self, slot: TransactionSlot, response: Response, now_ms: float) -> None:
        self._owner.on_response(self, slot, response, now_ms)

    def on_no_answer(self, slot: TransactionSlot, now_ms: float) -> None:
        self._owner.on_no_answer(self)


def acknowledge(end: Endpoint, dialog: Dialog, invite: TransactionSlot) -> SipDatagram:
    """Send the ACK to a 2xx (§13.2.2.4); it has to be sent again each time the 2xx comes."""
    request = dialog.request("ACK", cseq_of(invite.request).sequence)
    target = dialog.next_hop()
    end.add_via(request, target)
    ack = SipDatagram(bytes(request), target)
    end.send(ack.data, ack.target)
    return ack


class IncomingInvites:
    """INVITEs that begin a call, until their ACK."""

    def __init__(
        self,
        end: Endpoint,
        call_table: CallTable,
        sessions: Sessions,
        capabilities: Capabilities,
        *,
        rings: bool,
    ) -> None:
        self._end = end
        self._rings = rings
        self._call_table = call_table
        self._sessions = sessions
        self._capabilities = capabilities

    def on_invite(
        self,
        slot: TransactionSlot,
        request: Request,
        source: Peer,
        verified: str | None,
        now_ms: float,
    ) -> None:
        """Someone calls."""
        if not self._capabilities.admits(slot, request, now_ms):
            return
        if self._rings:  # the caller need not repeat itself (§17.2.1)
            self._end.respond(slot, reply(request, 100), now_ms)
        name = self._end.random_hex()
        slot.call = name
        sdp = body_of(request)
        dialog = Dialog.as_server(request, name, source)
        self._call_table.add(Call(name, CallState.RINGING, False, slot, dialog, seen_sdp=sdp))
        self._end.emit(
            IncomingCall(
                call=name,
                from_user=from_of(request).uri.user or "",
                to_user=request.uri.user or "",
                sdp=sdp,
                source=source,
                verified_user=verified,
            )
        )

    def accept(self, call: Call, sdp: bytes, now_ms: float) -> None:
        """Answer 200, after 180 for callers that want to hear it ring (§13.3.1.1)."""
        call.sent_sdp = sdp
        if self._rings:
            ringing = self._capabilities.reply_in_dialog(call, call.invite, 180)
            self._end.respond(call.invite, ringing, now_ms)
        response, timer_terms = self._capabilities.success(call, call.invite, call.sent_sdp)
        call.state = CallState.ANSWERED
        self._sessions.succeed(call, call.invite, response, now_ms)
        self._sessions.arm(call, timer_terms, now_ms)

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
        self._call_table.forget(call)
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


MAX_GLARES = 8
"""A re-INVITE that met the peer's so often is not tried any more."""
MAX_RETRY_AFTER_S = 10


class Reinvites:
    """re-INVITEs of ours and of the peers."""

    def __init__(
        self,
        end: Endpoint,
        call_table: CallTable,
        sessions: Sessions,
        capabilities: Capabilities,
        answer_within_ms: float,
    ) -> None:
        self._end = end
        self._call_table = call_table
        self._sessions = sessions
        self._capabilities = capabilities
        self._answer_within_ms = answer_within_ms
        end.on_timer["refresh"] = self._on_refresh_due
        end.on_timer["glare"] = self._on_back_off_over
        end.on_timer["patience"] = self._on_no_patience

    # --------------------------------------------------------------------------- of the peers

    def on_invite(self, slot: TransactionSlot, request: Request, now_ms: float) -> None:
        """An INVITE with a To tag came (§14.2)."""
        lacking = CallState.CLOSING, CallState.DONE
        call = self._sessions.in_order(slot, request, now_ms, *lacking)
        if call is None:
            return
        if call.state is CallState.RINGING or call.asked is not None:
            # an earlier offer of the peer has no answer yet (§14.2)
            after_s = self._end.rng.randint(0, MAX_RETRY_AFTER_S)
            self._end.refuse(slot, 500, now_ms, headers={"Retry-After": str(after_s)})
        elif call.offering is not None or call.success is not None:
            self._end.refuse(slot, 491, now_ms)
        elif self._capabilities.admits(slot, request, now_ms):
            slot.call = call.id
            call.asked = slot
            self._end.emit(Reoffer(call.id, body_of(slot.request)))

    def answer(self, call: Call, sdp: bytes, now_ms: float) -> None:
        """Accept the offer of the peer; of a re-INVITE without one, `sdp` is ours."""
        slot = self._take_asked(call)
        call.sent_sdp = sdp
        call.seen_sdp = body_of(slot.request) or call.seen_sdp
        response, timer_terms = self._capabilities.success(call, slot, sdp)
        call.standing.refresh_target(slot.request)
        self._sessions.succeed(call, slot, response, now_ms)
        self._sessions.arm(call, timer_terms, now_ms)
        self._next(call, now_ms)

    def refuse(
        self, call: Call, code: int, reason: str, now_ms: float, warning: int = OTHER_WARNING
    ) -> None:
        """Leave the session as it is."""
        headers = warned(code, warning, self._end.contact, reason)
        self._end.refuse(self._take_asked(call), code, now_ms, reason, headers)
        self._next(call, now_ms)

    def on_cancel(self, call: Call, now_ms: float) -> None:
        """The peer takes its re-INVITE back."""
        self.refuse(call, 487, PHRASES[487], now_ms)
        self._end.emit(ReofferWithdrawn(call.id))

    def acknowledged(self, call: Call, ack: Request, offered: bool, now_ms: float) -> None:
        """The ACK to our 2xx came; it has the peer's answer if we `offered` in that."""
        sdp = body_of(ack)
        if sdp is not None and offered:
            call.seen_sdp = sdp
            self._end.emit(ReofferAnswered(call.id, sdp))
        self._next(call, now_ms)

    def _take_asked(self, call: Call) -> TransactionSlot:
        slot, call.asked = call.asked, None
        if slot is None:
            raise ValueError(f"call {call.id!r} has no offer to decide on")
        return slot

    # -------------------------------------------------------------------------------- of ours

    def offer(self, call: Call, sdp: bytes, now_ms: float) -> None:
        """Change the session, as soon as no other INVITE is on its way."""
        if call.wanted is not None:
            raise ValueError(f"call {call.id!r} has an offer on its way")
        call.wanted = sdp
        self._next(call, now_ms)

    def _on_refresh_due(self, name: str, now_ms: float) -> None:
        call = self._call_table.calls[name]
        call.refresh_due = True
        self._next(call, now_ms)

    def _on_back_off_over(self, name: str, now_ms: float) -> None:
        call = self._call_table.calls[name]
        call.backing_off = False
        self._next(call, now_ms)

    def _next(self, call: Call, now_ms: float) -> None:
        """Send what waits, if nothing is on its way."""
        busy = call.asked or call.offering or call.success or call.backing_off
        if busy or call.state is not CallState.ESTABLISHED:
            return
        if call.wanted is None and not call.refresh_due:
            return
        refresh = call.wanted is None
        sdp = call.sent_sdp if call.wanted is None else call.wanted
        request = call.standing.request("INVITE")
        self._capabilities.offer(request, sdp, call.standing.next_hop(), call)
        hop, offering = call.standing.next_hop(), _ReinviteClient(self, call, sdp, refresh)
        self._is_on_its_way(call, self._end.start(request, hop, now_ms, offering), now_ms)

    def _is_on_its_way(self, call: Call, offering: TransactionSlot, now_ms: float) -> None:
        call.offering = offering
        self._end.set_timer("patience", call.id, now_ms + self._answer_within_ms)

    def on_response(
        self, offering: _ReinviteClient, slot: TransactionSlot, response: Response, now_ms: float
    ) -> None:
        """A response to a re-INVITE of ours."""
        call = offering.call
        if response.code < 200:
            return
        if response.code < 300:
            self._on_success(offering, slot, response, now_ms)
        elif call.state is not CallState.DONE:
            self._is_decided(call)
            self._on_refusal(offering, slot, response, now_ms)

    def on_no_answer(self, offering: _ReinviteClient, now_ms: float) -> None:
        """Nothing came (§14.1): the call is over."""
        if offering.call.state is not CallState.DONE:
            self._is_gone(offering, now_ms)

    def _on_no_patience(self, name: str, now_ms: float) -> None:
        call = self._call_table.calls[name]
        assert call.offering is not None
        offering = call.offering.tu
        assert isinstance(offering, _ReinviteClient)
        self._is_gone(offering, now_ms)

    def _on_success(
        self, offering: _ReinviteClient, slot: TransactionSlot, response: Response, now_ms: float
    ) -> None:
        if offering.ack is not None:
            self._end.send(offering.ack.data, offering.ack.target)
            return
        call = offering.call
        call.standing.refresh_target(response)
        offering.ack = acknowledge(self._end, call.standing, slot)
        if call.state is CallState.DONE:
            return
        self._is_decided(call)
        call.glares = 0
        sdp = body_of(response)
        news = sdp is not None and sdp != call.seen_sdp
        call.sent_sdp = offering.sdp
        call.seen_sdp = sdp or call.seen_sdp
        if not offering.refresh:
            call.wanted = None
        self._sessions.arm(call, self._capabilities.agreed(response), now_ms)
        if news or not offering.refresh:
            self._end.emit(ReofferAnswered(call.id, sdp, offering.refresh))
        self._next(call, now_ms)

    def _on_refusal(
        self, offering: _ReinviteClient, slot: TransactionSlot, response: Response, now_ms: float
    ) -> None:
        call, code = offering.call, response.code
        if code in (408, 481):
            self._is_gone(offering, now_ms)
        elif code == 491 and call.glares < MAX_GLARES:
            self._back_off(call, now_ms)
        elif not self._again(offering, slot, response, now_ms):
            call.glares = 0
            if offering.refresh:
                self._sessions.refresh_failed(call, now_ms)
            else:
                call.wanted = None
                self._end.emit(ReofferRefused(call.id, code, phrase_of(response)))
            self._next(call, now_ms)

    def _is_decided(self, call: Call) -> None:
        call.offering = None
        self._end.set_timer("patience", call.id, None)

    def _back_off(self, call: Call, now_ms: float) -> None:
        """Two re-INVITEs met: wait 2.1–4 s if the Call-ID is ours, else 0–2 s (§14.1)."""
        call.glares += 1
        call.backing_off = True
        hundredths = (210, 400) if call.outgoing else (0, 200)
        at_ms = now_ms + 10 * self._end.rng.randint(*hundredths)
        self._end.set_timer("glare", call.id, at_ms)

    def _again(
        self, offering: _ReinviteClient, slot: TransactionSlot, refusal: Response, now_ms: float
    ) -> bool:
        """Try once more with what a refusal asks for, if that can be given."""
        call, dialog = offering.call, offering.call.standing
        renewed = self._sessions.prove(dialog, slot, refusal, now_ms)
        if renewed is None and offering.raises < MAX_RAISES:
            request = self._capabilities.raised(slot.request, refusal, dialog.local_cseq + 1, call)
            if request is not None:
                dialog.local_cseq += 1
                offering.raises += 1
                renewed = self._end.start(request, dialog.next_hop(), now_ms, offering)
        if renewed is not None:
            self._is_on_its_way(call, renewed, now_ms)
        return renewed is not None

    def _is_gone(self, offering: _ReinviteClient, now_ms: float) -> None:
        cause: EndCause = "session-expired" if offering.refresh else "gone"
        self._sessions.end(offering.call, cause, now_ms)


class _ReinviteClient(TransactionUser):
    """One re-INVITE of ours, and the ACK to its 2xx."""

    def __init__(self, part: Reinvites, call: Call, sdp: bytes, refresh: bool) -> None:
        self.call = call
        self.sdp = sdp
        self.refresh = refresh
        self.raises = 0
        self.ack: SipDatagram | None = None
        self._owner = part

    def on_response(self, slot: TransactionSlot, response: Response, now_ms: float) -> None:
        self._owner.on_response(self, slot, response, now_ms)

    def on_no_answer(self, slot: TransactionSlot, now_ms: float) -> None:
        self._owner.on_no_answer(self, now_ms)
