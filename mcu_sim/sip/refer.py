"""REFER of the peer inside a call (RFC 3515): we are to call somebody, and say what came of it.

As RFC 3515 has it: 202, and NOTIFYs in the call's own dialog. RFC 7647 would have 200 and a dialog
of their own, from peers that have GRUUs; devices for whom a call is all they have send it so, which
RFC 6665 §4.5.2 leaves room for. RFC 4488 for a REFER that wants no NOTIFY.
"""

from __future__ import annotations

from dataclasses import replace

from sipmessage import URI, Parameters, Request, Response

from giaoban.mcu_sim.sip.call import Call, CallTable, Referral
from giaoban.mcu_sim.sip.capabilities import NO_REFER_SUB, Capabilities
from giaoban.mcu_sim.sip.endpoint import Endpoint, TransactionSlot, TransactionUser
from giaoban.mcu_sim.sip.events import ReferReceived
from giaoban.mcu_sim.sip.message.addresses import (
    PARSE_ERRORS,
    SIP_PORT,
    SIP_SCHEMES,
    HeadedURI,
    OtherURI,
    forget,
)
from giaoban.mcu_sim.sip.message.headers import (
    addresses,
    cseq_of,
    parameter,
    set_body,
    to_tag,
    tokens,
)
from giaoban.mcu_sim.sip.message.responses import LONGEST_PHRASE
from giaoban.mcu_sim.sip.session import Sessions
from giaoban.text import printable

EXPIRES_S = 240
"""Longer than a call of ours may ring: what came of it is told before (RFC 3515 §2.4.7)."""
SIPFRAG_TYPE = "message/sipfrag;version=2.0"


class _ReferRefusedError(Exception):
    """What a Refer-To has is not to be called; `code` is the answer."""

    def __init__(self, code: int, phrase: str = "") -> None:
        super().__init__(phrase)
        self.code = code


class Refers:
    """REFERs of the peers, one a call, until they have been told what came of them."""

    def __init__(
        self, end: Endpoint, call_table: CallTable, sessions: Sessions, capabilities: Capabilities
    ) -> None:
        self._end = end
        self._capabilities = capabilities
        self._call_table = call_table
        self._sessions = sessions

    def on_request(self, slot: TransactionSlot, request: Request, now_ms: float) -> None:
        """A REFER came."""
        if not to_tag(request):
            self._end.refuse(slot, 403, now_ms, "Only inside a call")
            return
        call = self._sessions.established(slot, request, now_ms)
        if call is None:
            return
        if call.referral is not None:
            self._end.refuse(slot, 491, now_ms, "Another REFER is open in this call")
            return
        try:
            uri = _target(request)
            here = self._is_here(uri)
        except _ReferRefusedError as no:
            self._end.refuse(slot, no.code, now_ms, str(no))
            return
        key = f"{call.id}/{cseq_of(request).sequence}"
        call.referral = Referral(key, slot, _is_silent(request))
        self._end.emit(ReferReceived(call.id, key, str(uri), uri.user or "", here))

    def refuse(self, key: str, code: int, reason: str, now_ms: float) -> None:
        """Refuse a REFER; nothing happens if it is decided or its call is over."""
        call, referral = self._find(key)
        if call is not None and referral is not None and not referral.accepted:
            call.referral = None
            self._end.refuse(referral.slot, code, now_ms, reason)

    def accept(self, key: str, now_ms: float) -> None:
        """Take a REFER on: 202, and the first NOTIFY; nothing happens as of `refuse`."""
        call, referral = self._find(key)
        if call is None or referral is None or referral.accepted:
            return
        referral.accepted = True
        response = self._capabilities.reply_in_dialog(call, referral.slot, 202)
        if referral.silent:
            response.headers.set("Refer-Sub", "false")
            call.referral = None
        self._end.respond(referral.slot, response, now_ms)
        if not referral.silent:
            self._notify(call, referral, "100 Trying", f"active;expires={EXPIRES_S}", now_ms)

    def tell(self, key: str, code: int, reason: str, now_ms: float) -> None:
        """Say what came of a REFER that was taken on; nothing happens if nobody waits for that."""
        call, referral = self._find(key)
        if call is not None and referral is not None and referral.outcome is None:
            referral.outcome = f"{code} {printable(reason, LONGEST_PHRASE)}"
            if not referral.notifying:
                self._notify_end(call, referral, now_ms)

    # -------------------------------------------------------------------------------- NOTIFYs

    def on_response(
        self, told: _NotifyClient, slot: TransactionSlot, response: Response, now_ms: float
    ) -> None:
        """A NOTIFY of ours is answered: what waits goes out, or nobody wants to know."""
        call, referral = told.call, told.referral
        if response.code < 200 or call.referral is not referral:
            return
        if response.code >= 300:
            if self._sessions.prove(call.standing, slot, response, now_ms) is None:
                call.referral = None
        elif told.last:
            call.referral = None
        else:
            referral.notifying = False
            if referral.outcome is not None:
                self._notify_end(call, referral, now_ms)

    def on_no_answer(self, told: _NotifyClient) -> None:
        """Nobody heard a NOTIFY: no other follows. The call's own refreshes say if it is over."""
        if told.call.referral is told.referral:
            told.call.referral = None

    def _notify_end(self, call: Call, referral: Referral, now_ms: float) -> None:
        assert referral.outcome is not None
        line = referral.outcome
        self._notify(call, referral, line, "terminated;reason=noresource", now_ms, last=True)

    def _notify(
        self,
        call: Call,
        referral: Referral,
        line: str,
        state: str,
        now_ms: float,
        *,
        last: bool = False,
    ) -> None:
        """One at a time: over UDP a later one could come first."""
        request = call.standing.request("NOTIFY")
        target = call.standing.next_hop()
        contact = self._end.contact_uri(target.transport, request.uri.scheme)
        request.headers.set("Contact", contact)
        request.headers.set("Event", f"refer;id={cseq_of(referral.slot.request).sequence}")
        request.headers.set("Subscription-State", state)
        set_body(request, f"SIP/2.0 {line}\r\n".encode(), SIPFRAG_TYPE)
        referral.notifying = True
        self._end.start(request, target, now_ms, _NotifyClient(self, call, referral, last))

    # ------------------------------------------------------------------------------- reading

    def _find(self, key: str) -> tuple[Call | None, Referral | None]:
        call = self._call_table.calls.get(key.rpartition("/")[0])
        referral = None if call is None else call.referral
        return call, referral if referral is not None and referral.key == key else None

    def _is_here(self, uri: URI) -> bool:
        """Whether it is somebody's at our own address; we ourselves are not to be called."""
        if (uri.host, uri.port or SIP_PORT) not in self._end.own_addresses:
            return False
        if uri.scheme != "sip" or not uri.user:
            raise _ReferRefusedError(488, "Our own address is not called")
        return True


