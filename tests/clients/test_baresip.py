"""baresip, which nobody here wrote, registers, calls in, is called, and hears the others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.clients.baresip import Baresip
from tests.clients.media import loudness
from tests.clients.programs import HOST, Mcu, meetings

pytestmark = pytest.mark.realtime

Serve = Callable[..., Mcu]

LOUD, SILENT = 0.1, 0.03
"""Amplitudes of a tone, full scale 1: that is surely there, that is surely not."""
UNDER_WAY = 20
"""More packets cannot come after the end of a call or two."""
PASSWORDS = {"dak-nong": "first-pass", "cu-jut": "second-pass", "dak-mil": "third-pass"}
TONES = {"dak-nong": 1100, "cu-jut": 440, "dak-mil": 700}


@pytest.fixture
def baresip(tmp_path: Path) -> Iterator[Callable[..., Baresip]]:
    """Starts a baresip of a user with its tone."""
    with ExitStack() as stack:

        def start(user: str, **more: str) -> Baresip:
            one = Baresip(tmp_path, user, TONES[user], **more)
            stack.callback(one.close)
            return one

        yield start


def tones(one: Baresip, start_s: float = 1.0, end_s: float | None = None) -> set[int]:
    """The tones in what was heard in a span of time; counted from the end if negative."""
    sound, rate = one.heard()
    part = sound[round(start_s * rate) : None if end_s is None else round(end_s * rate)]
    assert len(part) > rate / 2
    found = {hz: loudness(part, rate, hz) for hz in TONES.values()}
    assert all(a > LOUD or a < SILENT for a in found.values()), found
    return {hz for hz, amplitude in found.items() if amplitude > LOUD}


def test_who_calls_in_hears_the_others_and_not_himself(
    serve: Serve, baresip: Callable[..., Baresip], accounts: str
) -> None:
    """Each with a codec of its own, two of them encrypted."""
    accounts_of = {
        "cu-jut": ("PCMU/8000/1", 8000),
        "dak-nong": ("PCMA/8000/1;mediaenc=srtp", 8000),  # RTP/AVP with a key (RFC 8643)
        "dak-mil": ("G722/16000/1;mediaenc=srtp-mand", 16_000),
    }
    mcu = serve("--accounts", accounts)
    clients = [
        baresip(
            user,
            registrar=f"{HOST}:{mcu.port}",
            password=PASSWORDS[user],
            account=f"audio_codecs={how}",
        )
        for user, (how, _) in accounts_of.items()
    ]
    for client in clients:
        client.wait_for("200 OK")  # to its REGISTER
        client.command("dial", mcu.uri("giao-ban"))
    mcu.wait_for("joined", len(clients))
    time.sleep(3)
    for client in clients:
        client.close()
    mcu.wait_for("left", len(clients), cause="bye")
    report = mcu.stop()
    for client in clients:
        how, rate = accounts_of[client.folder.name]
        others = {c.hz for c in clients} - {client.hz}
        assert tones(client, -2.5, -0.5) == others, client.folder.name
        assert client.heard()[1] == rate
        assert ("SRTP is Enabled" in client.log) == ("mediaenc" in how)
    assert report["not_rtp"] == report["foreign"] == 0
    assert report["stray"] <= UNDER_WAY
    # baresip opens the way through a NAT (RTCP APP "PING") and says goodbye without its keys
    assert report["unauthentic"] <= 2 * len(clients)


def test_a_meeting_that_calls_its_bridges(
    serve: Serve, baresip: Callable[..., Baresip], tmp_path: Path
) -> None:
    clients = [baresip(user, account="answermode=auto") for user in ("dak-nong", "cu-jut")]
    uris = {c.folder.name: f"sip:{c.folder.name}@{HOST}:{c.port}" for c in clients}
    mcu = serve(*meetings(tmp_path, *uris, uris=uris, more='floor = "open"\ndial = "out"'))
    mcu.wait_for("joined", 2)
    time.sleep(2.5)
    report = mcu.stop()  # while they talk: it hangs up
    for client in clients:
        client.wait_for("terminated")
        client.close()
    assert tones(clients[0], -2.0, -0.3) == {clients[1].hz}
    assert tones(clients[1], -2.0, -0.3) == {clients[0].hz}
    assert {e["cause"] for e in mcu.said("left")} == {"put-out"}
    assert report["stray"] <= UNDER_WAY
