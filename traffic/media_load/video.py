"""Pictures of many calls: each sends the same film, from a moment of its own on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from traffic import rtp
from traffic.batch import SendBatch
from traffic.media_load.audio import SLOTS
from traffic.media_load.precomputed_video import Film
from traffic.sources.video_stream import fill_with_noise

MOST_AT_ONCE = 256


@dataclass(slots=True)
class _Projector:
    """One call's: since when, and how many packets it has sent of the endless film."""

    descriptor: int
    header: NDArray[np.uint8]
    first: tuple[int, int]
    begun_ns: int
    done: int = 0
    sent: int = 0


class Pictures:
    """Pictures of calls, by row."""

    def __init__(self, film: Film, max_payload: int) -> None:
        self._film = film
        self._batch = SendBatch(MOST_AT_ONCE, rtp.HEADER_BYTES + max_payload)
        fill_with_noise(self._batch.data)
        self._projectors: dict[int, _Projector] = {}
        self.mean_octets = round(float(film.size.mean()))
        """Of a packet's payload."""

    def start(self, row: int, descriptor: int, stream: rtp.StreamId, now_ns: int) -> None:
        """A call begins to send, to where its socket is connected."""
        self._projectors[row] = _Projector(
            descriptor,
            np.frombuffer(rtp.template(stream), np.uint8),
            (stream.first_sequence, stream.first_timestamp),
            now_ns,
        )

    def stop(self, row: int) -> None:
        """It sends no more."""
        self._projectors.pop(row, None)

    def sent(self, row: int) -> int:
        """Packets of the call that goes on."""
        projector = self._projectors.get(row)
        return 0 if projector is None else projector.sent

    def position(self, row: int) -> tuple[int, int]:
        """Its next sequence number, and a timestamp that is not before its last one."""
        projector = self._projectors[row]
        stamp = self._stamps(np.array([projector.done]))[0]
        return projector.first[0] + projector.sent, projector.first[1] + int(stamp)

    def key_frame(self, row: int, now_ns: int) -> None:
        """A key frame is wanted: the film begins anew, its timestamps go on."""
        projector = self._projectors.get(row)
        if projector is not None and now_ns > projector.begun_ns:
            film = self._film
            rounds = -(-projector.done // len(film.size))
            projector.begun_ns = now_ns - rounds * film.length_ns
            projector.done = rounds * len(film.size)

    def turn(self, slot: int, now_ns: int) -> tuple[int, int]:
        """Send what is due of the calls of a slot: (packets, those of them that did not go)."""
        packets = failed = 0
        for row, projector in self._projectors.items():
            if row % SLOTS == slot % SLOTS:
                n, unsendable = self._send(projector, now_ns)
                packets, failed = packets + n, failed + unsendable
        return packets, failed

    def _send(self, projector: _Projector, now_ns: int) -> tuple[int, int]:
        film, batch = self._film, self._batch
        rounds, inside = divmod(now_ns - projector.begun_ns, film.length_ns)
        until = rounds * len(film.size) + int(np.searchsorted(film.at_ns, inside, "right"))
        until = min(until, projector.done + batch.capacity)
        n = until - projector.done
        if n <= 0:
            return 0, 0
        which = np.arange(projector.done, until)
        of_film = which % len(film.size)
        sequences = projector.first[0] + projector.sent + np.arange(n)
        stamps = projector.first[1] + self._stamps(which)
        rtp.patch_headers(batch.data, projector.header, sequences, stamps, film.marker[of_film])
        width = film.head.shape[1]
        batch.data[:n, rtp.HEADER_BYTES : rtp.HEADER_BYTES + width] = film.head[of_film]
        lengths = film.size[of_film] + rtp.HEADER_BYTES
        failed = batch.send(projector.descriptor, lengths, skip_unsendable=True)
        projector.done = until
        projector.sent += n
        return n, failed

    def _stamps(self, which: NDArray[np.int64]) -> NDArray[np.int64]:
        film = self._film
        round_ticks = film.length_ns * film.clock_hz // 1_000_000_000
        stamps: NDArray[np.int64] = (
            film.timestamp[which % len(film.size)] + which // len(film.size) * round_ticks
        )
        return stamps
