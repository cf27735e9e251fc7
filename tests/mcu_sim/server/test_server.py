"""The MCU as a process on the loopback, in real time: calls, media, its logs, its end.

What it says to whom, and how it refuses: `test_calls.py`, without sockets; `tests/clients` ask it
with other people's programs.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from giaoban.mcu_sim.conference import commands
from giaoban.mcu_sim.server import TimedCommand, serve
from giaoban.mcu_sim.sip.events import CallEnded
from giaoban.traffic.impairments import BernoulliLoss, Impairments, Interval
from giaoban.traffic.log import RECEIVED, SENT, read
from tests.loopback import local_address, udp_socket
from tests.mcu_sim.server_factory import (
    Running,
    config,
    meeting_of,
    meetings,
    planned_streams,
    stream,
)
from tests.phone import Caller, decode, loudness, meet

pytestmark = pytest.mark.realtime

MCU = local_address(67)
BRIDGES = ("west", "east", "north")


@pytest.fixture
def callers() -> Iterator[list[Caller]]:
    """West, east and north, each at an address of its own with its own tone."""
    made = [Caller(local_address(68, n), name, 400 + 200 * n) for n, name in enumerate(BRIDGES, 1)]
    yield made
    for caller in made:
        caller.close()


@pytest.fixture
def serve_mcu(tmp_path: Path) -> Iterator[Any]:
    """Starts an MCU with a meeting of the three, and stops it."""
    running: list[Running] = []

    def start(**more: Any) -> Running:
        running.append(Running(MCU, tmp_path, meetings(meeting_of(BRIDGES)), **more))
        return running[0]

    yield start
    for one in running:
        one.finish()


def dial(callers: list[Caller]) -> None:
    for caller in callers:
        caller.dial_meeting(MCU)
    meet(callers, lambda: all(caller.answered for caller in callers))


def test_a_meeting_of_three(tmp_path: Path, callers: list[Caller], serve_mcu: Any) -> None:
    """Calls, media both ways, each hears the others and not itself, and everything is released.
    North's pictures are impaired: what the loss model removes is logged so, and is not on the wire.
    West comes back: its place and units are free again, and its streams' numbers run on."""
    places = planned_streams(BRIDGES)
    loss = Interval(what=Impairments(loss=BernoulliLoss(p=0.3)))
    lossy = stream(11, "north", "video", "down", impairments=[loss])
    places["north"].down["video"] = lossy  # type: ignore[index]
    mcu = serve_mcu(planned_streams=places)
    west, north = callers[0], callers[2]
    dial(callers)
    # a whole second of everyone's sound after the first packets
    meet(callers, lambda: all(len(c.heard) >= 100 for c in callers), speaking=True)
    assert all(c.watched for c in callers)
    for caller in callers:
        caller.hang_up()
    meet(callers, lambda: len(mcu.said("left")) == 3)
    north.turn()
    before = len(west.heard)
    sounds = [decode(caller.heard)[-8000 - 160 * 5 : -160 * 5] for caller in callers]
    west.dial_meeting(MCU)
    meet([west], lambda: len(west.heard) >= before + 10)
    west.hang_up()
    meet([west], lambda: len(mcu.said("left")) == 4)
    health = mcu.finish()
    assert sorted(mcu.said("joined")) == ["east", "north", "west", "west"]
    assert (health["calls_left"], health["units_left"]) == (0, 0.0)
    assert (health["stray"], health["not_rtp"]) == (0, 0)
    units = [e["units"] for e in mcu.events]
    assert max(units) == 9.0
    assert units[-1] == 0.0
    for n, sound in enumerate(sounds):
        tones = [loudness(sound, 600 + 200 * other) for other in range(3)]
        # a busy machine may bring a packet late, which is silence for 20 ms
        assert min(tones[:n] + tones[n + 1 :]) > 5 * tones[n]
    received = read(tmp_path / "mcu-received.bin", RECEIVED)
    sent = read(tmp_path / "mcu-sent.bin", SENT)
    assert set(received["stream"].tolist()) == {0, 2, 4, 6, 8, 10}
    assert set(sent["stream"].tolist()) == {1, 3, 5, 7, 9, 11}
    for index in (1, 3, 5, 7, 9, 11):
        mine = sent[sent["stream"] == index]
        assert np.all(np.diff(mine["sequence"]) == 1)
        assert np.all(np.diff(mine["due_ns"]) >= 0)
    impaired = sent[sent["stream"] == 11]
    gone = set((impaired["sequence"][impaired["copies"] == 0] % 65_536).tolist())
    came = {int.from_bytes(p[2:4], "big") for p in north.watched}
    assert gone
    assert not gone & came
    assert came <= set((impaired["sequence"] % 65_536).tolist())
    assert np.all(sent["copies"][sent["stream"] == 9] == 1)


