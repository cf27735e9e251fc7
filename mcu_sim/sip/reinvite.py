"""re-INVITEs: a standing session is changed or refreshed, by either side (RFC 3261 §14).

Only one INVITE may be on its way in a dialog. An offer of ours waits for its turn; one of the
peer that meets ours is refused with 491, as ours is by the peer, and ours is tried again later.
The peer may use UPDATE for the same (RFC 3311), which needs no ACK; we do not.
"""

from __future__ import annotations

from sipmessage import Request, Response

from mcu_sim.sip.abilities import Abilities
from mcu_sim.sip.call import Book, Call, CallState
from mcu_sim.sip.calling import MAX_RAISES, acknowledge
from mcu_sim.sip.endpoint import Datagram, Endpoint, Slot, Watcher
from mcu_sim.sip.events import (
    EndCause,
    Reoffer,
    ReofferAnswered,
    ReofferRefused,
    ReofferWithdrawn,
)
from mcu_sim.sip.message.answers import PHRASES, phrase_of
from mcu_sim.sip.message.headers import OTHER_WARNING, body_of, warned
from mcu_sim.sip.session import Sessions

MAX_GLARES = 8
"""A re-INVITE that met the peer's so often is not tried any more."""
MAX_RETRY_AFTER_S = 10


class Reinvites:
    """re-INVITEs of ours and of the peers, and their UPDATEs."""

    def __init__(
        self,
        end: Endpoint,
        book: Book,
        sessions: Sessions,
        abilities: Abilities,
        answer_within_ms: float,
    ) -> None:
        self._end = end
        self._book = book
        self._sessions = sessions
        self._abilities = abilities
        self._answer_within_ms = answer_within_ms
        end.on_timer["refresh"] = self._on_refresh_due
        end.on_timer["glare"] = self._on_back_off_over
        end.on_timer["patience"] = self._on_no_patience

    # --------------------------------------------------------------------------- of the peers

    def on_invite(self, slot: Slot, request: Request, now_ms: float) -> None:
        """An INVITE with a To tag came (§14.2)."""
        call = self._in_order(slot, request, now_ms)
        if call is None:
            return
        if call.state is CallState.RINGING or call.asked is not None:
            self._refuse_early(slot, now_ms)
        elif call.offering is not None or call.success is not None:
            self._end.refuse(slot, 491, now_ms)
        elif self._abilities.admits(slot, request, now_ms):
            self._ask(call, slot)

    def on_update(self, slot: Slot, request: Request, now_ms: float) -> None:
        """An UPDATE came (RFC 3311 §5.2): an offer or, without one, a refresh (RFC 4028 §9)."""
        call = self._in_order(slot, request, now_ms)
        if call is None:
            return
        offers, asked, success = body_of(request) is not None, call.asked, call.success
        undecided = asked is not None and (offers or asked.request.method == "UPDATE")
        if call.state is CallState.RINGING or undecided:
            self._refuse_early(slot, now_ms)
        elif offers and (
            call.state is CallState.ANSWERED  # overtook the ACK: its call does not stand yet
            or call.offering is not None
            or (success is not None and success.offered)
        ):
            self._end.refuse(slot, 491, now_ms)
        elif self._abilities.admits(slot, request, now_ms):
            if offers:
                self._ask(call, slot)
            else:
                self._succeed(call, slot, None, now_ms)

    def _in_order(self, slot: Slot, request: Request, now_ms: float) -> Call | None:
        lacking = CallState.CLOSING, CallState.DONE
        return self._sessions.in_order(slot, request, now_ms, *lacking)

    def _refuse_early(self, slot: Slot, now_ms: float) -> None:
        """An earlier offer of the peer has no answer yet (§14.2; RFC 3311 §5.2)."""
        after_s = self._end.rng.randint(0, MAX_RETRY_AFTER_S)
        self._end.refuse(slot, 500, now_ms, headers={"Retry-After": str(after_s)})

    def _ask(self, call: Call, slot: Slot) -> None:
        slot.call = call.id
        call.asked = slot
        self._end.emit(Reoffer(call.id, body_of(slot.request)))

    def answer(self, call: Call, sdp: bytes, now_ms: float) -> None:
        """Accept the offer of the peer; of a re-INVITE without one, `sdp` is ours."""
        slot = self._take_asked(call)
        call.sent_sdp = sdp
        call.seen_sdp = body_of(slot.request) or call.seen_sdp
        self._succeed(call, slot, sdp, now_ms)

    def _succeed(self, call: Call, slot: Slot, sdp: bytes | None, now_ms: float) -> None:
        response, terms = self._abilities.success(call, slot, sdp)
        call.standing.refresh_target(slot.request)
        if slot.request.method == "INVITE":
            self._sessions.succeed(call, slot, response, now_ms)
        else:
            self._end.respond(slot, response, now_ms)
        self._sessions.arm(call, terms, now_ms)
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

    def _take_asked(self, call: Call) -> Slot:
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
        call = self._book.calls[name]
        call.refresh_due = True
        self._next(call, now_ms)

    def _on_back_off_over(self, name: str, now_ms: float) -> None:
        call = self._book.calls[name]
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
        self._abilities.offer(request, sdp, call.standing.next_hop(), call)
        hop, offering = call.standing.next_hop(), _Offering(self, call, sdp, refresh)
        self._is_on_its_way(call, self._end.start(request, hop, now_ms, offering), now_ms)

    def _is_on_its_way(self, call: Call, offering: Slot, now_ms: float) -> None:
        call.offering = offering
        self._end.set_timer("patience", call.id, now_ms + self._answer_within_ms)

    def on_response(
        self, offering: _Offering, slot: Slot, response: Response, now_ms: float
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

    def on_no_answer(self, offering: _Offering, now_ms: float) -> None:
        """Nothing came (§14.1): the call is over."""
        if offering.call.state is not CallState.DONE:
            self._is_gone(offering, now_ms)

    def _on_no_patience(self, name: str, now_ms: float) -> None:
        call = self._book.calls[name]
        assert call.offering is not None
        offering = call.offering.watcher
        assert isinstance(offering, _Offering)
        self._is_gone(offering, now_ms)

    def _on_success(
        self, offering: _Offering, slot: Slot, response: Response, now_ms: float
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
        self._sessions.arm(call, self._abilities.agreed(response), now_ms)
        if news or not offering.refresh:
            self._end.emit(ReofferAnswered(call.id, sdp, offering.refresh))
        self._next(call, now_ms)

    def _on_refusal(
        self, offering: _Offering, slot: Slot, response: Response, now_ms: float
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

    def _again(self, offering: _Offering, slot: Slot, refusal: Response, now_ms: float) -> bool:
        """Try once more with what a refusal asks for, if that can be given."""
        call, dialog = offering.call, offering.call.standing
        renewed = self._sessions.prove(dialog, slot, refusal, now_ms)
        if renewed is None and offering.raises < MAX_RAISES:
            request = self._abilities.raised(slot.request, refusal, dialog.local_cseq + 1, call)
            if request is not None:
                dialog.local_cseq += 1
                offering.raises += 1
                renewed = self._end.start(request, dialog.next_hop(), now_ms, offering)
        if renewed is not None:
            self._is_on_its_way(call, renewed, now_ms)
        return renewed is not None

    def _is_gone(self, offering: _Offering, now_ms: float) -> None:
        cause: EndCause = "session-expired" if offering.refresh else "gone"
        self._sessions.end(offering.call, cause, now_ms)


class _Offering(Watcher):
    """One re-INVITE of ours, and the ACK to its 2xx."""

    def __init__(self, part: Reinvites, call: Call, sdp: bytes, refresh: bool) -> None:
        self.call = call
        self.sdp = sdp
        self.refresh = refresh
        self.raises = 0
        self.ack: Datagram | None = None
        self._part = part

    def on_response(self, slot: Slot, response: Response, now_ms: float) -> None:
        self._part.on_response(self, slot, response, now_ms)

    def on_no_answer(self, slot: Slot, now_ms: float) -> None:
        self._part.on_no_answer(self, now_ms)
