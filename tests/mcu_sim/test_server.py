"""The MCU as a process on the loopback, in real time: calls, media, capacity, refusals."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mcu_sim.device import load_devices, pick
from mcu_sim.server import McuConfig, serve
from mcu_sim.sip.events import Answered, Refused
from tests.mcu_sim.server_factory import (
    MODEL,
    Caller,
    Running,
    decode,
    ended,
    loudness,
    meet,
    seats,
    stream,
)
from traffic.impairments import BernoulliLoss
from traffic.log import RECEIVED, SENT, read

MCU = "127.0.67.1"


@pytest.fixture
def callers() -> Iterator[list[Caller]]:
    """West, east and north, each at an address of its own with its own tone."""
    made = [
        Caller(f"127.0.68.{n}", name, 400 + 200 * n)
        for n, name in enumerate(("west", "east", "north"), start=1)
    ]
    yield made
    for caller in made:
        caller.close()


def answered(callers: list[Caller]) -> bool:
    return all(any(isinstance(e, Answered) for e in c.events) for c in callers)


def test_a_meeting_of_three(tmp_path: Path, callers: list[Caller]) -> None:
    """Calls, media both ways, each hears the others and not itself, and everything is released."""
    mcu = Running(MCU, tmp_path, ["west", "east", "north"], 4.0)
    for caller in callers:
        caller.dial(MCU)
    meet(callers, lambda: answered(callers))
    # a whole second of everyone's sound after the first packets
    meet(callers, lambda: all(len(c.got) >= 80 for c in callers), speaking=True)
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


def test_refusals(tmp_path: Path, callers: list[Caller]) -> None:
    """Strangers, second calls, calls without pictures, and one that does not fit."""
    west, east, north = callers
    stranger = Caller("127.0.68.9", "nobody", 2000)
    again = Caller("127.0.68.10", "west", 2100)
    plain = Caller("127.0.68.11", "plain", 2200)
    every = [*callers, stranger, again, plain]
    mcu = Running(
        MCU,
        tmp_path,
        ["west", "east", "north", "plain"],
        3.0,
        capacity={"units_total": 6.0},
    )
    try:
        west.dial(MCU)
        meet(every, lambda: answered([west]))
        east.dial(MCU)
        stranger.dial(MCU)
        again.dial(MCU)
        plain.dial(MCU, offer=_audio_only(plain.address))
        meet(every, lambda: answered([east]) and all(map(ended, (stranger, again, plain))))
        north.dial(MCU)
        meet(every, lambda: ended(north))
    finally:
        for caller in (stranger, again, plain):
            caller.close()
    health = mcu.finish()
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
        "plain11": [488],
    }
    [full] = [e for e in north.events if isinstance(e, Refused)]
    assert full.retry_after_s == 60
    assert (health["calls_left"], health["units_left"]) == (2, 6.0)
    refused = {(e["bridge"], e["code"]) for e in mcu.events if e["event"] == "refused"}
    assert refused == {("nobody", 403), ("west", 486), ("plain", 488), ("north", 503)}


def _audio_only(address: str) -> bytes:
    return (
        f"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
        "m=audio 40000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
    ).encode()


def test_garbage_does_not_stop_it(tmp_path: Path, callers: list[Caller]) -> None:
    """Bytes that are no SIP and no RTP, and RTP of a stranger: counted, and the next call works."""
    west = callers[0]
    mcu = Running(MCU, tmp_path, ["west"], 2.0)
    for data in (b"\xff" * 300, b"INVITE", b"GET / HTTP/1.0\r\n\r\n", b""):
        west.sip.sendto(data, (MCU, 5060))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.68.9", 0))
        stranger.sendto(b"\x80\x08" + bytes(170), (MCU, 20_000))
        stranger.sendto(b"short", (MCU, 20_002))
    west.dial(MCU)
    meet([west], lambda: answered([west]))
    west.hang_up()
    meet([west], lambda: mcu.said("left") == ["west"])
    health = mcu.finish()
    assert health["stray"] == 2
    assert health["not_rtp"] == 1
    assert health["sip_received"] >= 6
    assert sum(health["sip_dropped"].values()) >= 2


def test_a_bridge_may_come_back(tmp_path: Path, callers: list[Caller]) -> None:
    """Its place and its units are free again, and its streams' numbers run on."""
    west = callers[0]
    mcu = Running(MCU, tmp_path, ["west"], 3.0)
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
    assert np.all(np.diff(sent["sequence"][sent["stream"] == 1]) == 1)


def test_injector_on_the_stream_down(tmp_path: Path, callers: list[Caller]) -> None:
    """What the loss model removes is logged as impaired and is not on the wire."""
    west = callers[0]
    places = seats(["west"])
    lossy = stream(1, "west", "audio", "down", loss=BernoulliLoss(p=0.3))
    places["west"].down["audio"] = lossy
    mcu = Running(MCU, tmp_path, places, 3.0)
    west.dial(MCU)
    meet([west], lambda: answered([west]))
    meet([west], lambda: len(west.got) >= 40)
    west.hang_up()
    meet([west], lambda: mcu.said("left") == ["west"])
    west.turn()
    mcu.finish()
    sent = read(tmp_path / "mcu-sent.bin", SENT)
    audio = sent[sent["stream"] == 1]
    gone = set((audio["sequence"][audio["impaired"]] % 65_536).tolist())
    came = {int.from_bytes(p[2:4], "big") for p in west.got}
    assert gone
    assert not gone & came
    assert came <= set((audio["sequence"] % 65_536).tolist())
    assert not sent["impaired"][sent["stream"] == 3].any()


def test_serve_writes_events_and_health(tmp_path: Path) -> None:
    now_ns = time.monotonic_ns()
    config = McuConfig(
        address=MCU,
        device=pick(load_devices(), "rmx-1500-mpmx"),
        seats=seats(["west"]),
        playout_ms=40.0,
        video=MODEL,
        seed=1,
        origin_ns=now_ns,
        end_ns=now_ns + 100_000_000,
    )
    serve(config, tmp_path)
    lines = (tmp_path / "mcu.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["mcu-health"]
    assert len(read(tmp_path / "mcu-sent.bin", SENT)) == 0
