"""What standing calls of both directions share: BYE, session expiry, 2xx until their ACK.

RFC 3261 §13.3.1.4, §15; RFC 3326 for the reason of a BYE; RFC 4028 §10 for the expiry.
"""

from __future__ import annotations

from collections.abc import Callable

from sipmessage import Request, Response

from giaoban.mcu_sim.sip.authentication import ClientAuthentication
from giaoban.mcu_sim.sip.call import Call, CallState, CallTable, Success
from giaoban.mcu_sim.sip.dialog import Dialog
from giaoban.mcu_sim.sip.endpoint import (
    NO_TRANSACTION_USER,
    Endpoint,
    TransactionSlot,
    TransactionUser,
)
from giaoban.mcu_sim.sip.events import CallEnded, CallFailed, EndCause
from giaoban.mcu_sim.sip.message.headers import cseq_of, reason_cause
from giaoban.mcu_sim.sip.message.responses import reply
from giaoban.mcu_sim.sip.session_timer import TimerTerms
from giaoban.mcu_sim.sip.transaction import GIVE_UP_MS, T1_MS, T2_MS, ServerTransaction

MEDIA_LOST = 408
"""Cause in the Reason of a BYE (RFC 3326) of who hears nothing of its peer any more: its line is
away, it does not want to leave."""
LAST_TRY_MS = 10_000.0
"""A refresh that is refused so shortly before the end is not tried again."""

_TIMERS = ("success", "refresh", "expiry", "glare", "patience")


