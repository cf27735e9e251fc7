"""Where streams stand, and frames that nobody takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from traffic_factory import MS, START_NS, during_all, stream_plan, video_model

from giaoban.traffic.impairments import (
    BernoulliLoss,
    Impairments,
    Interval,
    NormalJitter,
    ParetoJitter,
)
from giaoban.traffic.log import SENT, PacketLog, read
from giaoban.traffic.rtp import StreamId
from giaoban.traffic.sender.stream import next_control_ns, next_start_ns
from giaoban.traffic.sources.audio_stream import AudioStream
from giaoban.traffic.sources.video_stream import VideoStream, packets_in

IDENT = StreamId(payload_type=97, ssrc=5, first_sequence=65_530, first_timestamp=2**32 - 3000)
MODEL = video_model(kbps=300.0)
KEY_START = 0x85
"""The first fragment of an IDR slice."""


class Camera:
    """A video stream, window by window."""

    def __init__(self, path: Path, delay_ns: int = 0) -> None:
        self._path = path
        self._log = PacketLog(SENT, path)
        self.stream = VideoStream(stream_plan(IDENT), self._log, START_NS, MODEL, delay_ns)
        self._out = np.zeros((packets_in(10**9, MODEL.kbps, MODEL), 12 + MODEL.max_payload), "u1")

    def window(self, until_ms: int) -> list[bytes]:
        """What is to be sent until then."""
        lengths, _ = self.stream.window(self._out, START_NS + until_ms * MS)
        return [self._out[n, :length].tobytes() for n, length in enumerate(lengths)]

    def log(self) -> NDArray[np.void]:
        self._log.close()
        return read(self._path, SENT)


def stamps(packets: list[bytes]) -> list[int]:
    return [int.from_bytes(p[4:8], "big") for p in packets]


def test_the_position_of_a_camera_is_that_of_its_next_frame(tmp_path: Path) -> None:
    camera = Camera(tmp_path / "sent.bin", delay_ns=7 * MS)
    assert camera.stream.position() == (65_530, 2**32 - 3000, START_NS)
    camera.window(500)
    sequence, timestamp, at_ns = camera.stream.position()
    following = camera.window(600)
    log = camera.log()
    first = log[log["sequence"] == sequence][0]
    assert int.from_bytes(following[0][2:4], "big") == sequence % 2**16
    assert (first["timestamp"], first["due_ns"]) == (timestamp % 2**32, at_ns + 7 * MS)


def test_the_position_of_sound_is_that_of_its_next_packet(tmp_path: Path) -> None:
    path = tmp_path / "sent.bin"
    log = PacketLog(SENT, path)
    sound = np.zeros((1, 160), np.uint8)
    stream = AudioStream(stream_plan(IDENT, kind="audio"), log, START_NS, sound)
    out = np.zeros((60, 172), np.uint8)
    assert stream.position() == (65_530, 2**32 - 3000, START_NS)
    stream.window(out, START_NS + 401 * MS)
    sequence, timestamp, at_ns = stream.position()
    stream.window(out, START_NS + 421 * MS)
    log.close()
    last = read(path, SENT)[-1]
    assert (last["sequence"], last["due_ns"]) == (sequence, at_ns)
    assert last["timestamp"] == timestamp % 2**32


def test_frames_that_nobody_takes_use_up_time_and_no_numbers(tmp_path: Path) -> None:
    """And a key frame follows, for whoever looks then has seen nothing of what it builds on."""
    camera = Camera(tmp_path / "sent.bin")
    before = camera.window(1000)
    camera.stream.pass_over(START_NS + 2000 * MS)
    camera.stream.pass_over(START_NS + 2000 * MS)
    after = camera.window(3000)
    log = camera.log()
    assert np.all(np.diff(log["sequence"]) == 1)
    assert len(log) == len(before) + len(after)
    gap = (stamps(after)[0] - stamps(before)[-1]) % 2**32
    assert gap == 90_000 + 3000
    assert after[0][13] & 0x9F == KEY_START
    assert sum(p[13] & 0x9F == KEY_START for p in after) == 1
    assert log["due_ns"][len(before)] == START_NS + 2000 * MS


def test_streams_start_on_a_grid() -> None:
    assert next_start_ns(1000, 1000) == 1000
    assert next_start_ns(1001, 1000) == 1000 + 20 * MS
    assert next_start_ns(1000 + 20 * MS, 1000) == 1000 + 20 * MS
    assert next_start_ns(999, 1000) == 1000


def test_a_report_leaves_at_the_same_moment_however_the_program_woke_up() -> None:
    tick = 1000 + 20 * MS  # a program wakes up at a tick of sound, and some microseconds later
    moments = {next_control_ns(tick + late, 1000) for late in range(0, 2 * MS, 10_000)}
    assert moments == {tick + 2 * MS + MS // 2}
    assert next_control_ns(tick + 3 * MS, 1000) == tick + 7 * MS + MS // 2
    assert next_control_ns(1000 - MS, 1000) == 1000 + 2 * MS + MS // 2


# ------------------------------------------------------------------- impairments on their way out

EVERYTHING = [
    during_all(loss=BernoulliLoss(p=0.2), corrupt=0.2, duplicate=0.3),
    during_all(jitter=NormalJitter(mean_ms=60, sd_ms=50, reorder=True), loss=BernoulliLoss(p=0.1)),
    during_all(jitter=NormalJitter(mean_ms=60, sd_ms=50), duplicate=0.2),
    [
        Interval(
            from_s=0.5,
            to_s=1.0,
            what=Impairments(
                jitter=ParetoJitter(shape=2.5, scale_ms=200, reorder=True), duplicate=0.5
            ),
        )
    ],
]


@pytest.mark.parametrize("impairments", EVERYTHING)
@pytest.mark.parametrize("window_ms", [40, 200, 2000])
def test_what_is_sent_is_what_the_log_says(
    tmp_path: Path, impairments: list[Interval], window_ms: int
) -> None:
    """Each datagram as often as logged, at its time, in order of leaving, within its window."""
    path = tmp_path / "sent.bin"
    log = PacketLog(SENT, path)
    plan = stream_plan(IDENT, impairments=impairments)
    stream = VideoStream(plan, log, START_NS, MODEL, origin_ns=START_NS)
    out = np.zeros((4 * packets_in(window_ms * MS, MODEL.kbps, MODEL) + 600, 1212), np.uint8)
    got: list[tuple[int, int, bytes]] = []
    for end in range(window_ms, 2001, window_ms):
        lengths, times = stream.window(out, START_NS + end * MS)
        assert np.all(np.diff(times) >= 0)
        if plan.out_of_order:
            assert np.all(times < START_NS + end * MS)
            assert not got or not len(times) or times[0] >= got[-1][0]
        got += [
            (int(t), int.from_bytes(out[i, 2:4].tobytes(), "big"), out[i, :length].tobytes())
            for i, (length, t) in enumerate(zip(lengths, times, strict=True))
        ]
    while True:
        lengths, times = stream.flush(out)
        if not len(times):
            break
        got += [
            (int(t), int.from_bytes(out[i, 2:4].tobytes(), "big"), out[i, :length].tobytes())
            for i, (length, t) in enumerate(zip(lengths, times, strict=True))
        ]
    log.close()
    sent = read(path, SENT)
    which = np.repeat(np.arange(len(sent)), sent["copies"])
    wanted = sorted(
        (int(sent["leaving_ns"][i]), int(sent["sequence"][i]) % 65_536, int(sent["size"][i]))
        for i in which
    )
    assert sorted((t, number, len(data)) for t, number, data in got) == wanted
    assert [t for t, *_ in got] == sorted(t for t, *_ in got)
    if not plan.duplicated:
        assert len(got) < len(sent)
    assert sent["key"].any()
    assert not sent["key"].all()


@pytest.mark.parametrize("impairments", [[], *EVERYTHING])
def test_without_rows_a_stream_is_logged_just_so(
    tmp_path: Path, impairments: list[Interval]
) -> None:
    plan = stream_plan(IDENT, impairments=impairments)
    logs = []
    for name, room in (("sent", packets_in(10**9, MODEL.kbps, MODEL)), ("logged", 0)):
        log = PacketLog(SENT, tmp_path / name)
        stream = VideoStream(plan, log, START_NS, MODEL, origin_ns=START_NS)
        out = np.zeros((4 * room + 600, 1212), np.uint8) if room else None
        for end_ms in (500, 900, 1900):
            stream.window(out, START_NS + end_ms * MS)
        log.close()
        logs.append(read(tmp_path / name, SENT))
    assert len(logs[0]) > 100
    assert np.array_equal(*logs)


def test_a_stream_goes_out_under_the_payload_type_that_was_agreed_on(tmp_path: Path) -> None:
    plan = stream_plan(IDENT).carrying(101)
    log = PacketLog(SENT, tmp_path / "log")
    out = np.zeros((packets_in(10**9, MODEL.kbps, MODEL), 12 + MODEL.max_payload), "u1")
    lengths, _ = VideoStream(plan, log, START_NS, MODEL).window(out, START_NS + 100 * MS)
    log.close()
    assert len(lengths) > 0
    assert set((out[: len(lengths), 1] & 0x7F).tolist()) == {101}
