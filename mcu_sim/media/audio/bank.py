"""All calls' audio at once: jitter buffers, decoding, N−1 mixing, encoding, outgoing packets.

Time runs in ticks of 20 ms (`TICK_NS`) since the origin. G.711 calls, and those of a codec that is
modelled, are mixed at 8 kHz and G.722 calls at 16 kHz, each hearing the other kind too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from giaoban.mcu_sim.media.audio.codec import (
    FRAME_BYTES,
    FRAME_MS,
    TICK_NS,
    AudioCodec,
    Transcoder,
    codec_named,
)
from giaoban.mcu_sim.media.audio.jitter import JitterBuffers
from giaoban.mcu_sim.media.audio.mixer import Mixer
from giaoban.traffic import rtp

__all__ = ["TICK_NS", "AudioBank", "AudioOut"]


class AudioBank:
    """One row a call. A row may be opened again, by the same call or by another one.

    Attributes:
        power: (capacity,) float64, mean square of each row's samples in the last mixed tick,
            whether it is heard or not; 0 for rows that are not open. A lost frame is silence.
        jitter: the buffers, which count the packets of each row's present or last call.
    """

    def __init__(
        self, capacity: int, origin_ns: int, playout_ms: float, modelled: AudioCodec | None = None
    ) -> None:
        """`modelled`: a codec that calls may have beside those of the MCU."""
        self._modelled = modelled
        self.jitter = JitterBuffers(capacity, origin_ns, playout_ms)
        self._calls = Transcoder()
        self._mixers: dict[int, Mixer] = {}
        self._heard = np.zeros(capacity, np.bool_)
        self._meeting = np.zeros(capacity, np.intp)
        self.power = np.zeros(capacity)

    def open(
        self,
        row: int,
        codec: str = "PCMA",
        *,
        heard: bool = True,
        payload_type: int | None = None,
        meeting: int = 0,
    ) -> None:
        """A call takes part from now on; the row starts afresh, its counters too.

        Args:
            codec: encoding name of received and sent audio.
            heard: whether its audio goes into the mix.
            payload_type: payload type of its packets; None: the static one of the codec.
            meeting: number of its meeting; it hears no call of another one.

        Raises:
            ValueError: no such codec.
        """
        chosen = codec_named(codec, self._modelled)
        self.close(row)
        self._calls.open(row, chosen)
        taken = chosen.payload_type if payload_type is None else payload_type
        self.jitter.clear(row, taken, chosen)
        self._heard[row] = heard
        self._meeting[row] = meeting

    def close(self, row: int) -> None:
        """The call takes no part any more; its counters stay until the row is opened again."""
        self._calls.close(row)
        self.power[row] = 0

    def set_heard(self, row: int, heard: bool) -> None:
        """Let the call be heard, or mute it; it hears the others in any case."""
        self._heard[row] = heard

    @property
    def rows(self) -> NDArray[np.intp]:
        """Rows of the calls that take part, ascending."""
        return self._calls.rows

    def put(
        self,
        rows: NDArray[np.intp],
        headers: rtp.Headers,
        data: NDArray[np.uint8],
        lengths: NDArray[np.int64],
        arrival_ns: NDArray[np.int64],
    ) -> None:
        """Take n received datagrams, in order of arrival.

        Args:
            rows: (n,) each packet's call.
            headers: of n packets; those that are no RTP are counted as odd.
            data: (n, width) whole datagrams, header first.
            lengths: (n,) bytes of each.
            arrival_ns: (n,) on the clock of the origin.
        """
        self.jitter.put(rows, headers, data, lengths, arrival_ns)

    def mix(self, tick: int) -> NDArray[np.uint8]:
        """Return the frame that each of `rows` hears at a tick, in its own codec, as of
        `Transcoder.encode`. Every tick is to be mixed once, in order."""
        calls = self._calls
        narrow, wide = calls.decode(*self.jitter.frames(calls.rows, tick))
        self.power[calls.rows[calls.narrow]] = _mean_square(narrow)
        self.power[calls.rows[calls.wide]] = _mean_square(wide)
        return calls.encode(*self._mix(narrow, wide))

    def _mix(
        self, narrow: NDArray[np.int16], wide: NDArray[np.int16]
    ) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        """Return the samples that each call hears of its own meeting."""
        calls = self._calls
        heard, meetings = self._heard[calls.rows], self._meeting[calls.rows]
        heard_narrow, heard_wide = heard[calls.narrow], heard[calls.wide]
        held = set(meetings.tolist())
        for over in self._mixers.keys() - held:
            del self._mixers[over]
        mixed = np.empty_like(narrow), np.empty_like(wide)
        for meeting in held:
            n = np.flatnonzero(meetings[calls.narrow] == meeting)
            w = np.flatnonzero(meetings[calls.wide] == meeting)
            mixer = self._mixers.setdefault(meeting, Mixer())
            mixed[0][n], mixed[1][w] = mixer.mix(narrow[n], wide[w], heard_narrow[n], heard_wide[w])
        return mixed


class AudioOut:
    """Outgoing audio of all calls: RTP headers, one packet a call and tick.

    Attributes:
        lengths: (capacity,) octets of each row's packets, header and payload.
    """

    def __init__(self, capacity: int) -> None:
        self._headers = np.zeros((capacity, rtp.HEADER_BYTES), np.uint8)
        self._sequence = np.zeros(capacity, np.int64)
        self._timestamp = np.zeros(capacity, np.int64)
        self._first = np.ones(capacity, np.bool_)
        self._ticks = np.full(capacity, FRAME_BYTES)
        self.lengths = np.full(capacity, rtp.HEADER_BYTES + FRAME_BYTES)

    def carry(self, row: int, codec: AudioCodec) -> None:
        """From now on the row's packets are of this codec."""
        self._ticks[row] = codec.ticks(FRAME_MS)
        self.lengths[row] = rtp.HEADER_BYTES + codec.frame_bytes

    def reset(self, row: int, header: bytes, first_sequence: int, first_timestamp: int) -> None:
        """A new call in the row.

        Args:
            header: 12 bytes, the template with the payload type and SSRC.
            first_sequence, first_timestamp: where its counters start.
        """
        self._headers[row] = np.frombuffer(header, np.uint8)
        self._sequence[row] = first_sequence
        self._timestamp[row] = first_timestamp
        self._first[row] = True

    def position(self, row: int) -> tuple[int, int]:
        """The row's next sequence number (extended) and timestamp."""
        return int(self._sequence[row]), int(self._timestamp[row])

    def fill(
        self,
        out: NDArray[np.uint8],
        rows: NDArray[np.intp],
        payloads: NDArray[np.uint8],
        sending: NDArray[np.bool_] | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """One packet for each of n `rows` into `out`; their sequence numbers and timestamps.

        Args:
            payloads: (n, 160 or more), as of `AudioBank.mix`.
            sending: (n,) which of the packets will go out; None: all. The numbers of the others
                are not used up, so that a call on hold misses no packet; it begins again with a
                marker (RFC 3551 §4.1).
        """
        n = len(rows)
        sequences, stamps = self._sequence[rows], self._timestamp[rows]
        rtp.patch_headers(out, self._headers[rows], sequences, stamps, self._first[rows])
        out[:n, rtp.HEADER_BYTES : rtp.HEADER_BYTES + payloads.shape[1]] = payloads
        self._sequence[rows] += 1 if sending is None else sending
        self._timestamp[rows] += self._ticks[rows]
        self._first[rows] = False if sending is None else ~sending
        return sequences, stamps


def _mean_square(frames: NDArray[np.int16]) -> NDArray[np.float64]:
    # 24 bits of precision are plenty, and twice as fast
    samples = frames.astype(np.float32)
    total = np.einsum("ij,ij->i", samples, samples)
    mean: NDArray[np.float64] = np.divide(total, frames.shape[1], dtype=np.float64)
    return mean
