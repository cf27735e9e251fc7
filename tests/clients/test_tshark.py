"""tshark reads the MCU's RTP and RTCP as such, and its loss and jitter agree with the MCU's."""

from __future__ import annotations

import itertools
import random
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.clients.media import Heard, MediaPort, write_pcap
from tests.clients.programs import HOST, PATIENCE_S, Mcu
from tests.clients.tshark import Stream, fields, streams
from tests.phone import Phone

pytestmark = [pytest.mark.realtime, pytest.mark.alone]

Serve = Callable[..., Mcu]

FIRST = 65_400  # the numbers wrap
BURST = 50
LAST = 4
SSRC = 0x746F6E69
UNIX_TO_NTP_S = 2_208_988_800
REPORT_FIELDS = (
    "rtcp.ssrc.identifier",
    "rtcp.ssrc.fraction",
    "rtcp.ssrc.cum_nr",
    "rtcp.ssrc.ext_high",
    "rtcp.ssrc.jitter",
    "rtcp.sender.packetcount",
    "rtcp.lsr-frame",
    "rtcp.ssrc.dlsr",
    "rtcp.lsr-frame-captured",
)


def bad_line() -> Iterator[int]:
    """Numbers in the order they are sent: a tenth is lost, some come twice, some too early."""
    for first in itertools.count(0, BURST):
        numbers = [n for n in range(first, first + BURST) if n % 10 != 5]
        numbers = [n for n in numbers for _ in range(2 if n % 25 == 3 else 1)]
        for i in (10, 30):
            numbers[i], numbers[i + 1] = numbers[i + 1], numbers[i]
        yield from numbers


def speak(media: MediaPort, to: int) -> None:
    """Send sound on a bad line, delayed by up to 8 ms, until two reports have come.

    A sender report is the first thing.
    """
    rng, start, latest = random.Random(7), time.monotonic(), 0
    media.send(_sender_report(), to + 1, rtcp=True)
    for n in bad_line():
        if len(media.rtcp) >= 2:
            return
        assert time.monotonic() < start + PATIENCE_S
        latest = max(latest, n)
        at = start + 0.02 * latest + rng.choice([0, 0.004, 0.008])
        time.sleep(max(0.0, at - time.monotonic()))
        head = struct.pack("!BBHII", 0x80, 8, (FIRST + n) % 65_536, 160 * n % 2**32, SSRC)
        media.send(head + bytes([0xD5]) * 160, to)


def _sender_report() -> bytes:
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    fraction = (nanoseconds << 32) // 1_000_000_000
    ntp = seconds + UNIX_TO_NTP_S, fraction
    report = struct.pack("!BBHIIIIII", 0x80, 200, 6, SSRC, *ntp, 0, 0, 0)
    return report + struct.pack("!BBHIBB6s", 0x81, 202, 3, SSRC, 1, 4, b"toni\0\0")


@pytest.fixture
def capture(serve: Serve, tmp_path: Path) -> tuple[Path, MediaPort]:
    """Everything between a bridge with a bad line and the MCU."""
    mcu = serve()
    with ExitStack() as stack:
        media = stack.enter_context(closing(MediaPort()))
        phone = stack.enter_context(closing(Phone("cu-jut")))
        described = f"v=0\no=- 1 1 IN IP4 {HOST}\ns=-\nc=IN IP4 {HOST}\nt=0 0\n"
        answer = phone.dial(mcu.uri("giao-ban"), f"{described}m=audio {media.port} RTP/AVP 8\n")
        mcu.wait_for("joined")
        speak(media, answer.media[0].port)
        phone.hang_up()
        mcu.wait_for("left")
    mcu.stop()
    write_pcap(tmp_path / "all.pcap", [*media.sent, *media.rtp, *media.rtcp])
    return tmp_path, media


def test_loss_and_jitter_agree(capture: tuple[Path, MediaPort]) -> None:
    folder, media = capture
    from_mcu = f"udp.dstport=={media.port + 1}"
    kinds = fields(folder / "all.pcap", media.port, from_mcu, ["rtcp.pt", "_ws.malformed"])
    # sender reports with who it is, and a goodbye
    assert kinds == [["200,202", ""], ["200,202", ""], ["201,202,203", ""]]
    reports = fields(folder / "all.pcap", media.port, f"rtcp.pt==200 && {from_mcu}", REPORT_FIELDS)
    assert len(reports) == 2
    rtp = [h for h in media.sent if h.source == media.port]
    before: list[Heard] = []
    for sources, fraction, lost, highest, jitter, sent, heard_in, held, since_ms in reports:
        assert int(sources.split(",")[0], 16) == SSRC
        upto = _upto(rtp, int(highest))
        ours = _read(folder, media, upto)
        assert abs(int(lost) - ours.lost) <= 1  # what came between this number and the report
        lately = _read(folder, media, upto[len(before) :])
        assert int(fraction) / 2.56 == pytest.approx(lately.lost_pct, abs=2.0)
        # tshark gives the mean of all values, and so what the last ones add; it leaves out
        # packets that are out of order, which make the jitter of RFC 3550 a little larger
        earlier = _read(folder, media, upto[:-LAST])
        sums = [stream.packets * stream.mean_jitter for stream in (ours, earlier)]
        assert int(jitter) / 8 == pytest.approx((sums[0] - sums[1]) / LAST, abs=2.5)
        assert 0 < int(sent) <= len(media.rtp) + 5  # some may still have been under way
        # our sender report, and how long the MCU has had it (LSR, DLSR)
        assert heard_in == "1"
        assert int(held) / 65.536 == pytest.approx(int(since_ms), abs=100)
        before = upto
    assert _read(folder, media, before).lost > 10
    down = streams(folder / "all.pcap", media.port)
    [own] = [stream for stream in down.values() if stream.ssrc != SSRC]
    assert (own.payload, own.lost, own.packets) == ("g711A", 0, len(media.rtp))


def _upto(sent: list[Heard], highest: int) -> list[Heard]:
    """What had been sent when the highest (extended) number was this one."""
    at = next(i for i, h in enumerate(sent) if h.sequence == highest % 65_536)
    return sent[: at + 1]


def _read(folder: Path, media: MediaPort, part: list[Heard]) -> Stream:
    write_pcap(folder / "part.pcap", part)
    return streams(folder / "part.pcap", media.port)[media.port]
