"""FU-A fragments by RFC 6184, and frames whose statistics are the model's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from traffic_factory import MS, START_NS, run_video, stream_plan, video_model

from giaoban.traffic.rtp import StreamId
from giaoban.traffic.sources.video_model import EncodedFrames, FrameSource, VideoModel, packetise
from giaoban.traffic.sources.video_stream import packets_in

STREAM = StreamId(payload_type=97, ssrc=1, first_sequence=100, first_timestamp=0)


def frames(model: VideoModel, count: int, seed: int = 1) -> EncodedFrames:
    return FrameSource(model, np.random.default_rng(seed)).take(count)


def reassemble(payloads: list[bytes]) -> list[bytes]:
    """NAL units of FU-A payloads by RFC 6184 §5.8, written here on its own."""
    units: list[bytes] = []
    open_unit: bytearray | None = None
    for payload in payloads:
        indicator, header = payload[0], payload[1]
        assert indicator & 0x80 == 0, "forbidden_zero_bit"
        assert indicator & 0x1F == 28, "type FU-A"
        assert header & 0x20 == 0, "the R bit MUST be 0"
        start, end = bool(header & 0x80), bool(header & 0x40)
        assert not (start and end), "start and end MUST NOT both be set in one FU"
        if start:
            assert open_unit is None, "the unit before was not ended"
            open_unit = bytearray([(indicator & 0xE0) | (header & 0x1F)])
        assert open_unit is not None, "a fragment without a start"
        assert open_unit[0] == (indicator & 0xE0) | (header & 0x1F)
        assert len(payload) > 2, "an FU carries at least one byte"
        open_unit += payload[2:]
        if end:
            units.append(bytes(open_unit))
            open_unit = None
    assert open_unit is None
    return units


def test_fragments_reassemble_to_the_frames_nal_units(tmp_path: Path) -> None:
    model = video_model(key_interval_s=1.0)
    ends = [START_NS + 200 * MS * i for i in range(1, 26)]
    sent = run_video(tmp_path / "log", stream_plan(STREAM), model, ends)
    units = reassemble([datagram[12:] for datagram in sent.datagrams])
    expected = frames(model, 150, seed=7)
    assert [len(unit) for unit in units] == expected.size.tolist()
    assert [unit[0] & 0x1F == 5 for unit in units] == expected.key.tolist()
    assert {unit[0] & 0x1F for unit in units} == {1, 5}
    markers = [bool(datagram[1] & 0x80) for datagram in sent.datagrams]
    assert markers == [bool(datagram[13] & 0x40) for datagram in sent.datagrams]
    assert max(len(datagram) for datagram in sent.datagrams) <= 12 + model.max_payload
    assert max(len(datagram) for datagram in sent.datagrams) > 12 + 1000


@given(
    sizes=st.lists(st.integers(64, 70_000), min_size=1, max_size=20),
    max_payload=st.integers(100, 1200),
    spread=st.floats(0, 1),
)
def test_any_frame_is_cut_evenly_and_completely(
    sizes: list[int], max_payload: int, spread: float
) -> None:
    n = len(sizes)
    cut = packetise(
        EncodedFrames(np.arange(n), np.array(sizes), np.zeros(n, np.bool_)),
        video_model(max_payload=max_payload, spread=spread),
    )
    for i, size in enumerate(sizes):
        mine = cut.frame == i
        fragments = cut.size[mine]
        assert fragments.sum() - 2 * len(fragments) == size - 1  # the NAL header is in the FUs
        assert fragments.max() <= max_payload
        assert fragments.max() - fragments.min() <= 1
        assert len(fragments) == max(2, -(-(size - 1) // (max_payload - 2)))
        assert cut.marker[mine].tolist() == [False] * (len(fragments) - 1) + [True]
        assert cut.offset[mine][0] == 0
        assert cut.offset[mine].max() <= spread
    when = cut.frame + cut.offset
    assert np.all(np.diff(when) >= 0)


def test_a_key_frame_on_request_restarts_the_interval() -> None:
    source = FrameSource(video_model(key_interval_s=2.0), np.random.default_rng(1))
    source.take(25)
    source.request_key()
    source.request_key()  # asked twice before the next frame: still one
    later = source.take(100)
    assert later.index[later.key].tolist() == [25, 85]


def test_frames_and_packets_do_not_depend_on_the_cut_into_windows(tmp_path: Path) -> None:
    def run(step_ms: int) -> tuple[list[tuple[bytes, int]], list[int], bytes]:
        ends = [START_NS + at * MS for at in range(step_ms, 10_001, step_ms)]
        sent = run_video(
            tmp_path / str(step_ms), stream_plan(STREAM), video_model(), ends, delay_ns=120 * MS
        )
        # of a payload, the FU bytes; what follows them is noise that lies in the batch
        wire = [(datagram[:14], len(datagram)) for datagram in sent.datagrams]
        return wire, sent.times_ns.tolist(), sent.log.tobytes()

    assert run(200) == run(500) == run(10_000) == run(20)


def test_a_frames_timestamp_is_its_capture_and_its_packets_follow_after_the_delay(
    tmp_path: Path,
) -> None:
    ends = [START_NS + 500 * MS * i for i in range(1, 11)]
    delay = 120 * MS
    sent = run_video(tmp_path / "log", stream_plan(STREAM), video_model(), ends, delay_ns=delay)
    frame = sent.log["timestamp"].astype(np.int64) // 3000
    first = np.r_[True, np.diff(frame) > 0]
    expected = START_NS + delay + np.rint(frame[first] * 1e9 / 30)
    assert sent.log["due_ns"][first].tolist() == expected.tolist()
    within = sent.log["due_ns"] - (START_NS + delay + np.rint(frame * 1e9 / 30))
    assert within.max() < 0.5 * 1e9 / 30
    assert np.all(np.diff(sent.log["due_ns"]) > 0)


@pytest.mark.parametrize("kbps", [512.0, 4096.0])
@pytest.mark.parametrize("window_ms", [20, 200, 500])
def test_packets_in_holds_the_largest_window(kbps: float, window_ms: int) -> None:
    model = video_model(kbps=kbps)
    cut = packetise(frames(model, 30 * 600), model)
    at_ms = (cut.frame * 1000) // 30
    largest = np.bincount(at_ms // window_ms).max()
    assert largest <= packets_in(window_ms * MS, kbps, model)
