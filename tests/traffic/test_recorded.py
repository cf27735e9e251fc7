"""RTP out of captures: which stream is meant, its recording, and the recording sent round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import CookedLinux, Ether
from scapy.layers.rtp import RTP
from scapy.packet import Packet, Raw
from scapy.utils import PcapNgWriter, wrpcap
from traffic_factory import MS, START_NS, during_all, stream_plan

from giaoban.errors import InputError
from giaoban.traffic.impairments import BernoulliLoss
from giaoban.traffic.log import SENT, PacketLog, read
from giaoban.traffic.recorded.capture import read_capture, recording_of, unwrapped
from giaoban.traffic.recorded.recording import Recording, load
from giaoban.traffic.recorded.stream import RecordedStream
from giaoban.traffic.rtp import HEADER_BYTES, StreamId
from tests.h264 import depacketise, write_capture

IDENT = StreamId(payload_type=97, ssrc=5, first_sequence=65_530, first_timestamp=2**32 - 3000)
ROUND_NS = 480 * MS
"""12 pictures at 25 a second."""


def pictures(count: int = 12) -> list[list[bytes]]:
    """Parameter sets and pictures of random sizes; every fifth one is an IDR picture."""
    rng = np.random.default_rng(1)
    found = []
    for number in range(count):
        body = rng.integers(1, 256, rng.integers(20, 700), np.uint8).tobytes()
        if number % 5:
            found.append([b"\x41" + body])
        else:
            found.append([b"\x67" + body[:12], b"\x68" + body[:4], b"\x65" + body + body])
    return found


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    path = tmp_path_factory.mktemp("recording") / "film.pcapng"
    write_capture(path, pictures(), 25, max_payload=100)
    return recording_of(read_capture(path).choose(), "film", h264=True)


@dataclass(frozen=True)
class Played:
    datagrams: list[bytes]
    log: NDArray[np.void]
    position: tuple[int, int, int]


def play(
    path: Path,
    what: Recording,
    until_ns: Sequence[int],
    *,
    passed: Sequence[int] = (),
    loss: float = 0,
) -> Played:
    """Send window after window, of times after the start; `passed` ones are skipped."""
    log = PacketLog(SENT, path)
    plan = stream_plan(IDENT, impairments=during_all(loss=BernoulliLoss(p=loss)) if loss else ())
    stream = RecordedStream(plan, log, START_NS, what, origin_ns=START_NS)
    room = what.packets_in_window(int(np.max(np.diff([0, *until_ns]))))
    out = np.zeros((room, what.max_bytes), np.uint8)
    datagrams: list[bytes] = []
    for number, end in enumerate(until_ns):
        if number in passed:
            stream.pass_over(START_NS + end)
            continue
        lengths, _ = stream.window(out, START_NS + end)
        datagrams += [out[i, :n].tobytes() for i, n in enumerate(lengths)]
    position = stream.position()
    log.close()
    return Played(datagrams, read(path, SENT), position)


def test_the_far_end_has_the_pictures_again_round_after_round(
    tmp_path: Path, recording: Recording
) -> None:
    sent = play(tmp_path / "sent", recording, [100 * MS, ROUND_NS, 3 * ROUND_NS])
    units = [unit for picture in pictures() for unit in picture]
    assert depacketise(d[HEADER_BYTES:] for d in sent.datagrams) == units * 3
    numbers = [int.from_bytes(d[2:4], "big") for d in sent.datagrams]
    assert numbers == [(65_530 + i) % 2**16 for i in range(len(numbers))]
    stamps = (sent.log["timestamp"].astype(np.int64) - IDENT.first_timestamp) % 2**32
    assert np.unique(stamps).tolist() == [3600 * n for n in range(36)]
    assert np.array_equal(sent.log["key"], stamps // 3600 % 12 % 5 == 0)


@given(st.lists(st.integers(0, 1500), min_size=1, max_size=8))
def test_windows_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, recording: Recording, cuts: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("windows")
    parts = play(folder / "parts", recording, [cut * MS for cut in [*sorted(cuts), 1500]])
    whole = play(folder / "whole", recording, [1500 * MS])
    assert parts.datagrams == whole.datagrams
    assert parts.position == whole.position


def test_windows_passed_over_use_up_no_numbers_and_no_half_pictures(
    tmp_path: Path, recording: Recording
) -> None:
    ends = [80 * MS, 245 * MS, ROUND_NS + 120 * MS]
    sent = play(tmp_path / "sent", recording, ends, passed=[1])
    assert np.all(np.diff(sent.log["sequence"]) == 1)
    shown = [p for n in [0, 1, *range(7, 12), 0, 1, 2] for p in pictures()[n]]
    assert depacketise(d[HEADER_BYTES:] for d in sent.datagrams) == shown


def test_the_injector_removes_packets_as_of_any_stream(
    tmp_path: Path, recording: Recording
) -> None:
    sent = play(tmp_path / "sent", recording, [20 * ROUND_NS], loss=0.2)
    n, gone = len(sent.log), int(np.count_nonzero(sent.log["copies"] == 0))
    assert abs(gone - 0.2 * n) < 4 * (0.16 * n) ** 0.5  # four standard deviations
    assert len(sent.datagrams) == n - gone


def test_a_recording_crosses_as_a_file(tmp_path: Path, recording: Recording) -> None:
    recording.save(tmp_path / "clip.npz")
    back = load(tmp_path / "clip.npz")
    assert (back.clock_hz, back.length_ticks) == (90_000, 12 * 3600)
    assert back.length_ns == pytest.approx(ROUND_NS, abs=10)
    assert play(tmp_path / "a", back, [ROUND_NS]).datagrams
    with pytest.raises(ValueError, match="sending order"):
        replace(recording, due_ns=recording.due_ns[::-1])


# ---------------------------------------------------------------------------------------- captures


def datagrams(
    numbers: Sequence[int], kind: int = 8, ssrc: int = 9, payload: bytes = b"sound"
) -> list[Packet]:
    found = []
    for nth, number in enumerate(numbers):
        media = RTP(payload_type=kind, sequence=number, timestamp=160 * nth, sourcesync=ssrc)
        packet = IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=5004, dport=5006) / media
        packet = packet / Raw(payload)
        packet.time = 1e9 + 0.02 * nth
        found.append(packet)
    return found


@pytest.mark.parametrize("link", [Ether(), CookedLinux(proto=0x800), None])
def test_a_stream_is_chosen_by_ssrc_among_other_datagrams(tmp_path: Path, link: Packet) -> None:
    path = tmp_path / "capture.pcap"
    other = IP(dst="10.0.0.2") / UDP(dport=53) / Raw(b"\x80 no RTP at all")
    frames = [*datagrams([5, 6, 7]), other, *datagrams([1, 2], ssrc=10)]
    wrpcap(str(path), [f if link is None else link / f for f in frames])
    capture = read_capture(path)
    assert [len(stream.payloads) for stream in capture.streams] == [3, 2]
    assert capture.choose(ssrc=10).payloads == [b"sound"] * 2
    with pytest.raises(InputError, match=r"2 RTP streams and no ssrc(.|\n)*0x00000009 from 10.0"):
        capture.choose()
    sound = recording_of(capture.choose(ssrc=9), "x", h264=False)
    assert (sound.clock_hz, sound.length_ns, len(sound)) == (8000, 60 * MS, 3)


@pytest.mark.parametrize(
    ("frames", "h264", "said"),
    [
        (datagrams([1, 2, 4]), False, "1 of 4 packets is missing"),
        (datagrams([1, 2], payload=b""), False, "no packet with a payload"),
        (datagrams([1, 2], kind=111), False, "does not say its clock"),
        (datagrams([1, 2], kind=97, payload=b"\x41picture"), True, "IDR picture is needed"),
    ],
)
def test_streams_that_cannot_go_round_say_why(
    tmp_path: Path, frames: list[Packet], h264: bool, said: str
) -> None:
    path = tmp_path / "capture.pcapng"
    with PcapNgWriter(str(path)) as writer:
        writer.write([Ether() / frame for frame in frames])
    stream = read_capture(path).choose()
    with pytest.raises(InputError, match=said):
        recording_of(stream, "x", h264=h264)


@pytest.mark.parametrize("data", [None, b"", b"RIFF....WAVE" * 100])
def test_files_that_are_no_capture_say_so(tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "film.pcap"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(InputError, match=r"film\.pcap: (is no capture|cannot be read)"):
        read_capture(path)


@pytest.mark.parametrize("kind", ["pcap", "pcapng"])
def test_a_capture_that_ends_within_a_packet_is_refused(tmp_path: Path, kind: str) -> None:
    whole, cut = tmp_path / f"whole.{kind}", tmp_path / f"cut.{kind}"
    frames = [Ether() / frame for frame in datagrams([5, 6, 7])]
    if kind == "pcap":
        wrpcap(str(whole), frames)
    else:
        with PcapNgWriter(str(whole)) as writer:
            writer.write(frames)
    assert len(read_capture(whole).choose().payloads) == 3
    data = whole.read_bytes()
    for missing in (1, 20, 60, len(data) - 10):
        cut.write_bytes(data[:-missing])
        with pytest.raises(InputError, match="ends within a packet"):
            read_capture(cut)


def test_counters_go_on_beyond_their_bits() -> None:
    values = np.array([65_534, 65_535, 0, 65_533, 1], np.uint16)
    assert unwrapped(values, 16).tolist() == [65_534, 65_535, 65_536, 65_533, 65_537]
