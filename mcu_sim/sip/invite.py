"""INVITE: calls that are received or made, and re-INVITEs of established calls.

RFC 3261 §8.1, §8.2, §9, §12.1, §13, §22.2, and §14 for re-INVITE: only one INVITE may be under way
in a dialog. Re-INVITEs of ours refresh the session; those of the peer may change it.
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
    IncomingCall,
    InviteAccepted,
    InviteRefused,
    InviteTimedOut,
    Reoffer,
    ReofferAnswered,
)
from giaoban.mcu_sim.sip.message import (
    PHRASES,
    Peer,
    body_of,
    cseq_of,
    from_of,
    phrase_of,
    reply,
    to_tag,
)
from giaoban.mcu_sim.sip.session import Sessions
from giaoban.mcu_sim.sip.transaction import GIVE_UP_MS


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
        end.on_timer["ring"] = self._on_ring_timeout

    def call(self, uri: URI, sdp: bytes, target: Peer, now_ms: float) -> str:
        """Send the INVITE and return the call's name."""
        end = self._end
        request = first_request(end, "INVITE", uri, self._display_name)
        name: str = request.call_id
        self._capabilities.offer(request, sdp, target, None)
        slot = end.start(request, target, now_ms, _InviteClient(self, name))
        self._call_table.add(Call(name, CallState.CALLING, slot, sent_sdp=sdp))
        end.set_timer("ring", name, now_ms + self._answer_within_ms)
        return name

    def give_up(self, call: Call, now_ms: float, *, drop: bool = False) -> None:
        """Stop calling. A 200 that is under way is answered with ACK and BYE.

        `drop`: an INVITE without a response is forgotten, and a 200 to it is not answered.
        """
        client = call.invite.tu
        assert isinstance(client, _InviteClient)
        self._close(call)
        if client.provisional:
            self._send_cancel(call.invite, now_ms)
        elif drop:
            self._end.drop(call.invite)

    def _on_ring_timeout(self, name: str, now_ms: float) -> None:
        self._end.emit(InviteTimedOut(name))
        self.give_up(self._call_table.calls[name], now_ms)

    def _close(self, call: Call) -> None:
        call.state = CallState.DONE
        self._end.set_timer("ring", call.id, None)
        self._call_table.forget(call)

    def _send_cancel(self, invite: TransactionSlot, now_ms: float) -> None:
        """Send the CANCEL of an INVITE, which has its Via (§9.1)."""
        request = invite.request
        cancel = Request("CANCEL", request.uri)
        for name in ("Via", "Max-Forwards", "From", "To", "Call-ID"):
            cancel.headers.set(name, request.headers[name])
        cancel.cseq = CSeq(cseq_of(request).sequence, "CANCEL")
        cancel.headers.set("Content-Length", "0")
        self._end.start(cancel, invite.target, now_ms, branch=invite.key[1])
        # without a final response after that, §9.1 says to stop waiting
        self._end.limit(invite, now_ms + GIVE_UP_MS)

    def on_response(
        self, client: _InviteClient, slot: TransactionSlot, response: Response, now_ms: float
    ) -> None:
        """Take a response to an INVITE."""
        call = self._call_table.calls.get(client.name)
        if response.code < 200:
            # a CANCEL may only follow a provisional response (§9.1)
            if call is None and not client.provisional:
                self._send_cancel(slot, now_ms)
            client.provisional = True
        elif response.code < 300:
            self._on_success(client, slot, response, now_ms)
        elif call is not None and not self._again(client, call, response, now_ms):
            self._close(call)
            self._end.emit(InviteRefused(call.id, response.code, phrase_of(response)))

    def on_no_answer(self, client: _InviteClient) -> None:
        """Take the end of an INVITE without a final response."""
        call = self._call_table.calls.get(client.name)
        if call is not None:
            self._close(call)
            self._end.emit(InviteTimedOut(call.id))

    def _on_success(
        self, client: _InviteClient, slot: TransactionSlot, response: Response, now_ms: float
    ) -> None:
        tag = to_tag(response)
        if tag in client.acks:
            ack = client.acks[tag]
            self._end.send(ack.data, ack.target)
            return
        dialog = Dialog.as_client(slot.request, response, slot.target)
        client.acks[tag] = acknowledge(self._end, dialog, slot)
        call = self._call_table.calls.get(client.name)
        if call is None or call.state is not CallState.CALLING:
            # hung up while the 200 was under way, or a second branch of a fork answered
            self._sessions.end_dialog(dialog, now_ms)
            return
        self._end.set_timer("ring", call.id, None)
        call.state = CallState.ESTABLISHED
        call.dialog = dialog
        call.seen_sdp = body_of(response)
        self._call_table.add(call)
        self._sessions.arm(call, self._capabilities.agreed(response), now_ms)
        self._end.emit(InviteAccepted(call.id, call.seen_sdp))

    def _again(self, client: _InviteClient, call: Call, refusal: Response, now_ms: float) -> bool:
        """Send the INVITE again with the credentials that a refusal asks for, once (§8.1.3.5);
        return whether it was sent."""
        last = call.invite.request
        request = self._client_authentication.again(last, refusal, cseq_of(last).sequence + 1)
        if request is None:
            return False
        renewed = _InviteClient(self, call.id)
        call.invite = self._end.start(request, call.invite.target, now_ms, renewed)
        return True


