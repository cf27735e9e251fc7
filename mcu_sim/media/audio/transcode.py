"""Decoding and encoding of all active calls' frames, each in the codec of its call."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mcu_sim.media.audio import g711
from mcu_sim.media.audio.codec import FRAME_BYTES, G722, PCMA, PCMU, SLOT_BYTES, AudioCodec
from mcu_sim.media.audio.g722 import G722Call

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
                sound = call.decode(received.reshape(-1))
                slots[i, there[i]] = sound.reshape(len(received), -1)
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
