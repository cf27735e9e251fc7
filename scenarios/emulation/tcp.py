"""Other traffic that is TCP: senders and receivers, as fast as the kernel lets each flow go."""

from __future__ import annotations

import heapq
import math
import select
import socket
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from giaoban.clock import sleep_until
from giaoban.errors import MachineLacks
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.records.guest import TcpCount, TcpFlowCount
from giaoban.scenarios.spec.background import TcpPlan
from giaoban.sentence import Sentence
from giaoban.topology.emulation import background_host, namespace
from giaoban.topology.emulation.background_host import BackgroundHost
from giaoban.topology.emulation.mininet_net import ProvinceNet

REPORT = "tcp.json"
FIRST_PORT = 42_000
PART = bytes(1 << 18)
TAKEN_BYTES = 1 << 16
"""A receiver is woken when so much has come, or the end."""
BUFFERS_MB = 12
"""Of a flow, both ends together: what Linux lets them grow to."""
STARTS_WITHIN_NS = 100_000_000
"""Flows of one table begin within this: none is first by its number."""
_ABORT = struct.pack("ii", 1, 0)
_TOTAL_RETRANS = 100
"""Where `tcpi_total_retrans` is in `struct tcp_info` (include/uapi/linux/tcp.h)."""
SENT = ("OutSegs", "RetransSegs")
"""Linux counts what is sent again apart, as RFC 4022 wants it."""
_FLOWS = TypeAdapter(list[TcpFlowCount])


def check_kernel(plan: Plan) -> None:
    """Raises `MachineLacks` where the kernel lacks a congestion control of the plan's."""
    for name in sorted({each.congestion for each in plan.tcp}):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
            try:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, name.encode())
            except OSError:
                raise MachineLacks(
                    "this kernel has no TCP congestion control {name}",
                    Sentence(
                        "modprobe -a {modules}, or use --engine sandbox", modules=f"tcp_{name}"
                    ),
                    name=name,
                ) from None


@dataclass
class _Flow:
    """One sender, and what came of all that it sent."""

    plan: TcpPlan
    number: int
    port: int
    way: BackgroundHost
    rng: np.random.Generator
    sender: socket.socket | None = None
    receiver: socket.socket | None = None
    left: float = 0.0
    transfers: int = 0
    received: int = 0
    retransmitted: int = 0


