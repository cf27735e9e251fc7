"""BFCP on the wire: what is written is read, and bytes of any kind do no harm."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, UDP
from scapy.packet import Raw
from scapy.utils import wrpcap

from giaoban.mcu_sim.bfcp.message import (
    Attribute,
    AttributeType,
    BfcpError,
    ErrorCode,
    Message,
    Primitive,
    RequestStatus,
    error,
    floor_request_information,
    header_of,
    number,
    parse,
)

attributes = st.builds(
    Attribute,
    st.sampled_from(list(AttributeType)).map(int),
    st.binary(max_size=253),
    st.booleans(),
)
messages = st.builds(
    Message,
    st.sampled_from(list(Primitive)).map(int),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**16 - 1),
    st.integers(0, 2**16 - 1),
    st.lists(attributes, max_size=4).map(tuple),
    st.booleans(),
)


@given(message=messages)
def test_what_is_written_is_read(message: Message) -> None:
    assert parse(message.packed()) == message


@given(data=st.binary(max_size=60))
def test_bytes_of_any_kind_are_a_message_or_no_message(data: bytes) -> None:
    with suppress(BfcpError):
        assert parse(data).conference_id == int.from_bytes(data[4:8], "big")


def test_a_request_for_the_floor_by_the_octets() -> None:
    """As RFC 8855 figures 1 to 8 draw it."""
    asked = Message(Primitive.FLOOR_REQUEST, 7, 258, 3, (number(AttributeType.FLOOR_ID, 1),))
    assert asked.packed() == bytes.fromhex("40 01 0001 00000007 0102 0003 0504 0001")
    answer = asked.answer(
        Primitive.FLOOR_REQUEST_STATUS,
        floor_request_information(9, 1, RequestStatus.PENDING, 2, 3, "tây"),
    )
    assert answer.packed() == bytes.fromhex(
        "50 04 0007 00000007 0102 0003"
        "1f1c 0009"  # FLOOR-REQUEST-INFORMATION 9, 28 octets
        "2508 0009 0b04 0102"  # OVERALL-REQUEST-STATUS 9: pending, the second in the queue
        "2304 0001"  # FLOOR-REQUEST-STATUS of floor 1
        "1d0c 0003 1906 74c3a279 0000"  # BENEFICIARY-INFORMATION 3: USER-DISPLAY-NAME, padded
    )


@pytest.mark.parametrize(
    ("octets", "code", "details"),
    [
        ("20 01 0000 00000007 0102 0003", ErrorCode.UNSUPPORTED_VERSION, b""),
        ("48 01 0000 00000007 0102 0003", ErrorCode.UNABLE_TO_PARSE, b""),
        ("40 01 0002 00000007 0102 0003 0504 0001", ErrorCode.INCORRECT_LENGTH, b""),
        ("40 01 0001 00000007 0102 0003 0501 0001", ErrorCode.UNABLE_TO_PARSE, b""),
        ("40 01 0001 00000007 0102 0003 0506 0001", ErrorCode.UNABLE_TO_PARSE, b""),
        (
            "40 01 0002 00000007 0102 0003 2704 0001 c904 0002",
            ErrorCode.UNKNOWN_MANDATORY_ATTRIBUTE,
            bytes([19 << 1, 100 << 1]),
        ),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_code(
    octets: str, code: ErrorCode, details: bytes
) -> None:
    with pytest.raises(BfcpError) as wrong:
        parse(bytes.fromhex(octets))
    assert (wrong.value.code, wrong.value.details) == (code, details)
    assert header_of(bytes.fromhex(octets)) == Message(Primitive.FLOOR_REQUEST, 7, 258, 3)


def test_many_unknown_attributes_are_told_once_each() -> None:
    data = bytes.fromhex("40 01 00fd 00000007 0102 0003") + bytes.fromhex("ff020000") * 253
    with pytest.raises(BfcpError) as wrong:
        parse(data)
    assert wrong.value.details == bytes([127 << 1])
    every = b"".join(bytes([kind << 1 | 1, 4, 0, 0]) for kind in range(128))
    with pytest.raises(BfcpError) as wrong:
        parse(bytes.fromhex("40 01 0080 00000007 0102 0003") + every)
    error(wrong.value.code, wrong.value.details).packed()


def test_an_unknown_attribute_that_need_not_be_known_is_passed_over() -> None:
    assert parse(bytes.fromhex("40 01 0001 00000007 0102 0003 2604 0001")).primitive == 1


def test_a_value_that_is_too_long_is_no_attribute() -> None:
    with pytest.raises(ValueError, match="255 at most"):
        Attribute(AttributeType.USER_URI, bytes(254)).packed()


def test_wireshark_reads_them(tmp_path: Path) -> None:
    """tshark's dissector knows nothing of ours."""
    asked = Message(Primitive.FLOOR_REQUEST, 7, 258, 3, (number(AttributeType.FLOOR_ID, 1),))
    told = floor_request_information(9, 1, RequestStatus.GRANTED, 0, 3, "west")
    answers = [
        asked.answer(Primitive.FLOOR_REQUEST_STATUS, told),
        asked.answer(Primitive.ERROR, error(ErrorCode.INVALID_FLOOR_ID)),
    ]
    capture = tmp_path / "floor.pcap"
    head = IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=5000, dport=6000)
    wrpcap(str(capture), [head / Raw(each.packed()) for each in (asked, *answers)])
    names = ("primitive", "hdr_r_bit", "transaction_id", "user_id", "floor_id", "request_status")
    wanted = [word for name in (*names, "error_code") for word in ("-e", f"bfcp.{name}")]
    read = ["tshark", "-n", "-r", str(capture), "-d", "udp.port==6000,bfcp"]
    chosen = ["-Y", "bfcp && !_ws.malformed", "-T", "fields", *wanted]
    done = subprocess.run([*read, *chosen], capture_output=True, text=True, check=True)
    assert [line.split("\t") for line in done.stdout.splitlines()] == [
        ["1", "False", "258", "3", "1", "", ""],
        ["4", "True", "258", "3", "1", "3", ""],
        ["13", "True", "258", "3", "", "", "6"],
    ]
