"""Media of all calls: ports, sending and receiving, in slots of 5 ms."""

from __future__ import annotations

import heapq
import random
import time
from dataclasses import dataclass, field

import numpy as np

from giaoban.traffic import rtp
from giaoban.traffic.batch import SendBatch
from giaoban.traffic.lateness import Lateness
from giaoban.traffic.media_load import messages
from giaoban.traffic.media_load.audio import SLOTS, AudioSenders
from giaoban.traffic.media_load.messages import MEDIA, MediaTarget, Medium
from giaoban.traffic.media_load.receivers import Receivers
from giaoban.traffic.media_load.sockets import SocketPair, open_pair
from giaoban.traffic.profiles import DSCP_AUDIO, DSCP_VIDEO
from giaoban.traffic.rtcp.session import Reporter
from giaoban.traffic.rtp import AUDIO_CLOCK_HZ, AUDIO_PACKET_SAMPLES
from giaoban.traffic.sources.packet_loop import LoopedStream, PacketLoop
from giaoban.traffic.sources.video_model import CLOCK_HZ
from giaoban.traffic.sources.video_stream import fill_with_noise

SLOT_NS = 5_000_000
HEAR_EVERY, COUNT_EVERY, REPORT_EVERY = 40, 20, 20
"""A receiver is read, what came is counted, reports are looked for, every so many slots."""
LATE_NS = 20_000_000
"""A packet of audio that leaves when the next one is due fits no schedule (RFC 3551 §4.2)."""
GIVE_UP_NS = 1_000_000_000
NO_TYPE = 128
"""No payload type has it: seven bits are its place (RFC 3550 §5.1)."""
OCTETS_PER_MS = 8.0
"""Of G.711 and G.722: 64 kb/s (RFC 3551 §4.5)."""
DSCP: dict[Medium, int] = {"audio": DSCP_AUDIO, "video": DSCP_VIDEO}


@dataclass
class _Bridge:
    pairs: dict[Medium, SocketPair]
    since_ns: int = 0
    going: set[Medium] = field(default_factory=set)
    reported: dict[Medium, int] = field(default_factory=dict)
    withheld: dict[Medium, rtp.StreamId] = field(default_factory=dict)
    """What is sent as soon as it may go there."""


