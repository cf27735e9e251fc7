"""Asking another element what it can do: OPTIONS outside a dialog (RFC 3261 §11)."""

from __future__ import annotations

from sipmessage import URI, Address, CSeq, Parameters, Request, Response

from mcu_sim.sip.dialog import MAX_FORWARDS
from mcu_sim.sip.endpoint import Endpoint, Slot, Watcher
from mcu_sim.sip.events import OptionsAnswered
from mcu_sim.sip.message.answers import SDP_TYPE, USER_AGENT, Peer, phrase_of
from mcu_sim.sip.message.headers import tokens

NO_ANSWER = 408


class OptionsClient(Watcher):
    """Sends OPTIONS and tells what came back. Nothing is proved: who asks for that has answered."""

    def __init__(self, end: Endpoint) -> None:
        self._end = end

    def ask(self, uri: URI, target: Peer, now_ms: float) -> None:
        """Send the request."""
        end = self._end
        request = Request("OPTIONS", uri)
        branch = end.add_via(request, target)
        request.headers.set("Max-Forwards", str(MAX_FORWARDS))
        host, port = end.contact
        own = URI(scheme="sip", user=end.user, host=host, port=port)
        request.from_address = Address(own, parameters=Parameters(tag=end.random_hex()))
        request.to_address = Address(URI(uri.scheme, uri.host, uri.user, port=uri.port))
        request.headers.set("Call-ID", f"{end.random_hex()}@{host}")
        request.cseq = CSeq(1, "OPTIONS")
        request.headers.set("Contact", end.contact_uri(target.transport))
        request.headers.set("Accept", SDP_TYPE)
        request.headers.set("User-Agent", USER_AGENT)
        request.headers.set("Content-Length", "0")
        end.start(request, target, now_ms, self, branch=branch)

    def on_response(self, slot: Slot, response: Response, now_ms: float) -> None:
        if response.code < 200:
            return
        server = response.headers.get("Server") or response.headers.get("User-Agent") or ""
        methods = tuple(tokens(response.headers.getlist("Allow")))
        self._end.emit(OptionsAnswered(response.code, phrase_of(response), methods, server))

    def on_no_answer(self, slot: Slot, now_ms: float) -> None:
        self._end.emit(OptionsAnswered(NO_ANSWER, "No answer", (), ""))
