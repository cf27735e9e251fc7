"""Plans, models and logs that many tests need."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic.impairments import Impairments, Interval, Jitter, Loss
from giaoban.traffic.log import RECEIVED, SENT, PacketLog, read
from giaoban.traffic.rtp import StreamId, template
from giaoban.traffic.sender.stream_plan import StreamPlan
from giaoban.traffic.sources.audio_stream import AudioStream
from giaoban.traffic.sources.video_model import VideoModel
from giaoban.traffic.sources.video_stream import VideoStream, fill_with_noise, packets_in

MS = 1_000_000
START_NS = 5_000 * MS


def during_all(**what: Any) -> list[Interval]:
    """The impairments of a whole run."""
    return [Interval(what=Impairments(**what))]


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


def cuts(n: int, at: Sequence[int]) -> list[slice]:
    """n packets cut into windows, some of them empty."""
    edges = [0, *sorted(c % (n + 1) for c in at), n]
    return [slice(a, b) for a, b in itertools.pairwise(edges)]


def stream_plan(
    stream: StreamId,
    *,
    kind: str = "video",
    seed: int = 7,
    loss: Loss | None = None,
    jitter: Jitter | None = None,
    impairments: Sequence[Interval] = (),
) -> StreamPlan:
    """`loss` and `jitter` are for all the run; `impairments` are given instead of them."""
    if loss is not None or jitter is not None:
        impairments = during_all(loss=loss, jitter=jitter)
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
            "impairments": [interval.model_dump() for interval in impairments],
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
    stream = VideoStream(plan, log, START_NS, model, delay_ns, origin_ns=START_NS)
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
    stream = AudioStream(plan, log, START_NS, sound, origin_ns=START_NS)
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
    sent["copies"] = 1
    return sent


def received_log(
    sent: NDArray[np.void], which: Sequence[int], arrival_ns: Sequence[int] | NDArray[np.int64]
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
