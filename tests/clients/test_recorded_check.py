"""H.264 from a file, through the emulated province: what ffmpeg decodes at the far side."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from giaoban.results.model.streams import BridgeResult, StreamResult
from giaoban.traffic.quality.frames import frames
from giaoban.traffic.quality.measure import Trace
from giaoban.traffic.recorded.capture import CapturedStream, read_capture
from giaoban.traffic.sources.video_model import CLOCK_HZ
from tests.clients.checks import Checked, check
from tests.clients.decoder import encode, pictures, shown
from tests.h264 import byte_stream, depacketise, pictures_of, write_capture

pytestmark = pytest.mark.sandbox

SECONDS = (2, 4, 16)
FPS = 50
"""Twice as fast as it was made, so that a quarter of a minute is enough."""
PICTURES, EVERY = 27 * FPS, FPS
"""Longer than the meeting, so that no picture is sent twice; an IDR picture a second."""
KBPS = 480
"""When it was made: a picture is three packets, of which one with parameter sets alone is rare."""
TICKS = CLOCK_HZ // FPS

SPEAKER = """
[[recording]]
bridge = "west"
file = "clip.pcapng"

[[impairment]]
link = "access-north"
direction = "down"
loss = { model = "bernoulli", p = 0.01 }
"""
"""Both others see the chair; of them north has a bad line, and joins before the last phase."""


@dataclass(frozen=True)
class Screening:
    """A check whose chair sends a clip to all."""

    run: Checked
    clip: Path

    @cached_property
    def pictures(self) -> list[list[bytes]]:
        """The NAL units of each of the clip's pictures."""
        return pictures_of(self.clip.read_bytes())

    @cached_property
    def digests(self) -> list[str]:
        """What ffmpeg decodes of the clip itself."""
        return pictures(self.clip)

    def index(self, bridge: str) -> int:
        """Number of the stream of pictures that a bridge is sent."""
        return self.run.call(bridge).down["video"]

    def trace(self, bridge: str) -> Trace:
        return self.run.captures.traces[self.index(bridge)]

    def recorded(self, bridge: str) -> CapturedStream:
        """The same stream in the bridge's recording."""
        ssrc = self.run.plan.streams[self.index(bridge)].ssrc
        return read_capture(self.run.pcapng(bridge)).choose(ssrc=ssrc)

    def origin(self, bridge: str) -> int:
        """The timestamp that the clip's first picture would have had in the stream of a bridge.

        By the first picture there that came whole: no two of the clip are the same.
        """
        came = self.recorded(bridge)
        for timestamp in dict.fromkeys(came.headers.timestamp.tolist()):
            here = np.flatnonzero(came.headers.timestamp == timestamp)
            units = depacketise(came.payloads[i] for i in here.tolist())
            if units in self.pictures:
                return int(timestamp) - self.pictures.index(units) * TICKS
        raise AssertionError("none of the clip's pictures came")

    def numbers(self, bridge: str, timestamps: NDArray[np.integer]) -> NDArray[np.int64]:
        """Which pictures of the clip packets are of."""
        ticks = (timestamps.astype(np.int64) - self.origin(bridge)) % 2**32
        assert not np.any(ticks % TICKS)
        return ticks // TICKS

    def units(self, bridge: str) -> dict[int, list[bytes]]:
        """The whole NAL units of each picture that came, by its number."""
        came = self.recorded(bridge)
        by_number = dict(zip(came.headers.sequence.tolist(), came.payloads, strict=True))
        sent = self.run.sent[self.run.sent["stream"] == self.index(bridge)]
        wire = (sent["sequence"] % 2**16).tolist()
        assert len(set(wire)) == len(wire)
        payloads: dict[int, list[bytes | None]] = defaultdict(list)
        for number, sequence in zip(self.numbers(bridge, sent["timestamp"]), wire, strict=True):
            payloads[int(number)].append(by_number.get(sequence))
        found = {number: depacketise(parts) for number, parts in payloads.items()}
        return {number: units for number, units in found.items() if units}


