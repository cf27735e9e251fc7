"""SIPp, whose messages nobody here wrote, calls the running MCU: many calls, and each refusal."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from giaoban.mcu_sim.media.audio import g711
from tests.clients.media import MediaPort
from tests.clients.programs import Mcu, free_ports, meetings
from tests.clients.sipp import AUDIO, PROVISIONAL, Scenario, count, sipp, sipp_beside

pytestmark = pytest.mark.realtime

Serve = Callable[..., Mcu]

PCAPS = "/usr/share/sip-tester"
LONG_MS = 120_000
"""A call that stands until SIPp is stopped."""
PASSWORDS = {"dak-nong": "first-pass", "cu-jut": "second-pass", "dak-mil": "third-pass"}
AUDIO_AND_VIDEO = f"""{AUDIO}
    m=video 41002 RTP/AVP 97
    a=rtpmap:97 H264/90000
    a=fmtp:97 profile-level-id=42801F;packetization-mode=1"""
FAST_UPDATE = (
    '<?xml version="1.0" encoding="utf-8"?><media_control><vc_primitive><to_encoder>'
    "<picture_fast_update/></to_encoder></vc_primitive></media_control>"
)


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


def test_many_calls_of_the_built_in_caller(mcu: Mcu, tmp_path: Path) -> None:
    """Without media; with it in `test_rtp_of_many_calls`."""
    screen = sipp(tmp_path, mcu.port, *("-sn", "uac", "-m", "100", "-r", "50", "-d", "200"))
    report = mcu.stop()
    assert (count(screen, "Successful call"), count(screen, "Failed call")) == (100, 0)
    assert len(mcu.said("joined")) == len(mcu.said("left")) == 100
    assert {e["cause"] for e in mcu.said("left")} == {"bye"}
    assert (report["sip_unsendable"], report["sip_dropped"]) == (0, {})


def test_calls_over_tcp(mcu: Mcu, tmp_path: Path) -> None:
    for transport in ("t1", "tn"):  # one connection for all calls, one for each
        words = ("-sn", "uac", "-t", transport, "-m", "50", "-r", "50", "-d", "200")
        screen = sipp(tmp_path, mcu.port, *words, "-max_socket", "200")
        assert (count(screen, "Successful call"), count(screen, "Failed call")) == (50, 0)
    mcu.stop()
    assert len(mcu.said("joined")) == len(mcu.said("left")) == 100


def test_an_echo_of_our_own_sound_makes_no_storm(mcu: Mcu, tmp_path: Path) -> None:
    """SIPp sends back what it gets, with our own SSRC: a loop (RFC 3550 §8.2)."""
    media = free_ports(3)
    words = ("-sn", "uac", "-rtp_echo", "-mp", str(media), "-m", "1", "-d", "2500")
    sipp(tmp_path, mcu.port, *words)
    report = mcu.stop()
    assert 60 < report["rtp_received"] <= report["rtp_sent"]
    assert report["rtcp_sent"] < 10


@pytest.mark.alone
def test_calls_from_one_address_of_media_are_told_apart(serve: Serve, tmp_path: Path) -> None:
    """All calls announce one port: each gets ports of its own at the MCU, and hears the others."""
    mcu, calls = serve(), 12
    media = MediaPort()
    scenario = Scenario().send("INVITE", AUDIO.format(port=media.port)).answered().pause(LONG_MS)
    name = scenario.write(tmp_path / "scenario.xml")
    try:
        with sipp_beside(tmp_path, mcu.port, "-sf", name, "-m", str(calls), "-r", "50"):
            mcu.wait_for("joined", calls)
            time.sleep(0.5)  # all are mixed from now on
            lines = sorted({h.source for h in media.rtp})
            assert len(lines) == calls
            before = len(media.rtp)
            loud = g711.a_law_encode(_square()).tobytes()
            began_s = time.monotonic()
            for n in range(50):  # one of them speaks
                time.sleep(max(0.0, began_s + 0.02 * n - time.monotonic()))
                stamp = n.to_bytes(2, "big") + (160 * n).to_bytes(4, "big")
                media.send(bytes([0x80, 8]) + stamp + b"talk" + loud, lines[0])
            heard = media.rtp[before:]
    finally:
        media.close()
    report = mcu.stop()
    assert report["rtp_received"] == 50
    of_line = {line: [h for h in heard if h.source == line] for line in lines}
    assert len({h.ssrc for h in heard}) == calls
    silent = g711.a_law_encode(_square() * 0)[0]
    for line, packets in of_line.items():
        spoken = sum(h.data[12:] != bytes([silent]) * 160 for h in packets)
        assert (spoken == 0) if line == lines[0] else (spoken > 30), (line, spoken)


@pytest.mark.alone
def test_rtp_of_many_calls(serve: Serve, tmp_path: Path) -> None:
    """50 calls/s, as many at a time; each has a media port of its own and streams for a second."""
    mcu, calls = serve(), 100
    (tmp_path / "sound.raw").write_bytes(g711.a_law_encode(_square()).tobytes() * 50)
    scenario = Scenario().send("INVITE", AUDIO.format(port="[rtpstream_audio_port]")).answered()
    play = '<exec rtp_stream="sound.raw,-1,8,PCMA/8000"/>'
    scenario.text += f"  <nop><action>{play}</action></nop>\n"
    run(mcu, tmp_path, scenario.pause(1000).bye(), "-m", str(calls), "-r", "50")
    report = mcu.stop()
    assert [len(mcu.said(name)) for name in ("joined", "left", "refused")] == [calls, calls, 0]
    assert report["rtp_received"] > 0.5 * calls * 50
    assert report["rtp_sent"] > 0.5 * calls * 50
    assert report["not_rtp"] == report["foreign"] == 0


def _square() -> NDArray[np.int16]:
    return np.repeat(np.array([4000, -4000] * 10, np.int16), 8)


def test_a_call_with_pictures_asks_for_a_key_frame(mcu: Mcu, tmp_path: Path) -> None:
    scenario = Scenario().send("INVITE", AUDIO_AND_VIDEO.format(port=41000))
    scenario.expect(200, maybe=PROVISIONAL).send("ACK", again=True).pause(1000)
    scenario.send("INFO", FAST_UPDATE, kind="application/media_control+xml", again=True)
    scenario.expect(200)
    scenario.send("INFO", "something else", kind="text/plain", again=True).expect(415)
    run(mcu, tmp_path, scenario.bye(), "-m", "1")
    report = mcu.stop()
    assert mcu.said("joined")[0]["units"] == 3.0
    assert report["rtp_sent"] > 60  # of sound alone there are 50


def test_options_and_a_cancel_that_comes_too_late(mcu: Mcu, tmp_path: Path) -> None:
    scenario = Scenario().send("OPTIONS").expect_with(200, "Allow:", "INVITE.*BYE|BYE.*INVITE")
    run(mcu, tmp_path, scenario, "-m", "1")
    scenario = Scenario().send("INVITE", AUDIO.format(port=41000))
    scenario.expect(200, maybe=PROVISIONAL)
    scenario.send("CANCEL", of_before=2 + len(PROVISIONAL)).expect(200)
    scenario.send("ACK", again=True).bye()
    run(mcu, tmp_path, scenario, "-m", "1")
    mcu.stop()


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


def test_refusals_of_a_meeting(serve: Serve, tmp_path: Path, accounts: str) -> None:
    mcu = serve("--accounts", accounts, *meetings(tmp_path, "dak-nong", "cu-jut"))
    elsewhere = proven_call()
    elsewhere.text = elsewhere.text.replace("sip:giao-ban@", "sip:hop-kin@")
    run(mcu, tmp_path, elsewhere.refused(404), "-m", "1")
    stranger = proven_call("dak-mil").refused(403)
    run(mcu, tmp_path, stranger, "-m", "1")
    # once in the meeting, and while its media comes, it cannot come in again
    first = proven_call().answered()
    first.text += '  <nop><action><exec rtp_stream="sound.raw,-1,8,PCMA/8000"/></action></nop>\n'
    first.text = first.text.replace("m=audio 41000", "m=audio [rtpstream_audio_port]")
    (tmp_path / "sound.raw").write_bytes(bytes([0xD5] * 8000))
    name = first.pause(LONG_MS).write(tmp_path / "first.xml")
    with sipp_beside(tmp_path, mcu.port, "-sf", name, "-m", "1"):
        mcu.wait_for("joined")
        run(mcu, tmp_path, proven_call().refused(486), "-m", "1")
    mcu.stop()
    assert [e["code"] for e in mcu.said("refused")] == [404, 403, 486]


def test_a_full_device_says_when_to_come_again(serve: Serve, tmp_path: Path) -> None:
    """The 4203 has 6 ports with video, and 6 more for sound alone."""
    mcu = serve("--device", "codian-4203")
    scenario = Scenario().send("INVITE", AUDIO.format(port="[rtpstream_audio_port]")).answered()
    holding = scenario.pause(LONG_MS).write(tmp_path / "holding.xml")
    with sipp_beside(tmp_path, mcu.port, "-sf", holding, "-m", "12", "-r", "50"):
        mcu.wait_for("joined", 12)
        full = Scenario().send("INVITE", AUDIO.format(port=41000))
        full.refused(503, header=("Retry-After:", "[1-9][0-9]*"))
        run(mcu, tmp_path, full, "-m", "1")
    mcu.stop()
    assert [e["code"] for e in mcu.said("refused")] == [503]


def test_what_cannot_be_understood(mcu: Mcu, tmp_path: Path) -> None:
    opus = AUDIO.format(port=41000).replace("8 0\n", "111\n").replace("rtpmap:8 PCMA", "x:")
    opus = opus.replace("a=rtpmap:0 PCMU/8000", "a=rtpmap:111 opus/48000/2")
    unknown = Scenario().send("INVITE", opus).refused(488)
    run(mcu, tmp_path, unknown, "-m", "1")
    for good, bad in (
        ("Content-Length: [len]", "Content-Length: 5000"),
        ('From: "Cư Jút" <', 'From: "Cư Jút <'),
    ):
        broken = Scenario().send("INVITE", AUDIO.format(port=41000))
        broken.text = broken.text.replace(good, bad)
        run(mcu, tmp_path, broken.expect(400, maybe=(100,)), "-m", "1")
    run(mcu, tmp_path, Scenario().send("INVITE", "v=0").expect(488, maybe=(100,)), "-m", "1")
    run(mcu, tmp_path, Scenario().send("BYE").expect(481), "-m", "1")
    run(mcu, tmp_path, Scenario().send("PUBLISH").expect(405), "-m", "1")
    mcu.stop()
    assert not mcu.said("joined")
