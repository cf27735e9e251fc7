"""A bridge's terminal: microphone, camera, loudspeaker and screen, with their RTP and RTCP."""

from __future__ import annotations

import socket
import time
from collections.abc import Collection, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from giaoban.clock import NEVER_NS
from giaoban.mcu_sim.media.leg import VISUAL_KINDS, Kind, Position
from giaoban.mcu_sim.media.srtp import SrtpContext, SrtpError
from giaoban.mcu_sim.media.video.forward import KeyFrameDetector
from giaoban.mcu_sim.sdp.offer_answer import NegotiatedMedia
from giaoban.scenarios.bridge.planned import PORTS
from giaoban.scenarios.bridge.sources import Source, Sources, key_frame_request_timer
from giaoban.scenarios.plan.plan import CallPlan, Plan
from giaoban.scenarios.plan.streams import WATCHING
from giaoban.scenarios.records.events import RtcpReport
from giaoban.topology.emulation.namespace import inside
from giaoban.traffic import rtcp, rtp
from giaoban.traffic.batch import (
    ReceiveBatch,
    Received,
    SendBatch,
    media_socket,
    send_at,
    try_to_send,
)
from giaoban.traffic.log import PacketLog
from giaoban.traffic.profiles import DSCP_AUDIO, DSCP_VIDEO
from giaoban.traffic.receiver.feedback import ANSWER_NS, KeyFrameRequestTimer
from giaoban.traffic.receiver.statistics import ReceptionBank
from giaoban.traffic.receiver.video_gaps import VideoGaps
from giaoban.traffic.rtcp.session import KeyFrameWanted, Reporter
from giaoban.traffic.sender.stream import next_control_ns
from giaoban.traffic.sender.stream_plan import StreamPlan
from giaoban.traffic.sources.audio_stream import AudioStream


