"""All bridges in one process: no process a host is needed, sockets stay in their namespaces."""

from __future__ import annotations

import heapq
import json
import select
import time
from pathlib import Path

from giaoban.clock import sleep_until
from giaoban.mcu_sim.conference.effects import OPERATOR
from giaoban.mcu_sim.media.leg import KINDS, VISUAL_KINDS, Kind
from giaoban.mcu_sim.media.srtp import TAG_BYTES
from giaoban.scenarios.bridge.bridge import Bridge
from giaoban.scenarios.bridge.power import Power
from giaoban.scenarios.bridge.sources import recorded
from giaoban.scenarios.bridge.windows import LONG_WINDOW_NS, WINDOW_LEAD_NS, window_ns
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.records import events
from giaoban.topology.changes import Outage
from giaoban.topology.emulation.virtual_time import in_virtual_time
from giaoban.traffic import rtp
from giaoban.traffic.batch import ReceiveBatch, SendBatch
from giaoban.traffic.log import RECEIVED, SENT, PacketLog
from giaoban.traffic.receiver.feedback import LEAD_NS, LOOK_NS
from giaoban.traffic.receiver.timestamps import StampClock
from giaoban.traffic.sources.video_stream import fill_with_noise, packets_in

SOUND: tuple[Kind, ...] = ("audio",)
WINDOW, OFF, ON, DIAL, COMMAND, HANG_UP = range(6)
"""In this order at the same moment."""


