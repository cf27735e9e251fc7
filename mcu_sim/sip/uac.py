"""The calling side: `UserAgentClient`, a bridge that dials (RFC 3261 §8.1, §9, §12, §13.2, §15)."""

from __future__ import annotations

import enum
import random
from dataclasses import dataclass, field

from sipmessage import URI, Address, CSeq, Parameters, Request, Response

from mcu_sim.sip.dialog import MAX_FORWARDS, Dialog, DialogId, hop_of, id_in_request
from mcu_sim.sip.endpoint import Datagram, Endpoint, Slot
from mcu_sim.sip.events import Answered, EndedByPeer, Refused, TimedOut
from mcu_sim.sip.message import (
    ALLOW,
    SDP_TYPE,
    USER_AGENT,
    HostPort,
    body_of,
    reply,
    retry_after_s,
    set_body,
    tag_of,
)
from mcu_sim.sip.timers import GIVE_UP_MS
from mcu_sim.sip.transaction import Key

ANSWER_WITHIN_MS = 180_000.0
"""How long a call may ring; as Timer C of a proxy (RFC 3261 §16.6), which is 3 minutes."""


class _State(enum.Enum):
    CALLING = enum.auto()
    PROCEEDING = enum.auto()
    ESTABLISHED = enum.auto()
    DONE = enum.auto()


@dataclass(slots=True)
class _Call:
    id: str
    invite: Slot
    state: _State
    transactions: set[Key]
    cancelling: bool = False
    dialog: Dialog | None = None
    acks: dict[str, Datagram] = field(default_factory=dict)
    """By To tag: a forked INVITE can be answered more than once (§13.2.2.4)."""


