"""SIPp, whose messages nobody here wrote, calls the running MCU: many calls, and each refusal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from giaoban.mcu_sim.media.audio import g711
from tests.clients.programs import Mcu
from tests.clients.sipp import AUDIO, Scenario, count, sipp, sipp_beside

pytestmark = pytest.mark.realtime

Serve = Callable[..., Mcu]

LONG_MS = 120_000
"""A call that stands until SIPp is stopped."""
AUDIO_AND_VIDEO = f"""{AUDIO}
    m=video 41002 RTP/AVP 97
    a=rtpmap:97 H264/90000
    a=fmtp:97 profile-level-id=42801F;packetization-mode=1"""
PASSWORDS = {"dak-nong": "first-pass", "cu-jut": "second-pass", "dak-mil": "third-pass"}


def run(mcu: Mcu, folder: Path, scenario: Scenario, *words: str) -> str:
    return sipp(folder, mcu.port, "-sf", scenario.write(folder / "scenario.xml"), *words)


def proof(user: str, password: str | None = None) -> str:
    """A header that SIPp makes from the challenge before."""
    return f"\n    [authentication username={user} password={password or PASSWORDS[user]}]"


def proven_call(user: str = "cu-jut", body: str = AUDIO.format(port=41000)) -> Scenario:
    """An INVITE that is challenged, and the one with the answer."""
    scenario = Scenario(user).send("INVITE", body)
    scenario.refused(401, ' auth="true"')
    return scenario.send("INVITE", body, headers=proof(user))


@pytest.fixture
def mcu(serve: Serve) -> Mcu:
    return serve()


def test_calls_over_tcp(mcu: Mcu, tmp_path: Path) -> None:
    for transport in ("t1", "tn"):  # one connection for all calls, one for each
        words = ("-sn", "uac", "-t", transport, "-m", "50", "-r", "50", "-d", "200")
        screen = sipp(tmp_path, mcu.port, *words, "-max_socket", "200")
        assert (count(screen, "Successful call"), count(screen, "Failed call")) == (50, 0)
    mcu.stop()
    assert len(mcu.said("joined")) == len(mcu.said("left")) == 100


@pytest.mark.alone
def test_rtp_of_many_calls(serve: Serve, tmp_path: Path) -> None:
    """10 calls/s, as many at a time; each has a media port of its own and streams for a second."""
    mcu, calls = serve(), 20
    (tmp_path / "sound.raw").write_bytes(g711.a_law_encode(_square()).tobytes() * 50)
    scenario = Scenario().send("INVITE", AUDIO.format(port="[rtpstream_audio_port]")).answered()
    play = '<exec rtp_stream="sound.raw,-1,8,PCMA/8000"/>'
    scenario.text += f"  <nop><action>{play}</action></nop>\n"
    run(mcu, tmp_path, scenario.pause(1000).bye(), "-m", str(calls), "-r", "10")
    report = mcu.stop()
    assert [len(mcu.said(name)) for name in ("joined", "left", "refused")] == [calls, calls, 0]
    assert report["rtp_received"] > 0.5 * calls * 50
    assert report["rtp_sent"] > 0.5 * calls * 50
    assert report["not_rtp"] == report["foreign"] == 0


def _square() -> NDArray[np.int16]:
    return np.repeat(np.array([4000, -4000] * 10, np.int16), 8)


def test_proof_of_who_calls(serve: Serve, tmp_path: Path, accounts: str) -> None:
    mcu = serve("--accounts", accounts)
    for password, code in ((None, 200), ("guessed", 403)):
        scenario = Scenario().send("REGISTER", to="cu-jut").expect(401, more=' auth="true"')
        scenario.send("REGISTER", to="cu-jut", headers=proof("cu-jut", password)).expect(code)
        run(mcu, tmp_path, scenario, "-m", "1")
    run(mcu, tmp_path, proven_call().answered().bye(), "-m", "1")
    other = proven_call()
    other.text = other.text.replace("<sip:cu-jut@", "<sip:dak-mil@")  # speaks as somebody else
    run(mcu, tmp_path, other.refused(403), "-m", "1")
    unknown = Scenario("gia-nghia").send("INVITE", AUDIO.format(port=41000))
    unknown.refused(401, ' auth="true"')
    unknown.send("INVITE", AUDIO.format(port=41000), headers=proof("gia-nghia", "x"))
    run(mcu, tmp_path, unknown.refused(403), "-m", "1")
    mcu.stop()
    assert [e["bridge"] for e in mcu.said("joined")] == ["cu-jut"]


def test_the_31st_call_is_refused_with_503(serve: Serve, tmp_path: Path) -> None:
    """The default device has room for 30 calls at 720p30."""
    mcu = serve()
    call = AUDIO_AND_VIDEO.format(port="[rtpstream_audio_port]")
    holding = Scenario().send("INVITE", call).answered().pause(LONG_MS)
    name = holding.write(tmp_path / "holding.xml")
    with sipp_beside(tmp_path, mcu.port, "-sf", name, "-m", "30", "-r", "50"):
        mcu.wait_for("joined", 30)
        full = Scenario().send("INVITE", AUDIO_AND_VIDEO.format(port=41000))
        full.refused(503, header=("Retry-After:", "[1-9][0-9]*"))
        run(mcu, tmp_path, full, "-m", "1")
    mcu.stop()
    assert mcu.said("joined")[-1]["units"] == 90.0
    assert [e["code"] for e in mcu.said("refused")] == [503]


def test_what_cannot_be_understood(mcu: Mcu, tmp_path: Path) -> None:
    opus = AUDIO.format(port=41000).replace("8 0\n", "111\n").replace("rtpmap:8 PCMA", "x:")
    opus = opus.replace("a=rtpmap:0 PCMU/8000", "a=rtpmap:111 opus/48000/2")
    unknown = Scenario().send("INVITE", opus).refused(488)
    run(mcu, tmp_path, unknown, "-m", "1")
    run(mcu, tmp_path, Scenario().send("INVITE", "v=0").expect(488, maybe=(100,)), "-m", "1")
    run(mcu, tmp_path, Scenario().send("BYE").expect(481), "-m", "1")
    run(mcu, tmp_path, Scenario().send("PUBLISH").expect(405), "-m", "1")
    mcu.stop()
    assert not mcu.said("joined")
