"""Established calls of both directions: BYE, session expiry, 2xx until their ACK.

RFC 3261 §13.3.1.4, §15; RFC 3326 for the reason of a BYE; RFC 4028 §10 for the expiry.
"""

from __future__ import annotations

from collections.abc import Callable

from sipmessage import Request, Response

from giaoban.mcu_sim.sip.call import Call, CallState, CallTable, Success
from giaoban.mcu_sim.sip.dialog import Dialog
from giaoban.mcu_sim.sip.endpoint import (
    Endpoint,
    TransactionSlot,
    TransactionUser,
)
from giaoban.mcu_sim.sip.events import CallEnded, CallFailed, EndCause
from giaoban.mcu_sim.sip.message import cseq_of, reason_cause, reply
from giaoban.mcu_sim.sip.session_timer import TimerTerms
from giaoban.mcu_sim.sip.transaction import GIVE_UP_MS, T1_MS, T2_MS, ServerTransaction

MEDIA_LOST = 408
"""Cause in the Reason of a BYE (RFC 3326) of a peer that receives no media any more: its line is
interrupted, it does not want to leave."""


class Sessions:
    """The calls that have a dialog, until they are over."""

    def __init__(self, end: Endpoint, call_table: CallTable) -> None:
        self._end = end
        self._call_table = call_table
        end.on_timer["success"] = self._on_success_timer
        end.on_timer["expiry"] = self._on_expiry

    # ---------------------------------------------------------------- requests inside dialogs

    def in_order(
        self, slot: TransactionSlot, request: Request, now_ms: float, *lacking: CallState
    ) -> Call | None:
        """Return the call of a request. None, and the request is refused, if there is no call, if
        it is in a `lacking` state, or if the request is out of order (§12.2.2)."""
        call = self._call_table.in_dialog(request)
        if call is None or call.state in lacking:
            self._end.refuse(slot, 481, now_ms)
            return None
        if not call.standing.accepts_sequence(cseq_of(request).sequence):
            self._end.refuse(slot, 500, now_ms)
            return None
        return call

    def established(self, slot: TransactionSlot, request: Request, now_ms: float) -> Call | None:
        """Return as `in_order` a call that is established."""
        lacking = CallState.RINGING, CallState.CLOSING, CallState.DONE
        call = self.in_order(slot, request, now_ms, *lacking)
        if call is not None and call.state is CallState.ANSWERED:
            self._end.refuse(slot, 491, now_ms)  # it overtook the ACK
            return None
        return call

    # ------------------------------------------------------------------------------- the end

    def on_bye(self, slot: TransactionSlot, request: Request, now_ms: float) -> None:
        """Take a BYE (§15.1.2)."""
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
        """End a call for its owner: at once, or after the ACK (§15). `reason`: a Reason."""
        if call.success is not None:
            call.state = CallState.CLOSING
            call.bye_reason = reason
        else:
            self.send_bye(call, now_ms, reason)

    def end(self, call: Call, cause: EndCause, now_ms: float) -> None:
        """End a call that cannot go on: send BYE and emit `CallEnded`."""
        self.send_bye(call, now_ms, None)
        self._end.emit(CallEnded(call.id, cause))

    def send_bye(self, call: Call, now_ms: float, reason: str | None) -> None:
        """End the dialog. It stays known until the BYE is answered, for one that crosses it."""
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
        self._end.start(request, dialog.next_hop(), now_ms, _ByeClient(done))

    def _close(self, call: Call, now_ms: float) -> None:
        call.state = CallState.DONE
        for kind in ("success", "refresh", "expiry"):
            self._end.set_timer(kind, call.id, None)
        if call.reoffer is not None:
            self._end.refuse(call.reoffer, 487, now_ms)
            call.reoffer = None
        if call.refresh is not None:
            self._end.limit(call.refresh, now_ms + GIVE_UP_MS)

    # ------------------------------------------------------------------- 2xx until their ACK

    def succeed(self, call: Call, slot: TransactionSlot, response: Response, now_ms: float) -> None:
        """Answer an INVITE with a 2xx and repeat it until the ACK comes, or 64·T1 have passed. Over
        TCP too: a proxy further on may lose it."""
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
        """Return the 2xx that an ACK is for, and stop its repeats; None if there is none."""
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
        """Start the timers of a session that begins or was refreshed."""
        call.timer_terms = timer_terms
        call.refresh_due = False
        refresh_at_ms = expiry_at_ms = None
        if timer_terms is not None:
            call.expires_at_ms = expiry_at_ms = now_ms + 1e3 * timer_terms.give_up_after_s
            refresh_at_ms = now_ms + 1e3 * timer_terms.refresh_after_s if timer_terms.ours else None
        self._end.set_timer("refresh", call.id, refresh_at_ms)
        self._end.set_timer("expiry", call.id, expiry_at_ms)

    def _on_expiry(self, name: str, now_ms: float) -> None:
        call = self._call_table.calls[name]
        if call.state is CallState.ESTABLISHED:
            self.end(call, "session-expired", now_ms)


class _ByeClient(TransactionUser):
    """The user of a BYE: calls `done` in the end."""

    def __init__(self, done: Callable[[], None]) -> None:
        self._done = done

    def on_gone(self, slot: TransactionSlot) -> None:
        self._done()
