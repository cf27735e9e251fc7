"""RTP out of captures: frames of several kinds, which stream is meant, what it becomes."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recorded_factory import IDENT, clip, play
from traffic_factory import MS

from giaoban.errors import InputError
from giaoban.traffic.h264 import packetise
from giaoban.traffic.impairments import TraceLoss
from giaoban.traffic.impairments.loss import loss_process
from giaoban.traffic.recorded.capture import (
    Capture,
    CapturedStream,
    Frame,
    loss_runs,
    read_capture,
    rtp_streams,
    unwrapped,
)
from giaoban.traffic.recorded.datagrams import BrokenFrameError, datagram
from giaoban.traffic.recorded.sources import recording_from_capture, stream_recording
from giaoban.traffic.rtp import HEADER_BYTES
from tests.h264 import depacketise

ETHERNET, RAW = 1, 101


def rtp_packet(
    sequence: int,
    timestamp: int = 0,
    payload: bytes = b"payload",
    *,
    marker: bool = False,
    kind: int = 97,
    ssrc: int = 9,
) -> bytes:
    second = kind | (0x80 if marker else 0)
    numbers = (sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
    return struct.pack(">BBHII", 0x80, second, *numbers) + payload


def ip_packet(payload: bytes, *, port: int = 5004) -> bytes:
    """IPv4 and UDP around it; checksums are not looked at."""
    udp = struct.pack(">HHHH", 40_000, port, 8 + len(payload), 0) + payload
    around = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0x4000, 64, 17, 0)
    return around + bytes([10, 0, 0, 1, 10, 0, 0, 2]) + udp


def captured(
    packets: Sequence[bytes], *, port: int = 5004, spacing_ns: int = 20 * MS
) -> list[Frame]:
    return [
        Frame(10**18 + n * spacing_ns, RAW, ip_packet(packet, port=port))
        for n, packet in enumerate(packets)
    ]


def only(packets: Sequence[bytes], **how: Any) -> CapturedStream:
    return rtp_streams(captured(packets, **how), "capture").choose()


def h264_packets(pictures: int = 12, first: int = 65_530) -> list[bytes]:
    """A clip in RTP, timestamps and sequence numbers wrapping on the way."""
    packets: list[bytes] = []
    for number, picture in enumerate(clip(pictures).pictures):
        parts = packetise(picture.units, 100)
        for nth, part in enumerate(parts):
            stamp = 2**32 - 9000 + number * 3600
            last = nth == len(parts) - 1
            packets.append(rtp_packet(first + len(packets), stamp, part, marker=last))
    return packets


@pytest.mark.parametrize("version", ["IP", "IPv6"])
@pytest.mark.parametrize(
    ("around", "link_type"),
    [
        (["Ether"], 1),
        (["Ether", "Dot1Q"], 1),
        (["Ether", "Dot1AD", "Dot1Q"], 1),
        (["CookedLinux"], 113),
        (["CookedLinuxV2"], 276),
        (["Loopback"], 0),
        ([], 101),
    ],
)
def test_scapys_frames_of_every_link_type(around: list[str], link_type: int, version: str) -> None:
    """scapy makes the frames, so that the reading has another's word for what they are."""
    from scapy.layers import all as layers

    host = "192.0.2.7" if version == "IP" else "2001:db8::7"
    inner = getattr(layers, version)(dst=host) / layers.UDP(sport=4000, dport=5004) / b"sound"
    for name in reversed(around):
        inner = getattr(layers, name)() / inner
    read = datagram(bytes(inner) + b"\0\0\0", link_type)  # Ethernet pads what is short
    assert (read.source_port, read.destination_port, read.payload) == (4000, 5004, b"sound")
    assert len(read.destination) == (4 if version == "IP" else 16)


