"""RTP streams in a capture, and a stream as a recording."""

from __future__ import annotations

import os
import socket
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from giaoban.clock import SECOND_NS
from giaoban.errors import InputError, strerror
from giaoban.files import open_file
from giaoban.sentence import Sentence
from giaoban.traffic import rtp
from giaoban.traffic.h264 import NAL_IDR, carries
from giaoban.traffic.recorded.recording import Recording
from giaoban.traffic.sources.video_model import CLOCK_HZ

HEADER_BYTES = {1: 14, 12: 0, 101: 0, 113: 16, 228: 0, 276: 20}
"""Bytes before the network layer, by LINKTYPE (the tcpdump group's registry)."""
LINK_TYPES = "Ethernet, Linux cooked, raw IP"
PCAPNG = b"\x0a\x0d\x0d\x0a"
PCAP_ORDER: dict[bytes, Literal["big", "little"]] = {
    b"\xa1\xb2\xc3\xd4": "big",
    b"\xa1\xb2\x3c\x4d": "big",
    b"\xd4\xc3\xb2\xa1": "little",
    b"\x4d\x3c\xb2\xa1": "little",
}
"""Byte order by the first octets of a pcap file."""
UDP, IP_BYTES, UDP_BYTES = 17, 20, 8
FRAGMENT = 0x3FFF  # more fragments, and the offset (RFC 791 §3.1)
RTCP_TYPES = range(64, 96)  # payload types that tell RTCP from RTP on one port (RFC 5761 §4)
# RFC 3551 §6, tables 4 and 5; G722's clock is 8000 (§4.5.2)
CLOCKS = {0: 8000, 3: 8000, 4: 8000, 8: 8000, 9: 8000, 15: 8000, 18: 8000, 26: 90_000, 34: 90_000}


class _Flow(NamedTuple):
    """IPv4 addresses, ports and SSRC, as bytes of the packet."""

    addresses: bytes
    ports: bytes
    ssrc: bytes


@dataclass(frozen=True)
class CapturedStream:
    """n packets of one source, in order of arrival.

    Attributes:
        ssrc: of the source.
        ends: addresses and ports, in words.
        headers: of the packets.
        time_ns: (n,) when each was captured.
        payloads: n payloads, without header extension and padding.
        idr: (n,) whether each holds a slice of an IDR picture, or a part of one, if it is H.264.
    """

    ssrc: int
    ends: str
    headers: rtp.Headers
    time_ns: NDArray[np.int64]
    payloads: list[bytes]
    idr: NDArray[np.bool_]

    @property
    def extended(self) -> NDArray[np.int64]:
        """(n,) sequence numbers that go on beyond 16 bits, whatever the order of arrival."""
        return unwrapped(self.headers.sequence, 16)

    def __str__(self) -> str:
        return f"ssrc {self.ssrc:#010x} from {self.ends}, {len(self.payloads)} packets"


@dataclass(frozen=True)
class Capture:
    """All RTP streams of a capture, the largest first."""

    name: str
    streams: tuple[CapturedStream, ...]

    def choose(self, *, ssrc: int | None = None) -> CapturedStream:
        """Return the stream of an SSRC, or the only one.

        Raises:
            InputError: there is none or more than one.
        """
        fit = [stream for stream in self.streams if ssrc in (None, stream.ssrc)]
        if len(fit) == 1:
            return fit[0]
        what = (
            Sentence("and no ssrc is given")
            if ssrc is None
            else Sentence("with {asked}", asked=f"ssrc {ssrc:#010x}")
        )
        raise InputError(
            "{name}: {number} RTP streams {what} (allowed: what fits one of)\n{there}",
            name=self.name,
            number=len(fit),
            what=what,
            there="\n".join(f"  {stream}" for stream in self.streams),
        )


def read_capture(path: Path) -> Capture:
    """Read the RTP streams of a pcap or pcapng file.

    A source counts as one when two of its packets come in sequence (RFC 3550 A.1).

    Raises:
        InputError: no such file, no capture, one that is cut off, or no RTP in it.
    """
    flows: dict[_Flow, list[tuple[int, bytes]]] = defaultdict(list)
    try:
        for time_ns, flow, payload in _datagrams(path):
            flows[flow].append((time_ns, payload))
    except OSError as error:
        raise InputError("{path}: cannot be read: {why}", path=path, why=strerror(error)) from None
    streams = [_stream(flow, packets) for flow, packets in flows.items()]
    streams = [stream for stream in streams if (np.diff(stream.extended) == 1).any()]
    if not streams:
        raise InputError("{name}: holds no RTP stream", name=path)
    streams.sort(key=lambda stream: (-len(stream.payloads), stream.ssrc))
    return Capture(str(path), tuple(streams))


