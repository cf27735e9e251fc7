"""The MCU's media plane: two sockets, one system call a wake-up for all calls' packets.

All calls share one audio and one video port; a packet belongs to the call whose remote address it
comes from (as media servers with a single port do). What a device really has of ports is counted
by its capacity, not by these sockets.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mcu_sim.audio_bank import TICK_NS, AudioBank, AudioOut
from mcu_sim.video_bank import VideoBank
from traffic import rtp
from traffic.batch import (
    SOCKADDR_IN,
    ReceiveBatch,
    Received,
    SendBatch,
    media_socket,
    realtime_minus_monotonic_ns,
    sockaddr,
)
from traffic.log import RECEIVED, SENT, PacketLog
from traffic.profiles import AUDIO_PACKET_SAMPLES, DSCP_AUDIO, DSCP_VIDEO
from traffic.stream import Injector, StreamPlan, fill_with_noise, next_start_ns, packets_in
from traffic.video import VideoModel

AUDIO_PORT, VIDEO_PORT = 20_000, 20_002
VIDEO_TICKS = 20  # composed video is made 400 ms at a time
RECEIVE_BUFFER = 64 << 20
NOBODY = -1
MAX_STRIDE = 50  # ticks done in one go: more means that the machine stood still for a second


@dataclass(frozen=True)
class Leg:
    """One call's media: its row, where it is, and its streams by kind."""

    row: int
    audio_remote: tuple[str, int]
    video_remote: tuple[str, int]
    up: dict[str, int]
    down: dict[str, StreamPlan]


@dataclass
class Health:
    """What would make the MCU's measures worthless."""

    starved: int = 0
    stray: int = 0
    not_rtp: int = 0
    overflowed: dict[str, int] = field(default_factory=dict)


