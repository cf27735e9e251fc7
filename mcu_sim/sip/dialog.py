"""Requests of ours (RFC 3261 §8.1.1), and dialogs (§12): what two share between INVITE and BYE."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from sipmessage import URI, Address, CSeq, Parameters, Request, Response

from giaoban.mcu_sim.sip.endpoint import Endpoint
from giaoban.mcu_sim.sip.message.addresses import (
    PARSE_ERRORS,
    SIP_PORT,
    OtherURI,
    Peer,
    Transport,
    forget,
    read_uri,
    without_headers,
)
from giaoban.mcu_sim.sip.message.headers import (
    addresses,
    contacts_of,
    cseq_of,
    from_of,
    from_tag,
    parameter,
    to_tag,
)
from giaoban.mcu_sim.sip.message.responses import USER_AGENT
from giaoban.traffic.hosts import is_one_host

MAX_FORWARDS = 70

_TRANSPORTS: dict[str, Transport] = {"udp": "UDP", "tcp": "TCP"}

DialogId = tuple[str, str, str]
"""Call-ID, local tag, remote tag."""


def id_in_request(request: Request) -> DialogId:
    """The dialog a received request speaks of, seen from its receiver."""
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
    """A request of ours without body, its Via on top still empty; `local`, `remote`: From, To."""
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
    """A request of ours outside any dialog, as `new_request`, with a Call-ID and tag of its own."""
    host, port = end.contact
    call_id = f"{end.random_hex()}@{host}"
    own = URI(scheme="sip", user=end.user, host=host, port=port)
    local = Address(own, name=display_name, parameters=Parameters(tag=end.random_hex()))
    # §19.1.1: what describes the way there does not belong into To.
    remote = Address(URI(uri.scheme, uri.host, uri.user, port=uri.port))
    return new_request(method, uri, str(local), str(remote), call_id, 1)


@dataclass(slots=True)
class Dialog:
    """One side's view of a dialog.

    `local` and `remote` are the whole From/To header texts with their tags, kept as they were
    written; `peer` is where the other side was heard from, used when its URI is a name, since
    nothing here asks a name server, and whose transport holds when its URI names none.
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
        """The dialog of an INVITE that came in and is answered with `local_tag` (§12.1.1).

        A caller of RFC 2543 may have no Contact; its From then stands in (RFC 4475 §3.4.1).
        """
        contact = contacts_of(request)
        return cls(
            call_id=request.call_id,
            local=f"{request.headers['To']};tag={local_tag}",
            remote=request.headers["From"],
            local_tag=local_tag,
            remote_tag=from_tag(request),
            remote_target=without_headers((contact[0] if contact else from_of(request)).uri),
            route_set=_record_route(request),
            local_cseq=0,
            remote_cseq=cseq_of(request).sequence,
            peer=peer,
        )

    @classmethod
    def as_client(cls, request: Request, response: Response, peer: Peer) -> Dialog:
        """The dialog that a 2xx to an INVITE of ours makes (§12.1.2).

        A response without Contact breaks the RFC; the INVITE's own URI then stands in.
        """
        contact = contacts_of(response)
        return cls(
            call_id=request.call_id,
            local=request.headers["From"],
            remote=response.headers["To"],
            local_tag=from_tag(request),
            remote_tag=to_tag(response),
            remote_target=without_headers(contact[0].uri) if contact else request.uri,
            route_set=_record_route(response)[::-1],
            local_cseq=cseq_of(request).sequence,
            remote_cseq=None,
            peer=peer,
        )

    @property
    def id(self) -> DialogId:
        """The key under which requests inside the dialog find it."""
        return self.call_id, self.local_tag, self.remote_tag

    def request(self, method: str, sequence: int | None = None) -> Request:
        """A request inside the dialog (§12.2.1.1), as `new_request`.

        `sequence` is given for an ACK, which repeats its INVITE's number; otherwise the next
        local number is taken.
        """
        if sequence is None:
            self.local_cseq += 1
            sequence = self.local_cseq
        uri, routes = self.remote_target, self.route_set
        if routes and not _is_loose(routes[0]):
            # A strict router takes the Request-URI as the next hop and the target comes last.
            uri, routes = routes[0].uri, [*routes[1:], Address(uri)]
        return new_request(method, uri, self.local, self.remote, self.call_id, sequence, routes)

    def next_hop(self) -> Peer:
        """Where requests inside the dialog are sent."""
        uri = self.route_set[0].uri if self.route_set else self.remote_target
        return hop_of(uri, self.peer)

    def refresh_target(self, message: Request | Response) -> None:
        """Take the Contact of a re-INVITE or of its 2xx as the remote target (§12.2)."""
        contact = contacts_of(message)
        if contact:
            self.remote_target = without_headers(contact[0].uri)

    def accepts_sequence(self, sequence: int) -> bool:
        """Whether a received request's CSeq is in order; remembers it if so (§12.2.2)."""
        if self.remote_cseq is not None and sequence < self.remote_cseq:
            return False
        self.remote_cseq = sequence
        return True


def hop_of(uri: URI, otherwise: Peer) -> Peer:
    """Where a URI says to send, if its host is an IPv4 address of one host, or else `otherwise`.

    A URI without `transport` leaves that as it is: a connection that works is better than the
    UDP of RFC 3263 §4.1. SIPS, TLS and others lead to `otherwise`.
    """
    port = uri.port if uri.port is not None else SIP_PORT
    named = (parameter(uri.parameters, "transport") or "").lower()
    transport = _TRANSPORTS.get(named) if named else otherwise.transport
    try:
        host = ipaddress.IPv4Address(uri.host)
    except ValueError:
        return otherwise
    if uri.scheme != "sip" or not is_one_host(host) or not 0 < port < 65536:
        return otherwise
    if transport is None:
        return otherwise
    return Peer(str(host), port, transport)


def target_of(uri: str, target: Peer | None) -> tuple[URI, Peer]:
    """A URI as it is called, and where to send to (`target` if given); `ValueError` if either
    cannot be known."""
    try:
        parsed = without_headers(read_uri(uri))
    except PARSE_ERRORS as error:
        forget(error)
        raise ValueError(f"{uri}: not a valid URI") from None
    if isinstance(parsed, OtherURI):
        raise ValueError(f"{uri}: no SIP URI")
    hop = hop_of(parsed, Peer("", 0)) if target is None else Peer(*target)
    if not hop.host:
        raise ValueError(f"{uri}: not an IPv4 address with a port over UDP or TCP, give a target")
    if parsed.scheme == "sips":  # RFC 3261 §26.2.2
        raise ValueError(f"{uri}: needs TLS, which is not spoken here")
    return parsed, hop


def _record_route(message: Request | Response) -> list[Address]:
    values = message.headers.getlist("Record-Route")
    return [one for value in values for one in addresses(value)]


def _is_loose(route: Address) -> bool:
    return parameter(route.uri.parameters, "lr") is not None
