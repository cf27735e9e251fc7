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

from traffic.impairments import BernoulliLoss
from traffic.log import SENT, PacketLog
from traffic.rtp import StreamId, parse_headers, patch_headers, template
from traffic.stream import VideoStream

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
        crafted(stream, 65_530 + i, 2**32 - 1_600 + 160 * i, i == 0, sound[i % 7].tobytes())
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
    kept = np.flatnonzero(~thinned.log["impaired"])
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


def test_the_log_says_what_is_on_the_wire(tmp_path: Path) -> None:
    ends = [START_NS + 200 * MS * i for i in range(1, 11)]
    sent = run_video(tmp_path / "log", stream_plan(WRAPPING), video_model(), ends)
    for record, datagram in zip(sent.log, sent.datagrams, strict=True):
        packet = RTP(datagram)
        assert packet.sequence == int(record["sequence"]) % 2**16
        assert packet.timestamp == record["timestamp"]
        assert len(datagram) == record["size"]
    assert np.array_equal(sent.log["leaving_ns"], sent.times_ns)
    assert set(sent.log["stream"]) == {3}


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
