"""Calls between two agents on a wire, and requests in them that no agent of ours sends."""

from __future__ import annotations

from typing import Any

from sipmessage import Response

from giaoban.mcu_sim.sip.agent import UserAgent
from giaoban.mcu_sim.sip.endpoint import TransactionSlot, TransactionUser
from giaoban.mcu_sim.sip.events import CallEstablished, IncomingCall
from giaoban.mcu_sim.sip.invite import acknowledge
from giaoban.mcu_sim.sip.message import body_of

URI = "sip:mcu@10.67.0.2"


class Reinvite(TransactionUser):
    """A re-INVITE that changes a call, which agents of ours do not send; its final answer."""

    def __init__(self, agent: UserAgent, call: str, sdp: bytes, now_ms: float) -> None:
        self.code = 0
        self.sdp: bytes | None = None
        self._end, self._call = agent._end, agent._call_table.calls[call]
        dialog = self._call.standing
        request = dialog.request("INVITE")
        agent._capabilities.offer(request, sdp, dialog.next_hop(), self._call)
        self._end.start(request, dialog.next_hop(), now_ms, self)

    def on_response(self, slot: TransactionSlot, response: Response, now_ms: float) -> None:
        if response.code >= 200:
            self.code, self.sdp = response.code, body_of(response)
        if 200 <= response.code < 300:
            acknowledge(self._end, self._call.standing, slot)


URIS = {"UDP": URI, "TCP": f"{URI};transport=tcp"}


def accept_all(wire: Any, answer: bytes) -> None:
    """From now on the server accepts whoever calls."""

    def at_server(event: object, now_ms: float) -> None:
        if isinstance(event, IncomingCall):
            wire.server.accept(event.call, answer, now_ms)

    wire.on_server_event = at_server


def ring(wire: Any, offer: bytes, uri: str = URI) -> tuple[str, str]:
    """A call that rings, by both names of it."""
    at_client = wire.client.call(uri, offer, wire.now_ms)
    wire.run(wire.now_ms + 20.0)
    incoming = wire.server_events[-1]
    assert isinstance(incoming, IncomingCall)
    return at_client, incoming.call


def accepted(wire: Any, offer: bytes, answer: bytes, uri: str = URI) -> tuple[str, str]:
    """A call that the server has accepted, by both names of it; the 200 is not on its way yet."""
    calls = ring(wire, offer, uri)
    wire.server.accept(calls[1], answer, wire.now_ms)
    return calls


def establish(wire: Any, offer: bytes, answer: bytes, uri: str = URI) -> tuple[str, str]:
    """A call that stands, by both names of it."""
    calls = accepted(wire, offer, answer, uri)
    wire.run(wire.now_ms + 20.0)
    assert wire.server_events[-1] == CallEstablished(calls[1], None)
    return calls


def inside(
    wire: Any, at_server: str, method: str, sequence: int, body: str = "", more: str = ""
) -> bytes:
    """A request of the caller's in its call, from another Contact; `more`: header lines."""
    invite = wire.texts("client", "INVITE")[0].split("\r\n")
    lines = [
        f"{method} {URI} SIP/2.0",
        f"Via: SIP/2.0/UDP 10.68.0.2:5062;branch=z9hG4bKhand{method}{sequence}",
        *(line for line in invite if line.startswith(("From:", "Call-ID:"))),
        f"To: <{URI}>;tag={at_server}",
        f"CSeq: {sequence} {method}",
        "Contact: <sip:new@10.68.0.2:5070>",
    ]
    lines += ["Content-Type: application/sdp"] if body else []
    head = "\r\n".join([*lines, f"Content-Length: {len(body)}", ""])
    return f"{head}{more}\r\n{body}".encode()


def header(text: str, name: str) -> str:
    """The line of a message with this header."""
    return next(one for one in text.split("\r\n") if one.startswith(name + ":"))
