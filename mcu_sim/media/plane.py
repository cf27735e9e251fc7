"""The MCU's media plane: receives, mixes, composes, forwards and sends, in steps of its clock.

Sound is mixed each 20 ms. A composed picture is made ahead in windows; a forwarded one leaves a
fixed processing delay after its packet came, whenever the loop looked. No packet depends
on when the loop happened to run, so that the same plan gives the same packets.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from giaoban.mcu_sim.media.audio.bank import TICK_NS, AudioBank, AudioOut
from giaoban.mcu_sim.media.audio.codec import AudioCodec, codec_named
from giaoban.mcu_sim.media.inbound import LONGEST_PACKET, Arrivals, Inbound
from giaoban.mcu_sim.media.leg import (
    KINDS,
    NOBODY,
    Delays,
    Kind,
    Leg,
    Position,
)
from giaoban.mcu_sim.media.outbound import Outbound
from giaoban.mcu_sim.media.ports import PortPool
from giaoban.mcu_sim.media.reports import Reports
from giaoban.mcu_sim.media.srtp import TAG_BYTES, Keyring
from giaoban.mcu_sim.media.video.compose import DecodingLosses, VideoBank
from giaoban.mcu_sim.media.video.forward import NEVER, Forwarder, write_forwarded
from giaoban.mcu_sim.media.video.keyframes import CONTENT_LIMITS, VIDEO_LIMITS
from giaoban.mcu_sim.sdp.offer_answer import NegotiatedMedia
from giaoban.mcu_sim.sip.message import HostPort
from giaoban.traffic import rtp
from giaoban.traffic.log import RECEIVED, SENT, PacketLog
from giaoban.traffic.receiver.feedback import LEAD_NS, LOOK_NS
from giaoban.traffic.receiver.timestamps import StampClock
from giaoban.traffic.rtp import AUDIO_PACKET_SAMPLES
from giaoban.traffic.sender.pacing import KernelPacer, LoopPacer, Pacer
from giaoban.traffic.sender.stream import next_start_ns
from giaoban.traffic.sources.video_model import CLOCK_HZ as VIDEO_CLOCK_HZ
from giaoban.traffic.sources.video_model import VideoModel
from giaoban.traffic.sources.video_stream import fill_with_noise, packets_in

STEP_NS, LEAST_STEP_NS = 5_000_000, 100_000
"""How often the loop looks where it must not miss anything: forwarding, or pacing by itself."""
AHEAD_NS, AHEAD_LEAD_NS = 400_000_000, 100_000_000
"""Composed video is made in windows of this length where the kernel paces it, so long before the
first packet of each is due; at their starts the device looks at received and lost packets.
A watchful one does so every `LOOK_NS`."""
AHEAD_IN_LOOP_NS = 60_000_000
"""Where it does not: the pacer holds it, and a slow wake-up makes no packet late."""
MCU_REQUESTS = 6
"""Distinguishes the seed of requests to a camera from that of the stream sent to it."""
MAX_STRIDE = 50  # ticks done in one go: more means that the machine stood still for a second
FORWARD_ROOM = 4096
CONTROL_EVERY_NS = 100_000_000
MOST_LATE_PCT = 1.0
"""Of the packets that were sent, 20 ms late or more; it is also the loss that a meeting may have.
With more, the measures of the calls are those of the machine."""


def forwarding_step_ns(delay_ms: float) -> int:
    """How often the loop looks for pictures that a device passes on within `delay_ms`: each comes
    to the kernel before it is due, with time to spare. Under twice `LEAST_STEP_NS` it does not."""
    return min(STEP_NS, max(LEAST_STEP_NS, round(delay_ms * 1e6 / 2)))


def late_pct(late: int, sent: int) -> float:
    """The share of packets that left late, in %."""
    return 100 * late / sent if sent else 0.0


class MediaPlane:
    """The media of all calls on one address; `run` returns the time of the next run."""

    def __init__(
        self,
        ports: PortPool,
        delays: Delays,
        *,
        capacity: int,
        origin_ns: int,
        captures: Path | None,
        kernel_paces: bool,
        rng: random.Random,
        composed: VideoModel,
        clock: Callable[[], int],
        name: str = "mcu",
        end_ns: int = 2**63 - 1,
        watchful: bool = True,
        stamps: StampClock | None = None,
        modelled: AudioCodec | None = None,
    ) -> None:
        """`capacity`: rows. `origin_ns`: CLOCK_MONOTONIC of tick 0. `captures`: folder of the
        packet logs, None to keep none; `name`: prefix of their names. `composed`: the most
        demanding encoder of composed pictures there will be. `clock`: CLOCK_MONOTONIC. `end_ns`:
        when the device stops: no packet is made ahead for later. `watchful`: it looks often
        at received packets, where the kernel paces. `stamps`: tells when something came, as of
        `ReceiveBatch`. `modelled`: a codec of sound beside the device's own, as of `AudioBank`."""
        self._ports = ports
        self._keys = Keyring()
        self._origin_ns, self._end_ns = origin_ns, end_ns
        self._kernel_paces, self._clock = kernel_paces, clock
        self._sent = PacketLog(SENT, captures and captures / f"{name}-sent.bin")
        self._received = PacketLog(RECEIVED, captures and captures / f"{name}-received.bin")
        width = LONGEST_PACKET
        if not kernel_paces:
            self._ahead_ns, self._lead_ns = AHEAD_IN_LOOP_NS, AHEAD_IN_LOOP_NS // 2
        else:
            self._ahead_ns = LOOK_NS if watchful else AHEAD_NS
            self._lead_ns = LEAD_NS if watchful else AHEAD_LEAD_NS
        composed_room = capacity * packets_in(2 * self._ahead_ns, composed.kbps, composed)
        self.pacer: Pacer = KernelPacer() if kernel_paces else LoopPacer(width + TAG_BYTES)
        sizes = capacity, max(MAX_STRIDE * capacity, FORWARD_ROOM, composed_room), width
        self.outbound = Outbound(
            ports,
            self._keys,
            self.pacer,
            self._sent,
            *sizes,
            origin_ns,
        )
        self.inbound = Inbound(ports, self._keys, self._received, capacity, stamps)
        from_ns = origin_ns if kernel_paces else None
        self.reports = Reports(self.inbound, self.outbound, ports, self._keys, rng, from_ns)
        self._mix_delay_ns = round(delays.mix_ms * 1e6)
        self._forward_delay_ns = round(delays.forward_ms * 1e6)
        self._step_ns = forwarding_step_ns(delays.forward_ms) if kernel_paces else STEP_NS
        self.bank = AudioBank(capacity, origin_ns, delays.playout_ms, modelled)
        self._modelled = modelled
        self._audio_out = AudioOut(capacity)
        self._composed = VideoBank(delays.compose_ms, self._sent, origin_ns)
        self._losses = DecodingLosses(capacity)
        self._forwarders: dict[Kind, Forwarder] = {
            "video": Forwarder(capacity, VIDEO_LIMITS),
            "content": Forwarder(capacity, CONTENT_LIMITS),
        }
        frame_bytes = 0 if modelled is None else modelled.frame_bytes
        audio_width = rtp.HEADER_BYTES + max(AUDIO_PACKET_SAMPLES, frame_bytes)
        self._audio_batch = self.outbound.batch(MAX_STRIDE * capacity, audio_width)
        composed_width = rtp.HEADER_BYTES + composed.max_payload
        self._composed_batch = self.outbound.batch(composed_room, composed_width)
        self._forward_batch = self.outbound.batch(FORWARD_ROOM, width)
        fill_with_noise(self._composed_batch.data)
        self._legs: dict[int, Leg] = {}
        self._done, self._forwarding = 0, False
        self._control_at_ns = origin_ns
        self._composed_until_ns = origin_ns
        # a wake-up may serve two ticks if the mix is released later than both anyway
        eager = not kernel_paces or self._mix_delay_ns <= 1.25 * TICK_NS
        self._stride = 1 if eager else 2

    # ------------------------------------------------------------------------ calls come and go

    def open(self, leg: Leg, now_ns: int) -> None:
        """A call joined: hear it, show it, send to it."""
        self._legs[leg.row] = leg
        self.inbound.open(leg, now_ns)
        self.outbound.open(leg)
        for kind in leg.flows:
            self._begin(leg, kind, now_ns)

    def _begin(self, leg: Leg, kind: Kind, now_ns: int) -> None:
        row, flow = leg.row, leg.flows[kind]
        down, terms = flow.down, flow.terms
        self._keys.turn(kind, row, terms)
        self.reports.begin(leg, kind, now_ns)
        if kind == "audio":
            self._hear(leg)
            header = bytes.fromhex(down.header_hex)
            self._audio_out.reset(row, header, down.first_sequence, down.first_timestamp)
        elif kind == "video" and leg.composed is not None:
            start_ns = max(next_start_ns(now_ns, self._origin_ns), flow.from_ns)
            self._composed.open(row, down, leg.composed, start_ns)
            self._losses.open(row, leg.composed.kbps, down.seed + MCU_REQUESTS)
            # the next window may begin after the stream's first frames are due
            self._compose()
        else:
            first = down.first_sequence, down.first_timestamp
            since_ns = now_ns if flow.from_ns else NEVER
            self._forwarders[kind].open(row, down.ssrc, terms.send_type, *first, since_ns)

    def turn(
        self,
        row: int,
        agreed: Mapping[Kind, NegotiatedMedia],
        composed: VideoModel | None,
        now_ns: int,
    ) -> None:
        """New terms of a standing call (re-INVITE): addresses, directions, codecs, keys, rate.

        `composed`: the encoder of its own picture from now on, as in `Leg`. A medium that is not
        among the terms any more is neither sent nor taken. A viewer that does not take forwarded
        pictures any more watches no source until `watch`.
        """
        leg = self._legs[row]
        turned = dict(leg.flows)
        for kind, flow in leg.flows.items():
            terms = agreed.get(kind) or replace(flow.terms, sends=False, receives=False)
            turned[kind] = replace(flow, terms=terms)
            self.inbound.turn(leg, kind, turned[kind])
            self.outbound.turn(kind, row, turned[kind])
            self.reports.turn(kind, row, turned[kind])
            self._keys.turn(kind, row, terms)
            if not terms.sends and leg.forwarded(kind):
                self._forwarders[kind].watch(row, NOBODY, now_ns)
        self._legs[row] = replace(leg, flows=turned, composed=composed or leg.composed)
        if composed is not None and "video" in turned:
            self._composed.change_rate(row, composed.kbps)
        if "audio" in turned and leg.flows["audio"].terms.codec != turned["audio"].terms.codec:
            self._hear(self._legs[row])

    def hold(self, row: int, port_group: int, remotes: Mapping[Kind, HostPort]) -> None:
        """A row is kept for a call that is to come, from these RTP addresses if they are known."""
        self._ports.hold(row, port_group, remotes)

    def forget(self, row: int) -> None:
        """The row's addresses and ports may be another call's from now on."""
        self.inbound.forget(row)
        for fd in self._ports.release(row):
            self.pacer.forget(fd)

    def close(self, row: int, now_ns: int) -> dict[Kind, Position]:
        """End a call; return the positions of its streams. Its late packets are still logged."""
        positions = self.positions(row, now_ns)
        leg = self._legs.pop(row)
        if "audio" in leg.flows:
            self.bank.close(row)
        self._let_go(leg)
        if "video" in leg.flows and leg.composed is not None:
            self._composed.close(row)
            self._losses.close(row)
        for forwarder in self._forwarders.values():
            forwarder.close(row)
        self.reports.close(row)
        self.inbound.close(row)
        self.outbound.close(row)
        self._keys.close(row)
        return positions

    def positions(self, row: int, now_ns: int) -> dict[Kind, Position]:
        """How far the streams of a standing call have come."""
        found: dict[Kind, Position] = {}
        leg = self._legs[row]
        for kind in leg.flows:
            if kind == "audio":
                mixed_ns = self._origin_ns + self._done * TICK_NS
                clock_hz = leg.flows[kind].terms.codec.clock_hz
                found[kind] = Position(*self._audio_out.position(row), mixed_ns, clock_hz)
            elif kind == "video" and leg.composed is not None:
                found[kind] = Position(*self._composed.position(row), VIDEO_CLOCK_HZ)
            else:
                at = self._forwarders[kind].position(row, now_ns)
                found[kind] = Position(*at, VIDEO_CLOCK_HZ)
        return found

    def halt(self) -> None:
        """Lose power: log received packets, send held ones, tell no peer."""
        self._receive_only(*KINDS)
        self.inbound.receive_control(separate_ports=True)
        for row, leg in self._legs.items():
            self._let_go(leg)
            self.outbound.close(row)

    # -------------------------------------------------------------------------- the control room

    def set_heard(self, row: int, heard: bool) -> None:
        """Whether a call's audio goes into the mix (floor control)."""
        leg = self._legs.get(row)
        if leg is not None:
            self._legs[row] = replace(leg, heard=heard)
            self.bank.set_heard(row, heard)

    def watch(self, kind: Kind, viewer: int, source: int, now_ns: int) -> None:
        """Set the source of a viewer of forwarded pictures; NOBODY for none.

        Without effect for a viewer that takes none: it has no such stream, or is on hold.
        """
        leg = self._legs.get(viewer)
        if leg is not None and leg.forwarded(kind) and leg.flows[kind].terms.sends:
            forwarder = self._forwarders[kind]
            if not forwarder.active:
                # packets that came without a viewer are too old to be forwarded
                self._receive_only(kind)
            forwarder.watch(viewer, source, now_ns)

    def relayout(self, row: int) -> None:
        """The picture composed for a call is arranged anew: its encoder starts with a key frame."""
        self._composed.request_key(row, self._relayout_ns())

    def _relayout_ns(self) -> int | None:
        """From when on a picture is due that is arranged anew now; None: the next one. It does not
        hang on how often the device looks."""
        if not self._kernel_paces:
            return None
        windows = (self._clock() - self._origin_ns) // AHEAD_NS + 1
        return self._origin_ns + windows * AHEAD_NS + AHEAD_LEAD_NS

    def key_frame_wanted(self, row: int, kind: Kind, now_ns: int, came_ns: int) -> None:
        """A viewer lost the picture and asks for a key frame, by a request that came at a moment.

        The answer follows as long after it as the device looks ahead, whenever the loop looked:
        requests are answered in their order.
        """
        leg = self._legs.get(row)
        if leg is None or kind not in leg.flows:
            return
        if kind == "video" and leg.composed is not None:
            self._composed.request_key(row, came_ns + self._ahead_ns + self._lead_ns)
        else:
            self._forwarders[kind].request(row, now_ns)

    def take_key_requests(self, now_ns: int) -> list[tuple[int, Kind]]:
        """Calls to be asked for a key frame that cannot be asked by RTCP."""
        # packets paced by the kernel are handed over before their time
        before_ns = now_ns + (self._ahead_ns if self._kernel_paces else 1)
        missed: list[tuple[int, Kind, int]] = [
            (row, "video", at_ns) for row, at_ns in self._losses.take(before_ns)
        ]
        for kind, forwarder in self._forwarders.items():
            missed += [(row, kind, now_ns) for row in forwarder.take_key_requests(now_ns)]
        known = [m for m in missed if m[0] in self._legs and m[1] in self._legs[m[0]].flows]
        return [(m[0], m[1]) for m in known if not self.reports.ask_key_frame(*m)]

    # ------------------------------------------------------------------------------------- time

    def run(self, now_ns: int) -> int:
        """Do the due work; return the CLOCK_MONOTONIC of the next run at the latest."""
        ready = (now_ns - self._origin_ns) // TICK_NS
        if ready >= self._done + self._stride:
            self._receive_audio()
            for first in range(self._done + 1, ready + 1, MAX_STRIDE):
                self._mix(range(first, min(first + MAX_STRIDE - 1, ready) + 1))
            self._done = ready
        watched = any(one.active for one in self._forwarders.values())
        forwarding = self._forwarding = watched or (self._forwarding and self.outbound.holds)
        if forwarding:
            self._forward("video", now_ns)
            self._forward("content", now_ns)
        self._run_composed(now_ns, received=forwarding)
        if now_ns >= self._control_at_ns:
            self.inbound.clock.look()
            if self.reports.are_due(now_ns):  # a report tells of all that has come
                self._receive_audio()
                if not forwarding:
                    self._receive_only("video", "content")
            self.reports.run(now_ns)
            late_ns = (now_ns - self._control_at_ns) % CONTROL_EVERY_NS
            self._control_at_ns = now_ns - late_ns + CONTROL_EVERY_NS
        self.pacer.flush(self._clock())  # the work since `now_ns` makes packets late too
        next_ns = self._origin_ns + (self._done + self._stride) * TICK_NS
        if forwarding or not self._kernel_paces:
            step = (now_ns - self._origin_ns) // self._step_ns + 1
            next_ns = min(next_ns, self._origin_ns + step * self._step_ns)
        if self._kernel_paces:
            look = (now_ns - self._origin_ns) // self._ahead_ns + 1
            next_ns = min(next_ns, self._origin_ns + look * self._ahead_ns)
        return next_ns

    def skip_to(self, now_ns: int) -> None:
        """Begin at `now_ns` rather than at the origin, which may be long past."""
        self._done = max(self._done, (now_ns - self._origin_ns) // TICK_NS)
        self._composed_until_ns = max(self._composed_until_ns, now_ns)

    def shut(self) -> None:
        """Take in the last packets, close sockets and logs."""
        self._receive_only(*KINDS)
        self.inbound.receive_control(separate_ports=True)
        self._ports.close()
        self._sent.close()
        self._received.close()

    def health(self) -> dict[str, Any]:
        """Return the counters on which the validity of the measures depends."""
        inbound, outbound, pacer = self.inbound, self.outbound, self.pacer
        lost, clock = inbound.lost, inbound.clock
        return {
            "starved": pacer.late,
            "worst_late_ms": round(pacer.worst_late_ns / 1e6, 3),
            "unsendable": pacer.unsendable + outbound.unprotected,
            "stray": lost.stray,
            "not_rtp": lost.not_rtp,
            "foreign": lost.foreign,
            "unauthentic": lost.unauthentic,
            "overflowed": sum(inbound.overflowed.values()),
            "rtp_sent": outbound.rtp_sent,
            "rtp_received": inbound.rtp_received,
            "rtcp_sent": self.reports.sent,
            "rtcp_received": inbound.rtcp_received,
            "clock_steps": clock.steps,
            "clock_step_ms": round(clock.largest_step_ns / 1e6, 3),
        }

    def _hear(self, leg: Leg) -> None:
        """Take in a call's audio by its present terms."""
        terms, meeting = leg.flows["audio"].terms, leg.meeting
        codec, taken = terms.codec.name.upper(), terms.receive_type
        self.bank.open(leg.row, codec, heard=leg.heard, payload_type=taken, meeting=meeting)
        self._audio_out.carry(leg.row, codec_named(codec, self._modelled))

    def _let_go(self, leg: Leg) -> None:
        """Send the packets of a composed picture that impairments hold back."""
        if "video" not in leg.flows or leg.composed is None:
            return
        while len((held := self._composed.flush(leg.row, self._composed_batch.data))[0]):
            many = np.full(len(held[0]), leg.row, np.intp)
            self.outbound.send_as_is("video", self._composed_batch, many, *held)

    def _receive_only(self, *kinds: Kind) -> None:
        """Log and count received packets that are not needed otherwise."""
        for kind in kinds:
            for _ in self._arrivals(kind):
                pass

    def _arrivals(self, kind: Kind) -> Iterator[Arrivals]:
        """Yield the received packets of one medium; note losses of composed pictures."""
        for got in self.inbound.receive(kind):
            if kind == "video":
                self._losses.came(got.rows, got.headers, got.data, got.lengths)
            yield got

    def _receive_audio(self) -> None:
        for got in self.inbound.receive("audio"):
            if len(got.rows):
                self.bank.put(got.rows, got.headers, got.data, got.lengths, got.arrival_ns)

    def _mix(self, ticks: range) -> None:
        rows = self.bank.rows
        if not (n := len(rows)):
            return
        due = np.repeat(self._origin_ns + np.array(ticks) * TICK_NS + self._mix_delay_ns, n)
        sequences, stamps = np.empty(len(due), np.int64), np.empty(len(due), np.int64)
        out, sending = self._audio_batch.data, self.outbound.wanted["audio"][rows]
        for i, tick in enumerate(ticks):
            part = slice(i * n, (i + 1) * n)
            sequences[part], stamps[part] = self._audio_out.fill(
                out[part], rows, self.bank.mix(tick), sending
            )
        lengths = np.tile(self._audio_out.lengths[rows], len(ticks))
        many = np.tile(rows, len(ticks))
        self.outbound.send("audio", self._audio_batch, many, lengths, due, sequences, stamps)
        self.outbound.advance("audio", int(due[-1]) + TICK_NS)

    def _forward(self, kind: Kind, now_ns: int) -> None:
        forwarder = self._forwarders[kind]
        for got in self._arrivals(kind):
            out = forwarder.forward(got.rows, got.headers, got.data, got.lengths, got.arrival_ns)
            for part in out.parts(FORWARD_ROOM):
                batch = self.pacer.borrow(len(part)) or self._forward_batch
                lengths = write_forwarded(batch.data, part, got.data)
                due = part.arrival_ns + self._forward_delay_ns
                self.outbound.send(
                    kind, batch, part.row, lengths, due, part.sequence, part.timestamp
                )
        self.outbound.advance(kind, now_ns + self._forward_delay_ns)  # all that came is taken

    def _run_composed(self, now_ns: int, *, received: bool) -> None:
        due = now_ns >= self._composed_until_ns - self._lead_ns
        # an ordinary user's receive buffer holds some milliseconds of many cameras only
        if not received and (due or not self._kernel_paces):
            self._receive_only("video", "content")
        if due and not self._kernel_paces:
            # what is due waits for no pictures that are to be made; what was done since `now_ns`
            # makes it late too
            self.pacer.flush(self._clock())
        if due:
            late_ns = (now_ns - self._origin_ns) % self._ahead_ns if self._kernel_paces else 0
            self._look(now_ns - late_ns)
            windows = (now_ns - self._origin_ns) // self._ahead_ns + 1
            until_ns = self._origin_ns + windows * self._ahead_ns + self._lead_ns
            until_ns = min(until_ns, self._end_ns)
            while self._composed_until_ns < until_ns:
                next_ns = self._composed_until_ns + self._ahead_ns
                self._composed_until_ns = min(next_ns, until_ns)
                self._compose()

    def _look(self, now_ns: int) -> None:
        """Take the requests and the losses in all that has been received."""
        self.reports.hear()
        for row, kind, came_ns in self.reports.take_wanted():
            self.key_frame_wanted(row, kind, now_ns, came_ns)
        self._losses.look(now_ns)

    def _compose(self) -> None:
        if not self._composed:
            return
        rows, lengths, times = self._composed.fill(
            self._composed_batch.data,
            self._composed_until_ns,
            self.outbound.wanted["video"],
        )
        self.outbound.send_as_is("video", self._composed_batch, rows, lengths, times)