class MediaPlane:
    """Receives, mixes, composes and sends; driven by `run_ticks`."""

    def __init__(
        self,
        address: str,
        legs: dict[int, StreamPlan],
        origin_ns: int,
        captures: Path,
        *,
        playout_ms: float,
        mix_delay_ms: float,
        compose_delay_ms: float,
        model: VideoModel,
    ) -> None:
        """`legs`: row → plan of the audio stream down to the bridge that may sit in this row.
        `captures`: folder of the packet logs."""
        capacity = len(legs)
        plans = [legs[row] for row in range(capacity)]
        self._sent = PacketLog(SENT, captures / "mcu-sent.bin")
        self._received = PacketLog(RECEIVED, captures / "mcu-received.bin")
        self.health = Health()
        self._origin_ns = origin_ns
        self._video_until_ns = origin_ns
        self._mix_delay_ns = round(mix_delay_ms * 1e6)
        self._model = model
        self._audio = media_socket(
            address, AUDIO_PORT, dscp=DSCP_AUDIO, buffer_bytes=RECEIVE_BUFFER
        )
        self._video = media_socket(
            address, VIDEO_PORT, dscp=DSCP_VIDEO, buffer_bytes=RECEIVE_BUFFER
        )
        self._bank = AudioBank(capacity, origin_ns, playout_ms)
        self._out = AudioOut(
            [bytes.fromhex(p.header_hex) for p in plans],
            [p.first_sequence for p in plans],
            [p.first_timestamp for p in plans],
        )
        self._composed = VideoBank(compose_delay_ms, self._sent)
        window = packets_in(VIDEO_TICKS * TICK_NS, model.kbps, model)
        self._audio_batch = SendBatch(
            MAX_STRIDE * capacity, rtp.HEADER_BYTES + AUDIO_PACKET_SAMPLES
        )
        self._video_batch = SendBatch(capacity * window, rtp.HEADER_BYTES + model.max_payload)
        self._inbox = ReceiveBatch(1024, rtp.HEADER_BYTES + model.max_payload)
        fill_with_noise(self._video_batch.data)
        self._handed_over: list[NDArray[np.int64]] = []
        self._audio_to = np.zeros(capacity, SOCKADDR_IN)
        self._video_to = np.zeros(capacity, SOCKADDR_IN)
        self._up = {kind: np.zeros(capacity, np.uint16) for kind in ("audio", "video")}
        self._down_audio = np.array([p.index for p in plans], np.uint16)
        self._injectors: dict[int, Injector] = {}
        self._clock_offset_ns = realtime_minus_monotonic_ns()

    def open(self, leg: Leg, now_ns: int) -> None:
        """A call joined: hear it, show it, send to it."""
        row = leg.row
        self._audio_to[row] = sockaddr(*leg.audio_remote)
        self._video_to[row] = sockaddr(*leg.video_remote)
        for kind, index in leg.up.items():
            self._up[kind][row] = index
        audio = leg.down["audio"]
        if audio.loss or audio.jitter:
            self._injectors[row] = Injector(audio)
        self._bank.open(row)
        start_ns = next_start_ns(now_ns, self._origin_ns)
        self._composed.open(row, leg.down["video"], self._model, start_ns)
        # the next window may begin after the stream's first frames are due
        self._send_video(self._video_until_ns)

    def close(self, row: int) -> None:
        """A call left. What still comes from it is logged, since its remote stays known."""
        self._bank.close(row)
        self._composed.close(row)

    def run_ticks(self, first: int, last: int) -> int:
        """Do the 20 ms ticks `first` to `last` since the origin, both included, in one go.

        Returns the time when they were done, which spares the caller a look at the clock.
        """
        self._receive_audio()
        self._send_audio(range(first, last + 1))
        due = last // VIDEO_TICKS
        if due > (first - 1) // VIDEO_TICKS:
            self.receive_video()
            # one window ahead, so that its first packets are never late
            self._video_until_ns = self._origin_ns + (due + 2) * VIDEO_TICKS * TICK_NS
            self._send_video(self._video_until_ns)
        return self._watch()

    def _send_audio(self, ticks: range) -> None:
        rows = self._bank.rows
        n = len(rows)
        if not n:
            return
        due = np.repeat(self._origin_ns + np.array(ticks) * TICK_NS + self._mix_delay_ns, n)
        sequences, stamps = np.empty(len(due), np.int64), np.empty(len(due), np.int64)
        out = self._audio_batch.data
        for i, tick in enumerate(ticks):
            part = slice(i * n, (i + 1) * n)
            sequences[part], stamps[part] = self._out.fill(out[part], rows, self._bank.mix(tick))
        rows = np.tile(rows, len(ticks))
        keep, leaving = np.ones(len(due), np.bool_), due.copy()
        for row, injector in self._injectors.items():
            at = np.flatnonzero(rows == row)
            if len(at):
                keep[at], leaving[at] = injector.apply(due[at])
        lengths = np.full(len(due), rtp.HEADER_BYTES + AUDIO_PACKET_SAMPLES)
        self._sent.append(
            len(due),
            stream=self._down_audio[rows],
            sequence=sequences,
            timestamp=stamps & 0xFFFFFFFF,
            due_ns=due,
            leaving_ns=leaving,
            size=lengths,
            impaired=~keep,
        )
        if not keep.all():
            out[: np.count_nonzero(keep)] = out[np.flatnonzero(keep)]
        self._handed_over.append(leaving)
        self._audio_batch.send(
            self._audio.fileno(), lengths[keep], leaving[keep], self._audio_to[rows[keep]]
        )

    def _send_video(self, until_ns: int) -> None:
        rows, lengths, times = self._composed.fill(self._video_batch.data, until_ns)
        if len(rows):
            self._handed_over.append(times)
            self._video_batch.send(self._video.fileno(), lengths, times, self._video_to[rows])

    def _watch(self) -> int:
        """Count what was handed to the kernel after it was due: one look at the clock a wake-up."""
        now_ns = time.monotonic_ns()
        for leaving_ns in self._handed_over:
            self.health.starved += int(np.count_nonzero(leaving_ns < now_ns))
        self._handed_over.clear()
        return now_ns

    def _receive_audio(self) -> None:
        while len(got := self._inbox.receive(self._audio.fileno())):
            rows, headers, arrival = self._log_received(got, self._audio_to, "audio")
            whole = got.lengths == rtp.HEADER_BYTES + AUDIO_PACKET_SAMPLES
            mine = np.flatnonzero((rows != NOBODY) & headers.valid & whole)
            if len(mine):
                payloads = got.data[mine, rtp.HEADER_BYTES :][:, :AUDIO_PACKET_SAMPLES]
                self._bank.put(rows[mine], _take(headers, mine), payloads, arrival[mine])
            if len(got) < self._inbox.capacity:
                break

    def receive_video(self) -> None:
        """Take in and log what the bridges' cameras sent; composing needs no more of it."""
        while len(got := self._inbox.receive(self._video.fileno())):
            self._log_received(got, self._video_to, "video")
            if len(got) < self._inbox.capacity:
                break

    def _log_received(
        self, got: Received, remotes: NDArray[np.void], kind: str
    ) -> tuple[NDArray[np.intp], rtp.Headers, NDArray[np.int64]]:
        rows = _find(got.sources, remotes)
        headers = rtp.parse_headers(got.data, got.lengths)
        arrival = got.arrival_ns - self._clock_offset_ns
        self.health.stray += int(np.count_nonzero(rows == NOBODY))
        self.health.not_rtp += int(np.count_nonzero(~headers.valid))
        self.health.overflowed[kind] = max(self.health.overflowed.get(kind, 0), got.overflowed)
        known = np.flatnonzero((rows != NOBODY) & headers.valid)
        self._received.append(
            len(known),
            stream=self._up[kind][rows[known]],
            sequence=headers.sequence[known],
            timestamp=headers.timestamp[known],
            arrival_ns=arrival[known],
            size=got.lengths[known],
        )
        return rows, headers, arrival

    def shut(self) -> None:
        """Take in the last packets, close sockets and logs."""
        self._receive_audio()
        self.receive_video()
        self._audio.close()
        self._video.close()
        self._sent.close()
        self._received.close()


def _key(addresses: NDArray[np.void]) -> NDArray[np.uint64]:
    return addresses["address"].astype(np.uint64) << np.uint64(16) | addresses["port"].astype(
        np.uint64
    )


def _find(sources: NDArray[np.void], remotes: NDArray[np.void]) -> NDArray[np.intp]:
    """Row of each source among the remotes, NOBODY for a stranger."""
    keys = _key(remotes)
    order = np.argsort(keys, kind="stable")
    wanted = _key(sources)
    at = np.searchsorted(keys[order], wanted)
    at[at == len(order)] = 0
    rows = order[at]
    rows[keys[rows] != wanted] = NOBODY
    return rows


def _take(headers: rtp.Headers, which: NDArray[np.intp]) -> rtp.Headers:
    return rtp.Headers(
        valid=headers.valid[which],
        marker=headers.marker[which],
        payload_type=headers.payload_type[which],
        sequence=headers.sequence[which],
        timestamp=headers.timestamp[which],
        ssrc=headers.ssrc[which],
    )