class _Line:
    """RTCP of one medium: reports on received media, and requests for key frames of sent ones."""

    def __init__(
        self,
        clock_hz: int,
        ssrc: int,
        name: str,
        seed: int,
        now_ns: int,
        asking: tuple[KeyFrameRequestTimer, int] | None,
    ) -> None:
        """`asking`: for key frames, and T_dither_max; None for what has none."""
        self.clock_hz = clock_hz
        self.statistics = ReceptionBank(1, clock_hz)
        self.statistics.open(0)
        self.reporter = Reporter(ssrc, name, clock_hz, np.random.default_rng(seed), now_ns)
        self.gaps = VideoGaps(1)
        self.asking = asking
        self._keys = KeyFrameDetector(1)
        self._came: list[tuple[rtp.Headers, NDArray[np.int64]]] = []

    def took(self, headers: rtp.Headers, arrival_ns: NDArray[np.int64]) -> None:
        """Media came. It is counted when a report needs it: counting costs little more for many."""
        self._came.append((headers, arrival_ns))

    def look_at(
        self, headers: rtp.Headers, data: NDArray[np.uint8], lengths: NDArray[np.int64]
    ) -> None:
        """Pictures came: whether they can be decoded."""
        only = np.zeros(len(data), np.intp)
        start, end = rtp.payload_bounds(data, lengths)
        starts_key = self._keys.find(only, headers, data, start, end)
        self.gaps.take(only, headers.sequence, starts_key)

    def block(self) -> rtcp.ReportBlock | None:
        """Return the report block on all received media; None if there were none."""
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
        folder: Path,
    ) -> None:
        """`number`: index into `plan.calls`. `logs`: of sent and of received packets. `folder`: the
        run's, for recordings."""
        self._plan = plan
        self._call: CallPlan = plan.calls[number]
        self._sources = Sources(plan, number, origin_ns, logs[0], folder)
        self._origin_ns = origin_ns
        self._hang_up_ns = origin_ns + round(plan.hang_up_s * 1e9)
        self._received = logs[1]
        address = plan.network.address(self._call.bridge)
        with inside(namespace_fd):
            self._sockets: dict[Kind, socket.socket] = {
                "audio": media_socket(address, PORTS["audio"], dscp=DSCP_AUDIO),
                "video": media_socket(address, PORTS["video"], dscp=DSCP_VIDEO),
            }
            if plan.content is not None:
                self._sockets["content"] = media_socket(address, PORTS["content"], dscp=DSCP_VIDEO)
        self._streams: dict[Kind, Source] = {}
        self._ending: list[tuple[Kind, Source]] = []
        """Of a call that is over: what an impairment held back has yet to leave."""
        self.reports: list[RtcpReport] = []
        """What RTCP reports said of this bridge's streams, by whoever received the media."""
        self._lines: dict[Kind, _Line] = {}
        self._srtp: dict[Kind, SrtpContext] = {}
        self._old_srtp: dict[Kind, SrtpContext] = {}
        """Of the call before: the MCU's last packets of it may come when the next one stands."""
        self._positions: dict[Kind, Position] = {}
        self._first_leaving_ns = NEVER_NS
        self._unix_offset_ns = time.time_ns() - time.monotonic_ns()
        self.starved = self.stray = self.rtcp_sent = self.rtcp_received = 0
        self.unheard = self.unsendable = 0
        self.heard_ns = 0
        """When the last RTP or RTCP of the MCU came that has been read, CLOCK_MONOTONIC."""
        self.overflowed = dict.fromkeys(self._sockets, 0)

    @property
    def sends(self) -> bool:
        """Whether a call stands and media goes out."""
        return bool(self._streams)

    def begin(self, agreed: Mapping[Kind, NegotiatedMedia], now_ns: int) -> None:
        """Begin to send the agreed media of a call to the agreed addresses."""
        for kind, terms in agreed.items():
            self._sockets[kind].connect(terms.remote)
            up, name = self._call.up.get(kind), self._call.bridge
            planned = self._plan.streams[self._call.down[kind] if up is None else up]
            if up is not None:
                planned = planned.carrying(terms.send_type)
                planned = self._begin_stream(kind, planned, terms, now_ns)
            ssrc = planned.ssrc if up is not None else planned.ssrc ^ WATCHING
            clock_hz = self._sources.clock_hz(kind)
            seen = kind in VISUAL_KINDS and kind in self._call.down
            asks = key_frame_request_timer(self._plan, self._call, kind) if seen else None
            self._lines[kind] = _Line(clock_hz, ssrc, name, planned.seed + 3, now_ns, asks)
            if terms.crypto_send is not None and terms.crypto_receive is not None:
                if kind in self._srtp:
                    self._old_srtp[kind] = self._srtp[kind]
                self._srtp[kind] = SrtpContext(terms.crypto_send, terms.crypto_receive)

    def _begin_stream(
        self, kind: Kind, planned: StreamPlan, terms: NegotiatedMedia, now_ns: int
    ) -> StreamPlan:
        """Begin to send a medium, from where an earlier call came to with it; as which stream."""
        start_ns = self._sources.start_ns(kind, planned, now_ns)
        if kind in self._positions:
            start_ns = max(start_ns, self._positions[kind].at_ns)
            sequence, timestamp = self._positions[kind].at(start_ns)
            planned = planned.model_copy(
                update={"first_sequence": sequence, "first_timestamp": timestamp}
            )
        self._streams[kind] = self._sources.open(kind, planned, terms, start_ns)
        return planned

    def end(self) -> None:
        """The call is over. A later one goes on with the streams' numbers: each is one stream."""
        for kind in list(self._streams):
            self._end_stream(kind)
        self._lines.clear()

    def _end_stream(self, kind: Kind) -> None:
        stream = self._streams.pop(kind)
        self._positions[kind] = Position(*stream.position(), self._sources.clock_hz(kind))
        self._ending.append((kind, stream))

    def key_frame(self, kind: Kind, came_ns: int) -> None:
        """The MCU wants a key frame, by a request that came at a moment."""
        source = self._streams.get(kind)
        if source is not None and not isinstance(source, AudioStream):
            source.request_key(came_ns + ANSWER_NS)

    def window(
        self, batch: SendBatch, until_ns: int, kinds: Collection[Kind] = tuple(PORTS)
    ) -> None:
        """Hand the kernel all media of some kinds that is due before `until_ns`."""
        self._flush(batch, self._ending)
        self._ending.clear()
        streams = [(kind, stream) for kind, stream in self._streams.items() if kind in kinds]
        for kind, stream in streams:
            lengths, times = stream.window(batch.data, self._sources.end_ns(kind, until_ns))
            if not len(lengths):
                continue
            self._first_leaving_ns = min(self._first_leaving_ns, int(times.min()))
            words = np.ascontiguousarray(batch.data[len(lengths) - 1, 4:8]).view(">u4")
            octets = int(lengths.sum()) - rtp.HEADER_BYTES * len(lengths)
            self._lines[kind].reporter.sent(len(lengths), octets, int(words[0]), int(times[-1]))
            self._hand_over(kind, batch, lengths, times)
        # what waits for packets that may overtake it has nothing more to wait for
        ended = until_ns >= self._hang_up_ns
        self._flush(
            batch,
            [
                (kind, stream)
                for kind, stream in streams
                if ended or self._sources.end_ns(kind, until_ns) < until_ns
            ],
        )

    def _flush(self, batch: SendBatch, streams: Iterable[tuple[Kind, Source]]) -> None:
        """Hand over what impairments still hold back of streams that have ended."""
        for kind, stream in streams:
            while len((held := stream.flush(batch.data))[0]):
                self._first_leaving_ns = min(self._first_leaving_ns, int(held[1].min()))
                self._hand_over(kind, batch, *held)

    def _hand_over(
        self, kind: Kind, batch: SendBatch, lengths: NDArray[np.int64], times: NDArray[np.int64]
    ) -> None:
        if kind in self._srtp:
            lengths, good = self._srtp[kind].protect_rows(batch.data, lengths)
            if not good.all():
                raise SrtpError("a packet repeats a sequence number")
        fd = self._sockets[kind].fileno()
        self.unsendable += batch.send(fd, lengths, times, skip_unsendable=True)

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
            if block is not None:
                self._told("bridge", kind, block, now_ns)
            packet = line.reporter.make(block, now_ns, now_ns + self._unix_offset_ns)
            self._send_control(kind, packet)

    def ask(self, now_ns: int) -> None:
        """Ask for key frames where pictures cannot be decoded (RFC 4585 §6.3.1), and again where
        none came. `now_ns`: when the device looks, which it may have come to a bit later."""
        for kind, line in self._lines.items():
            if line.asking is None or not line.gaps.broken[0]:
                continue
            asking, dither_ns = line.asking
            if (at_ns := asking.ask(now_ns, dither_ns, int(line.gaps.keys[0]))) is not None:
                ssrc = self._plan.streams[self._call.down[kind]].ssrc
                self._send_control(kind, line.reporter.key_frame_request("pli", ssrc), at_ns)

    def receive(self, inbox: ReceiveBatch, kinds: Collection[Kind] = tuple(PORTS)) -> None:
        """Log all media of some kinds that came, and take in the MCU's reports."""
        for kind, sock in self._sockets.items():
            if kind not in kinds:
                continue
            while len(got := inbox.receive(sock.fileno())):
                self.overflowed[kind] = max(self.overflowed[kind], got.overflowed)
                self._take(kind, got)
                if len(got) < inbox.capacity:
                    break

    def discard(self, inbox: ReceiveBatch) -> None:
        """Read and drop all datagrams that came while the bridge is away; count them as unheard."""
        for kind, sock in self._sockets.items():
            while len(got := inbox.receive(sock.fileno())):
                self.overflowed[kind] = max(self.overflowed[kind], got.overflowed)
                self.unheard += len(got)

    def _take(self, kind: Kind, got: Received) -> None:
        arrival_ns = got.arrival_ns
        control = rtcp.is_rtcp(got.data, got.lengths)
        for i in np.flatnonzero(control):
            self._control(kind, bytes(got.data[i, : got.lengths[i]]), int(arrival_ns[i]))
        lengths = got.lengths
        media = np.flatnonzero(~control)
        if kind in self._srtp and len(media):
            lengths = self._unprotected(kind, got, media)
        headers = rtp.parse_headers(got.data, lengths)
        index = self._call.down.get(kind)
        if index is None:
            self.stray += len(media)
            return
        ours = headers.ssrc == np.uint32(self._plan.streams[index].ssrc)
        mine = np.flatnonzero(headers.valid & ~control & ours)
        self.stray += len(media) - len(mine)
        self._received.append(
            len(mine),
            stream=index,
            sequence=headers.sequence[mine],
            timestamp=headers.timestamp[mine],
            arrival_ns=arrival_ns[mine],
            size=lengths[mine],
        )
        line = self._lines.get(kind)
        if len(mine):
            self.heard_ns = max(self.heard_ns, int(arrival_ns[mine].max()))
        if line is not None and len(mine):
            line.took(headers.take(mine), arrival_ns[mine])
            if kind != "audio":
                line.look_at(headers.take(mine), got.data[mine], lengths[mine])

    def _unprotected(self, kind: Kind, got: Received, media: NDArray[np.intp]) -> NDArray[np.int64]:
        """Open the packets in these rows in place: all rows' lengths, 0 for what is not good."""
        lengths = got.lengths.copy()
        plain, good = self._srtp[kind].unprotect_rows(got.data, lengths[media], media)
        lengths[media] = np.where(good, plain, 0)
        older = media[~good]
        if kind in self._old_srtp and len(older):
            plain, good = self._old_srtp[kind].unprotect_rows(got.data, got.lengths[older], older)
            lengths[older] = np.where(good, plain, 0)
        return lengths

    def _opened(self, kind: Kind, data: bytes) -> bytes:
        """A compound of RTCP as it was before encryption. Raises `SrtpError`."""
        if kind not in self._srtp:
            return data
        try:
            return self._srtp[kind].unprotect_rtcp(data)
        except SrtpError:
            if kind not in self._old_srtp:
                raise
            return self._old_srtp[kind].unprotect_rtcp(data)

    def _send_control(self, kind: Kind, packet: bytes, at_ns: int = 0) -> None:
        """`at_ns`: not before."""
        if kind in self._srtp:
            packet = self._srtp[kind].protect_rtcp(packet)
        leaving_ns = next_control_ns(max(time.monotonic_ns(), at_ns), self._origin_ns)
        self.rtcp_sent += try_to_send(partial(send_at, self._sockets[kind], packet, leaving_ns))

    def _told(
        self, receiver: Literal["mcu", "bridge"], kind: Kind, block: rtcp.ReportBlock, at_ns: int
    ) -> None:
        """Keep a receiver's report on a stream."""
        self.reports.append(
            RtcpReport(
                t_ms=round((at_ns - self._origin_ns) / 1e6, 3),
                bridge=self._call.bridge,
                receiver=receiver,
                kind=kind,
                lost=block.cumulative_lost,
                fraction=block.fraction_lost,
                jitter=block.jitter,
                clock_hz=self._lines[kind].clock_hz,
            )
        )

    def _control(self, kind: Kind, data: bytes, arrival_ns: int) -> None:
        try:
            packets = rtcp.parse(self._opened(kind, data))
        except (rtcp.RtcpError, SrtpError):
            self.stray += 1
            return
        self.rtcp_received += 1
        self.heard_ns = max(self.heard_ns, arrival_ns)
        line = self._lines.get(kind)
        if line is None:
            return  # sent before the MCU knew that the call is over
        for packet in packets:
            for block in getattr(packet, "blocks", ()):
                if block.ssrc == line.reporter.ssrc:
                    self._told("mcu", kind, block, arrival_ns)
        wanted = line.reporter.take(packets, arrival_ns)
        if KeyFrameWanted() in wanted:
            self.key_frame(kind, arrival_ns)
