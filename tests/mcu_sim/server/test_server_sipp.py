"""SIPp, whose messages nobody here wrote, calls the running MCU over real sockets."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.loopback import local_address
from tests.mcu_sim.server_factory import Running, meeting_of, meetings, seats

pytestmark = pytest.mark.realtime

PCAPS = "/usr/share/sip-tester"
MCU, CALLER = local_address(69), local_address(70)
MEMBERS = ("dak-mil", "cu-jut")
MEETING = meetings(meeting_of(MEMBERS))

AUDIO_AND_VIDEO = """<?xml version="1.0" encoding="UTF-8"?>
<scenario name="a bridge">
  <send retrans="500"><![CDATA[
    INVITE sip:meeting@[remote_ip]:[remote_port] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
    From: "Cư Jút" <sip:cu-jut@[local_ip]:[local_port]>;tag=[call_number]
    To: <sip:meeting@[remote_ip]:[remote_port]>
    Call-ID: [call_id]
    CSeq: 1 INVITE
    Contact: <sip:cu-jut@[local_ip]:[local_port]>
    Max-Forwards: 70
    Content-Type: application/sdp
    Content-Length: [len]

    v=0
    o=- 1 1 IN IP[local_ip_type] [local_ip]
    s=-
    c=IN IP[local_ip_type] [local_ip]
    t=0 0
    m=audio 41000 RTP/AVP 8 0
    a=rtpmap:8 PCMA/8000
    a=rtpmap:0 PCMU/8000
    m=video 41002 RTP/AVP 97
    a=rtpmap:97 H264/90000
    a=fmtp:97 profile-level-id=42801F;packetization-mode=1
  ]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="200" rrs="true">
    <action>
      <ereg regexp="m=audio [1-9][0-9]* RTP/AVP 8" search_in="body" check_it="true" assign_to="1"/>
      <ereg regexp="m=video [1-9][0-9]* RTP/AVP 97" search_in="body" check_it="true" assign_to="2"/>
    </action>
  </recv>
  <send><![CDATA[
    ACK sip:meeting@[remote_ip]:[remote_port] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
    From: "Cư Jút" <sip:cu-jut@[local_ip]:[local_port]>;tag=[call_number]
    To: <sip:meeting@[remote_ip]:[remote_port]>[peer_tag_param]
    Call-ID: [call_id]
    CSeq: 1 ACK
    Max-Forwards: 70
    Content-Length: 0

  ]]></send>
  <pause milliseconds="300"/>
  <send retrans="500"><![CDATA[
    BYE sip:meeting@[remote_ip]:[remote_port] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
    From: "Cư Jút" <sip:cu-jut@[local_ip]:[local_port]>;tag=[call_number]
    To: <sip:meeting@[remote_ip]:[remote_port]>[peer_tag_param]
    Call-ID: [call_id]
    CSeq: 2 BYE
    Max-Forwards: 70
    Content-Length: 0

  ]]></send>
  <recv response="200"/>
  <Reference variables="1,2"/>
</scenario>
"""


def sipp(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Calls; SIPp's exit code is 0 if it went as its scenario says."""
    return subprocess.run(
        [
            *("sipp", f"{MCU}:5060", "-i", CALLER, "-p", "5060", "-nostdin"),
            *("-timeout", "20", "-recv_timeout", "10000", "-trace_msg"),
            *("-message_file", str(folder / "messages.log"), *words),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_call_with_audio_and_video(tmp_path: Path) -> None:
    (tmp_path / "bridge.xml").write_text(AUDIO_AND_VIDEO, encoding="utf-8")
    mcu = Running(MCU, tmp_path, MEETING, seats=seats(MEMBERS))
    done = sipp(tmp_path, "-m", "1", "-sf", "bridge.xml")
    health = mcu.finish()
    assert done.returncode == 0, done.stdout + done.stderr
    assert (mcu.said("joined"), mcu.said("left")) == (["cu-jut"], ["cu-jut"])
    assert (health["calls_left"], health["units_left"]) == (0, 0.0)
    assert mcu.events[0]["units"] == 3.0
    assert (tmp_path / "mcu-sent.bin").stat().st_size > 0


def test_keys_pressed_in_a_call(tmp_path: Path) -> None:
    """SIPp plays its recordings of RFC 2833 events; they were made in this order."""
    scenario = AUDIO_AND_VIDEO.replace(
        "m=audio 41000 RTP/AVP 8 0\n", "m=audio [media_port] RTP/AVP 8 0 101\n"
    ).replace(
        "    a=rtpmap:0 PCMU/8000\n",
        "    a=rtpmap:0 PCMU/8000\n    a=rtpmap:101 telephone-event/8000\n",
    )
    keys = "".join(
        f'<nop><action><exec play_pcap_audio="{PCAPS}/dtmf_2833_{key}.pcap"/></action></nop>'
        '<pause milliseconds="1000"/>'
        for key in ("6", "star")
    )
    head, ack, tail = scenario.partition("  ]]></send>\n  <pause")
    assert ack
    scenario = f"{head}  ]]></send>\n{keys}\n  <pause{tail}"
    (tmp_path / "bridge.xml").write_text(scenario, encoding="utf-8")
    mcu = Running(MCU, tmp_path, MEETING, seats=seats(MEMBERS))
    done = sipp(tmp_path, "-m", "1", "-mp", "41000", "-sf", "bridge.xml")
    health = mcu.finish()
    assert done.returncode == 0, done.stdout + done.stderr
    told = [(e["bridge"], e["digit"]) for e in mcu.events if e["event"] == "tone"]
    assert told == [("cu-jut", "6"), ("cu-jut", "*")]
    assert (health["not_rtp"], health["foreign"]) == (0, 0)


def test_many_calls_of_the_built_in_caller(tmp_path: Path) -> None:
    """Audio alone, all from one address: each gets a room's place, and ports of its own."""
    mcu = Running(MCU, tmp_path, meetings(rooms={}), guests=50)
    done = sipp(tmp_path, "-m", "40", "-r", "20", "-d", "500", "-sn", "uac")
    health = mcu.finish()
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(mcu.said("joined")) == len(mcu.said("left")) == 40
    assert max(e["ports"] for e in mcu.events) > 1
    assert len({e["bridge"] for e in mcu.events}) > 1
    assert (health["calls_left"], health["units_left"]) == (0, 0.0)


def test_a_caller_that_is_no_member(tmp_path: Path) -> None:
    """Its user part is `sipp` and the meeting is `service`."""
    mcu = Running(MCU, tmp_path, meetings(meeting_of(MEMBERS, id="service")), seats=seats(MEMBERS))
    done = sipp(tmp_path, "-m", "1", "-sn", "uac")
    mcu.finish()
    assert done.returncode == 1
    assert "SIP/2.0 403" in _messages(tmp_path)
    assert mcu.said("refused") == ["sipp"]


def test_a_meeting_that_there_is_not(tmp_path: Path) -> None:
    mcu = Running(MCU, tmp_path, MEETING, seats=seats(MEMBERS))
    done = sipp(tmp_path, "-m", "1", "-sn", "uac")
    mcu.finish()
    assert done.returncode == 1
    assert "SIP/2.0 404" in _messages(tmp_path)


def _messages(folder: Path) -> str:
    return (folder / "messages.log").read_text(encoding="utf-8", errors="replace")
