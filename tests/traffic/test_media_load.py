"""Media of many calls from one process: what is sent, what is counted, and what is said of it."""

from __future__ import annotations

import itertools
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import pytest

from giaoban.traffic import rtp
from giaoban.traffic.media_load.audio import SLOTS, AudioSenders
from giaoban.traffic.media_load.calls import MediaLoad, VideoSenders
from giaoban.traffic.media_load.messages import MediaTarget
from giaoban.traffic.media_load.process import MediaError, MediaProcess
from giaoban.traffic.media_load.receivers import Receivers
from giaoban.traffic.media_load.sockets import open_pair
from giaoban.traffic.profiles import load_profiles
from giaoban.traffic.rtcp.session import Reporter
from giaoban.traffic.sources.packet_loop import LOOP_S, video_loop
from giaoban.traffic.sources.video_model import CLOCK_HZ, VideoModel
from tests.loopback import udp_socket
from tests.processes import wait_for

HOST = "127.0.0.1"
SPEECH = bytes(range(160))
STREAM = rtp.StreamId(payload_type=8, ssrc=0x1681, first_sequence=65_534, first_timestamp=2**32 - 8)


@pytest.fixture
def hearer() -> Iterator[socket.socket]:
    with udp_socket(HOST, timeout_s=5.0) as sock:
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
    senders = AudioSenders(8, SPEECH)
    senders.start(5, sender.fileno(), STREAM)
    sent = [senders.turn(slot) for slot in range(3 * SLOTS)]
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
    senders.stop(5)
    assert sum(senders.turn(slot)[0] for slot in range(SLOTS)) == 0


def model() -> VideoModel:
    profiles = load_profiles()
    return profiles.video_model(profiles.pick("720p30-2m"))


def test_a_picture_has_its_rate_and_begins_anew_with_a_key_frame(
    hearer: socket.socket, sender: socket.socket
) -> None:
    senders = VideoSenders(video_loop(model(), LOOP_S, 7), model().max_payload)
    senders.start(0, sender.fileno(), STREAM, 0)
    step_ns = 20_000_000
    received: list[bytes] = []
    for turn in range(500):  # ten seconds
        received += heard(hearer, senders.turn(0, turn * step_ns)[0])
    kbps = sum(len(packet) - 12 for packet in received) * 8 / 10 / 1000
    assert kbps == pytest.approx(2000, rel=0.1)
    sequences = [int.from_bytes(packet[2:4], "big") for packet in received]
    assert all((b - a) % 65_536 == 1 for a, b in itertools.pairwise(sequences))
    nal_types = [packet[13] & 0x1F for packet in received]
    assert nal_types[0] == 5  # IDR in FU-A (RFC 6184 §5.8)
    now_ns = 10_000_000_000
    stream = senders.of(0)
    stream.restart(now_ns)
    again = heard(hearer, senders.turn(0, now_ns)[0])
    assert again[0][13] & 0x1F == 5
    assert (int.from_bytes(again[0][2:4], "big") - sequences[-1]) % 65_536 == 1
    before = int.from_bytes(received[-1][4:8], "big")
    assert 0 < (int.from_bytes(again[0][4:8], "big") - before) % 2**32 < 2**31


def test_a_loop_that_stood_still_leaves_out_what_is_past_and_says_so() -> None:
    load = MediaLoad(2, HOST, SPEECH, None, 0, random.Random(1))
    row, ports = load.open(["audio"])
    address = (HOST, ports["audio"])
    where = MediaTarget(rtp=address, rtcp=address, payload_type=8, muxed=True, assured=True)
    load.start(row, {"audio": where}, "x", time.monotonic_ns())
    load.due_ns -= 3_000_000_000
    for _ in range(SLOTS):
        load.slot()
    health = load.health(0.0)
    load.close()
    assert health.sent == 1
    assert health.skipped == pytest.approx(600, abs=10)
    assert health.late == 0 or health.worst_late_ms > 20


def arrivals(steps: list[tuple[int, int, int]]) -> list[bytes]:
    """RTP packets of (sequence number, payload type, octets)."""
    return [
        bytes([0x80, kind]) + sequence.to_bytes(2, "big") + (160 * sequence).to_bytes(4, "big")
        + (0x1681).to_bytes(4, "big") + bytes(octets)
        for sequence, kind, octets in steps
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("packets", "received", "heard_ms"),
    [
        (arrivals([(n, 8, 160) for n in range(50)]), 50, 1000.0),
        (arrivals([(n, 8, 320) for n in range(25)]), 25, 1000.0),  # 40 ms a packet
        (arrivals([(7, 8, 160)] * 50), 1, 20.0),  # the same one again and again
        (arrivals([(n, 0, 160) for n in range(50)]), 0, 0.0),  # of another codec
        ([b"\x80\xc9\x00\x01" + bytes(4)] * 50, 0, 0.0),  # reports alone (RFC 3550 §6.4.2)
        ([b"no RTP"] * 50, 0, 0.0),
        ([], 0, 0.0),
        # a header extension of 8 octets is not played
        ([p[:0] + b"\x90" + p[1:12] + b"\xbe\xde\x00\x01" + bytes(4) + p[12:]
          for p in arrivals([(n, 8, 160) for n in range(50)])], 50, 1000.0),
    ],
    ids=["all", "long", "stuck", "codec", "reports", "noise", "nothing", "extension"],
)  # fmt: skip
def test_what_a_call_hears_is_what_can_be_played(
    hearer: socket.socket, packets: list[bytes], received: int, heard_ms: float
) -> None:
    load = MediaLoad(1, HOST, SPEECH, None, 0, random.Random(1))
    row, ports = load.open(["audio"])
    far = hearer.getsockname()
    where = MediaTarget(rtp=far, rtcp=far, payload_type=8, muxed=True, expects=8, assured=True)
    hearer.sendto(arrivals([(1, 8, 160)])[0], (HOST, ports["audio"]))  # of an earlier call
    load.start(row, {"audio": where}, "x", time.monotonic_ns())
    time.sleep(0.011)
    for packet in packets:
        hearer.sendto(packet, (HOST, ports["audio"]))
    over = load.stop(row, silently=True)
    load.close()
    assert over.media["audio"].received == received
    assert over.media["audio"].heard_ms == pytest.approx(heard_ms)
    wait_ms = over.media["audio"].wait_ms
    assert (wait_ms is None) == (received == 0)
    assert wait_ms is None or 10.0 <= wait_ms <= over.lasted_ms
    assert over.lasted_ms > 0