def _datagrams(path: Path) -> Iterator[tuple[int, _Flow, bytes]]:
    """Yield time, flow and payload of whole UDP datagrams over IPv4 that may be RTP.

    scapy reads the file and does not dissect its frames: `python -m bench packets` measures both.
    """
    from scapy.error import Scapy_Exception
    from scapy.utils import RawPcapReader  # slow to load

    with open_file(path) as file:
        if _is_cut_off(file):
            raise InputError("{path}: ends within a packet (allowed: a whole capture)", path=path)
        file.seek(0)
        try:
            reader = RawPcapReader(file)
        except Scapy_Exception:
            raise InputError("{path}: is no capture (allowed: pcap or pcapng)", path=path) from None
        for frame, meta in reader:
            if hasattr(meta, "sec"):
                fraction = meta.usec if reader.nano else meta.usec * 1000
                time_ns, link = meta.sec * SECOND_NS + fraction, reader.linktype
            elif meta.tshigh is None:
                continue  # a simple packet block has no time
            else:
                ticks = meta.tshigh << 32 | meta.tslow
                time_ns, link = ticks * SECOND_NS // meta.tsresol, meta.linktype
            if link not in HEADER_BYTES:
                raise InputError(
                    "{name}: frames of link type {link_type} (allowed: {link_types})",
                    name=path,
                    link_type=link,
                    link_types=LINK_TYPES,
                )
            packet = frame[HEADER_BYTES[link] :]
            if (found := udp_of(packet)) is not None and may_be_rtp(found[1]):
                ports, payload = found
                yield time_ns, _Flow(packet[12:20], ports, payload[8:12]), payload


def _is_cut_off(file: BinaryIO) -> bool:
    """Return whether a pcap or pcapng file ends within a packet or block; False of other files."""
    magic = file.read(4)
    order = PCAP_ORDER.get(magic)
    if order is None and magic != PCAPNG:
        return False
    at, head_bytes = (0, 12) if order is None else (24, 16)
    size = file.seek(0, os.SEEK_END)
    while at + head_bytes <= size:
        file.seek(at)
        head = file.read(head_bytes)
        if magic != PCAPNG:
            length = head_bytes + int.from_bytes(head[8:12], order or "big")
        else:
            if head[:4] == PCAPNG:  # a section states its byte order
                order = "little" if head[8:12] == b"\x4d\x3c\x2b\x1a" else "big"
            length = int.from_bytes(head[4:8], order or "big")
        if length < head_bytes:
            return True
        at += length
    return at != size


def udp_of(packet: bytes) -> tuple[bytes, bytes] | None:
    """Return ports and payload of an IPv4 packet's whole UDP datagram (RFC 791 §3.1, RFC 768)."""
    if len(packet) < IP_BYTES or packet[0] >> 4 != 4 or packet[9] != UDP:
        return None
    at = 4 * (packet[0] & 0x0F)
    if int.from_bytes(packet[6:8], "big") & FRAGMENT:
        return None
    end = at + int.from_bytes(packet[at + 4 : at + 6], "big")
    if not at + UDP_BYTES <= end <= len(packet):
        return None
    return packet[at : at + 4], packet[at + UDP_BYTES : end]


def may_be_rtp(payload: bytes) -> bool:
    """Whether a datagram is of version 2 and no RTCP (RFC 5761 §4)."""
    if len(payload) < rtp.HEADER_BYTES or payload[0] >> 6 != 2:
        return False
    return payload[1] & 0x7F not in RTCP_TYPES


