"""The audio codecs of the MCU: those that it has, and those of which it knows the frames alone.

It has G.711 and G.722, at 64 kb/s with one RTP clock (RFC 3551 §4.5.2, §4.5.14): 20 ms are 160
bytes and 160 ticks. G.722 samples at 16 kHz, but its RTP clock is 8000 Hz for historical reasons.
It is libg722; both directions are adaptive: they carry state from frame to frame, and the two sides
of a call only stay in step if every octet goes through in order.

Of any other encoding, such as G.722.1 Annex C, a frame has the true size, time and clock, and in it
lies a stand-in (`stand_in`), which no decoder of that encoding could play: how loud the sound is,
finely enough to be mixed. It is of use between the two sides of a check only.

`Transcoder` does all active calls' frames, each in its codec.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from giaoban.mcu_sim.media.audio import g711
from giaoban.traffic.sources.audio_encoding import AudioEncoding

CLOCK_HZ = 8000
FRAME_MS = 20
FRAME_BYTES = CLOCK_HZ * FRAME_MS // 1000
"""Octets of a frame that the MCU decodes, and ticks of its RTP clock."""
TICK_NS = FRAME_MS * 1_000_000
"""The MCU mixes one frame of every call at a time."""
NARROW_HZ, WIDE_HZ = 8000, 16_000


@dataclass(frozen=True)
class AudioCodec:
    """One codec.

    Attributes:
        name: encoding name.
        payload_type: as in RFC 3551 table 4, or of an encoding.
        sample_hz: of the samples that come out of it here.
        clock_hz: of its RTP timestamps.
        frame_bytes: octets of 20 ms.
        modelled: its frames carry stand-ins.
    """

    name: str
    payload_type: int
    sample_hz: int
    clock_hz: int = CLOCK_HZ
    frame_bytes: int = FRAME_BYTES
    modelled: bool = False

    @property
    def wide(self) -> bool:
        """Sampled at 16 kHz, not at 8 kHz."""
        return self.sample_hz == WIDE_HZ

    @property
    def frame_samples(self) -> int:
        """Linear samples of 20 ms."""
        return self.sample_hz * FRAME_MS // 1000

    def ticks(self, ms: int) -> int:
        """Return the ticks of its RTP clock in so many ms."""
        return self.clock_hz * ms // 1000


PCMU = AudioCodec("PCMU", 0, NARROW_HZ)
PCMA = AudioCodec("PCMA", 8, NARROW_HZ)
G722 = AudioCodec("G722", 9, WIDE_HZ)
CODECS = (PCMU, PCMA, G722)


def codec_named(name: str, more: AudioCodec | None = None) -> AudioCodec:
    """The codec of an encoding name, in upper or lower case (RFC 4855 §3); `more`: one beside those
    that the MCU has. Raises `ValueError`."""
    known = CODECS if more is None else (*CODECS, more)
    for codec in known:
        if codec.name.upper() == name.upper():
            return codec
    raise ValueError(f"no audio codec {name!r}: there are {', '.join(c.name for c in known)}")


def is_decoded(encoding: AudioEncoding) -> bool:
    """Whether the MCU has an encoding's codec."""
    return encoding.encoding in {codec.name for codec in CODECS}


def is_mixed(encoding: AudioEncoding) -> bool:
    """Return whether the MCU of a check mixes it: it has its codec, or models its frames, which are
    as long as its own."""
    if is_decoded(encoding):
        return encoding.packet_ms % FRAME_MS == 0
    return encoding.packet_ms == FRAME_MS


def modelled(encoding: AudioEncoding | None) -> AudioCodec | None:
    """An encoding as far as its frames go; None: the MCU has its codec, or there is none."""
    if encoding is None or is_decoded(encoding):
        return None
    return AudioCodec(
        encoding.encoding,
        encoding.payload_type,
        NARROW_HZ,
        encoding.clock_hz,
        encoding.octets(FRAME_MS),
        modelled=True,
    )


