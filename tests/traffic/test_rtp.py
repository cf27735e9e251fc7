"""The fast path is scapy's packets byte for byte; headers and sequence numbers obey their laws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.rtp import RTP
from scapy.packet import Raw
from traffic_factory import MS, START_NS, Sent, run_audio, stream_plan

from giaoban.traffic.rtp import (
    StreamId,
    parse_headers,
    patch_headers,
    payload_bounds,
    template,
)


def crafted(stream: StreamId, sequence: int, timestamp: int, marker: bool, payload: bytes) -> bytes:
    packet = RTP(
        marker=int(marker),
        payload_type=stream.payload_type,
        sequence=sequence % 2**16,
        timestamp=timestamp % 2**32,
        sourcesync=stream.ssrc,
    ) / Raw(payload)
    return bytes(packet)


def assert_wrapped(sent: Sent) -> None:
    assert int(sent.log["sequence"].max()) > 0xFFFF
    assert np.any(np.diff(sent.log["timestamp"].astype(np.int64)) < 0)


def test_every_audio_packet_is_the_one_scapy_crafts(tmp_path: Path) -> None:
    stream = StreamId(8, 0x01020304, 65_530, 2**32 - 1_600)
    sound = np.random.default_rng(1).integers(0, 256, (7, 160), np.uint8)
    ends = [START_NS + at * MS for at in (200, 205, 1000, 5000)]
    sent = run_audio(tmp_path / "log", stream_plan(stream, kind="audio"), sound, ends)
    assert sent.datagrams == [
        crafted(stream, 65_530 + i, 2**32 - 1_600 + 160 * i, False, sound[i % 7].tobytes())
        for i in range(250)
    ]
    assert sent.times_ns.tolist() == [START_NS + 20 * MS * i for i in range(250)]
    assert_wrapped(sent)


@st.composite
def headers(draw: st.DrawFn) -> tuple[StreamId, list[tuple[int, int, bool]]]:
    stream = StreamId(
        draw(st.integers(0, 127)),
        draw(st.integers(0, 2**32 - 1)),
        draw(st.integers(0, 2**16 - 1)),
        draw(st.integers(0, 2**32 - 1)),
    )
    fields = st.tuples(st.integers(0, 2**40), st.integers(0, 2**40), st.booleans())
    return stream, draw(st.lists(fields, max_size=20))


@given(headers())
def test_parsing_is_the_inverse_of_patching(
    case: tuple[StreamId, list[tuple[int, int, bool]]],
) -> None:
    stream, fields = case
    n = len(fields)
    sequences = np.array([f[0] for f in fields], np.int64)
    stamps = np.array([f[1] for f in fields], np.int64)
    markers = np.array([f[2] for f in fields], np.bool_)
    out = np.full((n + 1, 20), 0xAA, np.uint8)
    header = np.frombuffer(template(stream), np.uint8)
    patch_headers(out, header, sequences, stamps, markers)
    assert np.all(out[:, 12:] == 0xAA)  # the payload is untouched
    assert np.all(out[n] == 0xAA)
    parsed = parse_headers(out[:n], np.full(n, 20))
    assert parsed.valid.all()
    assert parsed.sequence.tolist() == [f[0] % 2**16 for f in fields]
    assert parsed.timestamp.tolist() == [f[1] % 2**32 for f in fields]
    assert parsed.marker.tolist() == [f[2] for f in fields]
    assert set(parsed.ssrc.tolist()) <= {stream.ssrc}
    assert set(parsed.payload_type.tolist()) <= {stream.payload_type}
    for row, (sequence, stamp, marker) in zip(out, fields, strict=False):
        assert row[:12].tobytes() == crafted(stream, sequence, stamp, marker, b"")


def bounds(datagrams: list[bytes], width: int = 2000) -> list[tuple[int, int]]:
    data = np.full((len(datagrams), width), 0xFF, np.uint8)  # what lies behind is not zeros
    for row, datagram in zip(data, datagrams, strict=True):
        row[: min(len(datagram), width)] = np.frombuffer(datagram, np.uint8)[:width]
    start, end = payload_bounds(data, np.array([len(d) for d in datagrams], np.int64))
    return list(zip(start.tolist(), end.tolist(), strict=True))


@st.composite
def whole_packets(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A datagram with CSRCs, an extension and padding, or without; and its payload."""
    csrcs = draw(st.lists(st.integers(0, 2**32 - 1), max_size=15))
    words = draw(st.none() | st.lists(st.integers(0, 2**32 - 1), max_size=20))
    payload = draw(st.binary(max_size=60))
    padding = draw(st.integers(0, 255))
    packet = RTP(
        padding=int(padding > 0),
        numsync=len(csrcs),
        sync=csrcs,
        marker=draw(st.integers(0, 1)),
        sequence=draw(st.integers(0, 2**16 - 1)),
    )
    head = bytearray(bytes(packet))
    if words is not None:
        head[0] |= 0x10
        head += bytes([0xBE, 0xDE]) + len(words).to_bytes(2, "big")
        head += b"".join(word.to_bytes(4, "big") for word in words)
    tail = bytes(padding - 1) + bytes([padding]) if padding else b""
    return bytes(head) + payload + tail, payload


@given(st.lists(whole_packets(), max_size=8))
def test_the_payload_is_found_behind_any_header(cases: list[tuple[bytes, bytes]]) -> None:
    found = bounds([datagram for datagram, _ in cases])
    for (start, end), (datagram, payload) in zip(found, cases, strict=True):
        assert start >= 12
        assert datagram[start:end] == payload


@pytest.mark.parametrize(
    ("what", "datagram"),
    [
        ("shorter than a header", bytes([0x80]) + bytes(10)),
        ("version 1", bytes([0x40]) + bytes(20)),
        ("a CSRC that is not there", bytes([0x81]) + bytes(14)),
        ("half an extension header", bytes([0x90]) + bytes(14)),
        ("an extension longer than the datagram", bytes([0x90]) + bytes(14) + b"\x02" + bytes(7)),
        ("padding of no bytes", bytes([0xA0]) + bytes(20)),
        ("padding that reaches into the header", bytes([0xA0]) + bytes(15) + b"\x06"),
        ("cut off on receiving", bytes([0x80]) + bytes(40)),
    ],
)
def test_a_datagram_that_is_not_whole_has_no_payload(what: str, datagram: bytes) -> None:
    assert bounds([datagram], width=40) == [(0, 0)], what
