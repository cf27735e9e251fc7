"""In the guest, whose clock may be set: everything that receives, while the wall clock is set.

`lab_wall_clock FOLDER STEP_S…` leaves FOLDER/found.json: what the MCU, the load of a load test and
the receiver of paced streams make of packets that come every 20 ms, with these steps of the wall
clock on the way, one after another.
"""

from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from giaoban.clock import sleep_until
from giaoban.traffic import rtp
from giaoban.traffic.batch import media_socket
from giaoban.traffic.generator.receiver import receive
from giaoban.traffic.log import RECEIVED, read
from giaoban.traffic.media_load.calls import MediaLoad
from giaoban.traffic.media_load.messages import MediaTarget
from tests.mcu_sim.server_factory import Running, meeting_of, meetings, planned_streams
from tests.phone import Caller, decode, loudness, meet

HERE, MCU = "127.0.0.1", "127.0.67.1"
WEST, EAST, EAST_AGAIN, NORTH = "127.0.68.1", "127.0.68.2", "127.0.68.3", "127.0.69.{}"
MEMBERS = "west", "east", "north"
STAGE_S = 2.0
SPACING_NS = 20_000_000
WEST_HZ, EAST_HZ, NORTH_HZ = 400, 1000, 1600
SILENT_S = 2.5
"""A bridge that is heard nothing of for so long may call anew."""

Steps = list[float]


def set_wall_clock(step_s: float) -> None:
    """As NTP or an administrator does."""
    time.clock_settime_ns(
        time.CLOCK_REALTIME, time.clock_gettime_ns(time.CLOCK_REALTIME) + round(step_s * 1e9)
    )


def meeting(folder: Path, steps: Steps) -> dict[str, Any]:
    """West and east talk all the time, and the clock is set on the way; north calls anew after each
    step. Then east's line is lost, the clock is set once more, and east calls from elsewhere."""
    mcu = Running(
        MCU, folder, meetings(meeting_of(MEMBERS)), planned_streams=planned_streams(MEMBERS)
    )
    west, east = Caller(WEST, "west", WEST_HZ), Caller(EAST, "east", EAST_HZ)
    for caller in (west, east):
        caller.dial_meeting(MCU)
    meet([west, east], lambda: all(caller.answered for caller in (west, east)))
    heard: dict[str, list[float]] = {"west": [], "north": []}
    for number, step_s in enumerate((0.0, *steps), 1):
        set_wall_clock(step_s)
        north = Caller(NORTH.format(number), "north", NORTH_HZ)
        north.dial_meeting(MCU)
        meet([west, east, north], lambda who=north: who.answered)  # type: ignore[misc]
        began = len(east.heard)
        meet([west, east, north], _after(STAGE_S), speaking=True)
        sound = decode(east.heard[began:])[-8000:]
        own = max(1.0, loudness(sound, EAST_HZ))
        heard["west"].append(loudness(sound, WEST_HZ) / own)
        heard["north"].append(loudness(sound, NORTH_HZ) / own)
        north.hang_up()
        meet([west, east], _after(0.2), speaking=True)
        north.close()
    heard_s = time.monotonic()
    east.close()
    set_wall_clock(sum(steps))
    meet([west], _after(SILENT_S), speaking=True)
    again = Caller(EAST_AGAIN, "east", EAST_HZ)
    again.dial_meeting(MCU)
    meet([west, again], lambda: again.answered or again.ended)
    for caller in (west, again):
        if not caller.ended:
            caller.hang_up()
    meet([west, again], _after(0.2))
    health = mcu.finish()
    received = read(folder / "mcu-received.bin", RECEIVED)
    spoken = received["arrival_ns"][received["stream"] == 0]
    west.close()
    again.close()
    return {
        "heard": heard,
        "spacing_ms": _spacing_ms(spoken),
        "after_s": (int(spoken[-1]) / 1e9) - heard_s,
        "came_back": again.answered,
        "steps": health["clock_steps"],
        "largest_ms": health["clock_step_ms"],
    }


def load(steps: Steps) -> dict[str, Any]:
    """Two calls of a load test that hear each other."""
    made = MediaLoad(2, HERE, bytes(160), None, 0, random.Random(1))
    rows = [made.open(["audio"]) for _ in range(2)]
    for (row, _), (_, ports) in zip(rows, rows[::-1], strict=True):
        where = (HERE, ports["audio"])
        made.start(
            row,
            {"audio": MediaTarget(rtp=where, rtcp=where, payload_type=8, muxed=True, assured=True)},
            f"bridge-{row}",
            time.monotonic_ns(),
        )
    receivers = made._receivers["audio"]
    jitters_ms = []
    for step_s in (0.0, *steps, 0.0, 0.0):
        set_wall_clock(step_s)
        done = _after(4.0)
        while not done():
            sleep_until(made.due_ns)
            made.slot()
            jitters_ms.append(float(receivers._bank.jitter.max()) / 8)
    told = [made.stop(row, silently=True).media["audio"] for row, _ in rows]
    made.close()
    return {
        "jitter_max_ms": max(jitters_ms),
        "reports": min(figures.reports for figures in told),
    }


def paced(steps: Steps) -> dict[str, Any]:
    """A packet every 20 ms to the receiver of paced streams."""
    stream = rtp.StreamId(payload_type=8, ssrc=7, first_sequence=1, first_timestamp=0)
    head = rtp.template(stream)
    with media_socket(HERE, 0, dscp=0) as sink, socket.socket(type=socket.SOCK_DGRAM) as source:
        source.connect(sink.getsockname())

        def speak() -> None:
            began_ns = time.monotonic_ns()
            for n in range(100 * (len(steps) + 1)):
                sleep_until(began_ns + n * SPACING_NS)
                if n and n % 100 == 0:
                    set_wall_clock(steps[n // 100 - 1])
                numbers = (n + 1).to_bytes(2, "big") + (n * 160).to_bytes(4, "big")
                source.send(head[:2] + numbers + head[8:] + bytes(160))

        speaker = threading.Thread(target=speak)
        speaker.start()
        arrivals, _ = receive(sink, None, 1.0, lambda: False)
        speaker.join()
    [report] = arrivals.reports()
    return report.to_json()


def _after(seconds: float) -> Callable[[], bool]:
    until_s = time.monotonic() + seconds
    return lambda: time.monotonic() >= until_s


def _spacing_ms(times_ns: np.ndarray[Any, np.dtype[np.int64]]) -> list[float]:
    """The least and the most between two packets."""
    apart = np.diff(times_ns) / 1e6
    return [float(apart.min()), float(apart.max())]


def main(folder: Path, *words: str) -> int:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    steps = [float(word) for word in words]
    found = {"meeting": meeting(folder, steps), "load": load(steps), "paced": paced(steps)}
    (folder / "found.json").write_text(json.dumps(found), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