class Transfers:
    """All flows, driven by what sockets are ready for and by the clock."""

    def __init__(self, plan: Plan, ways: Sequence[BackgroundHost], origin_ns: int) -> None:
        self._origin_ns = origin_ns
        self._poll = select.epoll()
        self._ready: dict[int, Callable[[int], None]] = {}
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        self._listeners: list[socket.socket] = []
        self._taken = bytearray(1 << 20)
        self.flows: list[_Flow] = []
        for number, (each, way) in enumerate(zip(plan.tcp, ways, strict=True)):
            of_table = [
                _Flow(
                    each, n, FIRST_PORT + number, way, np.random.default_rng([plan.seed, number, n])
                )
                for n in range(each.flows)
            ]
            self.flows += of_table
            self._listen(each, way, FIRST_PORT + number, of_table)
            for flow in of_table:
                within_ns = int(flow.rng.integers(STARTS_WITHIN_NS))
                self._at(round(each.from_s * 1e9) + within_ns, partial(self._begin, flow))
                self._at(round(each.to_s * 1e9), partial(self._abort, flow))

    def run(self, until_ns: int) -> None:
        """Until a moment after the origin."""
        while True:
            now_ns = time.monotonic_ns() - self._origin_ns
            while self._due and self._due[0][0] <= now_ns:
                heapq.heappop(self._due)[2]()
            if now_ns >= until_ns:
                break
            next_ns = min(until_ns, self._due[0][0] if self._due else until_ns)
            # in whole ms, and not before: what is due then is due
            wait_s = math.ceil(max(0, next_ns - now_ns) / 1e6) / 1e3
            for fd, events in sorted(self._poll.poll(wait_s)):
                if fd in self._ready:
                    self._ready[fd](events)

    def end(self, captures: Path) -> None:
        """Cut off whatever is still open, and write down what came of each flow."""
        for flow in self.flows:
            self._abort(flow)
        for sock in self._listeners:
            self._forget(sock)
        told = [
            TcpFlowCount(
                link=flow.plan.link,
                direction=flow.plan.hop.direction,
                flow=flow.number,
                transfers=flow.transfers,
                received_bytes=flow.received,
                retransmitted=flow.retransmitted,
            )
            for flow in self.flows
        ]
        (captures / REPORT).write_bytes(_FLOWS.dump_json(told))

    def _at(self, at_ns: int, do: Callable[[], None]) -> None:
        heapq.heappush(self._due, (at_ns, next(self._order), do))

    def _watch(self, sock: socket.socket, events: int, do: Callable[[int], None]) -> None:
        self._ready[sock.fileno()] = do
        self._poll.register(sock, events)

    def _forget(self, sock: socket.socket) -> None:
        self._poll.unregister(sock)
        del self._ready[sock.fileno()]
        sock.close()

    def _listen(self, plan: TcpPlan, way: BackgroundHost, port: int, flows: list[_Flow]) -> None:
        fd, address = way.target
        with namespace.inside(fd):
            sock = socket.create_server((address, port), backlog=max(128, len(flows)))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, plan.dscp << 2)
        sock.setblocking(False)
        self._listeners.append(sock)
        self._watch(sock, select.EPOLLIN, lambda _events: self._accept(sock, flows))

    def _accept(self, listener: socket.socket, flows: list[_Flow]) -> None:
        while True:
            try:
                sock, (_, port) = listener.accept()
            except BlockingIOError:
                return
            whose = [f for f in flows if f.sender is not None and f.sender.getsockname()[1] == port]
            if not whose:  # it was cut off before it was accepted
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
                sock.close()
                continue
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, TAKEN_BYTES)
            [flow] = whose
            flow.receiver = sock
            self._watch(sock, select.EPOLLIN, partial(self._take, flow))

    def _begin(self, flow: _Flow) -> None:
        """Connect, with the next transfer to send."""
        size = flow.plan.transfer_bytes
        if size is None:
            flow.left = math.inf
        elif flow.plan.pause_s is None:
            flow.left = size
        else:
            flow.left = max(1, round(flow.rng.exponential(size)))
        fd, address = flow.way.source
        with namespace.inside(fd):
            sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        name = flow.plan.congestion.encode()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, name)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, flow.plan.dscp << 2)
        sock.bind((address, 0))
        sock.connect_ex((flow.way.target[1], flow.port))
        flow.sender = sock
        flow.transfers += 1
        self._watch(sock, select.EPOLLOUT | select.EPOLLET, lambda _events: self._send(flow))

    def _send(self, flow: _Flow) -> None:
        """As much as its socket takes now; after the last of it, the end."""
        if flow.sender is None or not flow.left:
            return
        try:
            while flow.left:
                flow.left -= flow.sender.send(PART[: int(min(flow.left, len(PART)))])
            flow.sender.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            return
        except OSError:  # reset, timed out, or no way there
            self._abort(flow)

    def _take(self, flow: _Flow, _events: int) -> None:
        """Whatever has come; at the end the flow pauses, or is done."""
        assert flow.receiver is not None
        try:
            while came := flow.receiver.recv_into(self._taken):
                flow.received += came
        except BlockingIOError:
            return
        except OSError:  # reset, timed out, or no way there
            self._abort(flow)
            return
        self._abort(flow)
        if flow.plan.pause_s is not None:
            pause_ns = round(flow.rng.exponential(flow.plan.pause_s) * 1e9)
            at_ns = time.monotonic_ns() - self._origin_ns + pause_ns
            if at_ns < round(flow.plan.to_s * 1e9):
                self._at(at_ns, lambda: self._begin(flow))

    def _abort(self, flow: _Flow) -> None:
        """Close both ends at once, each with a reset: neither says anything any more."""
        if flow.sender is not None:
            info = flow.sender.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TOTAL_RETRANS + 4)
            flow.retransmitted += struct.unpack_from("I", info, _TOTAL_RETRANS)[0]
            flow.sender.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
            self._forget(flow.sender)
            flow.sender = None
        if flow.receiver is not None:
            flow.receiver.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
            self._forget(flow.receiver)
            flow.receiver = None


def load(plan: Plan, ways: Sequence[BackgroundHost], origin_ns: int, captures: Path) -> None:
    """Carry on all flows in their time, and wait until the plan's end."""
    transfers = Transfers(plan, ways, origin_ns)
    # waits are of whole ms from now: how long the start took is not to be in them
    sleep_until(origin_ns)
    transfers.run(max(round(each.to_s * 1e9) for each in plan.tcp))
    transfers.end(captures)
    sleep_until(origin_ns + round(plan.end_s * 1e9))


def counted(net: ProvinceNet, ways: Sequence[BackgroundHost], captures: Path) -> TcpCount | None:
    """What the kernels and the programs say of all flows; None: there is no TCP."""
    if not ways:
        return None
    path = captures / REPORT
    flows = _FLOWS.validate_json(path.read_bytes())
    path.unlink()
    targets = {way.target[0]: way for way in ways}
    ends = [*(way.source[0] for way in ways), *targets]
    return TcpCount(
        sent=sum(background_host.snmp(fd, "Tcp", what) for fd in ends for what in SENT)
        # an answer to SYN that is sent again is counted as both
        - sum(background_host.snmp(fd, "TcpExt", "TCPSynRetrans") for fd in targets),
        received=sum(background_host.snmp(fd, "Tcp", "InSegs") for fd in ends),
        pacer_drops=sum(way.pacer_drops() for way in ways),
        flows=flows,
    )
