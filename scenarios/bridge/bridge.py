"""One bridge of an emulation: its user agent and its terminal, with their sockets."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

from giaoban.mcu_sim.conference.commands import Command
from giaoban.mcu_sim.media.leg import Kind
from giaoban.mcu_sim.sip.message import SIP_PORT, Peer
from giaoban.scenarios.bridge.planned import PORTS, logged, planned_agent, rng
from giaoban.scenarios.bridge.power import Power
from giaoban.scenarios.bridge.terminal import Terminal
from giaoban.scenarios.bridge.user_agent import (
    BridgeEvent,
    FastUpdateWanted,
    MediaLost,
    MediaStarted,
    MediaStopped,
)
from giaoban.scenarios.plan.plan import CallPlan, Plan
from giaoban.scenarios.records import events
from giaoban.topology.emulation.namespace import inside
from giaoban.traffic.batch import ReceiveBatch, SendBatch, try_to_send
from giaoban.traffic.log import PacketLog
from giaoban.traffic.profiles import DSCP_SIGNALLING

MAX_DATAGRAM = 65_535


class Bridge:
    """Driven by its owner: `dial`, `hang_up`, `signal` when its socket is ready, `window`.

    Where things fail, it gives up a call in which nothing is heard any more, and dials again: the
    owner calls `persevere` when `agent.redial_ns` has come, and `signal` when its timers are due.
    """

    def __init__(
        self,
        plan: Plan,
        number: int,
        namespace_fd: int,
        origin_ns: int,
        logs: tuple[PacketLog, PacketLog],
        inbox: ReceiveBatch,
        tell: Callable[[events.Event], None],
        folder: Path,
    ) -> None:
        """`number`: index into `plan.calls`. `logs`: what is sent, what is received.
        `inbox`: what to receive with. `folder`: the run's."""
        self._plan = plan
        self._number = number
        self._origin_ns = origin_ns
        self.call_plan: CallPlan = plan.calls[number]
        self._tell = tell
        with inside(namespace_fd):
            self.sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.sip.setblocking(False)
            self.sip.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, DSCP_SIGNALLING << 2)
            self.sip.bind((plan.network.address(self.bridge_id), SIP_PORT))
        self.terminal = Terminal(plan, number, namespace_fd, origin_ns, logs, folder)
        self.agent = planned_agent(plan, number, origin_ns)
        self._restarts = 0
        self._inbox = inbox
        self.power = Power(())
        self._dial_ns = origin_ns + round(self.call_plan.dial_s * 1e9)
        self._ignores_media = False
        """Whether what comes is of a call that this side has given up."""
        self.sip_sent = self.sip_received = 0

    @property
    def bridge_id(self) -> str:
        return self.call_plan.bridge

    def dial(self) -> None:
        """Call the MCU."""
        self.agent.dial(time.monotonic_ns())
        self._flush()

    def hang_up(self) -> None:
        """End the call, if it stands. The meeting is over: it does not dial again."""
        self.agent.hang_up(time.monotonic_ns())
        self._flush()

    def persevere(self) -> None:
        """Give up a call that is dead; dial again if it is time to."""
        self.receive()
        self.agent.persevere(time.monotonic_ns())
        self._flush()

    def switch_off(self, batch: SendBatch) -> None:
        """Its power is gone: it stops without a word."""
        self.receive()
        self.agent.switch_off()
        self._flush()
        self.terminal.window(batch, time.monotonic_ns())  # what was sent already, but held back
        self._ignores_media = True
        self._tell(events.PoweredOff(**self._now()))

    def switch_on(self) -> None:
        """It has started again and knows nothing of before; it dials if its time has come."""
        self.signal()
        self._tell(events.PoweredOn(**self._now()))
        self._restarts += 1
        now_ns = time.monotonic_ns()
        due = self._plan.dial == "in" and now_ns >= self._dial_ns
        self.agent.switch_on(rng(self._plan, self._number, self._restarts), now_ns, due=due)
        self._flush()

    def command(self, command: Command) -> None:
        """Its technician asks the MCU for something (Art. 15, 16)."""
        if not self.agent.command(command, time.monotonic_ns()):
            self._tell(events.CommandWithoutCall(**self._now(), command=command.command))
        self._flush()

    def signal(self) -> None:
        """Read what came for the user agent and run its timers."""
        now_ns = time.monotonic_ns()
        while True:
            try:
                data, source = self.sip.recvfrom(MAX_DATAGRAM)
            except BlockingIOError:
                break
            self.sip_received += 1
            self.agent.receive(data, Peer(*source), now_ns)
            self._handle()
        self.agent.advance(now_ns)
        self._handle()
        self._flush()

    def window(
        self, batch: SendBatch, until_ns: int, kinds: Collection[Kind] = tuple(PORTS)
    ) -> None:
        """Hand the kernel all media of some kinds that is due before `until_ns`, and while there is
        power."""
        now_ns = time.monotonic_ns()
        if self.agent.is_on:
            self.terminal.window(batch, min(until_ns, self.power.lasts_until(now_ns)), kinds)

    def receive(self, kinds: Collection[Kind] = tuple(PORTS)) -> None:
        """Take in all media of some kinds that came."""
        if self._ignores_media:
            self.terminal.discard(self._inbox)
            return
        self.terminal.receive(self._inbox, kinds)
        self.agent.hears(self.terminal.heard_ns)

    def health(self) -> events.BridgeHealth:
        """What the run's validity depends on."""
        terminal = self.terminal
        return events.BridgeHealth(
            bridge=self.bridge_id,
            starved=terminal.starved,
            stray=terminal.stray,
            overflowed=sum(terminal.overflowed.values()),
            unheard=terminal.unheard,
            unsendable=terminal.unsendable,
            rtcp_sent=terminal.rtcp_sent,
            rtcp_received=terminal.rtcp_received,
            sip_sent=self.sip_sent,
            sip_received=self.sip_received,
        )

    def _now(self) -> events.OfHost:
        """Of an event that happens now."""
        return events.of_bridge(self.bridge_id, (time.monotonic_ns() - self._origin_ns) / 1e6)

    def _flush(self) -> None:
        """Send what the user agent has to send, and do what it tells."""
        for datagram in self.agent.outgoing():
            target = datagram.target.host, datagram.target.port
            self.sip_sent += try_to_send(partial(self.sip.sendto, datagram.data, target))
        self._handle()

    def _handle(self) -> None:
        for event in self.agent.take_events():
            self._do(event, time.monotonic_ns())
            told = logged(self.bridge_id, event, self._now()["t_ms"])
            if told is not None:
                self._tell(told)

    def _do(self, event: BridgeEvent, now_ns: int) -> None:
        match event:
            case MediaStarted(terms):
                if self._ignores_media:
                    self.receive()  # what came until now is of another call
                    self._ignores_media = False
                self.terminal.begin(terms, now_ns)
            case MediaStopped():
                self.terminal.end()
            case MediaLost():
                self._ignores_media = True
            case FastUpdateWanted():
                self.terminal.key_frame("video", now_ns)
