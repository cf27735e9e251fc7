"""The MCU as a process on the loopback, in real time: calls, media, capacity, refusals, its end."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mcu_sim.conference import commands
from mcu_sim.server import TimedCommand, serve
from mcu_sim.sip import Answered, CallEnded, Refused
from tests.loopback import local_address
from tests.mcu_sim.server_factory import (
    Caller,
    Running,
    config,
    decode,
    device,
    ended,
    loudness,
    meet,
    meeting_of,
    meetings,
    seats,
    stream,
)
from traffic.impairments import BernoulliLoss, Impairments, Interval
from traffic.log import RECEIVED, SENT, read

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
    """Starts an MCU with a meeting of these members, and stops it."""
    running: list[Running] = []

    def start(members: Any = BRIDGES, **more: Any) -> Running:
        held = meetings(meeting_of(members))
        places = more.pop("seats", None) or seats(members)
        running.append(Running(MCU, tmp_path, held, seats=places, **more))
        return running[0]

    yield start
    for one in running:
        one.finish()


def answered(callers: list[Caller]) -> bool:
    return all(any(isinstance(e, Answered) for e in c.events) for c in callers)


def test_a_meeting_of_three(tmp_path: Path, callers: list[Caller], serve_mcu: Any) -> None:
    """Calls, media both ways, each hears the others and not itself, and everything is released."""
    mcu = serve_mcu()
    for caller in callers:
        caller.dial(MCU)
    meet(callers, lambda: answered(callers))
    # a whole second of everyone's sound after the first packets
    meet(callers, lambda: all(len(c.got) >= 100 for c in callers), speaking=True)
    assert all(c.got_video for c in callers)
    for caller in callers:
        caller.hang_up()
    meet(callers, lambda: len(mcu.said("left")) == 3)
    health = mcu.finish()
    assert sorted(mcu.said("joined")) == ["east", "north", "west"]
    assert (health["calls_left"], health["units_left"]) == (0, 0.0)
    assert (health["stray"], health["not_rtp"]) == (0, 0)
    units = [e["units"] for e in mcu.events]
    assert max(units) == 9.0
    assert units[-1] == 0.0
    for n, caller in enumerate(callers):
        sound = decode(caller.got)[-8000 - 160 * 5 : -160 * 5]
        others = [c for c in callers if c is not caller]
        own = loudness(sound, 600 + 200 * n)
        # a busy machine may bring a packet late, which is silence for 20 ms
        heard = [loudness(sound, 600 + 200 * callers.index(c)) for c in others]
        assert min(heard) > 5 * own
    received, sent = (
        read(tmp_path / "mcu-received.bin", RECEIVED),
        read(tmp_path / "mcu-sent.bin", SENT),
    )
    assert set(received["stream"].tolist()) == {0, 2, 4, 6, 8, 10}
    assert set(sent["stream"].tolist()) == {1, 3, 5, 7, 9, 11}
    for index in (1, 3, 5, 7, 9, 11):
        sequences = sent["sequence"][sent["stream"] == index]
        assert np.all(np.diff(sequences) == 1)


def test_refusals(callers: list[Caller], serve_mcu: Any) -> None:
    """Strangers, second calls, and one that does not fit; one without pictures is taken."""
    west, east, north = callers
    stranger = Caller(local_address(68, 9), "nobody", 2000)
    again = Caller(local_address(68, 10), "west", 2100)
    plain = Caller(local_address(68, 11), "plain", 2200, pictures=False)
    every = [*callers, stranger, again, plain]
    small = device(capacity={"units_total": 7.0}, when_full={"steps": ["refuse"]})
    mcu = serve_mcu((*BRIDGES, "plain"), device=small)
    try:
        west.dial(MCU)
        meet(every, lambda: answered([west]))
        east.dial(MCU)
        stranger.dial(MCU)
        again.dial(MCU)
        plain.dial(MCU)
        meet(every, lambda: answered([east, plain]) and all(map(ended, (stranger, again))))
        north.dial(MCU)
        meet(every, lambda: ended(north))
    finally:
        for caller in (stranger, again, plain):
            caller.close()
    codes = {
        caller.agent.user + caller.address[-2:]: [
            e.code for e in caller.events if isinstance(e, Refused)
        ]
        for caller in every
    }
    assert codes == {
        "west.1": [],
        "east.2": [],
        "north.3": [503],
        "nobody.9": [403],
        "west10": [486],
        "plain11": [],
    }
    [full] = [e for e in north.events if isinstance(e, Refused)]
    assert full.retry_after_s == 60
    refused = [e for e in mcu.events if e["event"] == "refused"]
    assert {(e["bridge"], e["code"]) for e in refused} == {
        ("nobody", 403),
        ("west", 486),
        ("north", 503),
    }
    assert (refused[-1]["units"], refused[-1]["ports"]) == (7.0, 3)


def test_garbage_does_not_stop_it(callers: list[Caller], serve_mcu: Any) -> None:
    """Bytes that are no SIP and no RTP, and RTP of a stranger: counted, and the next call works."""
    west = callers[0]
    mcu = serve_mcu()
    for data in (b"\xff" * 300, b"INVITE", b"GET / HTTP/1.0\r\n\r\n", b""):
        west.sip.sendto(data, (MCU, 5060))
    west.dial(MCU)
    meet([west], lambda: answered([west]))
    audio, video = west.agreed["audio"].remote, west.agreed["video"].remote
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind((local_address(68, 9), 0))
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


def test_a_bridge_may_come_back(tmp_path: Path, callers: list[Caller], serve_mcu: Any) -> None:
    """Its place and its units are free again, and its streams' numbers run on."""
    west = callers[0]
    mcu = serve_mcu()
    for times in (1, 2):
        west.events.clear()
        west.dial(MCU)
        meet([west], lambda: answered([west]))
        count = len(west.got)
        meet([west], lambda n=count: len(west.got) >= n + 10)  # type: ignore[misc]
        west.hang_up()
        meet([west], lambda n=times: len(mcu.said("left")) == n)  # type: ignore[misc]
    assert mcu.finish()["units_left"] == 0.0
    sent = read(tmp_path / "mcu-sent.bin", SENT)
    for index in (1, 3):
        mine = sent[sent["stream"] == index]
        assert np.all(np.diff(mine["sequence"]) == 1)
        assert np.all(np.diff(mine["due_ns"]) > 0)