class MediaLoad:
    """Bridges by row. The owner calls `slot` whenever `due_ns` has come."""

    def __init__(
        self,
        capacity: int,
        address: str,
        payload: bytes,
        video: PacketLoop | None,
        max_payload: int,
        rng: random.Random,
    ) -> None:
        """`payload`: of an audio packet; `video`: what all cameras show, None: there are none."""
        self._capacity = capacity
        self._address = address
        self._rng = rng
        self._bridges: dict[int, _Bridge] = {}
        self._free: list[int] = []
        """Rows below the highest that are nobody's."""
        self._audio = AudioSenders(capacity, payload)
        self._video = None if video is None else VideoSenders(video, max_payload)
        self._receivers = {
            "audio": Receivers(capacity, AUDIO_CLOCK_HZ, OCTETS_PER_MS),
            "video": Receivers(capacity, CLOCK_HZ, None),
        }
        self._slot = 0
        self.due_ns = time.monotonic_ns()
        self.lateness = Lateness()
        self.sent = self.late = self.skipped = self.unsendable = self.rtcp_sent = 0

    def open(self, media: list[Medium]) -> tuple[int, dict[Medium, int]]:
        """Ports for one bridge more: (row, RTP ports). Raises `OSError`: there are none."""
        if len(self._bridges) >= self._capacity:
            raise OSError(f"there is room for {self._capacity} bridges")
        pairs: dict[Medium, SocketPair] = {}
        try:
            for medium in media:
                pairs[medium] = open_pair(self._address, DSCP[medium])
        except OSError:
            for pair in pairs.values():
                pair.close()
            raise
        row = heapq.heappop(self._free) if self._free else len(self._bridges)
        self._bridges[row] = _Bridge(pairs)
        return row, {medium: pair.port for medium, pair in pairs.items()}

    def start(self, row: int, media: dict[Medium, MediaTarget], name: str, now_ns: int) -> None:
        """A call stands. One that goes on in that row is over."""
        bridge = self._bridges[row]
        self.stop(row, silently=True)
        bridge.since_ns = now_ns
        for medium, where in media.items():
            pair = bridge.pairs[medium]
            pair.connect(where.rtp, where.rtcp)
            stream = rtp.StreamId(
                payload_type=where.payload_type,
                ssrc=self._rng.randrange(1, 2**32),
                first_sequence=self._rng.randrange(2**16),
                first_timestamp=self._rng.randrange(2**32),
            )
            clock_hz = AUDIO_CLOCK_HZ if medium == "audio" else CLOCK_HZ
            draws = np.random.default_rng(self._rng.randrange(2**32))
            reporter = Reporter(stream.ssrc, name, clock_hz, draws, now_ns)
            expects = NO_TYPE if where.expects is None else where.expects
            self._receivers[medium].open(
                row, pair, reporter, muxed=where.muxed, expects=expects, assured=where.assured
            )
            bridge.going.add(medium)
            bridge.reported[medium] = 0
            if where.sends:
                bridge.withheld[medium] = stream
                self._ask_consent(row, medium, now_ns)

    def stop(self, row: int, *, silently: bool) -> messages.CallReport:
        """The call is over."""
        bridge, now_ns = self._bridges[row], time.monotonic_ns()
        figures: dict[Medium, messages.Figures] = {}
        for medium in sorted(bridge.going):
            receivers = self._receivers[medium]
            receivers.receive(row, self._capacity)
            self._account(row, medium, now_ns)
            if not silently:
                receivers.send_bye(row)
            sent, withheld = bridge.reported[medium], medium in bridge.withheld
            figures[medium] = receivers.close(row, now_ns, sent=sent, withheld=withheld)
            self._send_no_more(row, medium)
        bridge.going.clear()
        bridge.withheld.clear()
        lasted_ms = (now_ns - bridge.since_ns) / 1e6
        return messages.CallReport(media=figures, lasted_ms=lasted_ms)

    def release(self, row: int) -> None:
        """A bridge has left for good: its ports are given up, its row is free."""
        self.stop(row, silently=True)
        for pair in self._bridges.pop(row).pairs.values():
            pair.close()
        heapq.heappush(self._free, row)

    def key_frame(self, row: int) -> None:
        """The camera of a bridge begins with a key frame anew."""
        if self._video is not None and (stream := self._video.of(row)) is not None:
            stream.restart(time.monotonic_ns())

    def slot(self) -> None:
        """Do what is due in this slot. A loop that stood for a second leaves out what is past."""
        began_ns = time.monotonic_ns()
        if began_ns - self.due_ns > GIVE_UP_NS:
            rounds = (began_ns - self.due_ns) // (SLOT_NS * SLOTS)
            self._audio.skip(rounds)
            self.skipped += rounds * SLOTS
            self.due_ns += rounds * SLOT_NS * SLOTS
            self._slot += rounds * SLOTS
        packets, failed = self._audio.turn(self._slot)
        if self._video is not None:
            more, unsendable = self._video.turn(self._slot, began_ns)
            packets, failed = packets + more, failed + unsendable
        late_ns = time.monotonic_ns() - self.due_ns
        if packets:
            # all as late as the last of them: not less than each one's true lateness
            self.lateness.add(np.full(packets, late_ns))
            self.late += packets * (late_ns > LATE_NS)
        self.sent += packets
        self.unsendable += failed
        for medium, receivers in self._receivers.items():
            for row in receivers.receive(self._slot, HEAR_EVERY):
                if medium == "video":
                    self.key_frame(row)
            if self._slot % COUNT_EVERY == 0:
                receivers.count()
        if self._slot % REPORT_EVERY == 0:
            self._report()
        self._slot += 1
        self.due_ns += SLOT_NS

    def health(self, cpu_s: float) -> messages.Health:
        """How it fares."""
        return messages.Health(
            calls=sum(bool(bridge.going) for bridge in self._bridges.values()),
            sent=self.sent,
            received=sum(receivers.received for receivers in self._receivers.values()),
            late=self.late,
            worst_late_ms=self.lateness.worst_ns / 1e6,
            skipped=self.skipped,
            unsendable=self.unsendable,
            overflowed=sum(receivers.overflowed for receivers in self._receivers.values()),
            rtcp_sent=self.rtcp_sent,
            cpu_s=cpu_s,
        )

    def close(self) -> None:
        """Close every socket."""
        for bridge in self._bridges.values():
            for pair in bridge.pairs.values():
                pair.close()

    def _report(self) -> None:
        now_ns = time.monotonic_ns()
        for row, bridge in self._bridges.items():
            for medium in bridge.going:
                self._account(row, medium, now_ns)
                self._ask_consent(row, medium, now_ns)
        for medium in MEDIA:
            self.rtcp_sent += self._receivers[medium].report(now_ns)

    def _ask_consent(self, row: int, medium: Medium, now_ns: int) -> None:
        """Begin to send where the far end has agreed to it; stop where it no longer does."""
        bridge = self._bridges[row]
        if not self._receivers[medium].has_consent(row, now_ns):
            self._send_no_more(row, medium)
        elif (stream := bridge.withheld.pop(medium, None)) is not None:
            descriptor = bridge.pairs[medium].rtp.fileno()
            if medium == "audio":
                self._audio.start(row, descriptor, stream)
            elif self._video is not None:
                self._video.start(row, descriptor, stream, now_ns)

    def _send_no_more(self, row: int, medium: Medium) -> None:
        if medium == "audio":
            self._audio.stop(row)
        elif self._video is not None:
            self._video.stop(row)

    def _account(self, row: int, medium: Medium, now_ns: int) -> None:
        """Count the packets sent since the last call of this for the sender's reports."""
        bridge = self._bridges[row]
        if medium == "audio":
            sent, timestamp = int(self._audio.sent[row]), int(self._audio.timestamp[row])
            octets = AUDIO_PACKET_SAMPLES
        elif self._video is not None and (stream := self._video.of(row)) is not None:
            sent, timestamp, octets = stream.sent, stream.position[1], self._video.mean_octets
        else:
            return
        new = sent - bridge.reported[medium]
        if new > 0:
            bridge.reported[medium] = sent
            self._receivers[medium].sent(row, new, new * octets, timestamp, now_ns)


