"""What the MCU is made to do, and what it took: calls of some kind for some seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np

from bench.inputs import BIG_DEVICE
from bench.mcu.callers import BETWEEN_CALLS_S, Callers, offer
from bench.mcu.media import LATE_NS, Generator, MediaEndpoint, g711_loop
from bench.mcu.process import HOST, Cpu, McuProcess, cores, on_core
from giaoban.mcu_sim.sdp import SessionDescription
from giaoban.traffic.sources.packet_loop import LOOP_S, PacketLoop, video_loop
from giaoban.traffic.sources.video_model import VideoModel

SETTLE_S = 1.0
SEED = 7
Medium = Literal["audio", "video"]


@dataclass(frozen=True)
class Kind:
    """Calls of one kind.

    Attributes:
        mode: the room's video, presence or switched.
        media: of each call.
        sends: what each call but the first one sends.
        first: media of a room's first call, which sends all of them.
        room: calls in a room; None: all are in one.
    """

    what: str
    mode: Literal["presence", "switched"]
    media: tuple[Medium, ...]
    sends: tuple[Medium, ...]
    first: tuple[Medium, ...]
    room: int | None = None


MIXING = Kind("sound mixed, G.711", "presence", ("audio",), ("audio",), ("audio",))
FORWARDING = Kind("one picture of 2 Mb/s forwarded", "switched", ("video",), (), ("video",))
PICTURE: tuple[Medium, ...] = ("video",)
PAIRS = Kind("pictures forwarded in rooms of two", "switched", PICTURE, PICTURE, PICTURE, room=2)
COMPOSING = Kind("pictures of 2 Mb/s composed", "presence", ("video",), (), ("video",))
BOTH: tuple[Medium, ...] = ("audio", "video")
PRESENCE = Kind("sound and composed pictures", "presence", BOTH, BOTH, BOTH)
SWITCHED = Kind("sound and forwarded pictures", "switched", BOTH, BOTH, BOTH)


@dataclass(frozen=True, kw_only=True)
class Took:
    """A stretch of a load, `seconds` long.

    Attributes:
        cpu, waited: shares of the time in which the server had its core, and waited for it because
            of other programs' work.
        received_per_s, sent_per_s: RTP packets into and out of the server.
        late_heard: packets of sound that came to a bridge more than 20 ms behind its fastest one.
        behind_ms: by how much the load generator was ever behind.
    """

    seconds: float
    cpu: float
    waited: float
    received_per_s: float
    sent_per_s: float
    late_heard: int = 0
    behind_ms: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Load(Took):
    """What was measured with all calls there.

    Attributes:
        late, worst_late_ms: by the MCU's own account over its whole life, media packets that left
            more than 20 ms after they were due.
        overflowed: packets the server lost because a receive buffer was full.
    """

    what: str
    calls: int
    late: int = 0
    worst_late_ms: float = 0.0
    overflowed: int = 0

    @property
    def sent_per_cpu_s(self) -> float:
        """Packets sent for each second of processor time."""
        return self.sent_per_s / self.cpu

    @property
    def in_time(self) -> bool:
        """Whether nothing was late or lost."""
        return not (self.late or self.late_heard or self.overflowed)


def measure(kind: Kind, calls: int, model: VideoModel, seconds: float) -> Load:
    """Run so many calls on an MCU of its own core, and the load generator on the other one.

    Raises:
        InvalidRun: a call was refused or lost.
        MachineLacks: the MCU does not start.
    """
    core, mine = cores()
    mcu = McuProcess(BIG_DEVICE, kind.mode, core, round(model.kbps))
    callers, generator = Callers(mcu.address), Generator(model)
    loops: dict[Medium, PacketLoop] = {
        "audio": g711_loop(),
        "video": video_loop(model, LOOP_S, SEED),
    }
    ends: list[dict[Medium, MediaEndpoint]] = []

    def also(now_ns: int) -> None:
        for number in callers.turn():
            if number < len(ends) and "video" in ends[number]:
                ends[number]["video"].rewind(now_ns)

    try:
        with on_core(mine):
            # nobody reads the MCU's reports: one port for all of them
            control = generator.add(audio=False)
            for number in range(calls):
                room, place = divmod(number, kind.room or calls)
                media = kind.media if place else kind.first
                own = {m: generator.add(audio=m == "audio") for m in media}
                ports = {m: end.port for m, end in own.items()}
                answer = callers.dial(
                    f"giao-ban-{room}",
                    offer(ports.get("audio"), ports.get("video"), control.port, model.kbps),
                )
                ends.append(own)
                for medium in kind.sends if place else kind.first:
                    to = HOST, _port(answer, medium)
                    own[medium].send(loops[medium], to, time.monotonic_ns())
                generator.run(BETWEEN_CALLS_S, also)
            generator.run(SETTLE_S, also)
            took = timed(generator, lambda: mcu.cpu, seconds, also)
            callers.hang_up()
        report = mcu.stop()
    finally:
        mcu.kill()
        callers.close()
        generator.close()
    return Load(
        what=kind.what,
        calls=calls,
        late=report["starved"],
        worst_late_ms=report["worst_late_ms"],
        overflowed=report["overflowed"],
        **asdict(took),
    )


def timed(
    generator: Generator, cpu: Callable[[], Cpu], seconds: float, also: Callable[[int], None]
) -> Took:
    """Let the load run for some seconds; what the server, whose processor time is `cpu`, took."""
    generator.count_anew()
    sent = sum(end.sent for end in generator.ends)
    before, started = cpu(), time.monotonic()
    generator.run(seconds, also)
    took_s = time.monotonic() - started
    after = cpu()
    generator.drain()
    return Took(
        seconds=took_s,
        cpu=(after.had_s - before.had_s) / took_s,
        waited=(after.waited_s - before.waited_s) / took_s,
        received_per_s=(sum(end.sent for end in generator.ends) - sent) / took_s,
        sent_per_s=sum(end.received for end in generator.ends) / took_s,
        late_heard=sum(
            int(np.count_nonzero(end.heard.behind_ns() > LATE_NS)) for end in generator.ends
        ),
        behind_ms=generator.behind_ns / 1e6,
    )


def _port(answer: SessionDescription, medium: Medium) -> int:
    return next(section.port for section in answer.media if section.kind == medium)