def test_extension_headers_of_ipv6_are_stepped_over() -> None:
    from scapy.layers.inet import UDP
    from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop

    base = IPv6(dst="2001:db8::7")
    options = base / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / UDP(dport=5004) / b"sound"
    read = datagram(bytes(options), RAW)
    assert read.payload == b"sound"
    with pytest.raises(BrokenFrameError, match="fragment"):
        datagram(bytes(base / IPv6ExtHdrFragment(m=1) / UDP() / b"sound"), RAW)


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_frame_that_is_cut_short_is_broken(cut: int) -> None:
    whole = bytes(12) + b"\x08\0" + ip_packet(rtp_packet(1)[:12])
    with pytest.raises(BrokenFrameError):
        datagram(whole[:-cut], ETHERNET)


@given(st.binary(max_size=120), st.sampled_from([0, 1, 101, 108, 113, 276]))
def test_any_bytes_are_a_datagram_or_nothing_or_broken(data: bytes, link_type: int) -> None:
    try:
        read = datagram(data, link_type)
    except BrokenFrameError:
        return
    assert read is None or read.payload in data


def test_what_is_no_rtp_is_passed_over_and_what_is_broken_counted() -> None:
    frames = captured([rtp_packet(n) for n in range(5)])
    sender_report = struct.pack(">BBHI", 0x80, 200, 6, 9) + bytes(20)
    noise = [
        Frame(0, RAW, ip_packet(sender_report)),
        Frame(0, RAW, ip_packet(b"\x80 a text that is no RTP packet", port=53)),
        Frame(0, RAW, ip_packet(rtp_packet(1))[:30]),
        Frame(0, ETHERNET, bytes(12) + b"\x08\x06" + bytes(28)),
        Frame(0, RAW, ip_packet(b"\x8f" + rtp_packet(1)[1:])),  # more CSRCs than bytes
    ]
    found = rtp_streams([*noise, *frames], "capture")
    assert len(found.streams) == 1
    assert len(found.streams[0]) == 5
    assert found.broken == 2
    assert found.choose().payloads == [b"payload"] * 5
    with pytest.raises(InputError, match=r"capture: holds no RTP stream \(1 broken frame\)"):
        rtp_streams(noise[:4], "capture")
    with pytest.raises(InputError, match="link type 147"):
        rtp_streams([Frame(0, 147, b"")], "capture")


def two_streams() -> Capture:
    sound = captured([rtp_packet(n, kind=8, ssrc=0xA) for n in range(9)], port=4000)
    video = captured([rtp_packet(n, ssrc=0xB) for n in range(5)], port=4002)
    return rtp_streams([*video, *sound], "capture")


def test_a_stream_is_chosen_by_ssrc() -> None:
    capture = two_streams()
    assert len(capture.choose(ssrc=0xA)) == 9
    assert len(capture.choose(ssrc=0xB)) == 5


@pytest.mark.parametrize("asked", [{}, {"ssrc": 5}])
def test_who_does_not_say_which_is_told_what_there_is(asked: dict[str, int]) -> None:
    with pytest.raises(InputError) as caught:
        two_streams().choose(**asked)
    message = str(caught.value)
    assert "ssrc 0x0000000a from 10.0.0.1 port 40000 to 10.0.0.2 port 4000" in message
    assert "ssrc 0x0000000b" in message
    assert "payload type 97, 5 packets" in message


