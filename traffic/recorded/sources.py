"""Recordings out of files: H.264 byte streams and captures (planning side)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from giaoban.clock import SECOND_NS
from giaoban.errors import InputError
from giaoban.files import read_file
from giaoban.traffic.h264 import packetise
from giaoban.traffic.recorded.annexb import Clip, read_clip
from giaoban.traffic.recorded.capture import CapturedStream, most_frequent, read_capture, unwrapped
from giaoban.traffic.recorded.recording import Recording
from giaoban.traffic.sources.video_model import CLOCK_HZ

FPS = (1, 240)
MAX_BYTES = 1 << 30
# RFC 3551 §6, tables 4 and 5; G722's clock is 8000 (§4.5.2)
CLOCKS = {0: 8000, 3: 8000, 4: 8000, 8: 8000, 9: 8000, 15: 8000, 18: 8000, 26: 90_000, 34: 90_000}


def recording_from_h264(
    path: Path, *, max_payload: int, spread: float, fps: float | None = None
) -> Recording:
    """A recording of an H.264 file (Annex B), packetised by RFC 6184.

    Args:
        max_payload: bytes of RTP payload at the most.
        spread: over which part of a frame's interval its packets are spread, 0 to 1.
        fps: frames a second, in place of what the file says.

    Raises:
        InputError: the file is none that can be sent, or it does not say its frame rate.
    """
    clip = read_clip(read_file(path, most=MAX_BYTES), str(path))
    rate = clip.fps if fps is None else fps
    if rate is None:
        raise InputError("{path}: does not say its frame rate (fps is needed)", path=path)
    if not FPS[0] <= rate <= FPS[1]:
        raise InputError(
            "{path}: {rate:g} frames a second (allowed: {least} to {most})",
            path=path,
            rate=float(rate),
            least=FPS[0],
            most=FPS[1],
        )
    if not isinstance(rate, Fraction):
        rate = Fraction(rate).limit_denominator(1001)
    return clip_recording(clip, rate, max_payload=max_payload, spread=spread)


def clip_recording(clip: Clip, fps: Fraction, *, max_payload: int, spread: float) -> Recording:
    """The packets of a clip's pictures, one picture every 1 / `fps` s."""
    cut = [packetise(picture.units, max_payload) for picture in clip.pictures]
    count = np.array([len(payloads) for payloads in cut])
    picture = np.repeat(np.arange(len(cut)), count)
    nth = np.arange(len(picture)) - np.repeat(np.cumsum(count) - count, count)
    # exact multiples of the frame's duration: rounding must not add up
    taken = [round(number * SECOND_NS / fps) for number in range(len(cut) + 1)]
    stamps = [round(number * CLOCK_HZ / fps) for number in range(len(cut) + 1)]
    capture_ns = np.array(taken, np.int64)[picture]
    wait_ns = nth / count[picture] * spread * float(SECOND_NS / fps)
    payload, offset = _joined([payload for parts in cut for payload in parts])
    return Recording(
        payload=payload,
        offset=offset,
        due_ns=capture_ns + np.floor(wait_ns).astype(np.int64),
        capture_ns=capture_ns,
        timestamp=np.array(stamps, np.int64)[picture],
        marker=nth == count[picture] - 1,
        key=np.array([p.key for p in clip.pictures])[picture],
        clock_hz=CLOCK_HZ,
        length_ns=taken[-1],
        length_ticks=stamps[-1],
    )


def recording_from_capture(path: Path, *, h264: bool, ssrc: int | None = None) -> Recording:
    """A recording of one RTP stream of a pcap or pcapng file, at its recorded spacing.

    Args:
        h264: whether it is H.264, else sound.
        ssrc: which stream, if there is more than one.

    Raises:
        InputError: the file is none that can be sent.
    """
    return stream_recording(read_capture(path).choose(ssrc=ssrc), str(path), h264=h264)


def stream_recording(
    stream: CapturedStream, name: str, *, h264: bool, clock_hz: int | None = None
) -> Recording:
    """The packets of a captured stream in order of their numbers, each once.

    Other payload types than the most frequent, such as telephone events, are left out, and what
    carries nothing: baresip keeps a path open with such packets, of timestamp 0 in the midst of a
    stream. H.264 begins with its first key frame and ends with its last whole picture.

    Raises:
        InputError: packets are missing, or what is there cannot go round.
    """
    numbers, order = np.unique(stream.extended, return_index=True)
    missing = int(numbers[-1] - numbers[0]) + 1 - len(numbers)
    if missing:
        raise InputError(
            "{name}: {missing} of {number} packets {missing:is|are} missing (allowed: none; what "
            "was lost can be had as a loss trace)",
            name=name,
            missing=missing,
            number=len(numbers) + missing,
        )
    order = order[np.array([len(payload) > 0 for payload in stream.payloads])[order]]
    if not len(order):
        raise InputError("{name}: holds no packet that carries anything", name=name)
    kind = most_frequent(stream.payload_type[order])
    order = order[stream.payload_type[order] == kind]
    if clock_hz is None:
        clock_hz = CLOCK_HZ if h264 else CLOCKS.get(kind)
    if clock_hz is None:
        raise InputError(
            "{name}: payload type {kind} does not say its clock (it has to be given)",
            name=name,
            kind=kind,
        )
    # unwrapped in order of sending: what is late must not turn the clock back
    stamps = unwrapped(stream.timestamp[order], 32)
    key = np.zeros(len(order), np.bool_)
    if h264:
        key = np.isin(stamps, stamps[stream.idr[order]])
        if not key.any():
            raise InputError(
                "{name}: has no key frame (an IDR picture is needed to begin with)", name=name
            )
        first, ends = int(np.argmax(key)), np.flatnonzero(stream.marker[order])
        if not len(ends) or ends[-1] < first:
            raise InputError("{name}: has no whole picture after its first key frame", name=name)
        kept = slice(first, int(ends[-1]) + 1)
        order, stamps, key = order[kept], stamps[kept], key[kept]
    stamps = stamps - stamps[0]
    taken = np.unique(stamps)
    if len(taken) < 2:
        raise InputError(
            "{name}: holds a single picture or packet (allowed: two or more)", name=name
        )
    length_ticks = int(taken[-1] + np.median(np.diff(taken)))
    due_ns = np.maximum.accumulate(stream.time_ns[order])
    due_ns = due_ns - due_ns[0]
    # the capture's clock and the sender's differ a little
    length_ns = max(round(length_ticks * SECOND_NS / clock_hz), int(due_ns[-1]) + 1)
    _, heads, picture = np.unique(stamps, return_index=True, return_inverse=True)
    payload, offset = _joined([stream.payloads[i] for i in order])
    return Recording(
        payload=payload,
        offset=offset,
        due_ns=due_ns,
        capture_ns=due_ns[heads][picture],
        timestamp=stamps,
        marker=stream.marker[order],
        key=key,
        clock_hz=clock_hz,
        length_ns=length_ns,
        length_ticks=length_ticks,
    )


def _joined(payloads: Sequence[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Payloads one after another, and where each begins and the last one ends."""
    sizes = [len(payload) for payload in payloads]
    offset = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    return np.frombuffer(b"".join(payloads), np.uint8), offset