class Bridges:
    """Runs every bridge's timetable until the plan's end."""

    def __init__(
        self,
        plan: Plan,
        namespaces: dict[str, int],
        origin_ns: int,
        captures: Path,
    ) -> None:
        self._plan = plan
        self._origin_ns = origin_ns
        self._file = (captures / "bridges.jsonl").open("w", encoding="utf-8")
        self._logs = (
            PacketLog(SENT, captures / "bridges-sent.bin"),
            PacketLog(RECEIVED, captures / "bridges-received.bin"),
        )
        size = rtp.HEADER_BYTES + plan.video.max_payload + TAG_BYTES
        self._batch = SendBatch(_room(plan, captures.parent), size)
        fill_with_noise(self._batch.data)
        self._inbox = ReceiveBatch(1024, size, clock=StampClock(settable=not in_virtual_time()))
        self._bridges = [
            Bridge(
                plan,
                number,
                namespaces[call.bridge],
                origin_ns,
                self._logs,
                self._inbox,
                self._tell,
                captures.parent,
            )
            for number, call in enumerate(plan.calls)
        ]
        self._hang_up_ns = origin_ns + round(plan.hang_up_s * 1e9)
        self._window_ns = window_ns(plan)
        self._turn_ns = LOOK_NS if plan.watchful else self._window_ns
        self._ahead: list[tuple[tuple[Kind, ...], int, int]] = [
            (SOUND, self._window_ns, WINDOW_LEAD_NS),
            (VISUAL_KINDS, self._turn_ns, LEAD_NS if plan.watchful else WINDOW_LEAD_NS),
        ]
        """Media, the length of its windows, and how long before it is due one is handed over."""
        self._controls = [c for c in plan.controls if c.by != OPERATOR.value]
        self._by_id = {bridge.bridge_id: bridge for bridge in self._bridges}

    def run(self) -> None:
        """From the origin to the plan's end."""
        end_ns = self._origin_ns + round(self._plan.end_s * 1e9)
        agenda = [(self._origin_ns, WINDOW, 0), (self._hang_up_ns, HANG_UP, 0)]
        for number, bridge in enumerate(self._bridges):
            if self._plan.dial == "in":
                dial_ns = self._origin_ns + round(bridge.call_plan.dial_s * 1e9)
                agenda.append((dial_ns, DIAL, number))
        agenda += self._outages(self._plan.outages)
        for number, control in enumerate(self._controls):
            agenda.append((self._origin_ns + round(control.at_s * 1e9), COMMAND, number))
        heapq.heapify(agenda)
        sockets = {bridge.sip: bridge for bridge in self._bridges}
        sleep_until(self._origin_ns)
        while (now_ns := time.monotonic_ns()) < end_ns:
            while agenda and agenda[0][0] <= now_ns:
                at_ns, what, number = heapq.heappop(agenda)
                if what == WINDOW:
                    self._window(at_ns)
                    heapq.heappush(agenda, (at_ns + self._turn_ns, WINDOW, 0))
                elif what == DIAL:
                    self._bridges[number].dial()
                elif what == OFF:
                    self._bridges[number].switch_off(self._batch)
                elif what == ON:
                    self._bridges[number].switch_on()
                elif what == COMMAND:
                    control = self._controls[number]
                    self._by_id[control.by].command(control.do)
                else:
                    for bridge in self._bridges:
                        bridge.hang_up()
            for bridge in self._bridges:
                if bridge.agent.redial_ns <= now_ns:
                    bridge.persevere()
            next_ns = min(end_ns, agenda[0][0], self._next_timer_ns(end_ns))
            wait_s = max(0.0, (next_ns - time.monotonic_ns()) / 1e9)
            ready, _, _ = select.select(list(sockets), [], [], wait_s)
            self._signal([sockets[sock] for sock in ready])
        for bridge in self._bridges:
            bridge.receive()

    def _outages(self, outages: list[Outage]) -> list[tuple[int, int, int]]:
        """When bridges are without power from now on: what is to be done at which moment."""
        agenda = []
        for number, bridge in enumerate(self._bridges):
            bridge.power = Power.of(bridge.bridge_id, outages, self._origin_ns)
            for off_ns, on_ns in bridge.power.gaps:
                agenda += [(off_ns, OFF, number), (on_ns, ON, number)]
        return agenda

    def close(self) -> None:
        """Finish the packet logs, and tell each bridge's health as an event."""
        for log in self._logs:
            log.close()
        for bridge in self._bridges:
            for report in bridge.terminal.reports:
                self._tell(report)
            self._tell(bridge.health())
        self._file.close()

    def _window(self, at_ns: int) -> None:
        """Take in what came, make what is next, see what is missing. RTCP comes last: it waits in
        the kernel for media that is handed over already."""
        whole = (at_ns - self._origin_ns) % self._window_ns == 0
        for bridge in self._bridges:
            bridge.receive(KINDS if whole else VISUAL_KINDS)
        for kinds, long_ns, lead_ns in self._ahead:
            if kinds is SOUND and not whole:
                continue
            until_ns = min(at_ns + long_ns + lead_ns, self._hang_up_ns)
            for bridge in self._bridges:
                bridge.window(self._batch, until_ns, kinds)
        now_ns = time.monotonic_ns()
        for bridge in self._bridges:
            bridge.terminal.watch(now_ns)
            if now_ns >= self._hang_up_ns:
                continue
            if whole:
                bridge.terminal.report(now_ns)
            bridge.terminal.ask(at_ns)

    def _signal(self, ready: list[Bridge]) -> None:
        now_ms = time.monotonic_ns() / 1e6
        due = [
            b for b in self._bridges if (t := b.agent.next_timeout()) is not None and t <= now_ms
        ]
        for bridge in dict.fromkeys(ready + due):
            sent = bridge.terminal.sends
            bridge.signal()
            if bridge.terminal.sends != sent:
                # the timetable's next window may be a second away
                for kinds, long_ns, lead_ns in self._ahead:
                    since = (time.monotonic_ns() - self._origin_ns) // long_ns + 1
                    until_ns = self._origin_ns + since * long_ns + lead_ns
                    bridge.window(self._batch, min(until_ns, self._hang_up_ns), kinds)
                bridge.terminal.watch(time.monotonic_ns())

    def _next_timer_ns(self, otherwise_ns: int) -> int:
        timers = [t for b in self._bridges if (t := b.agent.next_timeout()) is not None]
        dialling = [bridge.agent.redial_ns for bridge in self._bridges]
        return min([otherwise_ns, *dialling, *(round(t * 1e6) for t in timers)])

    def _tell(self, event: events.Event) -> None:
        self._file.write(json.dumps(events.as_fields(event)) + "\n")


def _room(plan: Plan, folder: Path) -> int:
    """How many packets any stream of any bridge can have in one window at the most."""
    span_ns = LONG_WINDOW_NS + WINDOW_LEAD_NS
    rooms = [packets_in(span_ns, plan.video.kbps, plan.video)]
    if plan.content is not None:
        rooms.append(packets_in(span_ns, plan.content.model.kbps, plan.content.model))
    rooms += [recorded(folder / r.file).packets_in_window(span_ns) for r in plan.recordings]
    # an impairment may send packets twice, and hold a window's back until the next
    more = 1 + any(s.duplicated for s in plan.streams) + any(s.out_of_order for s in plan.streams)
    return max(rooms) * more


def attend(plan: Plan, namespaces: dict[str, int], origin_ns: int, captures: Path) -> None:
    """Run all bridges of a plan; what they saw goes to the folder `captures`."""
    bridges = Bridges(plan, namespaces, origin_ns, captures)
    bridges.run()
    bridges.close()