def test_garbage_does_not_stop_it(callers: list[Caller], serve_mcu: Any) -> None:
    """Bytes that are no SIP and no RTP, and RTP of a stranger: counted, and the next call works."""
    west = callers[0]
    mcu = serve_mcu(planned_streams=planned_streams(BRIDGES))
    for data in (b"\xff" * 300, b"INVITE", b"GET / HTTP/1.0\r\n\r\n", b""):
        west.sip.sendto(data, (MCU, 5060))
    dial([west])
    audio, video = west.agreed["audio"].remote, west.agreed["video"].remote
    with udp_socket(local_address(68, 9)) as stranger:
        stranger.sendto(b"\x80\x08" + bytes(170), audio)
        stranger.sendto(b"short", video)
    west.video.sendto(b"short", video)
    west.video.sendto(bytes([0x80, 97]) + bytes(5000), video)
    west.hang_up()
    meet([west], lambda: mcu.said("left") == ["west"])
    health = mcu.finish()
    assert health["stray"] == 2
    assert health["not_rtp"] == 2
    assert health["sip_received"] >= 6
    assert sum(health["sip_dropped"].values()) >= 2


def test_the_console_at_its_times_and_the_end(callers: list[Caller], serve_mcu: Any) -> None:
    """A timed command is carried out in its turn; one that makes no sense is refused and told.
    When the MCU is stopped, who is still there is hung up."""
    west, east, _ = callers
    soon_ns = time.monotonic_ns() + 500_000_000
    nobody = commands.Mute(command="mute", participant="nobody")
    drop = commands.Drop(command="drop", participant="east")
    mcu = serve_mcu(
        planned_streams=planned_streams(BRIDGES),
        commands=[
            TimedCommand(soon_ns, nobody, "meeting"),
            TimedCommand(soon_ns + 10**9, drop, "meeting"),
        ],
    )
    dial([west, east])
    meet([west, east], lambda: east.ended)
    refused = [e for e in mcu.events if e["event"] == "control" and e["kind"] == "refused"]
    assert [(e["by"], e["bridge"]) for e in refused] == [("operator", "nobody")]
    assert mcu.said("left") == ["east"]
    assert not west.ended
    mcu.stop()
    meet([west, east], lambda: west.ended)
    assert len(west.got(CallEnded)) == 1
    health = mcu.finish()
    assert (health["calls_left"], health["units_left"]) == (0, 0.0)
    assert mcu.said("left") == ["east", "west"]


def test_serve_writes_events_and_health(tmp_path: Path) -> None:
    now_ns = time.monotonic_ns()
    held = meetings(meeting_of(BRIDGES))
    given = config(
        MCU,
        held,
        planned_streams=planned_streams(BRIDGES),
        origin_ns=now_ns,
        end_ns=now_ns + 100_000_000,
    )
    serve(given, tmp_path)
    lines = (tmp_path / "mcu.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["mcu-health"]
    assert len(read(tmp_path / "mcu-sent.bin", SENT)) == 0
