"""The MCU's loop: one process, one clock, sockets and timers of all its parts.

`McuServer` is the device from power-on to power-off; `serve` runs it from the first to the last
time it has power: each time it starts as from its box.
"""

from __future__ import annotations

import json
import random
import select
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from giaoban.clock import NEVER_NS, sleep_until
from giaoban.mcu_sim.admission import Capacity
from giaoban.mcu_sim.conference.commands import Answer, Command, CommandRejected
from giaoban.mcu_sim.media.audio.codec import modelled
from giaoban.mcu_sim.media.leg import Delays, Kind, Position
from giaoban.mcu_sim.media.plane import MediaPlane
from giaoban.mcu_sim.media.ports import PortPool
from giaoban.mcu_sim.server.call_controller import CallController
from giaoban.mcu_sim.server.config import HEAR_EVERY_NS, McuConfig
from giaoban.mcu_sim.sip.transport.sockets import SipSockets
from giaoban.text import fit, printable
from giaoban.traffic.profiles import DSCP_SIGNALLING
from giaoban.traffic.receiver.timestamps import StampClock

GOODBYE_NS = 2_000_000_000
"""How long the last BYEs may take when the MCU stops."""
TIMERS_WITHIN_NS = 1_000
"""A timer's moment, which is in ms, is known to so much in ns."""

LONGEST_TEXT = 300
"""Characters of a text of an event, which callers may choose."""


