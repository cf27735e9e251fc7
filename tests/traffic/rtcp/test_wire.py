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
    Bye,
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
NAMED = SourceDescription(0x01020304, "a@b")
PLI = PictureLossIndication(0x01020304, 0xA1A2A3A4)
FIR = IntraRequest(0x01020304, 0xA1A2A3A4, 7)
BLOCK_HEX = "a1a2a3a4 40fffffe 0001fffe 00000077 b7052000 00054000"
LAYOUTS = [
    (SENDER, "81c8000c 01020304 b44db705 20000000 11223344 000003e8 00027100" + BLOCK_HEX),
    (RECEIVER, "81c90007 01020304" + BLOCK_HEX),
    (ReceiverReport(0x01020304), "80c90001 01020304"),
    # item 1, 3 octets, and the null octets that end the chunk on a word
    (NAMED, "81ca0003 01020304 0103 614062 000000"),
    # an item that ends on a word is followed by a whole word of null octets
    (SourceDescription(1, "ab"), "81ca0003 00000001 0102 6162 00000000"),
    (Bye(1), "81cb0001 00000001"),
    (PLI, "81ce0002 01020304 a1a2a3a4"),
    (FIR, "84ce0004 01020304 00000000 a1a2a3a4 07000000"),
]
COMPOUND: list[Packet] = [SENDER, NAMED, PLI, FIR, Bye(0x01020304)]


@pytest.mark.parametrize(("packet", "layout"), LAYOUTS)
def test_the_layouts_of_the_rfcs(packet: Packet, layout: str) -> None:
    octets = bytes.fromhex(layout)
    assert pack([packet]).hex(" ", 4) == octets.hex(" ", 4)
    assert parse(octets) == [packet]


def test_a_reason_follows_the_source_that_leaves() -> None:
    assert pack([Bye(0x01020304, "end")]).hex(" ", 4) == "81cb0002 01020304 03656e64"
    assert parse(bytes.fromhex("82cb0003 00000001 00000002 03656e64")) == [Bye(1), Bye(2)]


words = st.integers(0, 2**32 - 1)
blocks = st.builds(
    ReportBlock,
    *(words, st.integers(0, 255), st.integers(-(2**23), 2**23 - 1)),
    *(words, words, words, words),
)
some_blocks = st.lists(blocks, max_size=31).map(tuple)
packets = st.one_of(
    st.builds(SenderReport, words, st.integers(0, 2**64 - 1), words, words, words, some_blocks),
    st.builds(ReceiverReport, words, some_blocks),
    st.builds(SourceDescription, words, st.text(min_size=1, max_size=30)),
    st.builds(PictureLossIndication, words, words),
    st.builds(IntraRequest, words, words, st.integers(0, 255)),
)


@given(st.lists(packets, min_size=1, max_size=6))
def test_parsing_is_the_inverse_of_packing(compound: list[Packet]) -> None:
    assert parse(pack(compound)) == compound


@pytest.mark.parametrize(
    "packet",
    [
        ReceiverReport(2**32),
        ReceiverReport(1, (ReportBlock(1, 256, 0, 0, 0),)),
        ReceiverReport(1, (ReportBlock(1, 0, 2**23, 0, 0),)),
    ],
)
def test_values_that_do_not_fit_their_field_are_refused(packet: Packet) -> None:
    with pytest.raises(ValueError, match="fit its field"):
        pack([packet])


def test_every_truncation_is_refused_or_ends_between_two_packets() -> None:
    data = pack(COMPOUND)
    ends = [len(pack(COMPOUND[:n])) for n in range(1, len(COMPOUND) + 1)]
    for length in range(len(data)):
        if length in ends:
            assert parse(data[:length]) == COMPOUND[: ends.index(length) + 1]
        else:
            with pytest.raises(RtcpError):
                parse(data[:length])


@given(st.binary(max_size=80))
def test_noise_parses_or_is_refused(noise: bytes) -> None:
    compounds = [noise]
    for first in (0x81, 0xA1):
        for kind in (200, 201, 202, 203, 205, 206):
            count = len(noise) // 4
            compounds.append(bytes([first, kind, 0, count]) + noise[: 4 * count])
    for data in compounds:
        try:
            assert all(isinstance(packet, Packet) for packet in parse(data))
        except RtcpError:
            continue


def test_unknown_packets_and_additions_are_stepped_over() -> None:
    app = "80cc0003 00000001 6e616d65 00000000"
    remb = "8fce0003 00000001 00000000 52454d42"
    longer = "80c90003 00000009 12345678 9abcdef0"  # with a profile's extension
    data = bytes.fromhex(longer + app + remb + "80fa0000") + pack([NAMED])
    assert parse(data) == [ReceiverReport(9), NAMED]
    padded = bytes.fromhex("a1ce0004 00000001 00000002 00000000 00000008")
    assert parse(padded) == [PictureLossIndication(1, 2)]


def test_ntp_time_of_the_rfcs_example() -> None:
    """RFC 3550 figure 2: 0xb44db705 20000000 is 3,024,992,005.125 s after 1900."""
    unix_ns = (3_024_992_005 - 2_208_988_800) * 10**9 + 125_000_000
    assert ntp_of(unix_ns) == 0xB44DB705_20000000
    assert middle32(0xB44DB705_20000000) == 0xB7052000
    assert ntp_of((2**32 - 2_208_988_800) * 10**9) == 0  # 2036: the next era


def test_rtcp_and_rtp_on_one_port() -> None:
    """RFC 5761 §4: 192–223 in the second byte; a marker makes 64–95 of them, which RTP avoids."""
    data = np.zeros((256, 12), np.uint8)
    data[:, 0] = 0x81
    data[:, 1] = np.arange(256)
    found = is_rtcp(data, np.full(256, 12))
    assert np.flatnonzero(found).tolist() == list(range(192, 224))
    assert not is_rtcp(data, np.full(256, 3)).any()


def test_wireshark_reads_a_compound(tmp_path: Path) -> None:
    file = tmp_path / "rtcp.pcap"
    wire = Ether() / IP(dst="10.0.0.2") / UDP(sport=5005, dport=5005)
    wrpcap(str(file), [wire / Raw(pack([*COMPOUND[:-1], Bye(0x01020304, "end")]))])
    expected = {
        "rtcp.pt": "200,202,206,206,203",
        "rtcp.ssrc.fraction": "64",
        "rtcp.ssrc.cum_nr": "-2",
        "rtcp.ssrc.high_cycles": "1",
        "rtcp.ssrc.high_seq": "65534",
        "rtcp.ssrc.jitter": "119",
        "rtcp.ssrc.lsr": str(0xB7052000),
        "rtcp.ssrc.dlsr": str(0x00054000),
        "rtcp.timestamp.ntp.msw": str(0xB44DB705),
        "rtcp.sender.packetcount": "1000",
        "rtcp.sender.octetcount": "160000",
        "rtcp.psfb.fmt": "1,4",
        "rtcp.psfb.fir.fci.ssrc": "0xa1a2a3a4",
        "rtcp.psfb.fir.fci.csn": "7",
        # of the description and the BYE; Wireshark calls a BYE's reason so, too
        "rtcp.sdes.text": "a@b,end",
    }
    wanted = ["-Y", "rtcp.length_check == 1 && !_ws.malformed", "-T", "fields"]
    wanted += [word for field in expected for word in ("-e", field)]
    done = subprocess.run(
        ["tshark", "-n", "-r", str(file), "-d", "udp.port==5005,rtcp", *wanted],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"},
    )
    [line] = done.stdout.splitlines()
    assert dict(zip(expected, line.split("\t"), strict=True)) == expected