class _InviteClient(TransactionUser):
    """One INVITE of a call; the ACKs that were sent by the To tag they answer (§13.2.2.4)."""

    def __init__(self, owner: OutgoingInvites, name: str) -> None:
        self.name = name
        self.provisional = False
        self.acks: dict[str, SipDatagram] = {}
        self._owner = owner

    def on_response(self, slot: TransactionSlot, response: Response, now_ms: float) -> None:
        self._owner.on_response(self, slot, response, now_ms)

    def on_no_answer(self, slot: TransactionSlot, now_ms: float) -> None:
        self._owner.on_no_answer(self)


def acknowledge(end: Endpoint, dialog: Dialog, invite: TransactionSlot) -> SipDatagram:
    """Send the ACK to a 2xx and return it (§13.2.2.4): it is sent again with each repeated 2xx."""
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
        """Take an INVITE outside a dialog."""
        if not self._capabilities.admits(slot, request, now_ms):
            return
        if self._rings:  # stops the caller's repeats (§17.2.1)
            self._end.respond(slot, reply(request, 100), now_ms)
        name = self._end.random_hex()
        slot.call = name
        sdp = body_of(request)
        dialog = Dialog.as_server(request, name, source)
        self._call_table.add(Call(name, CallState.RINGING, slot, dialog, seen_sdp=sdp))
        from_user, to_user = from_of(request).uri.user or "", request.uri.user or ""
        self._end.emit(IncomingCall(name, from_user, to_user, sdp, source, verified))

    def accept(self, call: Call, sdp: bytes, now_ms: float) -> None:
        """Answer 200, after 180 for callers that are to hear it ring (§13.3.1.1)."""
        call.sent_sdp = sdp
        if self._rings:
            ringing = self._capabilities.reply_in_dialog(call, call.invite, 180)
            self._end.respond(call.invite, ringing, now_ms)
        response, timer_terms = self._capabilities.success(call, call.invite, sdp)
        call.state = CallState.ANSWERED
        self._sessions.succeed(call, call.invite, response, now_ms)
        self._sessions.arm(call, timer_terms, now_ms)

    def refuse(
        self, call: Call, code: int, reason: str, now_ms: float, retry_after_s: int | None = None
    ) -> None:
        """Answer with a refusal."""
        response = reply(call.invite.request, code, reason, call.id)
        if retry_after_s is not None:
            response.headers.set("Retry-After", str(retry_after_s))
        call.state = CallState.DONE
        self._call_table.forget(call)
        self._end.respond(call.invite, response, now_ms)

    def acknowledged(self, call: Call, ack: Request) -> None:
        """Take the ACK to our 200."""
        call.state = CallState.ESTABLISHED
        sdp = body_of(ack)
        call.seen_sdp = sdp or call.seen_sdp
        self._end.emit(CallEstablished(call.id, sdp))

    def on_cancel(self, call: Call, now_ms: float) -> None:
        """Take a CANCEL; it is too late if the call is decided."""
        if call.state is CallState.RINGING:
            self.refuse(call, 487, PHRASES[487], now_ms)
            self._end.emit(CallFailed(call.id, 487, PHRASES[487]))


