"""`UserAgent`: makes and takes calls, without sockets and clock."""

from __future__ import annotations

import random
from collections import Counter

from sipmessage import Request

from giaoban.mcu_sim.sip.authentication import Authenticator, ClientAuthentication
from giaoban.mcu_sim.sip.call import CallState, CallTable
from giaoban.mcu_sim.sip.capabilities import Capabilities, OptionsClient
from giaoban.mcu_sim.sip.dialog import target_of
from giaoban.mcu_sim.sip.digest import Authority, Credentials
from giaoban.mcu_sim.sip.endpoint import Endpoint, SipDatagram, TransactionSlot
from giaoban.mcu_sim.sip.events import Event
from giaoban.mcu_sim.sip.info import Infos
from giaoban.mcu_sim.sip.invite import IncomingInvites, OutgoingInvites, Reinvites
from giaoban.mcu_sim.sip.message import PHRASES, HostPort, Peer, reply, to_tag
from giaoban.mcu_sim.sip.message import reason as reason_header
from giaoban.mcu_sim.sip.registration import RegisterClient, RegisterServer, Registrar
from giaoban.mcu_sim.sip.session import Sessions
from giaoban.mcu_sim.sip.transaction import TransactionState, invite_key

ANSWER_WITHIN_MS = 180_000.0
"""Longest time that a call may ring; as Timer C of a proxy (RFC 3261 §16.6), which is 3 minutes."""