@pytest.fixture(scope="module")
def screening(tmp_path_factory: pytest.TempPathFactory) -> Screening:
    folder = tmp_path_factory.mktemp("screening")
    clip = encode(folder / "clip.h264", PICTURES, every=EVERY, kbps=KBPS)
    write_capture(folder / "clip.pcapng", pictures_of(clip.read_bytes()), FPS)
    run = check(
        folder,
        "clip",
        *("east", "north"),
        seconds=SECONDS,
        top='profile = "720p30-1m"',
        more='\n[meeting]\nvideo = "switched"\n' + SPEAKER,
    )
    return Screening(run, clip)


def of(bridges: list[BridgeResult], bridge: str) -> list[StreamResult]:
    """The pictures that a bridge is sent, if it is there."""
    return [
        stream
        for item in bridges
        if item.id == bridge
        for stream in item.streams
        if (stream.kind, stream.direction) == ("video", "down")
    ]


def test_without_loss_the_far_side_decodes_bit_exactly(
    screening: Screening, tmp_path: Path
) -> None:
    came = screening.recorded("east")
    assert np.all(np.diff(came.extended) == 1)
    numbers = screening.numbers("east", came.headers.timestamp)
    first, last = int(numbers[0]), int(numbers[-1])
    assert last - first > FPS * sum(SECONDS)
    units = depacketise(came.payloads)
    expected = list(chain.from_iterable(screening.pictures[first : last + 1]))
    # the call may end between the packets of a picture
    assert units == expected[: len(units)]
    assert len(expected) - len(units) < len(screening.pictures[last])
    far = tmp_path / "far.h264"
    far.write_bytes(byte_stream(units))
    digests = pictures(far)
    assert digests == screening.digests[first : first + len(digests)]
    assert len(digests) >= last - first
    assert len(set(screening.digests)) == PICTURES  # a damaged picture cannot pass for another
    streams = [s for phase in screening.run.result.phases for s in of(phase.bridges, "east")]
    assert [(s.frames_lost, s.frames_undecodable) for s in streams] == [(0, 0)] * 3


def test_damaged_pictures_are_those_that_the_decoder_has(
    screening: Screening, tmp_path: Path
) -> None:
    """The harness counts from packets alone; the decoder compares samples with the original's.

    They differ where all that is missing of a key frame is its parameter sets, its first packet:
    the decoder has the same ones from before. What follows on such a key frame is not compared.
    """
    trace = screening.trace("north")
    assert 0.005 < np.count_nonzero(trace.lost) / len(trace.lost) < 0.02
    [phase] = [phase for phase in screening.run.result.phases if phase.name == "after"]
    start_ns, end_ns = screening.run.window_ns(phase)
    found = frames(trace)
    within = (found.due_ns >= start_ns) & (found.due_ns < end_ns)
    assert np.count_nonzero(within) >= 750
    [stream] = of(phase.bridges, "north")
    assert stream.frames_lost is not None
    assert stream.frames_undecodable is not None
    damaged = stream.frames_lost + stream.frames_undecodable
    assert damaged == np.count_nonzero(within & ~found.decodable)

    _, first = np.unique(trace.timestamp, return_index=True)
    first = np.sort(first)  # of each frame's packets, in the order in which frames were due
    follows_on = np.cumsum(found.key)
    without_sets = follows_on[found.key & ~trace.arrived[first]]
    compared = within & ~np.isin(follows_on, without_sets)
    assert np.count_nonzero(compared) > 0.8 * np.count_nonzero(within)
    numbers = screening.numbers("north", trace.timestamp[first[compared]])
    seen = shown(tmp_path, screening.units("north"), screening.pictures[0][:2])
    by_decoder = np.array(
        [screening.digests[number] not in seen.get(number, ()) for number in numbers.tolist()]
    )
    by_harness = ~found.decodable[compared]
    assert np.count_nonzero(by_decoder) > 75
    assert np.count_nonzero(by_harness) == pytest.approx(np.count_nonzero(by_decoder), rel=0.05)
    # not by chance: they are the same pictures
    assert np.count_nonzero(by_harness != by_decoder) < 0.05 * np.count_nonzero(by_decoder)
