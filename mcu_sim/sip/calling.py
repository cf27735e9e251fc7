"""Calls that are made, until they are answered (RFC 3261 §8.1, §9.1, §12.1.2, §13.2, §22.2)."""

from __future__ import annotations

from sipmessage import URI, Address, CSeq, Parameters, Request, Response

from mcu_sim.sip.abilities import Abilities
from mcu_sim.sip.authentication.challenges import Proof
from mcu_sim.sip.call import Book, Call, CallState
from mcu_sim.sip.dialog import MAX_FORWARDS, Dialog
from mcu_sim.sip.endpoint import Datagram, Endpoint, Slot, Watcher
from mcu_sim.sip.events import Answered, Refused, TimedOut
from mcu_sim.sip.message.answers import USER_AGENT, Peer, phrase_of
from mcu_sim.sip.message.fields import cseq_of, tag_of, to_of
from mcu_sim.sip.message.headers import body_of, retry_after_s
from mcu_sim.sip.session import Sessions
from mcu_sim.sip.timers import GIVE_UP_MS

MAX_RAISES = 3
"""How often an INVITE is sent again with a longer session interval (422)."""
MAX_FORKS = 8
"""Places whose answers to one INVITE are heeded."""


class Calling:
    """INVITEs that begin a call of ours."""

    def __init__(
        self,
        end: Endpoint,
        book: Book,
        sessions: Sessions,
        abilities: Abilities,
        proof: Proof,
        *,
        display_name: str,
        answer_within_ms: float,
    ) -> None:
        self._end = end
        self._book = book
        self._sessions = sessions
        self._abilities = abilities
        self._proof = proof
        self._display_name = display_name
        self._answer_within_ms = answer_within_ms
        end.on_timer["ring"] = self._on_no_patience

    def call(self, uri: URI, sdp: bytes, target: Peer, now_ms: float) -> str:
        """Send the INVITE; the call's name is returned."""
        end = self._end
        host, port = end.contact
        name = f"{end.random_hex()}@{host}"
        request = Request("INVITE", uri)
        branch = end.add_via(request, target)
        request.headers.set("Max-Forwards", str(MAX_FORWARDS))
        own = URI(scheme="sip", user=end.user, host=host, port=port)
        tag = Parameters(tag=end.random_hex())
        request.from_address = Address(own, name=self._display_name, parameters=tag)
        # §19.1.1: what describes the way there does not belong into To.
        request.to_address = Address(URI(uri.scheme, uri.host, uri.user, port=uri.port))
        request.headers.set("Call-ID", name)
        request.cseq = CSeq(1, "INVITE")
        request.headers.set("User-Agent", USER_AGENT)
        self._abilities.offer(request, sdp, target, None)
        slot = end.start(request, target, now_ms, _Attempt(self, name), branch=branch)
        self._book.add(Call(name, CallState.CALLING, True, slot, sent_sdp=sdp))
        end.set_timer("ring", name, now_ms + self._answer_within_ms)
        return name

    def give_up(self, call: Call, now_ms: float) -> None:
        """Stop calling. A 200 that is on its way is answered with ACK and BYE."""
        attempt = call.invite.watcher
        assert isinstance(attempt, _Attempt)
        self._is_over(call)
        if attempt.provisional:
            self._send_cancel(call.invite, now_ms)

    def abandon(self, call: Call, now_ms: float) -> None:
        """Stop calling; without any response so far the INVITE is forgotten, and with it a 200."""
        attempt = call.invite.watcher
        assert isinstance(attempt, _Attempt)
        self.give_up(call, now_ms)
        if not attempt.provisional:
            self._end.drop(call.invite)

    def _on_no_patience(self, name: str, now_ms: float) -> None:
        self._end.emit(TimedOut(name))
        self.give_up(self._book.calls[name], now_ms)

    def _is_over(self, call: Call) -> None:
        call.state = CallState.DONE
        self._end.set_timer("ring", call.id, None)
        self._book.forget(call)

    def _send_cancel(self, invite: Slot, now_ms: float) -> None:
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

    def on_response(self, attempt: _Attempt, slot: Slot, response: Response, now_ms: float) -> None:
        """A response to the INVITE of an attempt."""
        call = self._book.calls.get(attempt.name)
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
            self._end.emit(Refused(call.id, response.code, phrase_of(response), after_s))

    def on_no_answer(self, attempt: _Attempt) -> None:
        """Nothing came, or nothing final after a CANCEL."""
        call = self._book.calls.get(attempt.name)
        if call is not None:
            self._is_over(call)
            self._end.emit(TimedOut(call.id))

    def _on_success(self, attempt: _Attempt, slot: Slot, response: Response, now_ms: float) -> None:
        tag = tag_of(to_of(response))
        if tag in attempt.acks:
            ack = attempt.acks[tag]
            self._end.send(ack.data, ack.target)
            return
        if len(attempt.acks) >= MAX_FORKS:
            self._end.dropped["fork"] += 1
            return
        dialog = Dialog.as_client(slot.request, response, slot.target)
        ack = attempt.acks[tag] = acknowledge(self._end, dialog, slot)
        call = self._book.calls.get(attempt.name)
        if call is None or call.state is not CallState.CALLING:
            # Hung up while the 200 was on its way, or a second branch of a fork answered.
            self._sessions.end_dialog(dialog, now_ms)
            return
        self._end.set_timer("ring", call.id, None)
        call.state = CallState.ESTABLISHED
        call.dialog = dialog
        call.seen_sdp = body_of(response)
        self._book.add(call)
        self._sessions.arm(call, self._abilities.agreed(response), now_ms)
        self._end.emit(Answered(call.id, call.seen_sdp))

    def _again(self, attempt: _Attempt, call: Call, refusal: Response, now_ms: float) -> bool:
        """Try once more with what a refusal asks for, if that can be given (§8.1.3.5)."""
        last = call.invite.request
        sequence, raises = cseq_of(last).sequence + 1, attempt.raises
        request = self._proof.again(last, refusal, sequence)
        if request is None and raises < MAX_RAISES:
            # The new request may be asked for a proof of its own.
            request, raises = self._abilities.raised(last, refusal, sequence, None), raises + 1
        if request is None:
            return False
        renewed = _Attempt(self, call.id, raises)
        call.invite = self._end.start(request, call.invite.target, now_ms, renewed)
        return True


class _Attempt(Watcher):
    """One INVITE of a call; the ACKs that were sent by the To tag they answer (§13.2.2.4)."""

    def __init__(self, part: Calling, name: str, raises: int = 0) -> None:
        self.name = name
        self.raises = raises
        self.provisional = False
        self.acks: dict[str, Datagram] = {}
        self._part = part

    def on_response(self, slot: Slot, response: Response, now_ms: float) -> None:
        self._part.on_response(self, slot, response, now_ms)

    def on_no_answer(self, slot: Slot, now_ms: float) -> None:
        self._part.on_no_answer(self)


def acknowledge(end: Endpoint, dialog: Dialog, invite: Slot) -> Datagram:
    """Send the ACK to a 2xx (§13.2.2.4); it has to be sent again each time the 2xx comes."""
    request = dialog.request("ACK", cseq_of(invite.request).sequence)
    target = dialog.next_hop()
    end.add_via(request, target)
    ack = Datagram(bytes(request), target)
    end.send(ack.data, ack.target)
    return ack