def test_injector_on_the_stream_down(tmp_path: Path, callers: list[Caller], serve_mcu: Any) -> None:
    """What the loss model removes is logged as impaired and is not on the wire."""
    west = callers[0]
    places = seats(["west"])
    lossy = stream(
        1,
        "west",
        "audio",
        "down",
        impairments=[Interval(what=Impairments(loss=BernoulliLoss(p=0.3)))],
    )
    places["west"].down["audio"] = lossy  # type: ignore[index]
    mcu = serve_mcu(seats=places)
    west.dial(MCU)
    meet([west], lambda: answered([west]))
    meet([west], lambda: len(west.got) >= 40)
    west.hang_up()
    meet([west], lambda: mcu.said("left") == ["west"])
    mcu.finish()
    west.turn()
    sent = read(tmp_path / "mcu-sent.bin", SENT)
    audio = sent[sent["stream"] == 1]
    gone = set((audio["sequence"][audio["copies"] == 0] % 65_536).tolist())
    came = {int.from_bytes(p[2:4], "big") for p in west.got}
    assert gone
    assert not gone & came
    assert came <= set((audio["sequence"] % 65_536).tolist())
    assert np.all(sent["copies"][sent["stream"] == 3] == 1)


def test_when_it_is_stopped_everybody_is_hung_up(callers: list[Caller], serve_mcu: Any) -> None:
    west, east, _ = callers
    mcu = serve_mcu()
    for caller in (west, east):
        caller.dial(MCU)
    # a call stands when its ACK has been read, which is later than its answer
    meet([west, east], lambda: len(mcu.said("joined")) == 2)
    mcu.stop()
    meet([west, east], lambda: ended(west) and ended(east))
    assert all(CallEnded(c.call) in c.events for c in (west, east))
    health = mcu.finish()
    assert (health["calls_left"], health["units_left"]) == (0, 0.0)
    assert sorted(mcu.said("left")) == ["east", "west"]


def test_commands_of_the_console_at_their_times(callers: list[Caller], serve_mcu: Any) -> None:
    """A timed command is carried out in its turn; one that makes no sense is refused and told."""
    west, east, _ = callers
    soon_ns = time.monotonic_ns() + 500_000_000
    drop = commands.Drop(command="drop", participant="east")
    nobody = commands.Mute(command="mute", participant="nobody")
    mcu = serve_mcu(
        commands=[TimedCommand(soon_ns, nobody), TimedCommand(soon_ns + 10**9, drop)],
        console_meeting="meeting",
    )
    for caller in (west, east):
        caller.dial(MCU)
    meet([west, east], lambda: ended(east))
    refused = [e for e in mcu.events if e["event"] == "control" and e["kind"] == "refused"]
    assert [(e["by"], e["bridge"]) for e in refused] == [("operator", "nobody")]
    assert mcu.said("left") == ["east"]
    assert not ended(west)


def test_serve_writes_events_and_health(tmp_path: Path) -> None:
    now_ns = time.monotonic_ns()
    held = meetings(meeting_of(BRIDGES))
    given = config(MCU, held, seats=seats(BRIDGES), origin_ns=now_ns, end_ns=now_ns + 100_000_000)
    serve(given, tmp_path)
    lines = (tmp_path / "mcu.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["mcu-health"]
    assert len(read(tmp_path / "mcu-sent.bin", SENT)) == 0
