"""The called side: `UserAgentServer`, the MCU's ear for calls (RFC 3261 §8.2, §12, §13.3, §15)."""

from __future__ import annotations

import enum
import random
from dataclasses import dataclass

from sipmessage import Request, Response

from mcu_sim.sip.dialog import Dialog, DialogId, id_in_request
from mcu_sim.sip.endpoint import Endpoint, Slot
from mcu_sim.sip.events import CallEnded, CallEstablished, CallFailed, IncomingCall
from mcu_sim.sip.message import (
    ALLOW,
    PHRASES,
    SDP_TYPE,
    HostPort,
    body_of,
    reply,
    set_body,
    tag_of,
)
from mcu_sim.sip.timers import GIVE_UP_MS, T1_MS, T2_MS
from mcu_sim.sip.transaction import Key, invite_key


class CallState(enum.Enum):
    """Where a call stands. CLOSING: hung up before its ACK came, the BYE has to wait for it."""

    RINGING = enum.auto()
    ANSWERED = enum.auto()
    ESTABLISHED = enum.auto()
    CLOSING = enum.auto()
    DONE = enum.auto()


@dataclass(slots=True)
class _Call:
    id: str
    slot: Slot
    dialog: Dialog
    state: CallState
    transactions: set[Key]
    ok: bytes = b""
    interval_ms: float = T1_MS
    retransmit_at_ms: float = 0.0
    give_up_at_ms: float = 0.0


