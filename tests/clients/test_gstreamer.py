"""GStreamer (https://gstreamer.freedesktop.org) repairs a stream from what our senders make.

From a file into a file: it takes no notice of the time.
"""

from __future__ import annotations

import random
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

from giaoban.traffic import rtp, rtx
from giaoban.traffic.loss_repair import Fec
from giaoban.traffic.profiles import load_profiles
from giaoban.traffic.receiver.fec import FecDecoder
from giaoban.traffic.sender.fec import FecEncoder
from giaoban.traffic.sender.retransmission import Retransmitter
from giaoban.traffic.sources.video_model import CLOCK_HZ

SSRC, VIDEO = 0x0A0B0C0D, 97
RTX_SSRC, RTX = 0x01020304, 99
FEC = 100
GROUP = 10
FIRST = 0xFFD0  # the numbers wrap
WITHIN_S = 120.0
"""It takes a fifth of a second where nothing else is done."""


def picture(number: int, sequence: int, rng: random.Random) -> bytes:
    """A packet of a camera: seven a picture, of any length."""
    of = number // 7
    last = rtp.MARKER if number % 7 == 6 else 0
    stamp = 0xFFFF_0000 + 3000 * of & 0xFFFF_FFFF
    header = struct.pack("!BBHII", 0x80, VIDEO | last, sequence & 0xFFFF, stamp, SSRC)
    return header + rng.randbytes(rng.randint(1, 1200))


def repaired(folder: Path, came: Sequence[bytes], *elements: str) -> list[bytes]:
    """What leaves these elements when so much came: RTP with its length before it (RFC 4571)."""
    there, out = folder / "came.rtp", folder / "out.rtp"
    there.write_bytes(b"".join(struct.pack("!H", len(each)) + each for each in came))
    stream = f"application/x-rtp-stream,media=video,clock-rate={CLOCK_HZ},encoding-name=H264"
    pipeline = " ! ".join(
        [
            f"filesrc location={there}",
            f"{stream},ssrc=(uint){SSRC}",
            "rtpstreamdepay",
            *elements,
            "rtpstreampay",
            f"filesink location={out} async=false sync=false",
        ]
    )
    subprocess.run(["gst-launch-1.0", "-q", *pipeline.split()], check=True, timeout=WITHIN_S)
    data, found = out.read_bytes(), []
    while data:
        end = 2 + int.from_bytes(data[:2], "big")
        found.append(data[2:end])
        data = data[end:]
    return found


def test_it_restores_what_is_sent_again(tmp_path: Path) -> None:
    """RFC 4588: to the last bit, as we do."""
    rng = random.Random(4588)
    sent = [picture(number, FIRST + number, rng) for number in range(100)]
    history = Retransmitter(load_profiles().retransmission, RTX, RTX_SSRC, first_sequence=0xFFFE)
    for number, packet in enumerate(sent):
        history.sent(packet, number)
    lost = [3, 40, 41, 42, 70, 99]
    again = history.answer([int.from_bytes(sent[number][2:4], "big") for number in lost], 100)
    assert len(again) == len(lost)
    came = [packet for number, packet in enumerate(sent) if number not in lost]
    maps = (
        f"payload-type-map=application/x-rtp-pt-map,{VIDEO}=(uint){RTX}",
        f"ssrc-map=application/x-rtp-ssrc-map,{SSRC}=(uint){RTX_SSRC}",
    )
    found = repaired(tmp_path, [*came, *again], " ".join(("rtprtxreceive", *maps)))
    assert found == [*came, *(sent[number] for number in lost)]
    assert found[-6:] == [rtx.restore(each, payload_type=VIDEO, ssrc=SSRC) for each in again]


def test_it_restores_what_fec_protects(tmp_path: Path) -> None:
    """RFC 5109: the same packets as our decoder. It wants them and their FEC packets in one row of
    numbers and under one SSRC, as browsers send them in RED, so they are numbered for it; what it
    gives it numbers anew."""
    rng = random.Random(5109)
    of = Fec(group_packets=GROUP, group_pictures=GROUP, source="a test")
    encoder, decoder = FecEncoder(of, FEC, SSRC, CLOCK_HZ), FecDecoder(SSRC)
    came: list[bytes] = []
    had: list[bytes] = []
    restored = 0
    for group in range(40):
        # it knows nothing of what is lost before all or after all
        gone = set() if group in (0, 39) else set(rng.sample(range(GROUP + 1), rng.randint(0, 2)))
        numbered = range(group * (GROUP + 1), (group + 1) * (GROUP + 1))
        media = [picture(n - group, FIRST + n, rng) for n in numbered[:-1]]
        [made] = [one for packet in media if (one := encoder.sent(packet, 0)) is not None]
        fec = made.packet[:2] + (FIRST + numbered[-1] & 0xFFFF).to_bytes(2, "big") + made.packet[4:]
        for place, packet in enumerate(media):
            if place not in gone:
                assert decoder.came(packet, 0) == []
        ours = decoder.fec_came(fec, 0) if GROUP not in gone else []
        restored += len(ours)
        came += [packet for place, packet in enumerate([*media, fec]) if place not in gone]
        known = {one.packet for one in ours}
        had += [p for place, p in enumerate(media) if place not in gone or p in known]
    assert restored > 5
    elements = (
        "rtpstorage size-time=3600000000000",
        "rtpjitterbuffer do-lost=true",
        f"rtpulpfecdec pt={FEC}",
    )
    found = repaired(tmp_path, came, *elements)
    media = [packet for packet in found if packet[1] & 0x7F == VIDEO]
    assert [unnumbered(packet) for packet in media] == [unnumbered(packet) for packet in had]


def unnumbered(packet: bytes) -> bytes:
    return packet[:2] + packet[4:]
