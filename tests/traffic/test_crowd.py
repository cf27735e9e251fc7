"""Media of many calls from one process: what is sent, what is counted, and what is said of it."""

from __future__ import annotations

import itertools
import random
import socket
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from traffic import rtp
from traffic.crowd.crowd import Crowd
from traffic.crowd.film import film_of
from traffic.crowd.messages import Where
from traffic.crowd.pictures import Pictures
from traffic.crowd.process import MediaError, MediaProcess
from traffic.crowd.sockets import open_pair
from traffic.crowd.sounds import SLOTS, Sounds
from traffic.profiles import load_profiles
from traffic.video import VideoModel

HOST = "127.0.0.1"
SPEECH = bytes(range(160))
STREAM = rtp.StreamId(payload_type=8, ssrc=0x1681, first_sequence=65_534, first_timestamp=2**32 - 8)


@pytest.fixture
def hearer() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((HOST, 0))
        sock.settimeout(5.0)
        yield sock


@pytest.fixture
def sender(hearer: socket.socket) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(hearer.getsockname())
        yield sock


def heard(hearer: socket.socket, count: int) -> list[bytes]:
    return [hearer.recv(2048) for _ in range(count)]


def test_sound_is_a_packet_a_round_and_its_numbers_wrap(
    hearer: socket.socket, sender: socket.socket
) -> None:
    sounds = Sounds(8, SPEECH)
    sounds.start(5, sender.fileno(), STREAM)
    sent = [sounds.turn(slot) for slot in range(3 * SLOTS)]
    assert sum(packets for packets, _ in sent) == 3
    assert not any(failed for _, failed in sent)
    packets = heard(hearer, 3)
    data = np.array([list(packet) for packet in packets], np.uint8)
    headers = rtp.parse_headers(data, np.full(3, 172))
    assert headers.sequence.tolist() == [65_534, 65_535, 0]
    assert headers.timestamp.tolist() == [2**32 - 8, 152, 312]
    assert set(headers.ssrc.tolist()) == {0x1681}
    assert set(headers.payload_type.tolist()) == {8}
    assert all(packet[12:] == SPEECH for packet in packets)
    sounds.stop(5)
    assert sum(sounds.turn(slot)[0] for slot in range(SLOTS)) == 0


def test_calls_are_spread_over_the_slots(hearer: socket.socket, sender: socket.socket) -> None:
    sounds = Sounds(10, SPEECH)
    for row in range(10):
        sounds.start(row, sender.fileno(), STREAM)
    assert [sounds.turn(slot)[0] for slot in range(SLOTS)] == [3, 3, 2, 2]


def model() -> VideoModel:
    profiles = load_profiles()
    return profiles.video_model(profiles.pick("720p30-2m"))


def test_a_picture_has_its_rate_and_begins_anew_with_a_key_frame(
    hearer: socket.socket, sender: socket.socket
) -> None:
    film = film_of(model())
    pictures = Pictures(film, model().max_payload)
    pictures.start(0, sender.fileno(), STREAM, 0)
    step_ns = 20_000_000
    received: list[bytes] = []
    for turn in range(500):  # ten seconds
        received += heard(hearer, pictures.turn(0, turn * step_ns)[0])
    kbps = sum(len(packet) - 12 for packet in received) * 8 / 10 / 1000
    assert kbps == pytest.approx(2000, rel=0.1)
    sequences = [int.from_bytes(packet[2:4], "big") for packet in received]
    assert all((b - a) % 65_536 == 1 for a, b in itertools.pairwise(sequences))
    nal_types = [packet[13] & 0x1F for packet in received]
    assert nal_types[0] == 5  # IDR in FU-A (RFC 6184 §5.8)
    now_ns = 10_000_000_000
    pictures.key_frame(0, now_ns)
    again = heard(hearer, pictures.turn(0, now_ns)[0])
    assert again[0][13] & 0x1F == 5
    assert (int.from_bytes(again[0][2:4], "big") - sequences[-1]) % 65_536 == 1
    before = int.from_bytes(received[-1][4:8], "big")
    assert 0 < (int.from_bytes(again[0][4:8], "big") - before) % 2**32 < 2**31


def test_ports_come_in_pairs_the_even_one_first() -> None:
    pairs = [open_pair(HOST, 46) for _ in range(20)]
    try:
        assert len({pair.port for pair in pairs}) == 20
        assert all(pair.port % 2 == 0 for pair in pairs)
        assert all(pair.rtcp.getsockname()[1] == pair.port + 1 for pair in pairs)
    finally:
        for pair in pairs:
            pair.close()


def test_a_loop_that_stood_still_leaves_out_what_is_past_and_says_so() -> None:
    crowd = Crowd(2, HOST, SPEECH, None, 0, random.Random(1))
    row, ports = crowd.open(["audio"])
    address = (HOST, ports["audio"])
    where = Where(rtp=address, rtcp=address, payload_type=8, muxed=True)
    crowd.start(row, {"audio": where}, "x", time.monotonic_ns())
    crowd.due_ns -= 3_000_000_000
    for _ in range(SLOTS):
        crowd.slot()
    health = crowd.health(1, 0.0)
    crowd.close()
    assert health.sent == 1
    assert health.skipped == pytest.approx(600, abs=10)
    assert health.late == 0 or health.worst_late_ms > 20


@pytest.fixture
def process() -> Iterator[MediaProcess]:
    made = MediaProcess(4, HOST, SPEECH, None, 1, threading.Lock)
    yield made
    made.close()


@pytest.mark.realtime
@pytest.mark.alone
def test_two_calls_hear_each_other_and_report(process: MediaProcess) -> None:
    rows = [process.open(["audio"]) for _ in range(2)]
    for own, other in (rows, rows[::-1]):
        address = (HOST, other.ports["audio"])
        where = Where(rtp=address, rtcp=address, payload_type=8, muxed=True)
        process.start(own.row, {"audio": where}, f"bridge-{own.row}")
    time.sleep(4.0)  # the first report comes after 1.0 to 3.1 s (RFC 3550 §6.3.1)
    health = process.look()
    assert (health.calls, health.silent) == (2, 0)
    assert health.sent == pytest.approx(400, abs=20)
    assert health.rtcp_sent >= 2
    told = [process.stop(own.row).media["audio"] for own in rows]
    for figures in told:
        assert figures.sent == pytest.approx(200, abs=15)
        assert figures.received == pytest.approx(200, abs=15)
        assert figures.lost == 0
        assert figures.reports >= 1
        assert figures.far_lost == 0
    time.sleep(0.3)
    after = process.look()
    time.sleep(0.3)
    assert process.look().sent == after.sent
    assert after.calls == 0


@pytest.mark.realtime
@pytest.mark.alone
def test_what_cannot_be_done_is_told(process: MediaProcess) -> None:
    for _ in range(4):
        process.open(["audio"])
    with pytest.raises(MediaError, match="4 bridges"):
        process.open(["audio"])
    assert process.look().calls == 0