def _stream(flow: _Flow, packets: list[tuple[int, bytes]]) -> CapturedStream:
    lengths = np.array([len(payload) for _, payload in packets])
    data = np.zeros((len(packets), int(lengths.max())), np.uint8)
    joined = np.frombuffer(b"".join(payload for _, payload in packets), np.uint8)
    data[np.arange(data.shape[1]) < lengths[:, None]] = joined
    start, end = rtp.payload_bounds(data, lengths)
    sound = np.flatnonzero(end > 0)
    ends = [
        f"{socket.inet_ntoa(flow.addresses[4 * n : 4 * n + 4])} port "
        f"{int.from_bytes(flow.ports[2 * n : 2 * n + 2], 'big')}"
        for n in range(2)
    ]
    return CapturedStream(
        ssrc=int.from_bytes(flow.ssrc, "big"),
        ends=" to ".join(ends),
        headers=rtp.parse_headers(data, lengths).take(sound),
        time_ns=np.array([time_ns for time_ns, _ in packets], np.int64)[sound],
        payloads=[packets[i][1][start[i] : end[i]] for i in sound.tolist()],
        idr=carries(data, start, end, (NAL_IDR,))[sound],
    )


def unwrapped(values: NDArray[np.unsignedinteger], bits: int) -> NDArray[np.int64]:
    """Return (n,) counters that go on beyond so many bits: each is the nearest to the last."""
    wide = values.astype(np.int64)
    steps = rtp.serial_difference(np.diff(wide, prepend=wide[:1]), bits)
    return wide[:1].sum() + np.cumsum(steps)


def recording_of(stream: CapturedStream, name: str, *, h264: bool) -> Recording:
    """Return the packets of a captured stream in order of their numbers, each once.

    Other payload types than the most frequent, such as telephone events, are left out, and packets
    without payload: baresip keeps a path open with such packets, of timestamp 0 in the midst of a
    stream. H.264 begins with its first key frame and ends with its last whole picture.

    Args:
        name: of the file, for messages.

    Raises:
        InputError: packets are missing, or the stream cannot be repeated.
    """
    numbers, order = np.unique(stream.extended, return_index=True)
    missing = int(numbers[-1] - numbers[0]) + 1 - len(numbers)
    if missing:
        raise InputError(
            "{name}: {missing} of {number} packets {missing:is|are} missing (allowed: none)",
            name=name,
            missing=missing,
            number=len(numbers) + missing,
        )
    order = order[np.array([len(payload) > 0 for payload in stream.payloads])[order]]
    if not len(order):
        raise InputError("{name}: holds no packet with a payload", name=name)
    [(kind, _)] = Counter(stream.headers.payload_type[order].tolist()).most_common(1)
    order = order[stream.headers.payload_type[order] == kind]
    clock_hz = CLOCK_HZ if h264 else CLOCKS.get(kind)
    if clock_hz is None:
        raise InputError("{name}: payload type {kind} does not say its clock", name=name, kind=kind)
    # unwrapped in order of sending: a packet that came late must not turn the clock back
    stamps = unwrapped(stream.headers.timestamp[order], 32)
    key = np.zeros(len(order), np.bool_)
    if h264:
        key = np.isin(stamps, stamps[stream.idr[order]])
        ends = np.flatnonzero(stream.headers.marker[order])
        if not key.any() or not len(ends) or ends[-1] < np.argmax(key):
            raise InputError(
                "{name}: has no whole picture from a key frame on (an IDR picture is needed)",
                name=name,
            )
        whole = slice(int(np.argmax(key)), int(ends[-1]) + 1)
        order, stamps, key = order[whole], stamps[whole], key[whole]
    stamps = stamps - stamps[0]
    taken = np.unique(stamps)
    if len(taken) < 2:
        raise InputError("{name}: holds a single picture or packet (allowed: 2 or more)", name=name)
    length_ticks = int(taken[-1] + np.median(np.diff(taken)))
    due_ns = np.maximum.accumulate(stream.time_ns[order])
    due_ns = due_ns - due_ns[0]
    _, heads, picture = np.unique(stamps, return_index=True, return_inverse=True)
    payloads = [stream.payloads[i] for i in order]
    return Recording(
        payload=np.frombuffer(b"".join(payloads), np.uint8),
        offset=np.cumsum([0, *map(len, payloads)]),
        due_ns=due_ns,
        capture_ns=due_ns[heads][picture],
        timestamp=stamps,
        marker=stream.headers.marker[order],
        key=key,
        clock_hz=clock_hz,
        # the capture's clock and the sender's differ a little
        length_ns=max(round(length_ticks * SECOND_NS / clock_hz), int(due_ns[-1]) + 1),
        length_ticks=length_ticks,
    )
