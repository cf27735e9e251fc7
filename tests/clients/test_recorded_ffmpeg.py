"""H.264 from a file, sent through the harness: what ffmpeg decodes at the far side."""

from __future__ import annotations

import socket
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.clients.decoder import FPS, encode, pictures, shown
from tests.clients.programs import HOST
from tests.h264 import byte_stream, depacketise
from traffic.batch import ReceiveBatch, SendBatch, media_socket, sockaddr
from traffic.impairments import BernoulliLoss, GilbertElliottLoss, Impairments, Interval, Loss
from traffic.log import RECEIVED, SENT, PacketLog, read
from traffic.quality.frames import frames
from traffic.quality.measure import trace
from traffic.recorded.annexb import read_clip
from traffic.recorded.recording import Recording
from traffic.recorded.sources import recording_from_h264
from traffic.recorded.stream import RecordedStream
from traffic.rtp import HEADER_BYTES, StreamId, parse_headers, template
from traffic.sender.pacing import LoopPacer
from traffic.sender.stream_plan import StreamPlan

pytestmark = pytest.mark.realtime

PICTURES, EVERY = 6000, 50
"""Four minutes, an IDR picture every two seconds: some 2,000 pictures are damaged, so that 5 % of
them are a hundred."""
MAX_PAYLOAD = 1200
IDENT = StreamId(payload_type=97, ssrc=5, first_sequence=65_000, first_timestamp=2**32 - 900_000)
STEP_NS = 200_000_000
TICKS = 90_000 // FPS


@dataclass(frozen=True)
class Sent:
    """A file and what came of it: datagrams in order of arrival, and both sides' logs."""

    datagrams: list[bytes]
    sent: NDArray[np.void]
    received: NDArray[np.void]

    def units(self) -> dict[int, list[bytes]]:
        """The whole NAL units of each picture that came, by its number."""
        at = {
            (int.from_bytes(d[2:4], "big"), int.from_bytes(d[4:8], "big")): d
            for d in self.datagrams
        }
        payloads: dict[int, list[bytes | None]] = defaultdict(list)
        for row in self.sent:
            number = (int(row["timestamp"]) - IDENT.first_timestamp) % 2**32 // TICKS
            came = at.get((int(row["sequence"]) % 2**16, int(row["timestamp"])))
            payloads[number].append(None if came is None else came[HEADER_BYTES:])
        found = {number: depacketise(parts) for number, parts in payloads.items()}
        return {number: units for number, units in found.items() if units}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encode(tmp_path_factory.mktemp("clip") / "clip.h264", PICTURES, every=EVERY)


@pytest.fixture
def wire() -> Iterator[tuple[socket.socket, socket.socket]]:
    with media_socket(HOST, 0, dscp=34) as out, media_socket(HOST, 0, dscp=34) as into:
        yield out, into


def send(
    folder: Path,
    what: Recording,
    wire: tuple[socket.socket, socket.socket],
    loss: Loss | None = None,
    seed: int = 7,
) -> Sent:
    """One round over the loopback. Nobody waits: the pacer is told what time it is."""
    out, into = wire
    plan = StreamPlan(
        index=0,
        bridge="cu-jut",
        kind="video",
        direction="up",
        header_hex=template(IDENT).hex(),
        ssrc=IDENT.ssrc,
        first_sequence=IDENT.first_sequence,
        first_timestamp=IDENT.first_timestamp,
        seed=seed,
        impairments=[Interval(what=Impairments(loss=loss))] if loss else [],
    )
    paths = folder / "sent.bin", folder / "received.bin"
    logs = PacketLog(SENT, paths[0]), PacketLog(RECEIVED, paths[1])
    stream = RecordedStream(plan, logs[0], 0, what, origin_ns=0)
    batch = SendBatch(what.packets_in_window(STEP_NS), what.max_bytes)
    pacer, inbox = LoopPacer(what.max_bytes, STEP_NS), ReceiveBatch(1024, what.max_bytes)
    to = sockaddr(*into.getsockname())
    datagrams: list[bytes] = []
    for now_ns in range(STEP_NS, what.length_ns + STEP_NS, STEP_NS):
        now_ns = min(now_ns, what.length_ns)
        lengths, times = stream.window(batch.data, now_ns)
        pacer.send(out.fileno(), batch, lengths, times, np.repeat(to, len(lengths)))
        pacer.flush(now_ns)
        while len(got := inbox.receive(into.fileno())):
            datagrams += [got.data[i, :n].tobytes() for i, n in enumerate(got.lengths)]
            headers = parse_headers(got.data, got.lengths)
            logs[1].append(
                len(got),
                stream=0,
                sequence=headers.sequence,
                timestamp=headers.timestamp,
                arrival_ns=now_ns,
                size=got.lengths,
            )
    for log in logs:
        log.close()
    assert pacer.unsendable == 0
    return Sent(datagrams, read(paths[0], SENT), read(paths[1], RECEIVED))


def test_without_loss_the_far_side_decodes_bit_exactly(
    clip: Path, tmp_path: Path, wire: tuple[socket.socket, socket.socket]
) -> None:
    what = recording_from_h264(clip, max_payload=MAX_PAYLOAD, spread=0.5)
    assert what.length_ns == PICTURES * 1_000_000_000 // FPS
    came = send(tmp_path, what, wire)
    units = depacketise(d[HEADER_BYTES:] for d in came.datagrams)
    original = read_clip(clip.read_bytes(), "clip")
    assert units == [unit for picture in original.pictures for unit in picture.units]
    far = tmp_path / "far.h264"
    far.write_bytes(byte_stream(units))
    digests = pictures(far)
    assert digests == pictures(clip)
    assert len(digests) == PICTURES
    assert len(set(digests)) == PICTURES  # a damaged picture cannot pass for another
    assert frames(trace(came.sent, came.received, what.clock_hz)).decodable.all()


@pytest.mark.parametrize(
    "loss",
    [
        BernoulliLoss(p=0.01),
        # bad times of 4 packets; 0.0042 · 0.6 / (0.0042 + 0.25) is 1 % in the long run
        GilbertElliottLoss(p=0.0042, r=0.25, loss_bad=0.6, loss_good=0.0),
    ],
    ids=["bernoulli", "gilbert-elliott"],
)
def test_damaged_pictures_are_those_that_the_decoder_has(
    clip: Path, tmp_path: Path, wire: tuple[socket.socket, socket.socket], loss: Loss
) -> None:
    """The harness counts from packets alone; the decoder compares samples with the original's.

    They may differ where a picture's parameter sets are lost, which the decoder has from before.
    """
    what = recording_from_h264(clip, max_payload=MAX_PAYLOAD, spread=0.5)
    came = send(tmp_path, what, wire, loss)
    lost = np.count_nonzero(came.sent["copies"] == 0) / len(came.sent)
    assert 0.005 < lost < 0.02
    by_harness = ~frames(trace(came.sent, came.received, what.clock_hz)).decodable
    sets = read_clip(clip.read_bytes(), "clip").pictures[0].units[:2]
    seen = shown(tmp_path, came.units(), sets)
    by_decoder = np.array(
        [digest not in seen.get(number, ()) for number, digest in enumerate(pictures(clip))]
    )
    assert np.count_nonzero(by_decoder) > PICTURES / 10
    assert np.count_nonzero(by_harness) == pytest.approx(np.count_nonzero(by_decoder), rel=0.05)
    # not by chance: they are the same pictures
    assert np.count_nonzero(by_harness != by_decoder) < 0.05 * np.count_nonzero(by_decoder)
