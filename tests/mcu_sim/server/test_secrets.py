"""What anyone sees of the MCU tells nothing of its SRTP keys, nor of what signs its nonces."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from giaoban.mcu_sim import sdp
from giaoban.mcu_sim.secret_source import SeededSecrets, SystemSecrets, drawn_from
from giaoban.mcu_sim.server import McuServer
from giaoban.mcu_sim.sip.message.addresses import Peer
from tests.loopback import local_address
from tests.mcu_sim.harness_bridge import Bridge
from tests.mcu_sim.mcu_harness import Make, harnesses
from tests.mcu_sim.server_factory import config, meetings

ROOT = Path(__file__).resolve().parents[3]
TWISTER_WORDS = 624
"""State of the Mersenne Twister: so many outputs tell all others."""
ROOMS = meetings(rooms={"prefix": "phong-"})
MCU = local_address(151)
CALLERS = ("a", "b", "c", "d")


@pytest.fixture
def make() -> Iterator[Make]:
    yield from harnesses(MCU, CALLERS)


def tags(server: McuServer, numbers: range) -> list[str]:
    """The To tags of the answers to OPTIONS of these numbers."""
    found = []
    for number in numbers:
        text = (
            f"OPTIONS sip:mcu SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK{number}\r\n"
            "From: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:mcu@127.0.0.1>\r\n"
            f"Call-ID: {number}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        )
        agent = server._agent
        agent.receive(text.encode(), Peer("127.0.0.1", 9), 0.0)
        [answer] = agent.outgoing()
        [tag] = re.findall(rb"\nTo: [^\r]*;tag=([0-9a-f]{16})", answer.data)
        found.append(tag.decode())
    return found


def after(seen: Sequence[str]) -> Iterator[str]:
    """What a Mersenne Twister of which these tags were seen would give next."""
    words = [int(tag[at : at + 8], 16) for tag in seen for at in (8, 0)][-TWISTER_WORDS:]
    clone = random.Random()
    clone.setstate((3, (*map(_untempered, words), TWISTER_WORDS), None))
    while True:
        yield f"{clone.getrandbits(64):016x}"


def _untempered(word: int) -> int:
    """The word of the state that an output was made of (Matsumoto & Nishimura 1998)."""
    word ^= word >> 18
    word ^= word << 15 & 0xEFC60000
    guess = word
    for _ in range(5):
        guess = word ^ (guess << 7 & 0x9D2C5680)
    word = guess
    for _ in range(3):
        guess = word ^ guess >> 11
    return guess & 0xFFFFFFFF


def test_the_attack_works_where_it_can() -> None:
    rng = random.Random(7)
    seen = [f"{rng.getrandbits(64):016x}" for _ in range(400)]
    foretold = after(seen)
    assert [next(foretold) for _ in range(5)] == [f"{rng.getrandbits(64):016x}" for _ in range(5)]


def test_400_answers_do_not_foretell_the_next() -> None:
    server = McuServer(config(MCU, ROOMS, seed=None), None, lambda event: None)
    try:
        seen = tags(server, range(400))
        foretold = after(seen)
        assert {next(foretold) for _ in range(20)}.isdisjoint(tags(server, range(400, 420)))
    finally:
        server.close()


@pytest.mark.parametrize("seed", [1, 2])
def test_no_key_stands_in_what_the_seed_makes_public(make: Make, seed: int) -> None:
    """Also in virtual time: whoever knows all of the public stream knows nothing of a key."""
    harness = make(seed=seed)
    for number, caller in enumerate(CALLERS, 1):
        Bridge(harness, caller, local_address(151, number + 1), secure=True).dial("meeting")
    bodies = [data.partition(b"\r\n\r\n")[2] for data, _ in harness.sent]
    media = [one for body in bodies if body for one in sdp.parse(body).media]
    keys = {line.key for one in media for line in one.crypto}
    assert len(keys) == 2 * len(CALLERS)
    public = random.Random(seed).randbytes(1 << 20)
    backwards = b"".join(word[::-1] for word in re.findall(rb"(?s).{4}", public))
    for key in keys:
        for at in range(0, 24, 4):
            assert key[at : at + 6] not in public
            assert key[at : at + 6] not in backwards


def test_nobody_draws_secrets_from_a_public_generator() -> None:
    """Only `secret_source` makes the MCU's generators, and only it gives bytes: whoever needs a
    secret asks for `Secrets` by its type, which mypy looks after."""
    for path in [*(ROOT / "mcu_sim").rglob("*.py"), *(ROOT / "scenarios/emulation").rglob("*.py")]:
        names = {node.attr for node in _attributes(path)}
        assert "randbytes" not in names, path
        if path.name != "secret_source.py" and path.is_relative_to(ROOT / "mcu_sim"):
            assert not _called(path) & {"random.Random", "random.SystemRandom"}, path


def _attributes(path: Path) -> list[ast.Attribute]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]


def _called(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def test_real_time_asks_the_system() -> None:
    public, secret = drawn_from(None, "mcu")
    assert isinstance(public, random.SystemRandom)
    assert isinstance(secret, SystemSecrets)
    assert len({secret.take(30) for _ in range(100)}) == 100


def test_virtual_time_has_a_stream_for_each_purpose() -> None:
    first, again = SeededSecrets(1, "mcu"), SeededSecrets(1, "mcu")
    taken = [first.take(size) for size in (30, 30, 200, 1, 0)]
    assert taken == [again.take(size) for size in (30, 30, 200, 1, 0)]
    assert [len(part) for part in taken] == [30, 30, 200, 1, 0]
    others = [SeededSecrets(1, "bridge 1"), SeededSecrets(2, "mcu"), SeededSecrets(11, "mcu")]
    starts = [taken[0], taken[1], *(other.take(30) for other in others)]
    assert all(one != other for one, other in pairwise(sorted(starts)))