class McuServer:
    """One MCU on one address. Raises `OSError` if its address or port cannot be had."""

    def __init__(
        self,
        config: McuConfig,
        captures: Path | None,
        on_event: Callable[[dict[str, Any]], None] | None,
        name: str = "mcu",
        positions: Mapping[str, Mapping[Kind, Position]] | None = None,
    ) -> None:
        """Open the sockets.

        Args:
            captures: folder of the packet logs; None: none are kept.
            on_event: called with each event; None: events are dropped.
            name: prefix of the logs' names.
            positions: of the planned streams at the end of the device's life before this one, by
                participant; None: this is its first life.
        """
        self._config = config
        self._on_event = on_event
        rng = random.Random(config.seed)
        self._sip = SipSockets(
            config.address,
            config.sip_port,
            dscp=DSCP_SIGNALLING,
            tcp=config.tcp,
        )
        self._ports = PortPool(config.address, config.first_media_port)
        device = config.device
        self._plane = MediaPlane(
            self._ports,
            Delays(
                playout_ms=config.playout_ms,
                mix_ms=device.audio_mix_delay_ms,
                compose_ms=device.compose_delay_ms,
                forward_ms=device.forward_delay_ms,
            ),
            capacity=config.places,
            origin_ns=config.origin_ns,
            captures=captures,
            kernel_paces=config.kernel_paces,
            watchful=config.watchful,
            rng=rng,
            composed=config.video,
            clock=time.monotonic_ns,
            name=name,
            end_ns=NEVER_NS if config.end_ns is None else config.end_ns,
            stamps=StampClock(settable=not config.virtual_time),
            modelled=modelled(config.sound),
        )
        self._controller = controller = CallController(
            config,
            self._sip.local,
            self._ports,
            self._plane,
            rng,
            self._tell,
            name=name,
            positions=positions or {},
        )
        self._agent, self._participants = controller.agent, controller.participants
        for participant, planned_streams in config.planned_streams.items():
            self._plane.inbound.plan(self._participants.own_row(participant), planned_streams.up)
        self._restarted = positions is not None
        self.has_power = True
        self._unheard = 0
        if self._restarted:
            # without sockets the kernel would answer late packets by ICMP errors
            self._ports.port_group_for({})

    @property
    def local(self) -> tuple[str, int]:
        """Address and port of its signalling."""
        return self._sip.local

    def run(self, stop: Callable[[], bool] = lambda: False) -> None:
        """Serve until the configured end, or until `stop` returns True; then hang up every call."""
        config = self._config
        end_ns = NEVER_NS if config.end_ns is None else config.end_ns
        self._plane.skip_to(time.monotonic_ns())
        commands = list(config.commands)
        hear_ns = media_ns = config.origin_ns
        readable = True
        stopping = over = False
        over_ns = NEVER_NS if config.over_ns is None else config.over_ns
        timer_ns = 0
        self._controller.start(time.monotonic_ns())
        while (now_ns := time.monotonic_ns()) < end_ns:
            if not stopping and stop():
                stopping = True
                self._controller.close("The MCU stops", now_ns)
                end_ns = min(end_ns, now_ns + GOODBYE_NS)
            if not over and now_ns >= over_ns:
                over = True
                self._controller.close("The meeting is over", now_ns)
            # where the loop paces it comes every few ms anyway
            if config.kernel_paces or now_ns >= media_ns:
                media_ns = self._plane.run(now_ns)
            if readable or now_ns >= timer_ns - TIMERS_WITHIN_NS:
                self._signal(readable, now_ns)
            while commands and commands[0].at_ns <= now_ns:
                due = commands.pop(0)
                self._controller.controls.at_console(due.command, due.meeting, now_ns)
            if now_ns >= hear_ns:
                self._controller.controls.hear(now_ns)
                hear_ns = now_ns + HEAR_EVERY_NS
            self._controller.controls.ask_key_frames(now_ns)
            self._send()
            if stopping and not self._agent.waits:
                break
            timer_ns = self._controller.next_timeout_ns()
            next_ns = min(media_ns, end_ns, timer_ns)
            if commands:
                next_ns = min(next_ns, commands[0].at_ns)
            wait_s = max(0.0, (next_ns - time.monotonic_ns()) / 1e9)
            readable = bool(select.select([self._sip], [], [], wait_s)[0])

    def command(self, meeting: str | None, command: Command) -> Answer:
        """A command of the technician at the console; without a meeting, to the only one there is.

        To be called from `stop`, which the loop asks at every turn.
        """
        there = [conference.meeting.id for conference in self._controller.rooms]
        if meeting is None and len(there) != 1:
            return CommandRejected(
                404, f"say which meeting before a colon ({', '.join(there) or 'none'})"
            )
        about = meeting or there[0]
        return self._controller.controls.at_console(command, about, time.monotonic_ns())

    def lose_power(self) -> dict[str, Mapping[Kind, Position]]:
        """Stop without a word; how far the planned streams have come."""
        now_ns = time.monotonic_ns()
        self._plane.halt()
        positions = self._controller.positions(now_ns)
        self._controller.capacity = Capacity(self._config.device)  # all is free at once
        for call in self._participants:
            if call.standing:
                self._tell(now_ns, "left", call.participant, **call.left("power-lost", now_ns))
        self.has_power = False
        return positions

    def wait_powered_off(self, until_ns: int) -> None:
        """Wait without power until the host is switched on or the run ends. Datagrams are read
        and dropped, since the kernel has counted them."""
        while True:
            self._unheard += self._plane.inbound.discard()
            while self._sip.receive():
                pass
            left_ns = until_ns - time.monotonic_ns()
            if left_ns <= 0:
                return
            sleep_until(min(until_ns, time.monotonic_ns() + HEAR_EVERY_NS))

    def close(self) -> None:
        """Take in the last packets, close sockets and logs."""
        self._plane.shut()
        self._sip.close()

    def health(self) -> dict[str, Any]:
        """Return the counters on which the validity of the run depends.

        `unheard`: datagrams of media that came to a device without power, or to one that knows
        nothing any more of the calls from before. `calls_left`, `units_left`: what it still held;
        its power took all that along.
        """
        media = self._plane.health()
        if self._restarted:
            media |= {"stray": 0, "unheard": self._unheard + media["stray"]}
        else:
            media |= {"unheard": self._unheard}
        return {
            "event": "mcu-health",
            **media,
            "sip_sent": self._sip.sent,
            "sip_received": self._sip.received,
            "sip_unsendable": self._sip.unsendable,
            "sip_dropped": dict(self._agent.dropped),
            "wrong_passwords": self._agent.wrong_passwords,
            "calls_left": len(self._participants) if self.has_power else 0,
            "units_left": self._controller.capacity.units_used if self.has_power else 0.0,
        }

    def _signal(self, readable: bool, now_ns: int) -> None:
        if readable:
            for data, source in self._sip.receive():
                self._controller.receive(data, source, now_ns)
        if self._controller.next_timeout_ns() <= now_ns:
            self._controller.advance(now_ns)

    def _send(self) -> None:
        for datagram in self._agent.outgoing():
            # a caller may name an unreachable Contact
            self._sip.send(datagram.data, datagram.target)

    def _tell(self, now_ns: int, event: str, bridge: str, **details: object) -> None:
        if self._on_event is None:
            return
        capacity = self._controller.capacity
        self._on_event(
            {
                "t_ms": round((now_ns - self._config.origin_ns) / 1e6, 3),
                "who": "mcu",
                "event": event,
                "bridge": printable(bridge, LONGEST_TEXT),
                **{name: fit(value, LONGEST_TEXT) for name, value in details.items()},
                "units": capacity.units_used,
                "ports": capacity.ports_used,
                "use": asdict(capacity.use),
            }
        )


