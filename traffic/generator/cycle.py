"""What is sent, over one cycle that repeats: when each packet of which stream is due.

A cycle is laid out before the first packet leaves, so that between packets there is nothing left
to draw; sequence numbers and timestamps run on from one cycle to the next.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from giaoban.clock import SECOND_NS
from giaoban.traffic import rtp
from giaoban.traffic.profiles import VIDEO_PAYLOAD_TYPE as VIDEO
from giaoban.traffic.sources.audio_encoding import AudioEncoding
from giaoban.traffic.sources.packet_loop import PacketLoop, audio_loop, video_loop
from giaoban.traffic.sources.video_model import CLOCK_HZ, VideoModel

LEAD_BYTES = 2
"""First bytes of a payload that differ from packet to packet: FU indicator and FU header."""


@dataclass(frozen=True)
class Cycle:
    """m packets of s streams in order of time.

    Attributes:
        length_ns: after which it repeats.
        ids: s streams; the payload type tells audio from video.
        offset_ns: (m,) when each is due after the cycle's beginning, rising from 0 or more. Streams
            that begin late run some packets into the next cycle.
        stream: (m,) index of its stream.
        nth: (m,) its number within its stream and cycle, from 0.
        ticks: (m,) its timestamp less the stream's first.
        marker: (m,) bool.
        size: (m,) bytes of RTP.
        lead: (m, LEAD_BYTES) the payload's first bytes.
        key: (m,) whether it belongs to a key frame.
        count: (s,) packets of each stream.
        ticks_per_cycle: (s,) by how much timestamps advance from cycle to cycle.
    """

    length_ns: int
    ids: tuple[rtp.StreamId, ...]
    offset_ns: NDArray[np.int64]
    stream: NDArray[np.int64]
    nth: NDArray[np.int64]
    ticks: NDArray[np.int64]
    marker: NDArray[np.bool_]
    size: NDArray[np.int64]
    lead: NDArray[np.uint8]
    key: NDArray[np.bool_]
    count: NDArray[np.int64]
    ticks_per_cycle: NDArray[np.int64]

    @property
    def packets_per_s(self) -> float:
        """The mean rate of all streams together."""
        return len(self.offset_ns) * SECOND_NS / self.length_ns

    def headers(self) -> NDArray[np.uint8]:
        """(s, 12) header templates."""
        templates = [np.frombuffer(rtp.template(stream), np.uint8) for stream in self.ids]
        return np.stack(templates)


def constant_rate(packets_per_s: int, size: int, streams: int, seed: int) -> Cycle:
    """Packets of one size at even distances, the streams taking turns; a cycle is a second.

    Args:
        packets_per_s: of all streams together, a whole number that is not below `streams`.
        size: bytes of RTP, header included.

    Timestamps tell when a packet is due, on the 90 kHz clock of video.
    """
    number = np.arange(packets_per_s)
    offset = number * SECOND_NS // packets_per_s
    return Cycle(
        length_ns=SECOND_NS,
        ids=_ids([VIDEO] * streams, seed),
        offset_ns=offset,
        stream=number % streams,
        nth=number // streams,
        ticks=offset * CLOCK_HZ // SECOND_NS,
        marker=np.zeros(packets_per_s, np.bool_),
        size=np.full(packets_per_s, size),
        lead=_noise(packets_per_s, seed),
        key=np.zeros(packets_per_s, np.bool_),
        count=np.bincount(number % streams),
        ticks_per_cycle=np.full(streams, CLOCK_HZ),
    )


def calls(
    count: int, seconds: int, audio: AudioEncoding | None, model: VideoModel | None, seed: int
) -> Cycle:
    """The streams of `count` calls, each beginning at a moment of its own.

    Args:
        seconds: length of the cycle; after it the same video comes again.
        audio: all the time; None: none.
        model: of the video; None: none.

    Raises:
        ValueError: a cycle does not hold a whole number of packets of audio.
    """
    if audio is not None and seconds * 1000 % audio.packet_ms:
        raise ValueError(f"{seconds} s are no whole number of packets of {audio.packet_ms} ms")
    loops: list[PacketLoop] = []
    phases_ns: list[int] = []
    payload_types: list[int] = []
    for call in range(count):
        rng = np.random.default_rng([seed, call])
        if audio is not None:
            phases_ns.append(int(rng.integers(audio.packet_ms * 1_000_000)))
            packets = seconds * 1000 // audio.packet_ms
            head = _noise(packets, int(rng.integers(2**32)))
            each = audio.packet_ms, audio.packet_ticks, audio.packet_bytes
            loops.append(audio_loop(packets, *each, head))
            payload_types.append(audio.payload_type)
        if model is not None:
            phases_ns.append(int(rng.integers(SECOND_NS // model.fps)))
            loops.append(video_loop(model, seconds, int(rng.integers(2**32))))
            payload_types.append(VIDEO)
    lengths = [len(loop) for loop in loops]
    offset = np.concatenate([loop.due_ns for loop in loops]) + np.repeat(phases_ns, lengths)
    stream = np.repeat(np.arange(len(loops)), lengths)
    order = np.lexsort((stream, offset))
    return Cycle(
        length_ns=seconds * SECOND_NS,
        ids=_ids(payload_types, seed),
        offset_ns=offset[order],
        stream=stream[order],
        nth=np.concatenate([np.arange(length) for length in lengths])[order],
        ticks=np.concatenate([loop.timestamp for loop in loops])[order],
        marker=np.concatenate([loop.marker for loop in loops])[order],
        size=np.concatenate([loop.size for loop in loops])[order] + rtp.HEADER_BYTES,
        lead=np.concatenate([loop.head for loop in loops])[order],
        key=np.concatenate([loop.key for loop in loops])[order],
        count=np.array(lengths),
        ticks_per_cycle=np.array([loop.length_ticks for loop in loops]),
    )


def _ids(payload_types: list[int], seed: int) -> tuple[rtp.StreamId, ...]:
    """Streams with SSRCs that differ, and random first numbers (RFC 3550 §5.1)."""
    rng = np.random.default_rng([seed, len(payload_types)])
    ssrcs = (rng.choice(2**32 - 1, len(payload_types), replace=False) + 1).tolist()
    return tuple(
        rtp.StreamId(
            payload_type=payload_type,
            ssrc=int(ssrc),
            first_sequence=int(rng.integers(2**16)),
            first_timestamp=int(rng.integers(2**32)),
        )
        for payload_type, ssrc in zip(payload_types, ssrcs, strict=True)
    )


def _noise(count: int, seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, LEAD_BYTES), np.uint8)