class _NotifyClient(TransactionUser):
    """One NOTIFY of ours; `last`: it says what came of its REFER."""

    def __init__(self, part: Refers, call: Call, referral: Referral, last: bool) -> None:
        self._owner = part
        self.call = call
        self.referral = referral
        self.last = last

    def on_response(self, slot: TransactionSlot, response: Response, now_ms: float) -> None:
        self._owner.on_response(self, slot, response, now_ms)

    def on_no_answer(self, slot: TransactionSlot, now_ms: float) -> None:
        self._owner.on_no_answer(self)


def _target(request: Request) -> URI:
    """The one URI to call with an INVITE of ours (RFC 3515 §2.1, §2.4.2)."""
    try:
        found = [one for text in request.headers.getlist("Refer-To") for one in addresses(text)]
    except PARSE_ERRORS as error:
        forget(error)
        raise _ReferRefusedError(400, "Bad Refer-To") from None
    if len(found) != 1:
        raise _ReferRefusedError(400, "One Refer-To is needed")
    uri = found[0].uri
    if isinstance(uri, OtherURI) or uri.scheme not in SIP_SCHEMES:
        raise _ReferRefusedError(416)
    if isinstance(uri, HeadedURI):  # Replaces and the like
        raise _ReferRefusedError(488, "No headers are put into the INVITE")
    method = parameter(uri.parameters, "method")
    if method is None:
        return uri
    if method != "INVITE":
        raise _ReferRefusedError(488, "Nothing but INVITE is sent")
    rest = {name: one for name, one in uri.parameters.items() if name.lower() != "method"}
    return replace(uri, parameters=Parameters(**rest))


def _is_silent(request: Request) -> bool:
    """Whether no NOTIFY is wanted (RFC 4488 §4)."""
    needed = [one.lower() for one in tokens(request.headers.getlist("Require"))]
    wanted = (request.headers.get("Refer-Sub") or "").partition(";")[0].strip().lower()
    return wanted == "false" or NO_REFER_SUB in needed