class UserAgentServer(Endpoint):
    """Takes calls. A call's name (`call`) is our own tag of its dialog."""

    def __init__(self, contact: HostPort, rng: random.Random, *, user: str = "mcu") -> None:
        super().__init__(contact, user, rng)
        self._calls: dict[str, _Call] = {}
        self._dialogs: dict[DialogId, _Call] = {}
        self._initial: dict[tuple[str, str, int], Key] = {}

    def accept(self, call: str, sdp_answer: bytes, now_ms: float) -> None:
        """Answer 200 and repeat it until the ACK comes (§13.3.1.4).

        Raises `ValueError` if the call is not ringing.
        """
        entry = self._ringing(call)
        response = reply(entry.slot.transaction.request, 200, to_tag=call)
        response.headers.set("Contact", self._contact_uri())
        response.headers.set("Allow", ALLOW)
        set_body(response, sdp_answer)
        self._respond(entry.slot, response, now_ms)
        entry.state = CallState.ANSWERED
        entry.ok = bytes(response)
        entry.retransmit_at_ms = now_ms + T1_MS
        entry.give_up_at_ms = now_ms + GIVE_UP_MS
        self._set_call_timer(call, entry.retransmit_at_ms)

    def refuse(
        self,
        call: str,
        code: int,
        reason: str,
        now_ms: float,
        retry_after_s: int | None = None,
    ) -> None:
        """Answer with a refusal; no event follows. `ValueError` if the call is not ringing."""
        if not 300 <= code <= 699:
            raise ValueError(f"{code} is no refusal (300–699)")
        entry = self._ringing(call)
        response = reply(entry.slot.transaction.request, code, reason, call)
        if retry_after_s is not None:
            response.headers.set("Retry-After", str(retry_after_s))
        self._finish(entry)
        self._respond(entry.slot, response, now_ms)

    def hang_up(self, call: str, now_ms: float) -> None:
        """End a call in whatever state it is; no event follows. Nothing happens if it is over."""
        entry = self._calls.get(call)
        if entry is None:
            return
        if entry.state is CallState.RINGING:
            self.refuse(call, 480, PHRASES[480], now_ms)
        elif entry.state is CallState.ANSWERED:
            entry.state = CallState.CLOSING  # §15: no BYE before the ACK
        elif entry.state is CallState.ESTABLISHED:
            self._send_bye(entry, now_ms)

    def state(self, call: str) -> CallState:
        """Where a call stands; DONE also for one that is forgotten or never was."""
        entry = self._calls.get(call)
        return CallState.DONE if entry is None else entry.state

    @property
    def calls(self) -> list[str]:
        """The calls that are not over, oldest first."""
        return [call for call, entry in self._calls.items() if entry.state is not CallState.DONE]

    @property
    def idle(self) -> bool:
        """Whether nothing at all is remembered: no call, no transaction, no timer."""
        return not (self._calls or self._initial or self._slots or len(self._agenda))

    def _on_invite(self, slot: Slot, request: Request, source: HostPort, now_ms: float) -> None:
        if tag_of(request.to_address):
            entry = self._dialogs.get(id_in_request(request))
            known = entry is not None and entry.state is not CallState.DONE
            # A change of a running session is refused; the session goes on as it is (§14.2).
            self._refuse_request(slot, 488 if known else 481, now_ms)
            return
        if self._initial.setdefault(_identity(request), slot.key) != slot.key:
            # The same INVITE came by another way already (§8.2.2.2).
            self._refuse_request(slot, 482, now_ms)
            return
        sdp = body_of(request)
        if request.body and sdp is None:
            response = reply(request, 415, to_tag=self._random_hex())
            response.headers.set("Accept", SDP_TYPE)
            self._respond(slot, response, now_ms)
            return
        call = self._random_hex()
        dialog = Dialog.as_server(request, call, source)
        slot.call = call
        entry = _Call(call, slot, dialog, CallState.RINGING, {slot.key})
        self._calls[call] = self._dialogs[dialog.id] = entry
        self._emit(
            IncomingCall(
                call=call,
                from_user=request.from_address.uri.user or "",
                to_user=request.uri.user or "",
                sdp=sdp,
                source=source,
                sip_call_id=request.call_id,
            )
        )

    def _on_ack(self, request: Request, now_ms: float) -> None:
        entry = self._dialogs.get(id_in_request(request))
        if entry is None or request.cseq.sequence != entry.slot.transaction.request.cseq.sequence:
            self.dropped["stray ACK"] += 1
            return
        if entry.state is CallState.ANSWERED:
            entry.state = CallState.ESTABLISHED
            self._set_call_timer(entry.id, None)
            self._emit(CallEstablished(entry.id, body_of(request)))
        elif entry.state is CallState.CLOSING:
            self._send_bye(entry, now_ms)

    def _on_bye(self, slot: Slot, request: Request, now_ms: float) -> None:
        entry = self._dialogs.get(id_in_request(request))
        if entry is None or entry.state is CallState.RINGING:
            self._refuse_request(slot, 481, now_ms)
            return
        if not entry.dialog.accepts_sequence(request.cseq.sequence):
            self._refuse_request(slot, 500, now_ms)
            return
        self._respond(slot, reply(request, 200), now_ms)
        known = entry.state in (CallState.ANSWERED, CallState.ESTABLISHED)
        self._finish(entry)
        if known:
            self._emit(CallEnded(entry.id))

    def _on_cancel(self, slot: Slot, request: Request, now_ms: float) -> None:
        invite = self._slots.get(invite_key(slot.key))
        if invite is None:
            self._refuse_request(slot, 481, now_ms)
            return
        entry = self._calls.get(invite.call)
        tag = entry.id if entry else self._random_hex()
        self._respond(slot, reply(request, 200, to_tag=tag), now_ms)
        if entry is not None and entry.state is CallState.RINGING:
            self._finish(entry)
            self._respond(invite, reply(invite.transaction.request, 487, to_tag=tag), now_ms)
            self._emit(CallFailed(entry.id, 487, PHRASES[487]))

    def _on_call_timer(self, call: str, now_ms: float) -> None:
        entry = self._calls[call]
        if now_ms >= entry.give_up_at_ms:
            if entry.state is CallState.ANSWERED:
                self._emit(CallFailed(call, 408, "No ACK"))
            self._send_bye(entry, now_ms)
            return
        self._send(entry.ok, entry.slot.target)
        entry.interval_ms = min(2 * entry.interval_ms, T2_MS)
        entry.retransmit_at_ms = now_ms + entry.interval_ms
        self._set_call_timer(call, min(entry.retransmit_at_ms, entry.give_up_at_ms))

    def _on_response(self, slot: Slot, response: Response, now_ms: float) -> None:
        """Whatever a BYE is answered with, the call is over already."""

    def _on_no_answer(self, slot: Slot, now_ms: float) -> None:
        """A BYE without answer or a refusal without ACK: the call is over already."""

    def _on_gone(self, slot: Slot) -> None:
        identity = _identity(slot.transaction.request)
        if self._initial.get(identity) == slot.key:
            del self._initial[identity]
        entry = self._calls.get(slot.call)
        if entry is not None:
            entry.transactions.discard(slot.key)
            self._forget_if_over(entry)

    def _ringing(self, call: str) -> _Call:
        entry = self._calls.get(call)
        if entry is None or entry.state is not CallState.RINGING:
            raise ValueError(f"call {call!r} is not ringing")
        return entry

    def _send_bye(self, entry: _Call, now_ms: float) -> None:
        request = entry.dialog.request("BYE")
        branch = self._add_via(request)
        entry.transactions.add(("client", branch, "BYE"))
        self._finish(entry)
        self._start(request, branch, entry.dialog.next_hop(), entry.id, now_ms)

    def _finish(self, entry: _Call) -> None:
        """The call is over for its owner; it stays known while a transaction of it lives."""
        entry.state = CallState.DONE
        self._set_call_timer(entry.id, None)
        self._forget_if_over(entry)

    def _forget_if_over(self, entry: _Call) -> None:
        if entry.state is CallState.DONE and not entry.transactions:
            self._calls.pop(entry.id, None)
            self._dialogs.pop(entry.dialog.id, None)


def _identity(request: Request) -> tuple[str, str, int]:
    return tag_of(request.from_address), request.call_id, request.cseq.sequence