class Reinvites:
    """re-INVITEs of the peers, and those of ours, which refresh sessions."""

    def __init__(
        self, end: Endpoint, call_table: CallTable, sessions: Sessions, capabilities: Capabilities
    ) -> None:
        self._end = end
        self._call_table = call_table
        self._sessions = sessions
        self._capabilities = capabilities
        end.on_timer["refresh"] = self._on_refresh_due

    # --------------------------------------------------------------------------- of the peers

    def on_invite(self, slot: TransactionSlot, request: Request, now_ms: float) -> None:
        """Take an INVITE with a To tag (§14.2)."""
        call = self._sessions.in_order(slot, request, now_ms, CallState.CLOSING, CallState.DONE)
        if call is None:
            return
        if call.state is CallState.RINGING or call.reoffer is not None:
            # an earlier offer of the peer has no answer yet (§14.2)
            self._end.refuse(slot, 500, now_ms, headers={"Retry-After": "1"})
        elif call.refresh is not None or call.success is not None:
            self._end.refuse(slot, 491, now_ms)
        elif self._capabilities.admits(slot, request, now_ms):
            slot.call = call.id
            call.reoffer = slot
            self._end.emit(Reoffer(call.id, body_of(slot.request)))

    def answer(self, call: Call, sdp: bytes, now_ms: float) -> None:
        """Accept the offer of the peer; for a re-INVITE without one, `sdp` is ours."""
        slot = self._take_reoffer(call)
        call.sent_sdp = sdp
        call.seen_sdp = body_of(slot.request) or call.seen_sdp
        response, timer_terms = self._capabilities.success(call, slot, sdp)
        call.standing.refresh_target(slot.request)
        self._sessions.succeed(call, slot, response, now_ms)
        self._sessions.arm(call, timer_terms, now_ms)

    def refuse(self, call: Call, code: int, reason: str, now_ms: float) -> None:
        """Refuse the offer of the peer; the session stays as it is."""
        self._end.refuse(self._take_reoffer(call), code, now_ms, reason)
        self._refresh(call, now_ms)

    def acknowledged(self, call: Call, ack: Request, offered: bool, now_ms: float) -> None:
        """Take the ACK to our 2xx, with the peer's answer if the 2xx had our offer."""
        sdp = body_of(ack)
        if sdp is not None and offered:
            call.seen_sdp = sdp
            self._end.emit(ReofferAnswered(call.id, sdp))
        self._refresh(call, now_ms)

    def _take_reoffer(self, call: Call) -> TransactionSlot:
        slot, call.reoffer = call.reoffer, None
        if slot is None:
            raise ValueError(f"call {call.id!r} has no offer to decide on")
        return slot

    # -------------------------------------------------------------------------------- of ours

    def _on_refresh_due(self, name: str, now_ms: float) -> None:
        call = self._call_table.calls[name]
        call.refresh_due = True
        self._refresh(call, now_ms)

    def _refresh(self, call: Call, now_ms: float) -> None:
        """Refresh a session that is due, with the present description, if no other INVITE is under
        way."""
        busy = call.reoffer or call.refresh or call.success
        if busy or call.state is not CallState.ESTABLISHED or not call.refresh_due:
            return
        hop, request = call.standing.next_hop(), call.standing.request("INVITE")
        self._capabilities.offer(request, call.sent_sdp, hop, call)
        call.refresh = self._end.start(request, hop, now_ms, _RefreshClient(self, call))

    def on_response(
        self, client: _RefreshClient, slot: TransactionSlot, response: Response, now_ms: float
    ) -> None:
        """Take a response to a refresh."""
        call = client.call
        if response.code < 200:
            return
        if response.code < 300:
            self._on_success(client, slot, response, now_ms)
        elif call.state is not CallState.DONE:
            call.refresh = None
            if response.code in (408, 481):
                self._sessions.end(call, "session-expired", now_ms)
            else:  # the peer has shown that it lives, which is all that a refresh is for
                self._sessions.arm(call, call.timer_terms, now_ms)

    def on_no_answer(self, client: _RefreshClient, now_ms: float) -> None:
        """End a call whose refresh got no response (§14.1)."""
        if client.call.state is not CallState.DONE:
            self._sessions.end(client.call, "session-expired", now_ms)

    def _on_success(
        self, client: _RefreshClient, slot: TransactionSlot, response: Response, now_ms: float
    ) -> None:
        if client.ack is not None:
            self._end.send(client.ack.data, client.ack.target)
            return
        call = client.call
        call.standing.refresh_target(response)
        client.ack = acknowledge(self._end, call.standing, slot)
        if call.state is CallState.DONE:
            return
        call.refresh = None
        sdp = body_of(response)
        call.seen_sdp = sdp or call.seen_sdp
        self._sessions.arm(call, self._capabilities.agreed(response), now_ms)


class _RefreshClient(TransactionUser):
    """One re-INVITE of ours, and the ACK to its 2xx."""

    def __init__(self, owner: Reinvites, call: Call) -> None:
        self.call = call
        self.ack: SipDatagram | None = None
        self._owner = owner

    def on_response(self, slot: TransactionSlot, response: Response, now_ms: float) -> None:
        self._owner.on_response(self, slot, response, now_ms)

    def on_no_answer(self, slot: TransactionSlot, now_ms: float) -> None:
        self._owner.on_no_answer(self, now_ms)
