"""Where streams stand, and frames that nobody takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from traffic_factory import MS, START_NS, stream_plan, video_model

from traffic.log import SENT, PacketLog, read
from traffic.rtp import StreamId
from traffic.stream import AudioStream, VideoStream, next_start_ns, packets_in

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


def test_nothing_is_passed_over_where_nothing_is_due(tmp_path: Path) -> None:
    camera = Camera(tmp_path / "sent.bin")
    camera.window(1000)
    camera.stream.pass_over(START_NS + 1000 * MS)
    assert not any(p[13] & 0x9F == KEY_START for p in camera.window(1500))
    camera.log()


def test_streams_start_on_a_grid() -> None:
    assert next_start_ns(1000, 1000) == 1000
    assert next_start_ns(1001, 1000) == 1000 + 20 * MS
    assert next_start_ns(1000 + 20 * MS, 1000) == 1000 + 20 * MS
    assert next_start_ns(999, 1000) == 1000