class Sessions:
    """The calls that have a dialog, until they are over."""

    def __init__(
        self, end: Endpoint, call_table: CallTable, client_authentication: ClientAuthentication
    ) -> None:
        self._end = end
        self._call_table = call_table
        self._client_authentication = client_authentication
        end.on_timer["success"] = self._on_success_timer
        end.on_timer["expiry"] = self._on_expiry

    def prove(
        self, dialog: Dialog, slot: TransactionSlot, refusal: Response, now_ms: float
    ) -> TransactionSlot | None:
        """Send a request of ours in a dialog again, for the same tu, with the answer to the
        401 or 407 that it got (§22.2); None if that cannot be answered."""
        request = self._client_authentication.again(slot.request, refusal, dialog.local_cseq + 1)
        if request is None:
            return None
        dialog.local_cseq += 1
        renewed = self._end.start(request, dialog.next_hop(), now_ms, slot.tu)
        renewed.call = slot.call
        return renewed

    # ---------------------------------------------------------------- requests inside dialogs

    def in_order(
        self, slot: TransactionSlot, request: Request, now_ms: float, *lacking: CallState
    ) -> Call | None:
        """The call that a request is for; None if there is none, or only one in a `lacking` state,
        or it comes out of order (§12.2.2): it is refused then."""
        call = self._call_table.in_dialog(request)
        if call is None or call.state in lacking:
            self._end.refuse(slot, 481, now_ms)
            return None
        if not call.standing.accepts_sequence(cseq_of(request).sequence):
            self._end.refuse(slot, 500, now_ms)
            return None
        return call

    def established(self, slot: TransactionSlot, request: Request, now_ms: float) -> Call | None:
        """As `in_order`, and the call stands."""
        lacking = CallState.RINGING, CallState.CLOSING, CallState.DONE
        call = self.in_order(slot, request, now_ms, *lacking)
        if call is not None and call.state is CallState.ANSWERED:
            self._end.refuse(slot, 491, now_ms)  # overtook the ACK: its call does not stand yet
            return None
        return call

    # ------------------------------------------------------------------------------- the end

    def on_bye(self, slot: TransactionSlot, request: Request, now_ms: float) -> None:
        """The peer hangs up (§15.1.2)."""
        call = self.in_order(slot, request, now_ms, CallState.RINGING)
        if call is None:
            return
        self._end.respond(slot, reply(request, 200), now_ms)
        known = call.state in (CallState.ANSWERED, CallState.ESTABLISHED)
        if call.state is not CallState.DONE:
            self._close(call, now_ms)
            self._call_table.forget(call)
        if known:
            lost = reason_cause(request) == MEDIA_LOST
            self._end.emit(CallEnded(call.id, "media-lost" if lost else "bye"))

    def hang_up(self, call: Call, now_ms: float, reason: str | None) -> None:
        """The owner hangs up: at once, or when the ACK is there (§15). `reason`: a Reason."""
        if call.success is not None:
            call.state = CallState.CLOSING
            call.bye_reason = reason
        else:
            self.send_bye(call, now_ms, reason)

    def end(self, call: Call, cause: EndCause, now_ms: float) -> None:
        """The call cannot go on: BYE, and tell the owner."""
        self.send_bye(call, now_ms, None)
        self._end.emit(CallEnded(call.id, cause))

    def send_bye(self, call: Call, now_ms: float, reason: str | None) -> None:
        """End the dialog; it stays known until the BYE is answered, for one that crosses it."""
        self._close(call, now_ms)
        self.end_dialog(call.standing, now_ms, reason, lambda: self._call_table.forget(call))

    def end_dialog(
        self,
        dialog: Dialog,
        now_ms: float,
        reason: str | None = None,
        done: Callable[[], None] = lambda: None,
    ) -> None:
        """Send the BYE of a dialog, which need not be a call's; `done` is called after it."""
        request = dialog.request("BYE")
        if reason is not None:
            request.headers.set("Reason", reason)
        self._end.start(request, dialog.next_hop(), now_ms, _ByeClient(self, dialog, done))

    def _close(self, call: Call, now_ms: float) -> None:
        call.state = CallState.DONE
        for kind in _TIMERS:
            self._end.set_timer(kind, call.id, None)
        # §15.1.2: requests of the peer that are still open have to be answered.
        for key, slot in call.pending.items():
            self._end.set_timer("info", key, None)
            self._end.refuse(slot, 487, now_ms)
        call.pending.clear()
        if call.asked is not None:
            self._end.refuse(call.asked, 487, now_ms)
            call.asked = None
        if call.offering is not None:
            self._end.limit(call.offering, now_ms + GIVE_UP_MS)

    # ------------------------------------------------------------------- 2xx until their ACK

    def succeed(self, call: Call, slot: TransactionSlot, response: Response, now_ms: float) -> None:
        """Answer an INVITE with a 2xx and repeat it until the ACK comes, or 64·T1 have passed.

        Over TCP too: what loses it may be a proxy further on.
        """
        self._end.respond(slot, response, now_ms)
        assert isinstance(slot.transaction, ServerTransaction)
        call.success = Success(
            slot,
            sequence=cseq_of(slot.request).sequence,
            offered=not slot.request.body,
            data=slot.transaction.last,
            give_up_at_ms=now_ms + GIVE_UP_MS,
        )
        self._end.set_timer("success", call.id, now_ms + T1_MS)

    def acknowledged(self, call: Call, ack: Request) -> Success | None:
        """The 2xx that an ACK is for, which is not repeated any more; None if it is for none."""
        success = call.success
        if success is None or cseq_of(ack).sequence != success.sequence:
            return None
        call.success = None
        self._end.set_timer("success", call.id, None)
        return success

    def _on_success_timer(self, name: str, now_ms: float) -> None:
        call = self._call_table.calls[name]
        success = call.success
        assert success is not None
        if now_ms < success.give_up_at_ms:
            self._end.send(success.data, success.slot.target)
            success.interval_ms = min(2 * success.interval_ms, T2_MS)
            at_ms = min(now_ms + success.interval_ms, success.give_up_at_ms)
            self._end.set_timer("success", name, at_ms)
        elif call.state is CallState.ESTABLISHED:
            self.end(call, "no-ack", now_ms)
        else:
            if call.state is CallState.ANSWERED:
                self._end.emit(CallFailed(name, 408, "No ACK"))
            self.send_bye(call, now_ms, call.bye_reason)

    # ------------------------------------------------------------------------- session timers

    def arm(self, call: Call, timer_terms: TimerTerms | None, now_ms: float) -> None:
        """The session begins or was refreshed: from now on these terms hold."""
        call.timer_terms = timer_terms
        call.refresh_due = False
        refresh_at_ms = None
        expiry_at_ms = None
        if timer_terms is not None:
            call.expires_at_ms = expiry_at_ms = now_ms + 1e3 * timer_terms.give_up_after_s
            refresh_at_ms = now_ms + 1e3 * timer_terms.refresh_after_s if timer_terms.ours else None
        self._end.set_timer("refresh", call.id, refresh_at_ms)
        self._end.set_timer("expiry", call.id, expiry_at_ms)

    def refresh_failed(self, call: Call, now_ms: float) -> None:
        """The peer is there but did not accept a refresh: try again while there is time.

        One that knows no timers has shown that it lives, and that is all a refresh is for.
        """
        call.refresh_due = False
        if call.timer_terms is not None and not call.timer_terms.peer_knows:
            self.arm(call, call.timer_terms, now_ms)
        elif call.expires_at_ms - now_ms > LAST_TRY_MS:
            self._end.set_timer("refresh", call.id, (now_ms + call.expires_at_ms) / 2)

    def _on_expiry(self, name: str, now_ms: float) -> None:
        call = self._call_table.calls[name]
        if call.state is CallState.ESTABLISHED:
            self.end(call, "session-expired", now_ms)


class _ByeClient(TransactionUser):
    """Proves a BYE that is challenged, and tells when it is done."""

    def __init__(self, part: Sessions, dialog: Dialog, done: Callable[[], None]) -> None:
        self._owner = part
        self._dialog = dialog
        self._done = done

    def on_response(self, slot: TransactionSlot, response: Response, now_ms: float) -> None:
        if self._owner.prove(self._dialog, slot, response, now_ms) is not None:
            slot.tu = NO_TRANSACTION_USER  # the one that is on its way now is waited for

    def on_gone(self, slot: TransactionSlot) -> None:
        self._done()
