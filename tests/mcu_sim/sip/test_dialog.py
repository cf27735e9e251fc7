"""Dialogs: tags, numbers, routes and where the next request goes (RFC 3261 §12)."""

from __future__ import annotations

from sipmessage import Response

from giaoban.mcu_sim.sip.dialog import Dialog, id_in_request
from giaoban.mcu_sim.sip.message import Peer, parse, reply

INVITE = (
    b"INVITE sip:mcu@10.67.0.2 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 10.68.0.2:5062;branch=z9hG4bK1\r\n"
    b"Record-Route: <sip:10.1.1.1;lr>, <sip:10.2.2.2:5070;lr>\r\n"
    b"From: <sip:cu-jut@10.68.0.2>;tag=client\r\n"
    b"To: <sip:mcu@10.67.0.2>\r\n"
    b"Call-ID: a@b\r\n"
    b"CSeq: 41 INVITE\r\n"
    b"Contact: <sip:cu-jut@10.68.0.2:5062>\r\n\r\n"
)
PEER = Peer("10.9.9.9", 7)


def both(invite: bytes = INVITE) -> tuple[Dialog, Dialog]:
    """The same dialog seen from the called and from the calling side."""
    request = parse(invite)
    ok = reply(request, 200, to_tag="server")
    ok.headers.set("Contact", "<sip:mcu@10.67.0.2:5080>")
    response = parse(bytes(ok))
    return Dialog.as_server(request, "server", PEER), Dialog.as_client(request, response, PEER)


def test_both_sides_see_each_other() -> None:
    server, client = both()
    assert server.id == ("a@b", "server", "client")
    assert client.id == ("a@b", "client", "server")
    bye = client.request("BYE")
    assert id_in_request(bye) == server.id
    assert id_in_request(server.request("BYE")) == client.id
    assert (bye.cseq.sequence, str(bye.uri)) == (42, "sip:mcu@10.67.0.2:5080")
    assert client.request("INFO").cseq.sequence == 43
    assert client.request("ACK", 41).cseq.sequence == 41
    assert client.request("INFO").cseq.sequence == 44


def test_loose_routes_are_followed_in_opposite_orders() -> None:
    server, client = both()
    first = server.request("BYE").headers.getlist("Route")
    assert first == ["<sip:10.1.1.1;lr>", "<sip:10.2.2.2:5070;lr>"]
    assert client.request("BYE").headers.getlist("Route") == first[::-1]
    assert (server.next_hop(), client.next_hop()) == (
        Peer("10.1.1.1", 5060),
        Peer("10.2.2.2", 5070),
    )


def test_the_remote_target_is_refreshed_and_stays_if_no_contact_is_said() -> None:
    _, client = both()
    ok = Response(200, "OK")
    client.refresh_target(ok)
    assert client.next_hop().host == "10.2.2.2"
    ok.headers.set("Contact", "<sip:mcu@10.67.0.9:5090;transport=tcp>")
    client.refresh_target(ok)
    assert str(client.request("BYE").uri) == "sip:mcu@10.67.0.9:5090;transport=tcp"
    client.route_set = []
    assert client.next_hop() == Peer("10.67.0.9", 5090, "TCP")
