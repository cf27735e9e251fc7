"""Plans, models and logs that many tests need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from traffic.impairments import BernoulliLoss, GammaJitter, GilbertElliottLoss, NormalJitter
from traffic.log import RECEIVED, SENT, PacketLog, read
from traffic.rtp import StreamId, template
from traffic.stream import AudioStream, StreamPlan, VideoStream, fill_with_noise, packets_in
from traffic.video import VideoModel

MS = 1_000_000
START_NS = 5_000 * MS

LossModel = BernoulliLoss | GilbertElliottLoss
JitterModel = NormalJitter | GammaJitter


def video_model(**changes: Any) -> VideoModel:
    """The default encoder at 2 Mb/s."""
    figures: dict[str, Any] = {
        "kbps": 2000.0,
        "fps": 30,
        "key_ratio": 4.0,
        "size_sigma": 0.2,
        "key_interval_s": 10.0,
        "spread": 0.5,
        "max_payload": 1200,
    }
    return VideoModel(**figures | changes)


def stream_plan(
    stream: StreamId,
    *,
    kind: str = "video",
    seed: int = 7,
    loss: LossModel | None = None,
    jitter: JitterModel | None = None,
) -> StreamPlan:
    return StreamPlan.model_validate(
        {
            "index": 3,
            "bridge": "cu-jut",
            "kind": kind,
            "direction": "up",
            "header_hex": template(stream).hex(),
            "ssrc": stream.ssrc,
            "first_sequence": stream.first_sequence,
            "first_timestamp": stream.first_timestamp,
            "seed": seed,
            "loss": loss,
            "jitter": jitter,
        }
    )


@dataclass(frozen=True)
class Sent:
    """All that a stream handed over: datagrams, when they leave, and its log."""

    datagrams: list[bytes]
    times_ns: NDArray[np.int64]
    log: NDArray[np.void]


def run_video(
    path: Path,
    plan: StreamPlan,
    model: VideoModel,
    until_ns: Sequence[int],
    *,
    key_requests: Sequence[int] = (),
    delay_ns: int = 0,
) -> Sent:
    """Window after window; a key frame is asked for before the windows in `key_requests`."""
    log = PacketLog(SENT, path)
    stream = VideoStream(plan, log, START_NS, model, delay_ns)
    room = packets_in(max(np.diff([START_NS, *until_ns])), model.kbps, model)
    out = np.zeros((room, 12 + model.max_payload), np.uint8)
    fill_with_noise(out[:, 12:])
    datagrams: list[bytes] = []
    times: list[NDArray[np.int64]] = []
    for number, end in enumerate(until_ns):
        if number in key_requests:
            stream.request_key()
        lengths, leaving = stream.window(out, end)
        datagrams += [out[i, :n].tobytes() for i, n in enumerate(lengths)]
        times.append(leaving)
    log.close()
    return Sent(datagrams, np.concatenate(times), read(path, SENT))


def run_audio(
    path: Path, plan: StreamPlan, sound: NDArray[np.uint8], until_ns: Sequence[int]
) -> Sent:
    log = PacketLog(SENT, path)
    stream = AudioStream(plan, log, START_NS, sound)
    out = np.zeros((int(max(np.diff([START_NS, *until_ns]))) // (20 * MS) + 2, 172), np.uint8)
    datagrams: list[bytes] = []
    times: list[NDArray[np.int64]] = []
    for end in until_ns:
        lengths, leaving = stream.window(out, end)
        datagrams += [out[i, :n].tobytes() for i, n in enumerate(lengths)]
        times.append(leaving)
    log.close()
    return Sent(datagrams, np.concatenate(times), read(path, SENT))


def sent_log(
    n: int, *, first_sequence: int = 0, spacing_ns: int = 20 * MS, clock_hz: int = 8000
) -> NDArray[np.void]:
    """n packets at an even spacing, none impaired, each leaving when due."""
    sent = np.zeros(n, SENT)
    nth = np.arange(n)
    sent["sequence"] = first_sequence + nth
    sent["timestamp"] = nth * spacing_ns * clock_hz // 1_000_000_000 & 0xFFFFFFFF
    sent["due_ns"] = sent["leaving_ns"] = START_NS + nth * spacing_ns
    sent["size"] = 172
    return sent


def received_log(
    sent: NDArray[np.void], which: Sequence[int], arrival_ns: Sequence[int]
) -> NDArray[np.void]:
    """The sent packets `which`, in order of arrival at `arrival_ns`."""
    received = np.zeros(len(which), RECEIVED)
    chosen = sent[np.array(which, np.int64)]
    received["sequence"] = chosen["sequence"] & 0xFFFF
    for name in ("timestamp", "size"):
        received[name] = chosen[name]
    received["arrival_ns"] = arrival_ns
    order = np.argsort(received["arrival_ns"], kind="stable")
    return received[order]
