"""Sound as a stream of RTP packets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic import rtp
from giaoban.traffic.log import PacketLog
from giaoban.traffic.rtp import AUDIO_PACKET_MS, AUDIO_PACKET_SAMPLES
from giaoban.traffic.sender.stream import OutgoingStream
from giaoban.traffic.sender.stream_plan import StreamPlan
from giaoban.traffic.sources.talk_spurts import Speech


@dataclass(frozen=True)
class Talk:
    """Speech instead of a steady tone.

    `silence` (k, bytes) are the encoded packets of pauses; None: silence suppression, nothing is
    sent in them. No comfort noise (RFC 3389) goes out: it needs a payload type of its own to be
    agreed on, and a listener without it hears silence.
    """

    speech: Speech
    silence: NDArray[np.uint8] | None


class AudioStream(OutgoingStream):
    """Packets of one length, those of the pauses among them or left out.

    With silence suppression the timestamp counts the pauses and the sequence number does not, and
    the first packet of each talk spurt has the marker; without it no packet has (RFC 3551 §4.1).
    """

    def __init__(
        self,
        plan: StreamPlan,
        log: PacketLog,
        start_ns: int,
        payloads: NDArray[np.uint8],
        *,
        packet_ms: int = AUDIO_PACKET_MS,
        packet_ticks: int = AUDIO_PACKET_SAMPLES,
        talk: Talk | None = None,
        origin_ns: int | None = None,
    ) -> None:
        """`payloads`: (m, bytes) encoded packets that are sent round and round, by default G.711.

        `packet_ms` and `packet_ticks`: what a packet is long, and on the RTP clock. `talk`: when
        they are heard; None: all the time.
        """
        super().__init__(plan, log, origin_ns)
        self._start_ns = start_ns
        self._payloads = payloads
        self._step_ns = packet_ms * 1_000_000
        self._ticks = packet_ticks
        self._talk = talk
        self._done = 0
        self._talked = False

    def position(self) -> tuple[int, int, int]:
        """The next packet's extended sequence number, its timestamp, and when that is.

        If the next packet is left out as silence, timestamp and time are those it would have had.
        """
        timestamp = self.plan.first_timestamp + self._done * self._ticks
        return self._sequence, timestamp, self._start_ns + self._done * self._step_ns

    def window(
        self, out: NDArray[np.uint8] | None, until_ns: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Fill `out` with the packets due before `until_ns`: (lengths, times) to send. Without it
        they are only logged."""
        count = max(0, -(-(until_ns - self._start_ns) // self._step_ns) - self._done)
        nth = self._done + np.arange(count)
        self._done += count
        marker = np.zeros(count, np.bool_)
        quiet: NDArray[np.bool_] | None = None
        if self._talk is not None:
            talks = self._talk.speech.talking(self._start_ns + nth * self._step_ns)
            if self._talk.silence is None:
                marker = talks & ~np.r_[self._talked, talks][:-1]
                nth, marker = nth[talks], marker[talks]
                self._talked = bool(talks[-1]) if count else self._talked
            else:
                quiet = ~talks
        n, size = len(nth), self._payloads.shape[1]
        if out is not None:
            out[:n, rtp.HEADER_BYTES : rtp.HEADER_BYTES + size] = self._payload(nth, quiet)
        return self._emit(
            out,
            np.full(n, size),
            self.plan.first_timestamp + nth * self._ticks,
            marker,
            self._start_ns + nth * self._step_ns,
            until_ns,
        )

    def _payload(
        self, nth: NDArray[np.int64], quiet: NDArray[np.bool_] | None
    ) -> NDArray[np.uint8]:
        """What packets carry, by their numbers; where it is `quiet`, a pause."""
        payload = self._payloads[nth % len(self._payloads)]
        if quiet is not None and self._talk is not None and self._talk.silence is not None:
            silence = self._talk.silence
            payload[quiet] = silence[nth[quiet] % len(silence)]
        return payload