def test_a_picture_that_stands_still_is_not_seen() -> None:
    receivers = Receivers(2, CLOCK_HZ, None)
    pair = open_pair(HOST, 0)
    reporter = Reporter(1, "x", CLOCK_HZ, np.random.default_rng(1), 0)
    receivers.open(1, pair, reporter, muxed=True, expects=96, assured=True)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        far.sendto(arrivals([(1, 8, 160)])[0], (HOST, pair.port))  # no picture
        receivers.receive(1, 2)
        receivers.count()
        began_ns = time.monotonic_ns()
        for sequence in range(2, 5):
            far.sendto(arrivals([(sequence, 96, 900)])[0], (HOST, pair.port))
            receivers.receive(1, 2)
        receivers.count()
        took_ms = (time.monotonic_ns() - began_ns) / 1e6
    still = receivers.close(1, time.monotonic_ns() + 60 * 10**9, sent=0, withheld=False)
    pair.close()
    assert still.received == 3
    assert 1000.0 <= still.heard_ms <= 1000.0 + took_ms


def test_a_third_party_gets_nothing_before_it_has_sent_something(
    hearer: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither sound nor reports, and nothing any more once it has been silent for long."""
    now_ns = time.monotonic_ns()
    monkeypatch.setattr(time, "monotonic_ns", lambda: now_ns)
    load = MediaLoad(1, HOST, SPEECH, None, 0, random.Random(1))
    row, ports = load.open(["audio"])
    far = hearer.getsockname()
    where = MediaTarget(rtp=far, rtcp=far, payload_type=8, muxed=True, expects=8, assured=False)
    hearer.setblocking(False)

    def taken(seconds: float) -> int:
        """Datagrams that it gets in that time."""
        nonlocal now_ns
        count = 0
        until_ns = now_ns + round(seconds * 1e9)
        while now_ns < until_ns:
            now_ns = load.due_ns
            load.slot()
            with suppress(BlockingIOError):
                while hearer.recv(2048):
                    count += 1
        return count

    load.start(row, {"audio": where}, "x", now_ns)
    assert taken(10) == 0
    assert load.stop(row, silently=False).media["audio"].withheld
    assert taken(1) == 0  # no goodbye either
    load.start(row, {"audio": where}, "x", now_ns)
    hearer.sendto(arrivals([(1, 8, 160)])[0], (HOST, ports["audio"]))
    assert 48 <= taken(1.5) <= 77
    assert 28 * 50 <= taken(30) <= 30 * 50 + 20
    assert taken(10) == 0
    over = load.stop(row, silently=False)
    load.close()
    assert not over.media["audio"].withheld
    assert 30 * 50 - 20 <= over.media["audio"].sent <= 30 * 50 + 20


def test_the_row_of_who_has_left_is_free() -> None:
    load = MediaLoad(2, HOST, SPEECH, None, 0, random.Random(1))
    first, ports = load.open(["audio"])
    where = MediaTarget(rtp=(HOST, 9), rtcp=(HOST, 9), payload_type=8, muxed=True, assured=True)
    load.start(first, {"audio": where}, "x", time.monotonic_ns())
    load.open(["audio"])
    with pytest.raises(OSError, match="2 bridges"):
        load.open(["audio"])
    load.release(first)
    assert load.health(0.0).calls == 0
    udp_socket(HOST, ports["audio"]).close()  # its ports are
    assert load.open(["audio"])[0] == first
    load.close()


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
        where = MediaTarget(
            rtp=address, rtcp=address, payload_type=8, muxed=True, expects=8, assured=True
        )
        process.start(own.row, {"audio": where}, f"bridge-{own.row}")
    began_s = time.monotonic()
    # the first report comes after 1.0 to 3.1 s (RFC 3550 §6.3.1)
    wait_for(lambda: process.look().rtcp_sent >= 2, "a report of each")
    time.sleep(0.3)
    health = process.look()
    packets = round((time.monotonic() - began_s) / 0.02)  # of each
    assert health.calls == 2
    assert health.sent == pytest.approx(2 * packets, abs=20)
    told = [process.stop(own.row).media["audio"] for own in rows]
    for figures in told:
        assert figures.sent == pytest.approx(packets, abs=15)
        assert figures.received == pytest.approx(packets, abs=15)
        assert figures.heard_ms == 20 * figures.received
        assert figures.lost == 0
        assert figures.reports >= 1
    time.sleep(0.3)
    after = process.look()
    time.sleep(0.3)
    assert process.look().sent == after.sent
    assert after.calls == 0


@pytest.mark.realtime
def test_what_cannot_be_done_is_told(process: MediaProcess) -> None:
    for _ in range(4):
        process.open(["audio"])
    with pytest.raises(MediaError, match="4 bridges"):
        process.open(["audio"])
    assert process.look().calls == 0