class UserAgentClient(Endpoint):
    """Makes calls. A call's name (`call`) is its SIP Call-ID."""

    def __init__(
        self,
        contact: HostPort,
        rng: random.Random,
        *,
        user: str = "bridge",
        display_name: str = "",
        answer_within_ms: float = ANSWER_WITHIN_MS,
    ) -> None:
        super().__init__(contact, user, rng)
        self.display_name = display_name
        self.answer_within_ms = answer_within_ms
        self._calls: dict[str, _Call] = {}
        self._dialogs: dict[DialogId, _Call] = {}

    def call(
        self, uri: str, sdp_offer: bytes, now_ms: float, target: HostPort | None = None
    ) -> str:
        """Send an INVITE and return the call's name.

        `target` overrides where it is sent. Raises `ValueError` for a URI that is none, or whose
        host is a name while no target is given (nothing here asks a name server).
        """
        parsed = URI.parse(uri)
        hop = target or hop_of(parsed, ("", 0))
        if not hop[0]:
            raise ValueError(f"{uri}: the host is not an IPv4 address with a port, give a target")
        name = f"{self._random_hex()}@{self.contact[0]}"
        request = Request("INVITE", parsed)
        branch = self._add_via(request)
        request.headers.set("Max-Forwards", str(MAX_FORWARDS))
        own = URI(scheme="sip", user=self.user, host=self.contact[0], port=self.contact[1])
        tag = Parameters(tag=self._random_hex())
        request.from_address = Address(own, name=self.display_name, parameters=tag)
        request.to_address = Address(parsed)
        request.headers.set("Call-ID", name)
        request.cseq = CSeq(1, "INVITE")
        request.headers.set("Contact", self._contact_uri())
        request.headers.set("Allow", ALLOW)
        request.headers.set("Accept", SDP_TYPE)
        request.headers.set("User-Agent", USER_AGENT)
        set_body(request, sdp_offer)
        slot = self._start(request, branch, hop, name, now_ms)
        self._calls[name] = _Call(name, slot, _State.CALLING, {slot.key})
        self._set_call_timer(name, now_ms + self.answer_within_ms)
        return name

    def hang_up(self, call: str, now_ms: float) -> None:
        """End a call: CANCEL if it rings, BYE if it stands. No event follows; idempotent."""
        entry = self._calls.get(call)
        if entry is None or entry.state is _State.DONE:
            return
        if entry.state is _State.ESTABLISHED:
            assert entry.dialog is not None
            self._send_bye(entry, entry.dialog, now_ms)
            self._finish(entry)
        else:
            self._give_up(entry, now_ms)

    @property
    def calls(self) -> list[str]:
        """The calls that are not over, oldest first."""
        return [
            call
            for call, entry in self._calls.items()
            if entry.state is not _State.DONE and not entry.cancelling
        ]

    @property
    def idle(self) -> bool:
        """Whether nothing at all is remembered: no call, no transaction, no timer."""
        return not (self._calls or self._dialogs or self._slots or len(self._agenda))

    # ---------------------------------------------------------------- responses to our requests

    def _on_response(self, slot: Slot, response: Response, now_ms: float) -> None:
        entry = self._calls.get(slot.call)
        if entry is None or slot is not entry.invite:
            return  # to a BYE or CANCEL: nothing hangs on it
        if response.code < 200:
            if entry.state is _State.CALLING:
                entry.state = _State.PROCEEDING
                if entry.cancelling:
                    self._send_cancel(entry, now_ms)
        elif response.code < 300:
            self._on_success(entry, response, now_ms)
        else:
            told = entry.cancelling
            self._finish(entry)
            if not told:
                after = retry_after_s(response)
                self._emit(Refused(entry.id, response.code, response.phrase, after))

    def _on_success(self, entry: _Call, response: Response, now_ms: float) -> None:
        tag = tag_of(response.to_address)
        if tag in entry.acks:
            ack = entry.acks[tag]
            self._send(ack.data, ack.target)
            return
        request = entry.invite.transaction.request
        dialog = Dialog.as_client(request, response, entry.invite.target)
        wanted = not entry.acks and not entry.cancelling and entry.state is not _State.DONE
        ack_request = dialog.request("ACK", request.cseq.sequence)
        self._add_via(ack_request)
        ack = entry.acks[tag] = Datagram(bytes(ack_request), dialog.next_hop())
        self._send(ack.data, ack.target)
        if wanted:
            entry.state = _State.ESTABLISHED
            entry.dialog = dialog
            self._dialogs[dialog.id] = entry
            self._set_call_timer(entry.id, None)
            self._emit(Answered(entry.id, body_of(response)))
            return
        # Hung up while the 200 was on its way, or a second branch of a fork answered.
        self._send_bye(entry, dialog, now_ms)
        if entry.cancelling:
            self._finish(entry)

    def _on_no_answer(self, slot: Slot, now_ms: float) -> None:
        entry = self._calls.get(slot.call)
        if entry is None or slot is not entry.invite:
            return
        told = entry.cancelling
        self._finish(entry)
        if not told:
            self._emit(TimedOut(entry.id))

    def _on_call_timer(self, call: str, now_ms: float) -> None:
        entry = self._calls[call]
        if entry.cancelling:
            # Nothing final came after the CANCEL: §9.1 says to stop waiting.
            invite = entry.invite
            self._finish(entry)
            self._terminate(invite, now_ms)
            return
        self._emit(TimedOut(call))
        self._give_up(entry, now_ms)

    # ------------------------------------------------------------------- requests from the peer

    def _on_invite(self, slot: Slot, request: Request, source: HostPort, now_ms: float) -> None:
        if not tag_of(request.to_address):
            self._refuse_request(slot, 480, now_ms)  # this side makes calls, it takes none
            return
        entry = self._dialogs.get(id_in_request(request))
        self._refuse_request(slot, 481 if entry is None else 488, now_ms)

    def _on_ack(self, request: Request, now_ms: float) -> None:
        self.dropped["stray ACK"] += 1

    def _on_bye(self, slot: Slot, request: Request, now_ms: float) -> None:
        entry = self._dialogs.get(id_in_request(request))
        if entry is None or entry.dialog is None:
            self._refuse_request(slot, 481, now_ms)
            return
        if not entry.dialog.accepts_sequence(request.cseq.sequence):
            self._refuse_request(slot, 500, now_ms)
            return
        self._respond(slot, reply(request, 200), now_ms)
        standing = entry.state is _State.ESTABLISHED
        self._finish(entry)
        if standing:
            self._emit(EndedByPeer(entry.id))

    def _on_cancel(self, slot: Slot, request: Request, now_ms: float) -> None:
        self._refuse_request(slot, 481, now_ms)

    # ------------------------------------------------------------------------------- the inside

    def _give_up(self, entry: _Call, now_ms: float) -> None:
        """Stop calling. A CANCEL may only follow a provisional response (§9.1)."""
        if entry.cancelling:
            return
        entry.cancelling = True
        self._set_call_timer(entry.id, None)
        if entry.state is _State.PROCEEDING:
            self._send_cancel(entry, now_ms)

    def _send_cancel(self, entry: _Call, now_ms: float) -> None:
        """A CANCEL is its INVITE with another method, branch and all (§9.1)."""
        invite = entry.invite.transaction.request
        cancel = Request("CANCEL", invite.uri)
        for name in ("Via", "Route", "Max-Forwards", "From", "To", "Call-ID"):
            for value in invite.headers.getlist(name):
                cancel.headers.add(name, value)
        cancel.cseq = CSeq(invite.cseq.sequence, "CANCEL")
        cancel.headers.set("Content-Length", "0")
        branch = entry.invite.key[1]
        entry.transactions.add(("client", branch, "CANCEL"))
        self._set_call_timer(entry.id, now_ms + GIVE_UP_MS)
        self._start(cancel, branch, entry.invite.target, entry.id, now_ms)

    def _send_bye(self, entry: _Call, dialog: Dialog, now_ms: float) -> None:
        request = dialog.request("BYE")
        branch = self._add_via(request)
        entry.transactions.add(("client", branch, "BYE"))
        self._start(request, branch, dialog.next_hop(), entry.id, now_ms)

    def _on_gone(self, slot: Slot) -> None:
        entry = self._calls.get(slot.call)
        if entry is not None:
            entry.transactions.discard(slot.key)
            self._forget_if_over(entry)

    def _finish(self, entry: _Call) -> None:
        """The call is over for its owner; it stays known while a transaction of it lives."""
        entry.state = _State.DONE
        self._set_call_timer(entry.id, None)
        self._forget_if_over(entry)

    def _forget_if_over(self, entry: _Call) -> None:
        if entry.state is _State.DONE and not entry.transactions:
            self._calls.pop(entry.id, None)
            if entry.dialog is not None:
                self._dialogs.pop(entry.dialog.id, None)
