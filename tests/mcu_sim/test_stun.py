"""STUN keep-alives: answered (those on media ports: test_media_inbound.py), and no errors."""

from __future__ import annotations

import select
import socket

import pytest

from giaoban.mcu_sim import stun
from giaoban.mcu_sim.sip.transport.sockets import SipSockets

ID = bytes.fromhex("b7e7a701bc34d686fa87dfae")
REQUEST = bytes.fromhex("000100002112a442") + ID


def test_the_mapped_address_is_that_of_the_rfc() -> None:
    """RFC 5769 §2.2: 192.0.2.1, port 32853, in its transaction."""
    said = stun.answer(REQUEST, ("192.0.2.1", 32_853))
    assert said == bytes.fromhex("0101000c2112a442") + ID + bytes.fromhex(
        "00200008" + "0001a147e112a643"
    )


def test_a_client_of_rfc_3489_reads_its_address_in_the_clear() -> None:
    """Its first four octets are no magic cookie but part of its transaction id."""
    request = bytes.fromhex("00010000") + bytes(range(16))
    said = stun.answer(request, ("192.0.2.1", 32_853))
    assert said == bytes.fromhex("0101000c") + bytes(range(16)) + bytes.fromhex(
        "00010008" + "00018055c0000201"
    )


def test_an_attribute_that_must_be_understood_is_refused() -> None:
    """RFC 5389 §7.3.1: 420 with what was not understood; others are passed over."""
    priority, software = bytes.fromhex("002400046e0001ff"), bytes.fromhex("8022000161000000")
    refused = stun.answer(
        REQUEST[:2] + b"\0\x10" + REQUEST[4:] + software + priority, ("192.0.2.1", 1)
    )
    assert refused == bytes.fromhex("011100102112a442") + ID + bytes.fromhex(
        "0009000400000414" + "000a000200240000"
    )
    taken = stun.answer(REQUEST[:2] + b"\0\x08" + REQUEST[4:] + software, ("192.0.2.1", 1))
    assert taken[:2] == b"\x01\x01"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        REQUEST[:19],
        REQUEST + b"\0",
        REQUEST[:3] + b"\1" + REQUEST[4:],
        b"\x80" + REQUEST[1:],
        b"\0\2" + REQUEST[2:],
        b"OPTIONS sip:a SIP/2.0\r\n\r\n",
    ],
)
def test_what_is_no_stun(data: bytes) -> None:
    assert not stun.is_stun(data)
    assert stun.answer(data, ("192.0.2.1", 1)) is None


def test_an_indication_gets_no_answer() -> None:
    indication = b"\0\x11" + REQUEST[2:]
    assert stun.is_stun(indication)
    assert stun.answer(indication, ("192.0.2.1", 1)) is None


@pytest.mark.realtime
@pytest.mark.parametrize("tcp", [True, False])
def test_on_the_sip_port(tcp: bool) -> None:
    sockets = SipSockets("127.0.0.1", 0, dscp=0, tcp=tcp)
    phone = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        phone.settimeout(5)
        phone.connect(sockets.local)
        phone.send(REQUEST)
        assert select.select([sockets], [], [], 5)[0]
        assert sockets.receive() == []
        said = phone.recv(100)
        assert said == stun.answer(REQUEST, phone.getsockname())
        assert (sockets.unsendable, sockets.sent) == (0, 0)
    finally:
        phone.close()
        sockets.close()
