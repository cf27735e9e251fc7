"""The fast path is scapy's packets byte for byte; headers and sequence numbers obey their laws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.rtp import RTP
from scapy.packet import Raw
from traffic_factory import MS, START_NS, Sent, run_audio, run_video, stream_plan, video_model

from giaoban.traffic.impairments import BernoulliLoss
from giaoban.traffic.log import SENT, PacketLog
from giaoban.traffic.rtp import (
    HEADER_BYTES,
    Headers,
    StreamId,
    parse_headers,
    patch_headers,
    payload_bounds,
    template,
)
from giaoban.traffic.sources.video_stream import VideoStream

WRAPPING = StreamId(
    payload_type=97, ssrc=0xDEADBEEF, first_sequence=65_500, first_timestamp=2**32 - 9_000
)
"""Sequence numbers wrap within the first second, timestamps after a tenth of a second."""


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


def test_every_video_packet_is_the_one_scapy_crafts(tmp_path: Path) -> None:
    model = video_model(key_interval_s=1.0)
    ends = [START_NS + 200 * MS * i for i in range(1, 26)]
    sent = run_video(tmp_path / "log", stream_plan(WRAPPING), model, ends)
    frame, expected = 0, []
    for i, datagram in enumerate(sent.datagrams):
        last_of_frame = bool(datagram[13] & 0x40)  # the E bit of the FU header
        stamp = WRAPPING.first_timestamp + frame * 3000
        expected.append(
            crafted(WRAPPING, WRAPPING.first_sequence + i, stamp, last_of_frame, datagram[12:])
        )
        frame += last_of_frame
    assert sent.datagrams == expected
    assert frame == 150
    assert_wrapped(sent)


def test_packets_that_the_injector_spares_are_still_scapys(tmp_path: Path) -> None:
    ends = [START_NS + 200 * MS * i for i in range(1, 11)]
    whole = run_video(tmp_path / "whole", stream_plan(WRAPPING), video_model(), ends)
    plan = stream_plan(WRAPPING, loss=BernoulliLoss(p=0.3))
    thinned = run_video(tmp_path / "thinned", plan, video_model(), ends)
    kept = np.flatnonzero(thinned.log["copies"])
    assert 0 < len(kept) < len(whole.datagrams)
    # headers, FU headers and lengths; the rest of a payload is noise
    expected = [(whole.datagrams[i][:14], len(whole.datagrams[i])) for i in kept]
    assert [(d[:14], len(d)) for d in thinned.datagrams] == expected
    assert thinned.times_ns.tolist() == whole.times_ns[kept].tolist()
    for name in ("sequence", "timestamp", "due_ns", "size"):
        assert np.array_equal(thinned.log[name], whole.log[name])
    for datagram in thinned.datagrams:
        parsed = RTP(datagram)
        again = bytes(parsed)
        assert again == datagram
        assert (parsed.version, parsed.sourcesync, parsed.payload_type) == (2, 0xDEADBEEF, 97)


def test_a_batch_too_small_is_an_error_and_not_a_short_window(tmp_path: Path) -> None:
    log = PacketLog(SENT, tmp_path / "log")
    stream = VideoStream(stream_plan(WRAPPING), log, START_NS, video_model())
    with pytest.raises((ValueError, IndexError)):
        stream.window(np.zeros((5, 1212), np.uint8), START_NS + 500 * MS)
    log.close()


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


def test_what_is_not_rtp_is_marked() -> None:
    data = np.zeros((4, 12), np.uint8)
    data[:, 0] = [0x80, 0x40, 0xC0, 0x80]  # versions 2, 1, 3, 2
    assert parse_headers(data, np.array([12, 12, 12, 11])).valid.tolist() == [
        True,
        False,
        False,
        False,
    ]


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


@given(st.lists(st.binary(max_size=80), max_size=8), st.integers(12, 100))
def test_payloads_of_anything_lie_within_the_datagram(datagrams: list[bytes], width: int) -> None:
    for (start, end), datagram in zip(bounds(datagrams, width), datagrams, strict=True):
        assert start == end == 0 or 12 <= start <= end <= min(len(datagram), width)


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


def test_a_payload_may_be_empty() -> None:
    alone, padded = bytes([0x80]) + bytes(11), bytes([0xA0]) + bytes(14) + b"\x04"
    assert bounds([alone, padded], width=40) == [(12, 12), (12, 12)]


def test_headers_of_several_receptions_are_joined_in_order() -> None:
    data = np.zeros((5, HEADER_BYTES), np.uint8)
    header = np.array([0x80, 8, *range(10)], np.uint8)
    patch_headers(data, header, np.arange(5), np.arange(5) * 160, np.arange(5) == 3)
    lengths = np.array([12, 12, 11, 12, 12])
    whole = parse_headers(data, lengths)
    parts = [parse_headers(data[part], lengths[part]) for part in (slice(0, 2), slice(2, 5))]
    joined = Headers.joined(parts)
    for name, values in vars(whole).items():
        np.testing.assert_array_equal(getattr(joined, name), values)