LIFE = 1_000_003
"""Between the seeds of one life and the next: no tag or Call-ID comes again."""


def serve(
    config: McuConfig,
    captures: Path,
    up_times: Sequence[tuple[int, int]] | None = None,
    host: str = "mcu",
) -> None:
    """Run an MCU; events as JSON lines and packet logs in the folder `captures`.

    The streams of a later life go on with their numbers, so that each is one stream in its logs
    (`mcu-2-sent.bin` and so on). What the technician at its console could not do while it was off
    he does when it is back.

    Args:
        config: `end_ns` is the end of the run.
        up_times: (on, off) in CLOCK_MONOTONIC ns, in order: when it has power. At `off` it stops
            without a word, unless that is the run's end. None: all the time.
        host: subject of the events of its power.
    """
    assert config.end_ns is not None
    with (captures / "mcu.jsonl").open("w", encoding="utf-8") as file:

        def tell(event: dict[str, Any]) -> None:
            file.write(json.dumps(event) + "\n")

        def tell_power(event: str) -> None:
            t_ms = round((time.monotonic_ns() - config.origin_ns) / 1e6, 3)
            tell({"t_ms": t_ms, "who": "mcu", "event": event, "bridge": host})

        times = [(0, config.end_ns)] if up_times is None else up_times
        before: McuServer | None = None
        positions: Mapping[str, Mapping[Kind, Position]] | None = None
        off_ns = config.origin_ns
        for number, (on_ns, next_off_ns) in enumerate(times, 1):
            _wait(before, on_ns)
            if before is not None:
                _close(before, number - 1, tell)
            if on_ns > config.origin_ns:
                tell_power("powered-on")
            life = replace(
                config,
                end_ns=next_off_ns,
                seed=None if config.seed is None else config.seed + (number - 1) * LIFE,
                commands=[c for c in config.commands if number == 1 or c.at_ns >= off_ns],
            )
            name = "mcu" if number == 1 else f"mcu-{number}"
            server = McuServer(life, captures, tell, name, positions)
            sleep_until(config.origin_ns)
            server.run()
            before, off_ns = server, next_off_ns
            if off_ns < config.end_ns:
                positions = server.lose_power()
                tell_power("powered-off")
        _wait(before, config.end_ns)
        if before is not None:
            _close(before, len(times), tell)


def _wait(dead: McuServer | None, until_ns: int) -> None:
    """Let the time without power pass."""
    if dead is not None and not dead.has_power:
        dead.wait_powered_off(until_ns)
    else:
        sleep_until(until_ns)


def _close(server: McuServer, number: int, tell: Any) -> None:
    server.close()
    tell({**server.health(), "uptime": number})
