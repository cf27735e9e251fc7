"""RTCP's bytes against the layouts printed in the RFCs, and against Wireshark."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from scapy.utils import wrpcap

from giaoban.traffic.rtcp import (
    CNAME,
    Bye,
    Chunk,
    FullIntraRequest,
    IntraRequest,
    Packet,
    PictureLossIndication,
    ReceiverReport,
    ReportBlock,
    RtcpError,
    SenderReport,
    SourceDescription,
    is_rtcp,
    middle32,
    ntp_of,
    pack,
    parse,
)

BLOCK = ReportBlock(0xA1A2A3A4, 0x40, -2, 0x0001FFFE, 0x77, 0xB7052000, 0x00054000)
SENDER = SenderReport(0x01020304, 0xB44DB705_20000000, 0x11223344, 1000, 160_000, (BLOCK,))
RECEIVER = ReceiverReport(0x01020304, (BLOCK,))
NAMED = SourceDescription((Chunk(0x01020304, ((CNAME, "a@b"),)),))
LEFT = Bye((0x01020304,), "end")
PLI = PictureLossIndication(0x01020304, 0xA1A2A3A4)
FIR = FullIntraRequest(0x01020304, (IntraRequest(0xA1A2A3A4, 7),))

BLOCK_HEX = "a1a2a3a4 40fffffe 0001fffe 00000077 b7052000 00054000"
LAYOUTS = [
    (SENDER, "81c8000c 01020304 b44db705 20000000 11223344 000003e8 00027100" + BLOCK_HEX),
    (RECEIVER, "81c90007 01020304" + BLOCK_HEX),
    (ReceiverReport(0x01020304), "80c90001 01020304"),
    # item 1, 3 octets, and the null octets that end the chunk on a word
    (NAMED, "81ca0003 01020304 0103 614062 000000"),
    # an item that ends on a word is followed by a whole word of null octets
    (
        SourceDescription((Chunk(1, ((CNAME, "ab"),)), Chunk(2, ((CNAME, "c"), (2, "Dũ"))))),
        "82ca0007 00000001 0102 6162 00000000 00000002 010163 0203 44c5a9 00000000",
    ),
    (LEFT, "81cb0002 01020304 03 656e64"),
    (Bye((1, 2)), "82cb0002 00000001 00000002"),
    (Bye((1,), "ab"), "81cb0002 00000001 02 6162 00"),
    (PLI, "81ce0002 01020304 a1a2a3a4"),
    (FIR, "84ce0004 01020304 00000000 a1a2a3a4 07000000"),
]
COMPOUND: list[Packet] = [SENDER, NAMED, PLI, FIR, LEFT]


@pytest.mark.parametrize(("packet", "layout"), LAYOUTS)
def test_the_layouts_of_the_rfcs(packet: Packet, layout: str) -> None:
    octets = bytes.fromhex(layout)
    assert pack([packet]).hex(" ", 4) == octets.hex(" ", 4)
    assert parse(octets) == [packet]


words = st.integers(0, 2**32 - 1)
octets = st.integers(0, 255)
texts = st.text(max_size=60)  # at most 240 octets of UTF-8
blocks = st.builds(
    ReportBlock, words, octets, st.integers(-(2**23), 2**23 - 1), words, words, words, words
)
some_blocks = st.lists(blocks, max_size=31).map(tuple)
items = st.lists(st.tuples(st.integers(1, 255), texts), max_size=4).map(tuple)
packets = st.one_of(
    st.builds(SenderReport, words, st.integers(0, 2**64 - 1), words, words, words, some_blocks),
    st.builds(ReceiverReport, words, some_blocks),
    st.builds(SourceDescription, st.lists(st.builds(Chunk, words, items), max_size=5).map(tuple)),
    st.builds(Bye, st.lists(words, max_size=31).map(tuple), st.none() | texts),
    st.builds(PictureLossIndication, words, words),
    st.builds(
        FullIntraRequest,
        words,
        st.lists(st.builds(IntraRequest, words, octets), min_size=1, max_size=5).map(tuple),
    ),
)


@given(st.lists(packets, min_size=1, max_size=6))
def test_parsing_is_the_inverse_of_packing(compound: list[Packet]) -> None:
    data = pack(compound)
    assert len(data) % 4 == 0
    assert parse(data) == compound


@pytest.mark.parametrize(
    "packet",
    [
        ReceiverReport(2**32),
        SenderReport(1, 2**64, 0, 0, 0),
        ReceiverReport(1, (ReportBlock(1, 256, 0, 0, 0),)),
        ReceiverReport(1, (ReportBlock(1, 0, 2**23, 0, 0),)),
        ReceiverReport(1, (ReportBlock(1, 0, -(2**23) - 1, 0, 0),)),
        ReceiverReport(1, (BLOCK,) * 32),
        SourceDescription((Chunk(1, ((CNAME, "x" * 256),)),)),
        SourceDescription((Chunk(1, ((0, "x"),)),)),
        FullIntraRequest(1, (IntraRequest(1, 256),)),
    ],
)
def test_what_does_not_fit_its_field_is_refused(packet: Packet) -> None:
    with pytest.raises(ValueError, match=r"fit its field|at most 31|item type 0"):
        pack([packet])


# -------------------------------------------------------------------------------------- garbage


def parses_or_is_refused(data: bytes) -> None:
    try:
        found = parse(data)
    except RtcpError:
        return
    # text may have lost what is not UTF-8; everything else still fits its field
    assert all(isinstance(packet, Packet) for packet in found)


def test_every_truncation_is_refused_or_ends_between_two_packets() -> None:
    data = pack(COMPOUND)
    ends = [len(pack(COMPOUND[:n])) for n in range(1, len(COMPOUND) + 1)]
    for length in range(len(data)):
        if length in ends:
            assert parse(data[:length]) == COMPOUND[: ends.index(length) + 1]
        else:
            with pytest.raises(RtcpError):
                parse(data[:length])


def test_every_changed_byte_parses_or_is_refused() -> None:
    data = bytearray(pack(COMPOUND))
    for at, right in enumerate(data):
        for wrong in range(256):
            data[at] = wrong
            parses_or_is_refused(bytes(data))
        data[at] = right


@given(st.binary(max_size=80))
def test_noise_parses_or_is_refused(noise: bytes) -> None:
    parses_or_is_refused(noise)
    for first in (0x81, 0xA1):
        for kind in (200, 201, 202, 203, 205, 206):
            words = len(noise) // 4
            parses_or_is_refused(bytes([first, kind, 0, words]) + noise[: 4 * words])


@pytest.mark.parametrize(
    ("layout", "reason"),
    [
        ("", "0 bytes"),
        ("80c8", "2 bytes"),
        ("8008 0000 00000000", "type 8"),
        ("40c90001 00000001", "version 1"),
        ("80c90001 00000001 40ca0000", "version 1"),
        ("80c90001 00000001 80ca", "cut off"),
        ("80c90002 00000001", "longer than the datagram"),
        ("80c90000", "too short"),
        ("81c90001 00000001", "too short for 1"),
        ("80c80001 00000001", "too short for 0"),
        ("81ca0001 00000001", "too short"),
        ("81ca0002 00000001 01ff6161", "text is longer"),
        ("81cb0002 00000001 09616263", "text is longer"),
        ("82cb0001 00000001", "too short"),
        ("81ce0001 00000001", "PLI of 4"),
        ("84ce0002 00000001 00000000", "FIR of 8"),
        ("a0c90002 00000001 00000004 80c90001 00000001", "padding before"),
        ("a0c90002 00000001 00000003", "3 bytes of padding"),
        ("a0c90002 00000001 00000000", "0 bytes of padding"),
        ("a0c90001 0000000c", "12 bytes of padding"),
        ("a0c90000", "0 bytes of padding"),
    ],
)
def test_what_is_wrong_is_said(layout: str, reason: str) -> None:
    with pytest.raises(RtcpError, match=reason):
        parse(bytes.fromhex(layout))


def test_unknown_packets_and_additions_are_stepped_over() -> None:
    app = "80cc0003 00000001 6e616d65 00000000"
    congestion = "8bcd0003 00000001 00000002 00050000"  # RFC 8888
    remb = "8fce0003 00000001 00000000 52454d42"
    longer = "80c90003 00000009 12345678 9abcdef0"  # with a profile's extension
    unknown = "80fa0000"
    data = bytes.fromhex(longer + app + congestion + remb + unknown) + pack([NAMED])
    assert parse(data) == [ReceiverReport(9), NAMED]


def test_a_reduced_size_packet_and_padding_at_the_end() -> None:
    assert parse(bytes.fromhex("a1ce0004 00000001 00000002 00000000 00000008")) == [
        PictureLossIndication(1, 2)
    ]
    assert parse(pack([RECEIVER]) + bytes.fromhex("a0cb0001 00000004")) == [RECEIVER, Bye(())]


def test_text_that_is_not_utf8_does_not_stop_a_report() -> None:
    [found] = parse(bytes.fromhex("81ca0002 00000001 0101ff00"))
    assert found == SourceDescription((Chunk(1, ((CNAME, "\ufffd"),)),))


# ---------------------------------------------------------------------------- time, demultiplexing


def test_ntp_time_of_the_rfcs_example() -> None:
    """RFC 3550 figure 2: 0xb44db705 20000000 is 3,024,992,005.125 s after 1900."""
    unix_ns = (3_024_992_005 - 2_208_988_800) * 10**9 + 125_000_000
    assert ntp_of(unix_ns) == 0xB44DB705_20000000
    assert middle32(0xB44DB705_20000000) == 0xB7052000
    assert ntp_of(0) == 0x83AA7E80 << 32
    assert ntp_of((2**32 - 2_208_988_800) * 10**9) == 0  # 2036: the next era


@given(st.integers(0, 2**62))
def test_ntp_time_is_right_to_its_last_place(unix_ns: int) -> None:
    since_1900 = unix_ns + 2_208_988_800 * 10**9
    assert ntp_of(unix_ns) == since_1900 * 2**32 // 10**9 % 2**64


def test_rtcp_and_rtp_on_one_port() -> None:
    """RFC 5761 §4: 192–223 in the second byte; a marker makes 64–95 of them, which RTP avoids."""
    data = np.zeros((256, 12), np.uint8)
    data[:, 0] = 0x81
    data[:, 1] = np.arange(256)
    found = is_rtcp(data, np.full(256, 12))
    assert np.flatnonzero(found).tolist() == list(range(192, 224))
    assert not is_rtcp(data, np.full(256, 3)).any()
    data[:, 0] = 0x41
    assert not is_rtcp(data, np.full(256, 12)).any()
    assert is_rtcp(data[:0], np.empty(0, np.int64)).shape == (0,)


# ------------------------------------------------------------------------------------- Wireshark


def test_wireshark_reads_what_is_packed(tmp_path: Path) -> None:
    file = tmp_path / "rtcp.pcap"
    wire = Ether() / IP(dst="10.0.0.2") / UDP(sport=5005, dport=5005)
    wrpcap(str(file), [wire / Raw(pack(COMPOUND)), wire / Raw(pack([RECEIVER, NAMED]))])
    block = {
        "rtcp.ssrc.fraction": "64",
        "rtcp.ssrc.cum_nr": "-2",
        "rtcp.ssrc.high_cycles": "1",
        "rtcp.ssrc.high_seq": "65534",
        "rtcp.ssrc.jitter": "119",
        "rtcp.ssrc.lsr": str(0xB7052000),
        "rtcp.ssrc.dlsr": str(0x00054000),
    }
    sender = {
        "rtcp.pt": "200,202,206,206,203",
        "rtcp.timestamp.ntp.msw": str(0xB44DB705),
        "rtcp.timestamp.ntp.lsw": str(0x20000000),
        "rtcp.timestamp.rtp": str(0x11223344),
        "rtcp.sender.packetcount": "1000",
        "rtcp.sender.octetcount": "160000",
        "rtcp.psfb.fmt": "1,4",
        "rtcp.psfb.fir.fci.ssrc": "0xa1a2a3a4",
        "rtcp.psfb.fir.fci.csn": "7",
        # of the block, the description and the BYE; Wireshark calls a BYE's reason so, too
        "rtcp.ssrc.identifier": "0xa1a2a3a4,0x01020304,0x01020304",
        "rtcp.sdes.text": "a@b,end",
    }
    receiver = dict.fromkeys(sender, "") | {
        "rtcp.pt": "201,202",
        "rtcp.ssrc.identifier": "0xa1a2a3a4,0x01020304",
        "rtcp.sdes.text": "a@b",
    }
    expected = [block | sender, block | receiver]
    wanted = ["-Y", "rtcp.length_check == 1 && !_ws.malformed", "-T", "fields"]
    wanted += [word for field in expected[0] for word in ("-e", field)]
    done = subprocess.run(
        ["tshark", "-n", "-r", str(file), "-d", "udp.port==5005,rtcp", *wanted],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"},
    )
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert [dict(zip(expected[0], line, strict=True)) for line in lines] == expected
