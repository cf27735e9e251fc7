"""A bridge's terminal: microphone, camera, loudspeaker and screen, with their RTP and RTCP."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mcu_sim.audio import g711
from mcu_sim.media.leg import Kind, Position
from mcu_sim.offer_answer import Agreed
from mcu_sim.srtp import SrtpContext, SrtpError
from scenarios.plan import CallPlan, Plan
from topology.emulation.namespace import inside
from traffic import rtcp, rtp
from traffic.batch import (
    ReceiveBatch,
    Received,
    SendBatch,
    media_socket,
    realtime_minus_monotonic_ns,
)
from traffic.log import PacketLog
from traffic.profiles import AUDIO_CLOCK_HZ, DSCP_AUDIO, DSCP_VIDEO
from traffic.reception import ReceptionBank
from traffic.reporting import KeyFrameWanted, Reporter
from traffic.sound import tone, tone_hz
from traffic.stream import AudioStream, StreamPlan, VideoStream, next_start_ns
from traffic.video import CLOCK_HZ as VIDEO_CLOCK_HZ

PORTS: dict[Kind, int] = {"audio": 40_000, "video": 40_002}
NEVER_NS = 2**63 - 1
SOURCE_START_NS, SOURCE_PHASE_NS = 20_000_000, 33_000_000  # first capture after the answer


class _Line:
    """RTCP of one medium: what is told of what comes, and asked of what goes."""

    def __init__(self, kind: Kind, plan: StreamPlan, name: str, seed: int, now_ns: int) -> None:
        clock_hz = AUDIO_CLOCK_HZ if kind == "audio" else VIDEO_CLOCK_HZ
        self.statistics = ReceptionBank(1, clock_hz)
        self.statistics.open(0)
        self.reporter = Reporter(plan.ssrc, name, clock_hz, np.random.default_rng(seed), now_ns)
        self._came: list[tuple[rtp.Headers, NDArray[np.int64]]] = []

    def took(self, headers: rtp.Headers, arrival_ns: NDArray[np.int64]) -> None:
        """Media came. It is counted when a report needs it: counting costs little more for many."""
        self._came.append((headers, arrival_ns))

    def block(self) -> rtcp.ReportBlock | None:
        """What to report of all that came."""
        if self._came:
            headers = rtp.Headers.joined([headers for headers, _ in self._came])
            arrival_ns = np.concatenate([at for _, at in self._came])
            nobody_else = np.zeros(len(arrival_ns), np.intp)
            self.statistics.put(nobody_else, headers, arrival_ns)
            self._came.clear()
        return self.statistics.report(0)


class Terminal:
    """Media of one bridge. `begin` with a call's terms, `end` with the call; may begin again."""

    def __init__(
        self,
        plan: Plan,
        number: int,
        namespace_fd: int,
        origin_ns: int,
        logs: tuple[PacketLog, PacketLog],
    ) -> None:
        """`number`: index into `plan.calls`. `logs`: what is sent, what is received."""
        self._plan = plan
        self._call: CallPlan = plan.calls[number]
        self._number = number
        self._origin_ns = origin_ns
        self._sent, self._received = logs
        address = plan.network.address(self._call.bridge)
        with inside(namespace_fd):
            self._sockets: dict[Kind, socket.socket] = {
                "audio": media_socket(address, PORTS["audio"], dscp=DSCP_AUDIO),
                "video": media_socket(address, PORTS["video"], dscp=DSCP_VIDEO),
            }
        self._streams: dict[Kind, AudioStream | VideoStream] = {}
        self._lines: dict[Kind, _Line] = {}
        self._srtp: dict[Kind, SrtpContext] = {}
        self._positions: dict[Kind, Position] = {}
        self._first_leaving_ns = NEVER_NS
        self._clock_offset_ns = realtime_minus_monotonic_ns()
        self._unix_offset_ns = time.time_ns() - time.monotonic_ns()
        self.starved = self.stray = self.rtcp_sent = self.rtcp_received = 0
        self.overflowed = dict.fromkeys(self._sockets, 0)

    @property
    def sends(self) -> bool:
        """Whether a call stands and media goes out."""
        return bool(self._streams)

    def begin(self, agreed: Mapping[Kind, Agreed], now_ns: int) -> None:
        """A call stands: send what was agreed on, to where it was agreed on."""
        for kind, terms in agreed.items():
            self._sockets[kind].connect(terms.remote)
            planned = self._plan.streams[self._call.up[kind]]
            # neither devices nor their cameras and microphones are in step
            start_ns = (
                next_start_ns(now_ns, self._origin_ns)
                + SOURCE_START_NS
                + random.Random(planned.seed).randrange(SOURCE_PHASE_NS)
            )
            if kind in self._positions:
                sequence, timestamp = self._positions[kind].at(start_ns)
                planned = planned.model_copy(
                    update={"first_sequence": sequence, "first_timestamp": timestamp}
                )
            self._streams[kind] = self._stream(kind, planned, terms, start_ns)
            name, seed = self._call.bridge, planned.seed + 3
            self._lines[kind] = _Line(kind, planned, name, seed, now_ns)
            if terms.crypto_send is not None and terms.crypto_receive is not None:
                self._srtp[kind] = SrtpContext(terms.crypto_send, terms.crypto_receive)

    def _stream(
        self, kind: Kind, planned: StreamPlan, terms: Agreed, start_ns: int
    ) -> AudioStream | VideoStream:
        if kind == "audio":
            sound = g711.a_law_encode(tone(tone_hz(self._number)))[np.newaxis, :]
            return AudioStream(planned, self._sent, start_ns, sound)
        model = self._plan.video
        if terms.max_kbps is not None and terms.max_kbps < model.kbps:
            model = model.model_copy(update={"kbps": terms.max_kbps})
        return VideoStream(planned, self._sent, start_ns, model)

    def end(self) -> None:
        """The call is over. A later one goes on with the streams' numbers: each is one stream."""
        for kind, stream in self._streams.items():
            clock_hz = AUDIO_CLOCK_HZ if kind == "audio" else VIDEO_CLOCK_HZ
            self._positions[kind] = Position(*stream.position(), clock_hz)
        self._streams.clear()
        self._lines.clear()

    def key_frame(self) -> None:
        """The MCU wants a key frame."""
        video = self._streams.get("video")
        if isinstance(video, VideoStream):
            video.request_key()

    def window(self, batch: SendBatch, until_ns: int) -> None:
        """Hand the kernel all media that is due before `until_ns`."""
        for kind, stream in self._streams.items():
            lengths, times = stream.window(batch.data, until_ns)
            if not len(lengths):
                continue
            self._first_leaving_ns = min(self._first_leaving_ns, int(times.min()))
            words = np.ascontiguousarray(batch.data[len(lengths) - 1, 4:8]).view(">u4")
            octets = int(lengths.sum()) - rtp.HEADER_BYTES * len(lengths)
            self._lines[kind].reporter.sent(len(lengths), octets, int(words[0]), int(times[-1]))
            if kind in self._srtp:
                lengths = self._srtp[kind].protect_rows(batch.data, lengths).astype(np.int64)
            batch.send(self._sockets[kind].fileno(), lengths, times)

    def watch(self, now_ns: int) -> None:
        """Count a window as starved whose first packet was due before it was handed over."""
        self.starved += self._first_leaving_ns < now_ns
        self._first_leaving_ns = NEVER_NS

    def report(self, now_ns: int) -> None:
        """Send the RTCP reports that are due."""
        for kind, line in self._lines.items():
            if line.reporter.due_ns > now_ns:
                continue
            block = line.block()
            packet = line.reporter.make(block, now_ns, now_ns + self._unix_offset_ns)
            if kind in self._srtp:
                packet = self._srtp[kind].protect_rtcp(packet)
            self._sockets[kind].send(packet)
            self.rtcp_sent += 1

    def receive(self, inbox: ReceiveBatch) -> None:
        """Log all media that came, and take in the MCU's reports."""
        for kind, sock in self._sockets.items():
            while len(got := inbox.receive(sock.fileno())):
                self.overflowed[kind] = max(self.overflowed[kind], got.overflowed)
                self._take(kind, got)
                if len(got) < inbox.capacity:
                    break

    def _take(self, kind: Kind, got: Received) -> None:
        arrival_ns = got.arrival_ns - self._clock_offset_ns
        control = rtcp.is_rtcp(got.data, got.lengths)
        for i in np.flatnonzero(control):
            self._control(kind, bytes(got.data[i, : got.lengths[i]]), int(arrival_ns[i]))
        lengths = got.lengths
        media = np.flatnonzero(~control)
        if kind in self._srtp and len(media):
            lengths = lengths.copy()
            plain, good = self._srtp[kind].unprotect_rows(got.data, lengths[media], media)
            lengths[media] = np.where(good, plain, 0)
        headers = rtp.parse_headers(got.data, lengths)
        index = self._call.down[kind]
        ours = (
            headers.valid & ~control & (headers.ssrc == np.uint32(self._plan.streams[index].ssrc))
        )
        mine = np.flatnonzero(ours)
        self.stray += len(media) - len(mine)
        self._received.append(
            len(mine),
            stream=index,
            sequence=headers.sequence[mine],
            timestamp=headers.timestamp[mine],
            arrival_ns=arrival_ns[mine],
            size=lengths[mine],
        )
        if kind in self._lines and len(mine):
            self._lines[kind].took(headers.take(mine), arrival_ns[mine])

    def _control(self, kind: Kind, data: bytes, arrival_ns: int) -> None:
        try:
            if kind in self._srtp:
                data = self._srtp[kind].unprotect_rtcp(data)
            packets = rtcp.parse(data)
        except (rtcp.RtcpError, SrtpError):
            self.stray += 1
            return
        self.rtcp_received += 1
        line = self._lines.get(kind)
        if line is None:
            return  # sent before the MCU knew that the call is over
        unix_ns = arrival_ns + self._unix_offset_ns
        if KeyFrameWanted() in line.reporter.take(packets, arrival_ns, unix_ns):
            self.key_frame()
