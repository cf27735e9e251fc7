"""`UserAgent`: makes and takes calls, without sockets and clock."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

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
from giaoban.mcu_sim.sip.message.addresses import HostPort, Peer
from giaoban.mcu_sim.sip.message.headers import OTHER_WARNING, to_tag
from giaoban.mcu_sim.sip.message.headers import reason as told
from giaoban.mcu_sim.sip.message.responses import PHRASES, reply
from giaoban.mcu_sim.sip.registration import RegisterClient, RegisterServer, Registrar
from giaoban.mcu_sim.sip.session import Sessions
from giaoban.mcu_sim.sip.session_timer import TimerPolicy
from giaoban.mcu_sim.sip.transaction import TransactionState, invite_key

ANSWER_WITHIN_MS = 180_000.0
"""How long a call may ring; as Timer C of a proxy (RFC 3261 §16.6), which is 3 minutes."""


class UserAgent:
    """A SIP user agent at one address, over UDP and TCP.

    Times are ms of one clock of the owner. After every call of a method, send what `outgoing`
    gives. A call's name (`call`) is our tag of its dialog if it came in, its Call-ID if we made
    it. Methods that need a call in some state raise `ValueError` if it is in another.
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
        min_se_s: int = 90,
        authority: Authority | None = None,
        credentials: Credentials | None = None,
        registrar: Registrar | None = None,
        rings: bool = False,
    ) -> None:
        """`contact` is the address others reach it at, over UDP and TCP.

        `answer_within_ms`: how long a call or offer of ours waits for its final answer.
        `session_expires_s`, `min_se_s`: the session interval wanted (None: only if the peer
        wants one) and the shortest accepted (RFC 4028). `authority`: who must be convinced by
        callers, `registrar`: where REGISTERs are kept, which are not allowed without it.
        `credentials`: what to prove ourselves with. `rings`: whether callers are told 100 at once,
        and 180 before the 200; else they are told 100 only if the owner takes long.
        """
        self.contact = contact
        self.user = user
        self._call_table = CallTable()
        end = self._end = Endpoint(contact, user, rng, self._on_request, self._on_ack)
        rules, registers = TimerPolicy(session_expires_s, min_se_s), registrar is not None
        capabilities = Capabilities(end, rules, registrar=registers)
        self._capabilities = capabilities
        client_authentication = ClientAuthentication(credentials, rng)
        self._authenticator = Authenticator(end, authority)
        self._sessions = Sessions(end, self._call_table, client_authentication)
        self._incoming_invites = IncomingInvites(
            end, self._call_table, self._sessions, capabilities, rings=rings
        )
        self._outgoing_invites = OutgoingInvites(
            end,
            self._call_table,
            self._sessions,
            capabilities,
            client_authentication,
            display_name=display_name,
            answer_within_ms=answer_within_ms,
        )
        self._reinvites = Reinvites(
            end, self._call_table, self._sessions, capabilities, answer_within_ms
        )
        self._infos = Infos(end, self._call_table, self._sessions)
        self._register_client = RegisterClient(end, client_authentication)
        self._options_client = OptionsClient(end)
        self._register_server = None if registrar is None else RegisterServer(end, registrar)

    # ------------------------------------------------------------------------ the wire, time

    def receive(self, data: bytes, source: Peer, now_ms: float) -> list[Event]:
        """Take one datagram, or one message of a TCP connection, whatever its bytes are."""
        # A bare (host, port) is UDP's, as `recvfrom` gives it.
        return self._end.receive(data, Peer(*source), now_ms)

    def advance(self, now_ms: float) -> list[Event]:
        """Run every timer whose time has come; needed when `next_timeout()` <= `now_ms`."""
        return self._end.advance(now_ms)

    def transport_failed(self, target: Peer, now_ms: float) -> list[Event]:
        """Nothing that is sent to `target` arrives, as the network says."""
        return self._end.transport_failed(target, now_ms)

    def next_timeout(self) -> float | None:
        """When `advance` has something to do, None for never."""
        return self._end.next_timeout()

    def outgoing(self) -> list[SipDatagram]:
        """Take out the messages to send, in order."""
        return self._end.take_outgoing()

    # ------------------------------------------------------------------------ calls that begin

    def call(self, uri: str, sdp_offer: bytes, now_ms: float, target: Peer | None = None) -> str:
        """Send an INVITE and return the call's name.

        `target` overrides where it is sent. Raises `ValueError` for a URI that is none, or that
        does not say where to send to: its host is a name (nothing here asks a name server), or
        its transport neither UDP nor TCP.
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
        self,
        call: str,
        code: int,
        reason: str,
        now_ms: float,
        retry_after_s: int | None = None,
        warning: int = OTHER_WARNING,
    ) -> None:
        """Refuse an incoming call with a code from 300 to 699; no event follows.

        `warning`: with a 488, what is wrong with the session description (RFC 3261 §20.43).
        """
        ringing = self._call_table.get(call, CallState.RINGING)
        self._incoming_invites.refuse(ringing, code, reason, now_ms, retry_after_s, warning)

    def hang_up(
        self, call: str, now_ms: float, reason: str | None = None, *, cause: int = 200
    ) -> None:
        """End a call in whatever state it is: CANCEL, 480 or BYE. No event follows; idempotent.

        `reason` is told to the peer if a BYE is sent, with `cause`, a status code (RFC 3326).
        """
        entry = self._call_table.calls.get(call)
        if entry is None:
            return
        if entry.state is CallState.CALLING:
            self._outgoing_invites.give_up(entry, now_ms)
        elif entry.state is CallState.RINGING:
            self._incoming_invites.refuse(entry, 480, PHRASES[480], now_ms, None)
        elif entry.state in (CallState.ANSWERED, CallState.ESTABLISHED):
            said = None if reason is None else told(cause, reason)
            self._sessions.hang_up(entry, now_ms, said)

    def abandon(self, call: str, now_ms: float) -> None:
        """Stop calling, as `hang_up`; but if nobody has answered yet, the INVITE is not sent again.

        For who is to call anew: one of two INVITEs must not come through behind the other.
        """
        entry = self._call_table.calls.get(call)
        if entry is not None and entry.state is CallState.CALLING:
            self._outgoing_invites.abandon(entry, now_ms)

    # ------------------------------------------------------------------------ calls that stand

    def reinvite(self, call: str, sdp: bytes, now_ms: float) -> None:
        """Offer a change of a standing call; it is sent when no other INVITE is on its way.

        `ReofferAnswered` or `ReofferRefused` follows, unless the call ends. Raises `ValueError`
        also while an earlier offer has no answer.
        """
        self._reinvites.offer(self._call_table.get(call, CallState.ESTABLISHED), sdp, now_ms)

    def answer_reoffer(self, call: str, sdp: bytes, now_ms: float) -> None:
        """Accept a `Reoffer`: with the answer, or with our offer if it brought none.

        Raises `ValueError` if there is none to decide on.
        """
        self._reinvites.answer(self._call_table.get(call, CallState.ESTABLISHED), sdp, now_ms)

    def refuse_reoffer(
        self, call: str, code: int, reason: str, now_ms: float, warning: int = OTHER_WARNING
    ) -> None:
        """Refuse a `Reoffer` with a code from 300 to 699; the session stays as it is.

        `warning` as in `refuse`.
        """
        entry = self._call_table.get(call, CallState.ESTABLISHED)
        self._reinvites.refuse(entry, code, reason, now_ms, warning)

    def info(self, call: str, content_type: str, body: bytes, now_ms: float) -> None:
        """Send an INFO in a standing call; `InfoAnswered` follows, unless the call ends."""
        entry = self._call_table.get(call, CallState.ESTABLISHED)
        self._infos.send(entry, content_type, body, now_ms)

    def answer_info(
        self,
        request_key: str,
        code: int,
        reason: str,
        now_ms: float,
        accept: Sequence[str] = (),
    ) -> None:
        """Answer an `InfoReceived` with a final code; without effect once that was done for us.

        That is 500 after 32 s, or 487 when the call ended. `accept`: the types that are taken, to
        be told with a 415 (RFC 3261 §21.4.13).
        """
        self._infos.answer(request_key, code, reason, now_ms, accept)

    # ---------------------------------------------------------------------------- registration

    def register(
        self,
        registrar_uri: str,
        now_ms: float,
        expires_s: int = 3_600,
        target: Peer | None = None,
    ) -> None:
        """Register our user and Contact at a registrar, and again before that runs out.

        Each time `Registered` or `RegistrationFailed` follows. Raises `ValueError` as `call`.
        """
        parsed, hop = target_of(registrar_uri, target)
        self._register_client.register(parsed, hop, expires_s, now_ms)

    def unregister(self, now_ms: float) -> None:
        """Take our registration back, if there ever was one; `Registered(0)` follows."""
        self._register_client.unregister(now_ms)

    def options(self, uri: str, now_ms: float, target: Peer | None = None) -> None:
        """Ask what another element can do; `OptionsAnswered` follows. `ValueError` as `call`."""
        parsed, hop = target_of(uri, target)
        self._options_client.ask(parsed, hop, now_ms)

    # -------------------------------------------------------------------------------- insight

    def state(self, call: str) -> CallState:
        """Where a call stands; DONE also for one that is forgotten or never was."""
        entry = self._call_table.calls.get(call)
        return CallState.DONE if entry is None else entry.state

    def is_informing(self, call: str) -> bool:
        """Whether an INFO of ours in a call has no final answer yet."""
        entry = self._call_table.calls.get(call)
        return entry is not None and entry.informing > 0

    def target_of(self, call: str) -> Peer:
        """Where the INVITE of a call of ours was sent. Raises KeyError for one that is over."""
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
        """Whether nothing at all is remembered: no call, no transaction, no timer."""
        return not self._call_table.calls and self._end.idle

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
    def transactions(self) -> int:
        """Transactions that are alive."""
        return len(self._end.slots)

    @property
    def wrong_passwords(self) -> int:
        """Count of proofs that were wrong."""
        return self._authenticator.wrong_passwords

    @property
    def dropped(self) -> Counter[str]:
        """Messages that were thrown away, by why."""
        return self._end.dropped

    # ------------------------------------------------------------------------------ the inside

    def _on_request(
        self, slot: TransactionSlot, request: Request, source: Peer, now_ms: float
    ) -> None:
        """A new request other than ACK (RFC 3261 §8.2, §12.2.2)."""
        method = request.method
        if method == "CANCEL":
            self._on_cancel(slot, request, now_ms)
        elif self._capabilities.lacks(slot, request, now_ms):
            return
        elif method == "INVITE":
            self._on_invite(slot, request, source, now_ms)
        elif method == "BYE":
            self._sessions.on_bye(slot, request, now_ms)
        elif method == "INFO":
            self._infos.on_request(slot, request, now_ms)
        elif method == "REGISTER" and self._register_server is not None:
            if self._authenticator.passes(slot, request, now_ms)[0]:
                self._register_server.on_register(slot, request, source, now_ms)
        elif not to_tag(request) or self._sessions.in_order(slot, request, now_ms) is not None:
            # OPTIONS inside a call ask whether it stands, too (§12.2.2)
            self._capabilities.tell(slot, 200, now_ms)

    def _on_invite(
        self, slot: TransactionSlot, request: Request, source: Peer, now_ms: float
    ) -> None:
        if to_tag(request):
            self._reinvites.on_invite(slot, request, now_ms)
            return
        passes, verified = self._authenticator.passes(slot, request, now_ms)
        if passes:
            self._incoming_invites.on_invite(slot, request, source, verified, now_ms)

    def _on_cancel(self, slot: TransactionSlot, request: Request, now_ms: float) -> None:
        """The 200 is for the CANCEL; what becomes of its INVITE is another matter (§9.2)."""
        invite = self._end.slots.get(invite_key(slot.key))
        if invite is None:
            self._end.refuse(slot, 481, now_ms)
            return
        tag = invite.call or self._end.random_hex()
        self._end.respond(slot, reply(request, 200, to_tag=tag), now_ms)
        call = self._call_table.calls.get(invite.call)
        if call is None:
            return
        if call.asked is invite:
            self._reinvites.on_cancel(call, now_ms)
        elif call.invite is invite:
            self._incoming_invites.on_cancel(call, now_ms)

    def _on_ack(self, request: Request, now_ms: float) -> None:
        """An ACK that is not for a refusal."""
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
