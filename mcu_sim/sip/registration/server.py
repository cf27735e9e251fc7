"""REGISTER that comes in, carried out on the registrar's table (RFC 3261 §10.3)."""

from __future__ import annotations

from sipmessage import Request

from mcu_sim.sip.endpoint import Endpoint, Slot
from mcu_sim.sip.message.answers import Peer, reply
from mcu_sim.sip.message.fields import contacts_of, cseq_of, parameter, to_of
from mcu_sim.sip.message.headers import seconds
from mcu_sim.sip.registration.registrar import (
    WILDCARD,
    BadWildcard,
    OutOfOrder,
    Registrar,
    RequestedBinding,
    TooBrief,
    TooMany,
)


class RegisterServer:
    """Answers REGISTER; the user is the one in To."""

    def __init__(self, end: Endpoint, registrar: Registrar) -> None:
        self._end = end
        self._registrar = registrar

    def on_register(self, slot: Slot, request: Request, source: Peer, now_ms: float) -> None:
        """Add, refresh, remove or ask for the bindings of a user."""
        uri = to_of(request).uri
        if uri.scheme.lower() not in ("sip", "sips"):
            self._end.refuse(slot, 400, now_ms, "To is no SIP URI")  # RFC 4475 §3.3.4
            return
        user = uri.user
        if user is None:
            self._end.refuse(slot, 404, now_ms)
            return
        outcome = self._registrar.register(
            user, _wanted(request, source), request.call_id, cseq_of(request).sequence, now_ms
        )
        match outcome:
            case TooBrief(shortest_s):
                headers = {"Min-Expires": str(shortest_s)}
                self._end.refuse(slot, 423, now_ms, headers=headers)
            case OutOfOrder():
                self._end.refuse(slot, 500, now_ms, "REGISTER Out of Order")
            case TooMany():
                self._end.refuse(slot, 403, now_ms, "Too Many Bindings")
            case BadWildcard():
                self._end.refuse(slot, 400, now_ms, "Bad Contact")
            case bindings:
                response = reply(request, 200, to_tag=self._end.random_hex())
                for one in bindings:
                    contact = f"<{one.uri}>;expires={one.expires_s(now_ms)}"
                    response.headers.add("Contact", contact)
                self._end.respond(slot, response, now_ms)


def _wanted(request: Request, source: Peer) -> list[RequestedBinding]:
    general_s = seconds(request.headers.get("Expires"))
    if request.headers.get("Contact") == WILDCARD:
        return [RequestedBinding(WILDCARD, source, general_s)]
    wanted = []
    for contact in contacts_of(request):
        own = parameter(contact.parameters, "expires")
        # §20.10: what cannot be read counts as not said
        expires_s = seconds(own)
        wanted.append(
            RequestedBinding(
                str(contact.uri), source, general_s if expires_s is None else expires_s
            )
        )
    return wanted
