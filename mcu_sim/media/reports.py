"""RTCP of all calls: reports to each bridge and from it, requests for key frames."""

from __future__ import annotations

import random
import time
from typing import Literal

import numpy as np

from giaoban.mcu_sim.media.inbound import ControlArrival, Inbound
from giaoban.mcu_sim.media.leg import Kind, Leg, MediaFlow
from giaoban.mcu_sim.media.outbound import Outbound
from giaoban.mcu_sim.media.ports import LocalPort, PortPool
from giaoban.mcu_sim.media.srtp import Keyring
from giaoban.mcu_sim.sip.message import HostPort
from giaoban.traffic.batch import send_at
from giaoban.traffic.hosts import UNSPECIFIED
from giaoban.traffic.rtcp import RtcpError, parse
from giaoban.traffic.rtcp.session import KeyFrameWanted, Reporter
from giaoban.traffic.sender.stream import next_control_ns

CNAME = "mcu@giaoban"


class _RtcpStream:
    """One medium of one call: its reporter and where its RTCP goes."""

    def __init__(self, leg: Leg, kind: Kind, reporter: Reporter) -> None:
        flow = leg.flows[kind]
        self.row, self.kind, self.port_group = leg.row, kind, leg.port_group
        self.reporter = reporter
        self.told_packets = self.told_octets = 0
        self.turn(flow)

    def turn(self, flow: MediaFlow) -> None:
        self.muxed = flow.terms.rtcp_mux
        self.to: HostPort = flow.terms.remote_rtcp
        self.feedback = flow.terms.feedback


class Reports:
    """The RTCP sessions of a plane."""

    def __init__(
        self,
        inbound: Inbound,
        outbound: Outbound,
        ports: PortPool,
        keys: Keyring,
        rng: random.Random,
        paced_from_ns: int | None,
    ) -> None:
        """`paced_from_ns`: CLOCK_MONOTONIC from which reports' moments to leave are counted, where
        the kernel paces; None: they leave at once."""
        self._inbound = inbound
        self._outbound = outbound
        self._ports = ports
        self._keys = keys
        self._rng = rng
        self._paced_from_ns = paced_from_ns
        self._lines: dict[tuple[int, Kind], _RtcpStream] = {}
        self._wanted: list[tuple[int, Kind, int]] = []
        self._next_due_ns = 0
        self._split: bool | None = None
        """Whether some RTCP comes on ports of its own; None: it is to be looked."""
        self.sent = self.unsendable = self.unreadable = 0

    def begin(self, leg: Leg, kind: Kind, now_ns: int) -> None:
        """A medium of a call begins, with the call or later."""
        clock_hz = leg.flows[kind].terms.codec.clock_hz
        own = np.random.default_rng(self._rng.getrandbits(64))  # independent of other reporters
        reporter = Reporter(leg.flows[kind].down.ssrc, CNAME, clock_hz, own, now_ns)
        self._lines[leg.row, kind] = _RtcpStream(leg, kind, reporter)
        self._next_due_ns, self._split = 0, None

    def turn(self, kind: Kind, row: int, flow: MediaFlow) -> None:
        """The terms of a flow changed."""
        self._lines[row, kind].turn(flow)
        self._split = None

    def close(self, row: int) -> None:
        """A call ends: say so for each of its streams (RFC 3550 §6.6)."""
        self._split = None
        for key in [key for key in self._lines if key[0] == row]:
            line = self._lines.pop(key)
            self._note_sent(line)
            if (packet := line.reporter.bye()) is not None:
                self._send(line, packet)

    def hear(self) -> None:
        """Take the RTCP that has come."""
        if self._split is None:
            self._split = any(not line.muxed for line in self._lines.values())
        for arrival in self._inbound.receive_control(separate_ports=self._split):
            self._take(arrival)

    def are_due(self, now_ns: int) -> bool:
        """Whether `run` has anything to send."""
        return now_ns >= self._next_due_ns

    def run(self, now_ns: int) -> None:
        """Send the reports that are due."""
        if not self.are_due(now_ns):
            return
        for line in self._lines.values():
            if line.reporter.due_ns <= now_ns:
                self._note_sent(line)
                block = self._inbound.statistics[line.kind].report(line.row)
                unix_ns = self._inbound.clock.unix_ns(now_ns)
                self._send(line, line.reporter.make(block, now_ns, unix_ns))
        self._next_due_ns = min((line.reporter.due_ns for line in self._lines.values()), default=0)

    def ask_key_frame(self, row: int, kind: Kind, at_ns: int = 0) -> bool:
        """Ask a call's camera for a key frame; False if it does not understand it over RTCP.

        `at_ns`: not before, where the kernel paces.
        """
        line = self._lines.get((row, kind))
        if line is None or not line.feedback & {"pli", "fir"}:
            return False
        statistics = self._inbound.statistics[kind]
        if not statistics.heard[row]:
            return True  # no packet has come that a request could name; its first frame is a key
        how: Literal["pli", "fir"] = "pli" if "pli" in line.feedback else "fir"
        target = int(statistics.ssrc[row])
        self._send(line, line.reporter.key_frame_request(how, target), at_ns)
        return True

    def take_wanted(self) -> list[tuple[int, Kind, int]]:
        """Viewers that asked for a key frame, and when each request came; taken out."""
        wanted, self._wanted = self._wanted, []
        return wanted

    def _take(self, arrival: ControlArrival) -> None:
        line = self._lines.get((arrival.row, arrival.kind))
        if line is None:
            return  # sent before it knew that the call is over
        try:
            packets = parse(arrival.data)
        except RtcpError:
            self.unreadable += 1
            return
        for what in line.reporter.take(packets, arrival.arrival_ns):
            if isinstance(what, KeyFrameWanted):
                self._wanted.append((line.row, line.kind, arrival.arrival_ns))

    def _note_sent(self, line: _RtcpStream) -> None:
        counters, row = self._outbound.counters[line.kind], line.row
        packets, octets = int(counters.packets[row]), int(counters.octets[row])
        if packets > line.told_packets:
            timestamp, at_ns = int(counters.timestamp[row]), int(counters.at_ns[row])
            line.reporter.sent(
                packets - line.told_packets, octets - line.told_octets, timestamp, at_ns
            )
            line.told_packets, line.told_octets = packets, octets

    def _send(self, line: _RtcpStream, packet: bytes, at_ns: int = 0) -> None:
        if line.to[0] == UNSPECIFIED:
            return  # the call is on hold
        if (context := self._keys.of(line.kind, line.row)) is not None:
            packet = context.protect_rtcp(packet)
        sock = self._ports.open(LocalPort(line.port_group, line.kind, rtcp=not line.muxed))
        try:
            if self._paced_from_ns is None:
                sock.sendto(packet, line.to)
            else:
                leaving_ns = next_control_ns(max(time.monotonic_ns(), at_ns), self._paced_from_ns)
                send_at(sock, packet, leaving_ns, line.to)
        except OSError:
            self.unsendable += 1  # the far end named an address that cannot be reached
        else:
            self.sent += 1