def stand_in(samples: NDArray[np.int16], size: int) -> NDArray[np.uint8]:
    """Frames of `size` octets for int16 (n, 160) samples at 8 kHz, (n, size).

    Each octet is, in A-law, the root mean square of the samples that it stands for, with the sign
    of their sum: the power is the same at any size. Octets beyond 160 are empty.
    """
    count = min(size, samples.shape[1])
    end = -(-np.arange(1, count + 1) * samples.shape[1] // count)
    own = samples.astype(np.int64)
    level = np.sqrt(_sums(own * own, end) / np.diff(end, prepend=0))
    level = np.copysign(np.minimum(level, 32_767), _sums(own, end))
    frames = np.zeros((len(samples), size), np.uint8)
    frames[:, :count] = g711.a_law_encode(np.rint(level).astype(np.int16))
    return frames


def _sums(values: NDArray[np.int64], end: NDArray[np.intp]) -> NDArray[np.int64]:
    """Sums (n, k) of the k parts of each row, one after the other, that end before these places."""
    so_far = np.cumsum(values, axis=1)[:, end - 1]
    return np.diff(so_far, axis=1, prepend=0)


def stood_for(size: int) -> NDArray[np.intp]:
    """(160,) which octet of a stand-in of `size` octets each octet of A-law at 8 kHz is."""
    return np.arange(FRAME_BYTES) * min(size, FRAME_BYTES) // FRAME_BYTES


BIT_RATE = 64_000


class G722Call:
    """The codec of one call. Its two directions are independent."""

    def __init__(self) -> None:
        # most meetings have no G.722 call, and their start shall not wait for the library
        from G722 import G722

        self._codec = G722(WIDE_HZ, BIT_RATE)

    def encode(self, samples: NDArray[np.int16]) -> NDArray[np.uint8]:
        """int16 (2 n,) samples at 16 kHz → (n,) octets."""
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
    """Frames come and go as (calls, …) arrays, one row for each of `rows`."""

    def __init__(self) -> None:
        self._codecs: dict[int, AudioCodec] = {}
        self._g722: dict[int, G722Call] = {}
        self._arranged = False
        """Calls come and go oftener than there are frames; codecs are arranged for the frames."""

    def open(self, row: int, codec: AudioCodec) -> None:
        """A call in a free row, with codec state of its own."""
        self._codecs[row] = codec
        if codec is G722:
            self._g722[row] = G722Call()
        self._arranged = False

    def close(self, row: int) -> None:
        """No call in the row any more, if there was one."""
        if self._codecs.pop(row, None) is not None:
            self._g722.pop(row, None)
            self._arranged = False

    @property
    def rows(self) -> NDArray[np.intp]:
        """Active rows, ascending."""
        self._arrange()
        return self._rows

    @property
    def narrow(self) -> Which:
        """Which of `rows` are at 8 kHz: an index into such arrays."""
        self._arrange()
        return self._narrow

    @property
    def wide(self) -> Which:
        """Which of `rows` are at 16 kHz."""
        self._arrange()
        return self._wide

    def decode(
        self, octets: NDArray[np.uint8], present: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        """Return frames of 20 ms (calls, 160) as samples of the `narrow` (n, 160) and `wide`
        (w, 320) calls. Stand-ins have become A-law before (`stood_for`).

        Frames that are not `present` (calls,) are silence. They do not go through G.722 decoders,
        whose state they would spoil.
        """
        narrow = self._expand(octets[self.narrow])
        narrow[~present[self.narrow]] = 0
        wide = np.zeros((len(self._wide_calls), G722.frame_samples), np.int16)
        codes, there = octets[self.wide], present[self.wide]
        for i, call in enumerate(self._wide_calls):
            if there[i]:
                wide[i] = call.decode(codes[i])
        return narrow, wide

    def encode(self, narrow: NDArray[np.int16], wide: NDArray[np.int16]) -> NDArray[np.uint8]:
        """Return the frames of samples, (calls, 160), or wider for longer frames. Octets beyond the
        length of a call's frames are undefined."""
        self._arrange()
        octets = self._compress(narrow)
        if self._wide_calls:
            codes = octets
            octets = np.empty((len(self.rows), FRAME_BYTES), np.uint8)
            octets[self.narrow] = codes
            octets[self.wide] = [
                call.encode(frame) for call, frame in zip(self._wide_calls, wide, strict=True)
            ]
        if self._modelled:
            widest = max(FRAME_BYTES, *self._modelled)
            octets = np.pad(octets, ((0, 0), (0, widest - FRAME_BYTES)))
            for size, (at, among_narrow) in self._modelled.items():
                if size != FRAME_BYTES:  # that one is the A-law that lies there
                    octets[at, :size] = stand_in(narrow[among_narrow], size)
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
        if self._arranged:
            return
        self._arranged = True
        rows = sorted(self._codecs)
        self._rows: NDArray[np.intp] = np.array(rows, np.intp)
        self._rows.flags.writeable = False
        codecs = [self._codecs[row] for row in rows]
        self._wide_calls = [self._g722[row] for row in rows if row in self._g722]
        wide = np.array([codec.wide for codec in codecs], np.bool_)
        self._narrow, self._wide = _index(~wide), _index(wide)
        narrow = [codec for codec in codecs if not codec.wide]
        names = [PCMA.name if codec.modelled else codec.name for codec in narrow]
        self._modelled = {
            size: (_sized(codecs, size), _sized(narrow, size))
            for size in {codec.frame_bytes for codec in narrow if codec.modelled}
        }
        """Octets of a frame → the calls that have such, among all and among the narrow ones."""
        self._laws = [
            _Law(np.array([i for i, name in enumerate(names) if name == law]), decode, encode)
            for law, decode, encode in _LAWS
            if law in names
        ]


def _sized(codecs: Sequence[AudioCodec], size: int) -> NDArray[np.intp]:
    """Which of some calls have modelled frames of so many octets."""
    return np.flatnonzero([codec.modelled and codec.frame_bytes == size for codec in codecs])


def _index(mask: NDArray[np.bool_]) -> Which:
    """Return an index that selects the same as the mask, without copying if that is everything."""
    return slice(None) if mask.all() else np.flatnonzero(mask)
