"""Methods, extensions and bodies of this user agent in its messages, and OPTIONS.

RFC 3261 §8.2.2–8.2.4, §11, §20.5; RFC 4028 §7, §9 for the session timer.
"""

from __future__ import annotations

from sipmessage import URI, Request, Response

from giaoban.mcu_sim.sip import session_timer
from giaoban.mcu_sim.sip.call import Call
from giaoban.mcu_sim.sip.dialog import first_request
from giaoban.mcu_sim.sip.endpoint import Endpoint, TransactionSlot, TransactionUser
from giaoban.mcu_sim.sip.events import OptionsAnswered
from giaoban.mcu_sim.sip.message import (
    SDP_TYPE,
    Peer,
    body_of,
    phrase_of,
    reply,
    set_body,
    tokens,
)

METHODS = ("INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "INFO")


class OptionsClient(TransactionUser):
    """Sends OPTIONS and emits the answer. A challenge is an answer too."""

    def __init__(self, end: Endpoint) -> None:
        self._end = end

    def send(self, uri: URI, target: Peer, now_ms: float) -> None:
        """Send the request."""
        request = first_request(self._end, "OPTIONS", uri)
        request.headers.set("Contact", self._end.contact_uri(target.transport))
        request.headers.set("Accept", SDP_TYPE)
        self._end.start(request, target, now_ms, self)

    def on_response(self, slot: TransactionSlot, response: Response, now_ms: float) -> None:
        if response.code >= 200:
            self._end.emit(OptionsAnswered(response.code, phrase_of(response)))

    def on_no_answer(self, slot: TransactionSlot, now_ms: float) -> None:
        self._end.emit(OptionsAnswered(408, "No answer"))


class Capabilities:
    """The headers that all INVITEs and their answers have in common, and the checks of both."""

    def __init__(self, end: Endpoint, expires_s: int | None, *, registrar: bool) -> None:
        """`expires_s`: the session interval that we want, None for no timer but the peer's."""
        self._end = end
        self._expires_s = expires_s
        self.methods = METHODS + ("REGISTER",) * registrar
        self._allow = ", ".join(self.methods)

    def offer(self, request: Request, sdp: bytes, target: Peer, call: Call | None) -> None:
        """Complete an INVITE (`call`: a re-INVITE) with session description and capabilities."""
        request.headers.set("Contact", self._end.contact_uri(target.transport))
        request.headers.set("Allow", self._allow)
        request.headers.set("Accept", SDP_TYPE)
        session_timer.ask(request, self._expires_s, None if call is None else call.timer_terms)
        set_body(request, sdp)

    def agreed(self, response: Response) -> session_timer.TimerTerms | None:
        """Return the session timer that holds after a 2xx to an INVITE of ours."""
        return session_timer.as_client(session_timer.read(response), self._expires_s)

    def admits(self, slot: TransactionSlot, request: Request, now_ms: float) -> bool:
        """Return whether an INVITE or re-INVITE can be worked with; refuse it otherwise."""
        if request.body and body_of(request) is None:
            self._end.refuse(slot, 415, now_ms, headers={"Accept": SDP_TYPE})
            return False
        if session_timer.is_too_small(session_timer.read(request)):
            self._end.refuse(slot, 422, now_ms, headers={"Min-SE": str(session_timer.SHORTEST_S)})
            return False
        return True

    def success(
        self, call: Call, slot: TransactionSlot, sdp: bytes
    ) -> tuple[Response, session_timer.TimerTerms | None]:
        """Return the 200 to an INVITE or a re-INVITE, and the session timer that it sets."""
        response = self.reply_in_dialog(call, slot, 200)
        response.headers.set("Allow", self._allow)
        wanted = session_timer.read(slot.request)
        timer_terms = session_timer.as_server(wanted, self._expires_s, call.timer_terms)
        session_timer.answer(response, timer_terms)
        set_body(response, sdp)
        return response, timer_terms

    def reply_in_dialog(self, call: Call, slot: TransactionSlot, code: int) -> Response:
        """Return a response with our Contact (§12.1.1)."""
        response = reply(slot.request, code, to_tag=call.id)
        response.headers.set("Contact", self._end.contact_uri(slot.target.transport))
        return response

    def lacks(self, slot: TransactionSlot, request: Request, now_ms: float) -> bool:
        """Return whether the method, the URI's scheme or an extension is unknown; refuse the
        request then (§8.2.1, §8.2.2). `sips` needs TLS, which this agent does not speak."""
        if request.method not in self.methods:
            self.tell(slot, 405, now_ms)
            return True
        if request.uri.scheme != "sip":
            self._end.refuse(slot, 416, now_ms)
            return True
        needed = tokens(request.headers.getlist("Require"))
        unknown = [one for one in needed if one.lower() != session_timer.OPTION]
        if unknown:
            self._end.refuse(slot, 420, now_ms, headers={"Unsupported": ", ".join(unknown)})
        return bool(unknown)

    def tell(self, slot: TransactionSlot, code: int, now_ms: float) -> None:
        """Answer OPTIONS (§11.2), or a method that is not allowed, with our capabilities."""
        headers = {"Allow": self._allow, "Accept": SDP_TYPE, "Supported": session_timer.OPTION}
        self._end.refuse(slot, code, now_ms, headers=headers)