def test_h264_out_of_a_capture_goes_round(tmp_path: Path) -> None:
    """Two packets changed places before they were captured, and one was there twice."""
    packets = h264_packets()
    units = [unit for picture in clip(12).pictures for unit in picture.units]
    frames = captured(packets, spacing_ns=MS)
    earlier, later = frames[20], frames[21]
    frames[20] = later._replace(time_ns=earlier.time_ns)
    frames[21] = earlier._replace(time_ns=later.time_ns)
    frames.insert(30, frames[29])
    what = stream_recording(rtp_streams(frames, "capture").choose(), "capture", h264=True)
    sent = play(tmp_path / "sent.bin", what, [2 * what.length_ns])
    assert depacketise(d[HEADER_BYTES:] for d in sent.datagrams) == units * 2
    stamps = (sent.log["timestamp"].astype(np.int64) - IDENT.first_timestamp) % 2**32
    assert np.array_equal(np.unique(stamps), np.arange(24) * 3600)
    assert {d[1] & 0x7F for d in sent.datagrams} == {IDENT.payload_type}
    # what was overtaken is sent with what overtook it: at the earliest, when it was there
    assert what.due_ns[18:23].tolist() == [18 * MS, 19 * MS, 21 * MS, 21 * MS, 22 * MS]
    assert what.length_ns == 12 * 40 * MS
    assert np.array_equal(sent.log["key"], np.isin(stamps // 3600 % 12, [0, 5, 10]))


def test_h264_begins_with_its_key_frame_and_ends_with_a_whole_picture() -> None:
    packets = h264_packets()
    second_key = [p for p in packets if int.from_bytes(p[4:8], "big") == 9000]
    begin = packets.index(second_key[0]) - 4  # in the picture before it
    what = stream_recording(only(packets[begin:-1]), "capture", h264=True)
    assert what.payload[: len(second_key[0]) - 12].tobytes() == second_key[0][12:]
    assert what.marker[-1]
    assert len(np.unique(what.timestamp)) == 6


def test_packets_that_carry_nothing_are_no_part_of_a_picture() -> None:
    """A keep-alive of baresip's in the midst of a stream: the next number, timestamp 0."""
    packets = h264_packets()
    plain = stream_recording(only(packets), "capture", h264=True)
    at = 12
    number = int.from_bytes(packets[0][2:4], "big")
    renumbered = [
        p[:2] + ((number + n + (n >= at)) % 2**16).to_bytes(2, "big") + p[4:]
        for n, p in enumerate(packets)
    ]
    empty = (
        renumbered[at][:2]
        + ((number + at) % 2**16).to_bytes(2, "big")
        + bytes(4)
        + packets[0][8:12]
    )
    what = stream_recording(only([*renumbered[:at], empty, *renumbered[at:]]), "capture", h264=True)
    assert np.array_equal(what.payload, plain.payload)
    assert np.array_equal(what.timestamp, plain.timestamp)
    assert np.array_equal(what.key, plain.key)


def test_sound_out_of_a_capture() -> None:
    """Talk spurts: no packets while nobody speaks; a key of a telephone is another payload type."""
    at = [0, 1, 2, 50, 51, 52]
    packets = [rtp_packet(n, at[n] * 160, bytes([n]) * 160, kind=8) for n in range(6)]
    packets.insert(3, rtp_packet(3, 160, b"\1\0\0\xa0", kind=101))
    for later in (4, 5, 6):
        packets[later] = rtp_packet(later, at[later - 1] * 160, bytes(160), kind=8)
    times = [0, 1, 2, 2, 50, 51, 52]
    frames = [
        f._replace(time_ns=t * 20 * MS) for f, t in zip(captured(packets), times, strict=True)
    ]
    what = stream_recording(rtp_streams(frames, "capture").choose(), "capture", h264=False)
    assert what.clock_hz == 8000
    assert what.timestamp.tolist() == [a * 160 for a in at]
    assert what.due_ns.tolist() == [a * 20 * MS for a in at]
    assert what.length_ns == 53 * 20 * MS
    assert not what.key.any()


@pytest.mark.parametrize(
    ("packets", "how", "message"),
    [
        ([rtp_packet(n, n * 160) for n in (0, 1, 3, 4, 9)], {"h264": False}, "5 of 10 packets"),
        ([rtp_packet(n, n * 160) for n in range(4)], {"h264": False}, "does not say its clock"),
        ([rtp_packet(n) for n in range(4)], {"h264": False, "clock_hz": 8000}, "a single picture"),
        ([rtp_packet(n, n, b"") for n in range(4)], {"h264": False}, "no packet that carries"),
        ([rtp_packet(n, n, b"\x41\x9a") for n in range(4)], {"h264": True}, "has no key frame"),
        ([rtp_packet(n, n, b"\x65\x88") for n in range(4)], {"h264": True}, "no whole picture"),
    ],
)
def test_streams_that_cannot_go_round_say_why(
    packets: list[bytes], how: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        stream_recording(only(packets), "capture", **how)


def test_counters_go_on_beyond_their_bits() -> None:
    values = np.array([65_534, 65_535, 1, 0, 2], np.uint16)
    assert unwrapped(values, 16).tolist() == [65_534, 65_535, 65_537, 65_536, 65_538]


def test_losses_of_a_capture_are_runs() -> None:
    """Over a wrap; a late packet and a double one were received."""
    order = [65_530, 65_531, 65_534, 65_533, 65_534, 65_536, 65_540, 65_541]
    runs = loss_runs(only([rtp_packet(n) for n in order]))
    assert runs == [2, 1, 2, 1, 1, 3, 2, 0]
    assert loss_runs(only([rtp_packet(n) for n in range(7)])) == [7, 0]


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_runs_lose_again_what_was_lost(lost: list[bool]) -> None:
    whole = [False, False, *lost, False]  # two in a row, or it is no RTP
    stream = only([rtp_packet(65_500 + n) for n, gone in enumerate(whole) if not gone])
    process = loss_process(TraceLoss(runs=loss_runs(stream)), np.random.SeedSequence(1))
    assert process.draw(2 * len(whole)).tolist() == whole * 2


def write(path: Path, frames: Sequence[Frame], kind: str) -> Path:
    """A capture file by scapy."""
    from scapy.layers.inet import IP
    from scapy.utils import PcapNgWriter, PcapWriter

    if kind == "pcapng":
        writer = PcapNgWriter(str(path))
    else:
        writer = PcapWriter(str(path), linktype=RAW, nano=kind == "nano", gz=kind == "gz")
    with writer:
        for frame in frames:
            packet = IP(frame.data)
            packet.time = frame.time_ns / 1e9
            writer.write(packet)
    return path


@pytest.mark.parametrize("kind", ["pcap", "nano", "gz", "pcapng"])
def test_capture_files(tmp_path: Path, kind: str) -> None:
    packets = h264_packets()
    frames = [f._replace(time_ns=f.time_ns // 10**9) for f in captured(packets, spacing_ns=0)]
    frames = [f._replace(time_ns=n * MS) for n, f in enumerate(frames)]
    path = write(tmp_path / f"a.{kind}", frames, kind)
    stream = read_capture(path).choose()
    assert stream.payloads == [p[12:] for p in packets]
    assert (stream.time_ns - np.arange(len(frames)) * MS).tolist() == [0] * len(frames)
    what = recording_from_capture(path, h264=True)
    units = [unit for picture in clip(12).pictures for unit in picture.units]
    sizes = np.split(what.payload, what.offset[1:-1])
    assert depacketise(p.tobytes() for p in sizes) == units


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: None, "cannot be read: No such file"),
        (lambda p: p.mkdir(), "is not a regular file"),
        (lambda p: p.write_bytes(b""), "is no capture"),
        (lambda p: p.write_bytes(b"[scenario]\n" * 9), "is no capture"),
        (lambda p: p.write_bytes(gzip.compress(b"")), "is no capture"),
        (lambda p: write(p, captured([b"text"]), "pcap"), "holds no RTP stream"),
    ],
)
def test_files_that_are_no_capture_say_so(
    tmp_path: Path, make: Callable[[Path], object], message: str
) -> None:
    path = tmp_path / "a.pcap"
    make(path)
    with pytest.raises(InputError, match=message):
        read_capture(path)


def test_a_capture_cut_short_ends_with_its_last_whole_packet(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pcap", captured([rtp_packet(n) for n in range(5)]), "pcap")
    path.write_bytes(path.read_bytes()[:-3])
    capture = read_capture(path)
    assert (len(capture.choose()), capture.broken) == (4, 1)
