"""The messages of RFC 4475, as it writes them down: `messages.txt` is in the notation of its §2.

Lines end with CRLF. `<allOneLine>` joins lines (§2.1), `<hex>` stands for octets (§2.2), `<repeat>`
for the same text again and again (§2.3). `<sdp>` is the description that most messages share.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_SECTION = re.compile(r"^=== (\S+) (\S+)\n(.*?)(?=^=== |\Z)", re.MULTILINE | re.DOTALL)
_ONE_LINE = re.compile(r"^<allOneLine>\n(.*?)\n</allOneLine>$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"<(?:repeat count=(?P<count>\d+)>(?P<text>.*?)</repeat"
                   r"|hex>(?P<hex>[0-9A-F]+)</hex|sdp>(?P<host>\S+)</sdp)>")  # fmt: skip
_SDP = """v=0
o=mhandley 29739 7272939 IN IP4 {0}
s=-
c=IN IP4 {0}
t=0 0
m=audio 49217 RTP/AVP 0 12
m=video 3227 RTP/AVP 31
a=rtpmap:31 LPC"""


@dataclass(frozen=True)
class Torture:
    """One message: its name, the section it stands in, its octets."""

    name: str
    section: str
    data: bytes


def messages() -> dict[str, Torture]:
    """All of §3, by name."""
    text = Path(__file__).with_name("messages.txt").read_text(encoding="utf-8")
    found = _SECTION.findall(text)
    return {name: Torture(name, section, _octets(body)) for name, section, body in found}


def _octets(text: str) -> bytes:
    text = _ONE_LINE.sub(lambda match: match[1].replace("\n", ""), text)
    parts = []
    at = 0
    for mark in _MARK.finditer(text):
        parts.append(_lines(text[at : mark.start()]))
        at = mark.end()
        if mark["hex"]:
            parts.append(bytes.fromhex(mark["hex"]))
        elif mark["host"]:
            parts.append(_lines(_SDP.format(mark["host"])))
        else:
            parts.append(mark["text"].encode() * int(mark["count"]))
    return b"".join([*parts, _lines(text[at:])])


def _lines(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()