class UserAgent:
    """A SIP user agent at one address, over UDP and TCP.

    Times are ms of one clock of the owner. After every call of a method, send the messages that
    `outgoing` gives. The name of a call is our tag of its dialog if it was received, its Call-ID if
    we made it. Methods that need a call in a certain state raise `ValueError` in another.
    """

    def __init__(
        self,
        contact: HostPort,
        rng: random.Random,
        *,
        user: str = "mcu",
        display_name: str = "",
        answer_within_ms: float = ANSWER_WITHIN_MS,
        session_expires_s: int | None = 1_800,
        authority: Authority | None = None,
        credentials: Credentials | None = None,
        registrar: Registrar | None = None,
        rings: bool = False,
    ) -> None:
        """`contact`: the address that peers reach us at, over UDP and TCP.

        `answer_within_ms`: longest wait of a call of ours for its final answer.
        `session_expires_s`: the session interval wanted (None: only if the peer wants one).
        `authority`: the accounts of callers, None if they are not challenged. `registrar`: the
        table of REGISTERs, None to refuse them. `credentials`: for challenges of peers. `rings`:
        whether callers get 100 at once, and 180 before the 200.
        """
        self.contact = contact
        self.user = user
        self._call_table = calls = CallTable()
        end = self._end = Endpoint(contact, user, rng, self._on_request, self._on_ack)
        self._capabilities = capabilities = Capabilities(
            end, session_expires_s, registrar=registrar is not None
        )
        authentication = ClientAuthentication(credentials, rng)
        self._authenticator = Authenticator(end, authority)
        self._sessions = sessions = Sessions(end, calls)
        self._incoming_invites = IncomingInvites(end, calls, sessions, capabilities, rings=rings)
        self._outgoing_invites = OutgoingInvites(
            end,
            calls,
            sessions,
            capabilities,
            authentication,
            display_name=display_name,
            answer_within_ms=answer_within_ms,
        )
        self._reinvites = Reinvites(end, calls, sessions, capabilities)
        self._infos = Infos(end, calls, sessions)
        self._register_client = RegisterClient(end, authentication)
        self._options_client = OptionsClient(end)
        self._register_server = None if registrar is None else RegisterServer(end, registrar)

    # ----------------------------------------------------------------------- messages and time

    def receive(self, data: bytes, source: Peer, now_ms: float) -> list[Event]:
        """Take one datagram, or one message of a TCP connection, of any bytes."""
        return self._end.receive(data, source, now_ms)

    def advance(self, now_ms: float) -> list[Event]:
        """Run every timer whose time has come; needed when `next_timeout()` <= `now_ms`."""
        return self._end.advance(now_ms)

    def transport_failed(self, target: Peer, now_ms: float) -> list[Event]:
        """Take the report of the network that messages to `target` do not arrive."""
        return self._end.transport_failed(target, now_ms)

    def next_timeout(self) -> float | None:
        """Return the time at which `advance` is needed, None for never."""
        return self._end.next_timeout()

    def outgoing(self) -> list[SipDatagram]:
        """Take out the messages to send, in order."""
        return self._end.take_outgoing()

    # ------------------------------------------------------------------------ calls that begin

    def call(self, uri: str, sdp_offer: bytes, now_ms: float, target: Peer | None = None) -> str:
        """Send an INVITE and return the call's name.

        `target` overrides the destination. Raises `ValueError` for a text that is not a SIP URI, or
        for one without an IPv4 address (no name server is asked) or with another transport than UDP
        and TCP if there is no `target`.
        """
        parsed, hop = target_of(uri, target)
        if (hop.host, hop.port) == self.contact:
            raise ValueError(f"{uri}: is our own address")
        return self._outgoing_invites.call(parsed, sdp_offer, hop, now_ms)

    def accept(self, call: str, sdp: bytes, now_ms: float) -> None:
        """Answer an incoming call: `sdp` is the answer, or our offer if it brought none."""
        ringing = self._call_table.get(call, CallState.RINGING)
        self._incoming_invites.accept(ringing, sdp, now_ms)

    def refuse(
        self, call: str, code: int, reason: str, now_ms: float, retry_after_s: int | None = None
    ) -> None:
        """Refuse an incoming call with a code from 300 to 699; no event follows."""
        ringing = self._call_table.get(call, CallState.RINGING)
        self._incoming_invites.refuse(ringing, code, reason, now_ms, retry_after_s)

    def hang_up(
        self, call: str, now_ms: float, reason: str | None = None, *, cause: int = 200
    ) -> None:
        """End a call in any state: CANCEL, 480 or BYE. No event follows; idempotent.

        `reason`: goes into Reason of a BYE, with `cause`, a status code (RFC 3326).
        """
        entry = self._call_table.calls.get(call)
        if entry is None:
            return
        if entry.state is CallState.CALLING:
            self._outgoing_invites.give_up(entry, now_ms)
        elif entry.state is CallState.RINGING:
            self._incoming_invites.refuse(entry, 480, PHRASES[480], now_ms)
        elif entry.state in (CallState.ANSWERED, CallState.ESTABLISHED):
            header = None if reason is None else reason_header(cause, reason)
            self._sessions.hang_up(entry, now_ms, header)

    def abandon(self, call: str, now_ms: float) -> None:
        """Stop calling, as `hang_up`; but an INVITE without a response is not sent again.

        For a caller that calls anew: one of two INVITEs must not arrive behind the other.
        """
        entry = self._call_table.calls.get(call)
        if entry is not None and entry.state is CallState.CALLING:
            self._outgoing_invites.give_up(entry, now_ms, drop=True)

    # ---------------------------------------------------------------- calls that are established

    def answer_reoffer(self, call: str, sdp: bytes, now_ms: float) -> None:
        """Accept a `Reoffer`: with the answer, or with our offer if it brought none. Raises
        `ValueError` if there is none to decide on."""
        self._reinvites.answer(self._call_table.get(call, CallState.ESTABLISHED), sdp, now_ms)

    def refuse_reoffer(self, call: str, code: int, reason: str, now_ms: float) -> None:
        """Refuse a `Reoffer` with a code from 300 to 699; the session stays as it is."""
        entry = self._call_table.get(call, CallState.ESTABLISHED)
        self._reinvites.refuse(entry, code, reason, now_ms)

    def info(self, call: str, content_type: str, body: bytes, now_ms: float) -> None:
        """Send an INFO in an established call; `InfoAnswered` follows, unless the call ends."""
        entry = self._call_table.get(call, CallState.ESTABLISHED)
        self._infos.send(entry, content_type, body, now_ms)

    def answer_info(
        self, request_key: str, code: int, reason: str, now_ms: float, accept: str = ""
    ) -> None:
        """Answer an `InfoReceived` with a final code; without effect after the answer that is given
        automatically (500 after 32 s, 487 at the end of the call). `accept`: header of a 415."""
        self._infos.answer(request_key, code, reason, now_ms, accept)

    # ---------------------------------------------------------------------------- registration

    def register(
        self,
        registrar_uri: str,
        now_ms: float,
        expires_s: int = 3_600,
        target: Peer | None = None,
    ) -> None:
        """Register our user and Contact at a registrar, and again before that expires.

        Each time `Registered` or `RegistrationFailed` follows. Raises `ValueError` as `call`.
        """
        parsed, hop = target_of(registrar_uri, target)
        self._register_client.register(parsed, hop, expires_s, now_ms)

    def unregister(self, now_ms: float) -> None:
        """Take our registration back, if there ever was one; `Registered(0)` follows."""
        self._register_client.unregister(now_ms)

    def options(self, uri: str, now_ms: float, target: Peer | None = None) -> None:
        """Send OPTIONS; `OptionsAnswered` follows. Raises `ValueError` as `call`."""
        parsed, hop = target_of(uri, target)
        self._options_client.send(parsed, hop, now_ms)

    # -------------------------------------------------------------------------------- insight

    def state(self, call: str) -> CallState:
        """Return the state of a call; DONE also for an unknown one."""
        entry = self._call_table.calls.get(call)
        return CallState.DONE if entry is None else entry.state

    def is_informing(self, call: str) -> bool:
        """Return whether an INFO of ours in a call has no final answer yet."""
        entry = self._call_table.calls.get(call)
        return entry is not None and entry.informing > 0

    def target_of(self, call: str) -> Peer:
        """Return the destination of the INVITE of a call of ours. Raises KeyError for one that is
        over."""
        return self._call_table.calls[call].invite.target

    @property
    def calls(self) -> list[str]:
        """The calls that are not over, oldest first."""
        return [
            name
            for name, entry in self._call_table.calls.items()
            if entry.state is not CallState.DONE
        ]

    @property
    def idle(self) -> bool:
        """Whether there is no call, no transaction and no timer."""
        return not (self._call_table.calls or self._end.slots or self.next_timeout())

    @property
    def waits(self) -> bool:
        """Whether a call is not over yet, or a request of ours has no final answer."""
        return bool(self.calls or self.unanswered)

    @property
    def unanswered(self) -> list[str]:
        """The methods of our requests that have no final answer, one for each."""
        waiting = (TransactionState.CALLING, TransactionState.TRYING, TransactionState.PROCEEDING)
        ours = (slot for slot in self._end.slots.values() if slot.key[0] == "client")
        return [slot.key[-1] for slot in ours if slot.transaction.state in waiting]

    @property
    def wrong_passwords(self) -> int:
        """Count of wrong digest answers."""
        return self._authenticator.wrong_passwords

    @property
    def dropped(self) -> Counter[str]:
        """Messages that were dropped, by reason."""
        return self._end.dropped

    # ------------------------------------------------------------------------------ the inside

    def _on_request(
        self, slot: TransactionSlot, request: Request, source: Peer, now_ms: float
    ) -> None:
        """Take a new request other than ACK (RFC 3261 §8.2, §12.2.2)."""
        method = request.method
        if method == "CANCEL":
            self._on_cancel(slot, request, now_ms)
        elif self._capabilities.lacks(slot, request, now_ms):
            return
        elif method == "INVITE" and to_tag(request):
            self._reinvites.on_invite(slot, request, now_ms)
        elif method in ("INVITE", "REGISTER"):
            passes, verified = self._authenticator.passes(slot, request, now_ms)
            if passes and method == "INVITE":
                self._incoming_invites.on_invite(slot, request, source, verified, now_ms)
            elif passes and self._register_server is not None:
                self._register_server.on_register(slot, request, source, now_ms)
        elif method == "BYE":
            self._sessions.on_bye(slot, request, now_ms)
        elif method == "INFO":
            self._infos.on_request(slot, request, now_ms)
        elif not to_tag(request) or self._sessions.in_order(slot, request, now_ms) is not None:
            # OPTIONS inside a call ask whether it is established, too (§12.2.2)
            self._capabilities.tell(slot, 200, now_ms)

    def _on_cancel(self, slot: TransactionSlot, request: Request, now_ms: float) -> None:
        """Answer a CANCEL with 200, and cancel its INVITE if that is undecided (§9.2)."""
        invite = self._end.slots.get(invite_key(slot.key))
        if invite is None:
            self._end.refuse(slot, 481, now_ms)
            return
        tag = invite.call or self._end.random_hex()
        self._end.respond(slot, reply(request, 200, to_tag=tag), now_ms)
        call = self._call_table.calls.get(invite.call)
        if call is not None and call.invite is invite:
            self._incoming_invites.on_cancel(call, now_ms)

    def _on_ack(self, request: Request, now_ms: float) -> None:
        """Take an ACK that is not for a refusal."""
        call = self._call_table.in_dialog(request)
        success = None if call is None else self._sessions.acknowledged(call, request)
        if call is None or success is None:
            self._end.dropped["stray ACK"] += 1
        elif call.state is CallState.CLOSING:
            self._sessions.send_bye(call, now_ms, call.bye_reason)
        elif call.state is CallState.ANSWERED:
            self._incoming_invites.acknowledged(call, request)
        else:
            self._reinvites.acknowledged(call, request, success.offered, now_ms)
