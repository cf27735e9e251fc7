"""Requests of ours (RFC 3261 §8.1.1), and dialogs (§12)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from sipmessage import URI, Address, CSeq, Parameters, Request, Response

from giaoban.mcu_sim.sip.endpoint import Endpoint
from giaoban.mcu_sim.sip.message import (
    SIP_PORT,
    USER_AGENT,
    Peer,
    Transport,
    contacts_of,
    cseq_of,
    from_of,
    from_tag,
    parameter,
    to_tag,
)

MAX_FORWARDS = 70

_TRANSPORTS: dict[str, Transport] = {"udp": "UDP", "tcp": "TCP"}

DialogId = tuple[str, str, str]
"""Call-ID, local tag, remote tag."""


def id_in_request(request: Request) -> DialogId:
    """Return the dialog of a received request, seen from its receiver."""
    return request.call_id, to_tag(request), from_tag(request)


def new_request(
    method: str,
    uri: URI,
    local: str,
    remote: str,
    call_id: str,
    sequence: int,
    routes: Iterable[Address] = (),
) -> Request:
    """Return a request without body, its Via on top still empty; `local`, `remote`: From, To."""
    request = Request(method, uri)
    request.headers.set("Via", "")
    for route in routes:
        request.headers.add("Route", str(route))
    request.headers.set("Max-Forwards", str(MAX_FORWARDS))
    request.headers.set("From", local)
    request.headers.set("To", remote)
    request.headers.set("Call-ID", call_id)
    request.cseq = CSeq(sequence, method)
    request.headers.set("User-Agent", USER_AGENT)
    request.headers.set("Content-Length", "0")
    return request


def first_request(end: Endpoint, method: str, uri: URI, display_name: str = "") -> Request:
    """Return a request outside any dialog, as `new_request`, with its own Call-ID and tag."""
    host, port = end.contact
    call_id = f"{end.random_hex()}@{host}"
    own = URI(scheme="sip", user=end.user, host=host, port=port)
    local = Address(own, name=display_name, parameters=Parameters(tag=end.random_hex()))
    # §19.1.1: parameters that describe the way there do not belong into To
    remote = Address(URI(uri.scheme, uri.host, uri.user, port=uri.port))
    return new_request(method, uri, str(local), str(remote), call_id, 1)


@dataclass(slots=True)
class Dialog:
    """One side's view of a dialog.

    `local` and `remote` are the whole From and To texts with their tags; `peer` is the address that
    the other side sent from. It is used when the URI's host is a name, since no name server is
    asked, and its transport holds when the URI names none.
    """

    call_id: str
    local: str
    remote: str
    local_tag: str
    remote_tag: str
    remote_target: URI
    route_set: list[Address]
    local_cseq: int
    remote_cseq: int | None
    peer: Peer

    @classmethod
    def as_server(cls, request: Request, local_tag: str, peer: Peer) -> Dialog:
        """Return the dialog of a received INVITE that is answered with `local_tag` (§12.1.1)."""
        contact = contacts_of(request)
        return cls(
            call_id=request.call_id,
            local=f"{request.headers['To']};tag={local_tag}",
            remote=request.headers["From"],
            local_tag=local_tag,
            remote_tag=from_tag(request),
            remote_target=(contact[0] if contact else from_of(request)).uri,
            route_set=request.record_route,
            local_cseq=0,
            remote_cseq=cseq_of(request).sequence,
            peer=peer,
        )

    @classmethod
    def as_client(cls, request: Request, response: Response, peer: Peer) -> Dialog:
        """Return the dialog that a 2xx to an INVITE of ours makes (§12.1.2)."""
        contact = contacts_of(response)
        return cls(
            call_id=request.call_id,
            local=request.headers["From"],
            remote=response.headers["To"],
            local_tag=from_tag(request),
            remote_tag=to_tag(response),
            remote_target=contact[0].uri if contact else request.uri,
            route_set=response.record_route[::-1],
            local_cseq=cseq_of(request).sequence,
            remote_cseq=None,
            peer=peer,
        )

    @property
    def id(self) -> DialogId:
        """The key by which requests inside the dialog find it."""
        return self.call_id, self.local_tag, self.remote_tag

    def request(self, method: str, sequence: int | None = None) -> Request:
        """Return a request inside the dialog (§12.2.1.1), as `new_request`. `sequence`: that of the
        INVITE, for an ACK; None: the next."""
        if sequence is None:
            self.local_cseq += 1
            sequence = self.local_cseq
        return new_request(
            method,
            self.remote_target,
            self.local,
            self.remote,
            self.call_id,
            sequence,
            self.route_set,
        )

    def next_hop(self) -> Peer:
        """Return the destination of requests inside the dialog."""
        uri = self.route_set[0].uri if self.route_set else self.remote_target
        return hop_of(uri, self.peer)

    def refresh_target(self, message: Request | Response) -> None:
        """Take the Contact of a re-INVITE or of its 2xx as the remote target (§12.2)."""
        if contact := contacts_of(message):
            self.remote_target = contact[0].uri

    def accepts_sequence(self, sequence: int) -> bool:
        """Return whether a received CSeq is in order; remember it if so (§12.2.2)."""
        if self.remote_cseq is not None and sequence < self.remote_cseq:
            return False
        self.remote_cseq = sequence
        return True


def hop_of(uri: URI, otherwise: Peer) -> Peer:
    """Return the destination that a URI names by an IPv4 address, else `otherwise`.

    A URI without `transport` keeps the transport: a connection that works is better than the UDP of
    RFC 3263 §4.1. SIPS and other transports lead to `otherwise`.
    """
    named = (parameter(uri.parameters, "transport") or "").lower()
    transport = _TRANSPORTS.get(named) if named else otherwise.transport
    try:
        host = ipaddress.IPv4Address(uri.host)
    except ValueError:
        return otherwise
    if uri.scheme != "sip" or transport is None:
        return otherwise
    return Peer(str(host), SIP_PORT if uri.port is None else uri.port, transport)


def target_of(uri: str, target: Peer | None) -> tuple[URI, Peer]:
    """Return a URI to call and its destination (`target` if given). Raises `ValueError` if either
    cannot be known."""
    try:
        parsed = URI.parse(uri)
    except (ValueError, TypeError):
        raise ValueError(f"{uri}: not a valid URI") from None
    hop = hop_of(parsed, Peer("", 0)) if target is None else Peer(*target)
    if parsed.scheme != "sip" or not hop.host:
        raise ValueError(f"{uri}: not an IPv4 address with a port over UDP or TCP, give a target")
    return parsed, hop
