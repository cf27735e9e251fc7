"""Streams by themselves: what is laid out, sent and written, and the figures of what comes."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from scapy.layers.inet import UDP
from scapy.layers.rtp import RTP
from scapy.utils import rdpcap

from giaoban.scenarios.cli.commands.mcu.stream import LEAD_NS
from giaoban.traffic.generator import outputs
from giaoban.traffic.generator.calls import Call, Calls
from giaoban.traffic.generator.receiver import ReceivedStreams, read_file
from giaoban.traffic.generator.sender import send
from giaoban.traffic.impairments import BernoulliLoss, Impairments, NormalJitter
from giaoban.traffic.profiles import load_profiles
from giaoban.traffic.recorded.capture import read_capture, recording_of
from giaoban.traffic.rtp import Headers, parse_headers

PROFILES = load_profiles()
PROFILE = PROFILES.pick("720p30-2m")
CALL = Call(PROFILES.encoding(PROFILE.audio), PROFILES.video_model(PROFILE))
PLAIN = Impairments()


def test_a_file_has_every_packet_at_its_time_and_is_sent_again(tmp_path: Path) -> None:
    path = tmp_path / "calls.pcapng"
    calls = Calls(CALL, 2, PLAIN, 1, 0)
    count = outputs.write_file(path, calls.windows(2.0), 0)
    frames = rdpcap(str(path))
    assert len(frames) == count > 900
    times = [float(frame.time) for frame in frames]
    assert times == sorted(times)
    assert times[-1] < 2.02  # a frame that began before the end is sent whole
    media = [RTP(bytes(frame[UDP].payload)) for frame in frames]
    assert {m.sourcesync for m in media} == {plan.ssrc for plan in calls.plans}
    for plan in calls.plans:
        numbers = [m.sequence for m in media if m.sourcesync == plan.ssrc]
        assert np.all(np.diff(numbers) % 2**16 == 1)
    again = recording_of(read_capture(path).choose(ssrc=calls.plans[1].ssrc), "", h264=True)
    once = Calls(Call(recording=again), 1, PLAIN, 5, 0)
    written = outputs.write_file(tmp_path / "again.pcapng", once.windows(4.0), 0)
    assert written > len(again)


def test_loss_duplication_and_jitter_are_the_injectors(tmp_path: Path) -> None:
    path = tmp_path / "impaired.pcapng"
    what = Impairments(
        loss=BernoulliLoss(p=0.1),
        duplicate=0.05,
        jitter=NormalJitter(mean_ms=20, sd_ms=8, reorder=True),
    )
    count = outputs.write_file(path, Calls(CALL, 1, what, 1, 0).windows(20.0), 0)
    whole = outputs.write_file(tmp_path / "whole", Calls(CALL, 1, PLAIN, 1, 0).windows(20.0), 0)
    reports = read_file(path).reports()
    assert sum(r.packets for r in reports) == count
    assert sum(r.lost for r in reports) == pytest.approx(0.1 * whole, rel=0.2)
    assert sum(r.duplicates for r in reports) == pytest.approx(0.045 * whole, rel=0.3)
    assert all(r.reordered > 0 for r in reports)


@pytest.mark.realtime
def test_packets_are_sent_in_order_and_their_lateness_is_measured() -> None:
    calls = Calls(CALL, 1, PLAIN, 1, time.monotonic_ns() + LEAD_NS)
    out: list[bytes] = []
    sent = send(calls.windows(0.5), out.append, lambda: False)
    assert sent.packets == len(out) == sent.lateness.count > 50
    assert sent.bytes == sum(map(len, out))
    assert 0 < sent.lateness.percentile_us(50) <= sent.lateness.worst_ns / 1e3
    stopped = send(calls.windows(0.5), out.append, lambda: True)
    assert stopped.packets == 0


def headers(sequences: list[int], ssrc: int = 1) -> Headers:
    data = np.zeros((len(sequences), 12), np.uint8)
    data[:, 0], data[:, 1], data[:, 11] = 0x80, 8, ssrc
    data[:, 2:4] = np.array(sequences, ">u2").view(np.uint8).reshape(-1, 2)
    return parse_headers(data, np.full(len(data), 12))


def test_figures_of_two_streams_that_come_together() -> None:
    arrivals = ReceivedStreams()
    arrivals.put(headers([5, 6, 8, 7, 8, 11]), np.arange(6) * 20_000_000)
    arrivals.put(headers([1, 2, 3], ssrc=2), np.arange(3) * 20_000_000)
    first, second = arrivals.reports()
    assert (first.packets, first.lost, first.duplicates, first.reordered) == (6, 2, 1, 1)
    assert first.packets_per_s == pytest.approx(50)
    assert (second.ssrc, second.packets, second.lost) == (2, 3, 0)
