"""RTP streams in a capture: what there is, the one that is meant, and what was lost of it."""

from __future__ import annotations

import ipaddress
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from giaoban.errors import InputError, strerror
from giaoban.files import open_file
from giaoban.sentence import Sentence
from giaoban.traffic import rtp
from giaoban.traffic.h264 import NAL_IDR, carries
from giaoban.traffic.recorded.datagrams import (
    LINK_TYPES,
    BrokenFrameError,
    CapturedDatagram,
    datagram,
)

RTCP_TYPES = range(64, 96)  # payload types that tell RTCP from RTP on one port (RFC 5761 §4)


class Frame(NamedTuple):
    """A captured link-layer frame: when, its link type, its bytes as far as captured."""

    time_ns: int
    link_type: int
    data: bytes


class RtpFlow(NamedTuple):
    """What tells RTP streams apart."""

    ssrc: int
    source: str
    source_port: int
    destination: str
    destination_port: int


@dataclass(frozen=True)
class CapturedStream:
    """n packets of one source, in order of arrival.

    Attributes:
        flow: whose they are.
        payload_type, sequence, timestamp: (n,) as they are in the headers.
        marker: (n,).
        time_ns: (n,) when each was captured.
        payloads: n payloads, without header extension and padding.
        idr: (n,) whether each holds a slice of an IDR picture, or a part of one, if it is H.264.
    """

    flow: RtpFlow
    payload_type: NDArray[np.uint8]
    sequence: NDArray[np.uint16]
    timestamp: NDArray[np.uint32]
    marker: NDArray[np.bool_]
    time_ns: NDArray[np.int64]
    payloads: Sequence[bytes]
    idr: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.payloads)

    @property
    def extended(self) -> NDArray[np.int64]:
        """(n,) sequence numbers that go on beyond 16 bits, whatever the order of arrival."""
        return unwrapped(self.sequence, 16)

    def __str__(self) -> str:
        types = "/".join(str(t) for t in sorted(set(self.payload_type.tolist())))
        flow = self.flow
        return (
            f"ssrc {flow.ssrc:#010x} from {flow.source} port {flow.source_port} to "
            f"{flow.destination} port {flow.destination_port}, payload type {types}, "
            f"{len(self)} packets"
        )


@dataclass(frozen=True)
class Capture:
    """All RTP streams of a capture, the largest first; `broken` frames were passed over."""

    name: str
    streams: tuple[CapturedStream, ...]
    broken: int

    def choose(self, *, ssrc: int | None = None) -> CapturedStream:
        """The one stream that is meant: by its SSRC, or the only one.

        Raises:
            InputError: there is none or more than one.
        """
        fit = [stream for stream in self.streams if ssrc in (None, stream.flow.ssrc)]
        if len(fit) == 1:
            return fit[0]
        what = (
            Sentence("and no ssrc is given")
            if ssrc is None
            else Sentence("with {asked}", asked=f"ssrc {ssrc:#010x}")
        )
        there = "\n".join(f"  {stream}" for stream in self.streams)
        raise InputError(
            "{name}: {number} RTP streams {what} (allowed: what fits one of)\n{there}",
            name=self.name,
            number=len(fit),
            what=what,
            there=there,
        )


def read_capture(path: Path) -> Capture:
    """The RTP streams of a pcap or pcapng file.

    Raises:
        InputError: no such file, no capture, or no RTP in it.
    """
    try:
        return rtp_streams(_frames(path), str(path))
    except OSError as error:
        raise InputError("{path}: cannot be read: {why}", path=path, why=strerror(error)) from None


def _frames(path: Path) -> Iterator[Frame]:
    """The frames of a file, lazily; scapy takes seconds to load, and only this needs it."""
    from scapy.error import Scapy_Exception
    from scapy.utils import RawPcapNgReader, RawPcapReader

    with open_file(path) as file:
        try:
            reader = RawPcapReader(file) if _is_pcap(path) else RawPcapNgReader(file)
        except Scapy_Exception:
            raise InputError("{path}: is no capture (allowed: pcap or pcapng)", path=path) from None
        for data, meta in reader:
            if hasattr(meta, "sec"):
                fraction = meta.usec if reader.nano else meta.usec * 1000
                time_ns, link = meta.sec * 1_000_000_000 + fraction, reader.linktype
            elif meta.tshigh is None:  # a simple packet block has no time
                time_ns, link, data = 0, meta.linktype, b""
            else:
                ticks = meta.tshigh << 32 | meta.tslow
                time_ns, link = ticks * 1_000_000_000 // meta.tsresol, meta.linktype
            yield Frame(time_ns, link, data)


