"""The audio codecs of the MCU, all at 64 kb/s with one RTP clock (RFC 3551 §4.5.2, §4.5.14).

So 20 ms are 160 bytes and 160 ticks of the RTP clock in every one of them: G.722 samples at 16 kHz,
but its RTP clock is 8000 Hz for historical reasons. G.722 itself is libg722; both directions are
adaptive: they carry state from frame to frame, and the two sides of a call only stay in step if
every octet goes through in order. `Transcoder` does all active calls' frames, each in its codec.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from giaoban.mcu_sim.media.audio import g711

CLOCK_HZ = 8000
FRAME_MS, SLOT_MS = 20, 10
FRAME_BYTES, SLOT_BYTES = CLOCK_HZ * FRAME_MS // 1000, CLOCK_HZ * SLOT_MS // 1000
"""Bytes are also ticks of the RTP clock."""
TICK_NS = FRAME_MS * 1_000_000
"""The MCU mixes one frame of every call at a time."""
NARROW_HZ, WIDE_HZ = 8000, 16_000


@dataclass(frozen=True)
class AudioCodec:
    """One codec: its encoding name, its static payload type (RFC 3551 table 4), its sampling."""

    name: str
    payload_type: int
    sample_hz: int

    @property
    def wide(self) -> bool:
        """Sampled at 16 kHz, not at 8 kHz."""
        return self.sample_hz == WIDE_HZ

    @property
    def frame_samples(self) -> int:
        """Linear samples of 20 ms."""
        return self.sample_hz * FRAME_MS // 1000


PCMU = AudioCodec("PCMU", 0, NARROW_HZ)
PCMA = AudioCodec("PCMA", 8, NARROW_HZ)
G722 = AudioCodec("G722", 9, WIDE_HZ)
CODECS = (PCMU, PCMA, G722)


def codec_named(name: str) -> AudioCodec:
    """The codec of an encoding name, in upper or lower case (RFC 4855 §3). Raises `ValueError`."""
    for codec in CODECS:
        if codec.name == name.upper():
            return codec
    raise ValueError(f"no audio codec {name!r}: there are {', '.join(c.name for c in CODECS)}")


BIT_RATE = 64_000
SAMPLES_PER_OCTET = 2


class G722Call:
    """The codec of one call. Its two directions know nothing of each other."""

    def __init__(self) -> None:
        # most meetings have no G.722 call, and their start shall not wait for the library
        from G722 import G722

        self._codec = G722(WIDE_HZ, BIT_RATE)

    def encode(self, samples: NDArray[np.int16]) -> NDArray[np.uint8]:
        """int16 (2 n,) samples at 16 kHz → (n,) octets. Raises `ValueError` for an odd number."""
        if len(samples) % SAMPLES_PER_OCTET:
            raise ValueError(f"{len(samples)} samples: an octet of G.722 holds two")
        return np.frombuffer(self._codec.encode(np.ascontiguousarray(samples, np.int16)), np.uint8)

    def decode(self, octets: NDArray[np.uint8]) -> NDArray[np.int16]:
        """(n,) octets → int16 (2 n,) samples at 16 kHz."""
        return np.frombuffer(self._codec.decode(np.asarray(octets, np.uint8).tobytes()), np.int16)


_LAWS = (
    (PCMA.name, g711.a_law_decode, g711.a_law_encode),
    (PCMU.name, g711.mu_law_decode, g711.mu_law_encode),
)

Which = NDArray[np.intp] | slice


class _Law(NamedTuple):
    """One law of G.711, and which of the narrowband calls use it."""

    at: NDArray[np.intp]
    decode: Callable[[NDArray[np.uint8]], NDArray[np.int16]]
    encode: Callable[[NDArray[np.int16]], NDArray[np.uint8]]


class Transcoder:
    """Frames come and go as (calls, …) arrays, one row for each of `rows`.

    Attributes:
        rows: active rows, ascending.
        narrow, wide: which of `rows` are at 8 kHz, and which at 16 kHz: an index into such arrays.
    """

    rows: NDArray[np.intp]
    narrow: Which
    wide: Which

    def __init__(self) -> None:
        self._codecs: dict[int, AudioCodec] = {}
        self._g722: dict[int, G722Call] = {}
        self._arrange()

    def open(self, row: int, codec: AudioCodec) -> None:
        """A call in a free row, with codec state of its own."""
        self._codecs[row] = codec
        if codec is G722:
            self._g722[row] = G722Call()
        self._arrange()

    def close(self, row: int) -> None:
        """No call in the row any more, if there was one."""
        self._codecs.pop(row, None)
        self._g722.pop(row, None)
        self._arrange()

    def decode(
        self, octets: NDArray[np.uint8], present: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        """Frames of 20 ms (calls, 160) → samples of the `narrow` (n, 160) and `wide` (w, 320).

        Samples of slots that are not `present` (calls, 2) mean nothing. They do not go through
        G.722 decoders, whose state they would spoil.
        """
        narrow = self._expand(octets[self.narrow])
        if not self._wide_calls:
            return narrow, np.empty((0, G722.frame_samples), np.int16)
        codes, there = octets[self.wide], present[self.wide]
        slots = np.zeros((*there.shape, G722.frame_samples // there.shape[1]), np.int16)
        for i, call in enumerate(self._wide_calls):
            if there[i].any():
                received = codes[i].reshape(-1, SLOT_BYTES)[there[i]]
                samples = call.decode(received.reshape(-1))
                slots[i, there[i]] = samples.reshape(len(received), -1)
        return narrow, slots.reshape(-1, G722.frame_samples)

    def encode(self, narrow: NDArray[np.int16], wide: NDArray[np.int16]) -> NDArray[np.uint8]:
        """The other way round, (calls, 160)."""
        codes = self._compress(narrow)
        if not self._wide_calls:
            return codes
        octets = np.empty((len(self.rows), FRAME_BYTES), np.uint8)
        octets[self.narrow] = codes
        octets[self.wide] = [
            call.encode(frame) for call, frame in zip(self._wide_calls, wide, strict=True)
        ]
        return octets

    def _expand(self, codes: NDArray[np.uint8]) -> NDArray[np.int16]:
        if len(self._laws) == 1:
            return self._laws[0].decode(codes)
        frames = np.empty(codes.shape, np.int16)
        for law in self._laws:
            frames[law.at] = law.decode(codes[law.at])
        return frames

    def _compress(self, frames: NDArray[np.int16]) -> NDArray[np.uint8]:
        if len(self._laws) == 1:
            return self._laws[0].encode(frames)
        codes = np.empty(frames.shape, np.uint8)
        for law in self._laws:
            codes[law.at] = law.encode(frames[law.at])
        return codes

    def _arrange(self) -> None:
        rows = sorted(self._codecs)
        self.rows = np.array(rows, np.intp)
        self.rows.flags.writeable = False
        codecs = [self._codecs[row] for row in rows]
        self._wide_calls = [self._g722[row] for row in rows if row in self._g722]
        wide = np.array([codec.wide for codec in codecs], np.bool_)
        self.narrow, self.wide = _index(~wide), _index(wide)
        names = [codec.name for codec in codecs if not codec.wide]
        self._laws = [
            _Law(np.array([i for i, name in enumerate(names) if name == law]), decode, encode)
            for law, decode, encode in _LAWS
            if law in names
        ]


def _index(mask: NDArray[np.bool_]) -> Which:
    """What picks the same as the mask, without copying if that is everything."""
    return slice(None) if mask.all() else np.flatnonzero(mask)