MOST_AT_ONCE = 256


class VideoSenders:
    """Video of calls, by row."""

    def __init__(self, loop: PacketLoop, max_payload: int) -> None:
        self._loop = loop
        self._batch = SendBatch(MOST_AT_ONCE, rtp.HEADER_BYTES + max_payload)
        fill_with_noise(self._batch.data)
        self._streams: dict[int, tuple[int, LoopedStream]] = {}
        """With the descriptor of each one's socket."""
        self.mean_octets = round(float(loop.size.mean()))
        """Of a packet's payload."""

    def start(self, row: int, descriptor: int, stream: rtp.StreamId, now_ns: int) -> None:
        """A call begins to send, to where its socket is connected."""
        self._streams[row] = descriptor, LoopedStream(self._loop, stream, now_ns)

    def stop(self, row: int) -> None:
        """It sends no more."""
        self._streams.pop(row, None)

    def of(self, row: int) -> LoopedStream | None:
        """The stream of the call that goes on."""
        return self._streams[row][1] if row in self._streams else None

    def turn(self, slot: int, now_ns: int) -> tuple[int, int]:
        """Send the due packets of a slot's calls; return their number and that of failed ones."""
        packets = failed = 0
        for row, (descriptor, stream) in self._streams.items():
            if row % SLOTS == slot % SLOTS and len(
                lengths := stream.window(self._batch.data, now_ns + 1)
            ):
                packets += len(lengths)
                failed += self._batch.send(descriptor, lengths, skip_unsendable=True)
        return packets, failed