def rtp_streams(frames: Iterable[Frame], name: str) -> Capture:
    """Sort captured frames into RTP streams. `name` is the capture's for messages.

    A source counts as one when two of its packets come in sequence (RFC 3550 A.1): other
    protocols' datagrams seldom do.

    Raises:
        InputError: no RTP is there, or a link type is not known.
    """
    found: dict[tuple[object, ...], list[tuple[int, CapturedDatagram]]] = defaultdict(list)
    broken = 0
    for frame in frames:
        try:
            read = datagram(frame.data, frame.link_type)
        except BrokenFrameError:
            broken += 1
            continue
        except KeyError:
            raise InputError(
                "{name}: frames of link type {link_type} (allowed: {link_types})",
                name=name,
                link_type=frame.link_type,
                link_types=LINK_TYPES,
            ) from None
        if read is None or len(read.payload) < rtp.HEADER_BYTES:
            continue
        if read.payload[0] >> 6 == 2 and read.payload[1] & 0x7F not in RTCP_TYPES:
            found[read.payload[8:12], *read[:4]].append((frame.time_ns, read))
    streams = []
    for packets in found.values():
        stream, bad = _stream(packets)
        numbers = stream.extended
        if np.any(numbers[1:] == numbers[:-1] + 1):
            streams.append(stream)
            broken += bad
    if not streams:
        raise InputError(
            "{name}: holds no RTP stream ({broken} broken {broken:frame|frames})",
            name=name,
            broken=broken,
        )
    streams.sort(key=lambda stream: (-len(stream), stream.flow))
    return Capture(name, tuple(streams), broken)


def _stream(packets: Sequence[tuple[int, CapturedDatagram]]) -> tuple[CapturedStream, int]:
    """One flow's packets, and how many of them were no sound RTP."""
    lengths = np.array([len(read.payload) for _, read in packets])
    joined = np.frombuffer(b"".join(read.payload for _, read in packets), np.uint8)
    data = np.zeros((len(packets), int(lengths.max())), np.uint8)
    data[np.arange(data.shape[1]) < lengths[:, None]] = joined
    headers = rtp.parse_headers(data, lengths)
    start, end = rtp.payload_bounds(data, lengths)
    sound = np.flatnonzero(end > 0)
    idr = carries(data, start, end, (NAL_IDR,))
    headers = headers.take(sound)
    first = packets[0][1]
    stream = CapturedStream(
        flow=RtpFlow(
            int.from_bytes(first.payload[8:12], "big"),
            str(ipaddress.ip_address(first.source)),
            first.source_port,
            str(ipaddress.ip_address(first.destination)),
            first.destination_port,
        ),
        payload_type=headers.payload_type,
        sequence=headers.sequence,
        timestamp=headers.timestamp,
        marker=headers.marker,
        time_ns=np.array([time_ns for time_ns, _ in packets], np.int64)[sound],
        payloads=[packets[i][1].payload[start[i] : end[i]] for i in sound.tolist()],
        idr=idr[sound],
    )
    return stream, len(packets) - len(sound)


def unwrapped(values: NDArray[np.unsignedinteger], bits: int) -> NDArray[np.int64]:
    """Counters of so many bits, (n,), that go on beyond them: each is the nearest to the last."""
    wide = values.astype(np.int64)
    steps = rtp.serial_difference(np.diff(wide, prepend=wide[:1]), bits)
    return wide[:1].sum() + np.cumsum(steps)


def loss_runs(stream: CapturedStream) -> list[int]:
    """Packets received and lost in turn, from the first number to the last, for `TraceLoss.runs`.

    What came late or twice was received. An even number of runs: round and round, the first run
    of received packets follows on the last.
    """
    numbers = np.unique(stream.extended)
    gaps = np.flatnonzero(np.diff(numbers) > 1)
    received = np.diff(np.concatenate(([0], gaps + 1, [len(numbers)])))
    lost = np.append(numbers[gaps + 1] - numbers[gaps] - 1, 0)
    return np.column_stack([received, lost]).ravel().tolist()


def most_frequent(values: NDArray[np.integer]) -> int:
    """The value that is there most often, the smallest of several."""
    counts: Mapping[int, int] = Counter(values.tolist())
    return min(counts, key=lambda value: (-counts[value], value))


def _is_pcap(path: Path) -> bool:
    """Whether a file begins like a pcap (microseconds or nanoseconds, either byte order)."""
    with open_file(path) as file:
        magic = file.read(4)
    return magic in (
        b"\xa1\xb2\xc3\xd4",
        b"\xd4\xc3\xb2\xa1",
        b"\xa1\xb2\x3c\x4d",
        b"\x4d\x3c\xb2\xa1",
    )
