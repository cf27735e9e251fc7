"""Forward error correction of RTP (ULPFEC, RFC 5109), one level of protection: a packet that is the
XOR of a group's packets, in a stream of its own.

The stream has its own SSRC, sequence numbers and payload type on the same ports. RFC 5109 has it in
an RTP session of its own, under the SSRC of what it protects (§14.1); in one session two sequences
of numbers need two SSRCs (RFC 3550 §5.2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from giaoban.traffic import rtp

NAME = "ulpfec"
"""Of its payload type in an SDP (§14)."""
FEC_HEADER_BYTES, LEVEL_HEADER_BYTES = 10, 4
SHORT_MASK_BITS, LONG_MASK_BITS = 16, 48
"""Of the packets after the first that a mask can name (§7.4)."""
LONG_LEVEL_HEADER_BYTES = LEVEL_HEADER_BYTES + (LONG_MASK_BITS - SHORT_MASK_BITS) // 8
MOST_BYTES = FEC_HEADER_BYTES + LONG_LEVEL_HEADER_BYTES
"""That an FEC packet has beyond the longest packet that it protects."""
_EXTENSION, _LONG_MASK = 0x80, 0x40
_VERSION = 0x80
_FLAGS = 0x3F
"""Of an RTP header's first octet: P, X and CC."""
_OTHER_SSRC = 0x6969_6969


def ssrc_of(ssrc: int) -> int:
    """The FEC stream's SSRC where it is ours to choose: told by the stream's own."""
    return ssrc ^ _OTHER_SSRC


def protect(packets: Sequence[bytes]) -> bytes:
    """The payload of the FEC packet that protects some packets of one stream (RFC 5109 §7.3, §7.4,
    §8): all of each, but for its SSRC and number.

    Raises:
        ValueError: there are none, one is no RTP or there twice, or a mask of 48 packets does not
            reach from the first to the last.
    """
    if not packets or any(len(one) < rtp.HEADER_BYTES for one in packets):
        raise ValueError("no RTP packets to protect")
    numbers = [sequence_of(one) for one in packets]
    base = min(numbers, key=lambda number: (number - numbers[0] + 0x8000) & 0xFFFF)
    offsets = [(number - base) & 0xFFFF for number in numbers]
    if max(offsets) >= LONG_MASK_BITS or len({*offsets}) < len(offsets):
        raise ValueError("packets that one mask cannot name")
    header = body = 0
    for one in packets:
        header ^= _bits(one)
        body ^= int.from_bytes(one[rtp.HEADER_BYTES :], "little")
    long = max(offsets) >= SHORT_MASK_BITS
    bits = LONG_MASK_BITS if long else SHORT_MASK_BITS
    mask = sum(1 << (bits - 1 - offset) for offset in offsets)
    length = max(len(one) for one in packets) - rtp.HEADER_BYTES
    first = bytearray(header.to_bytes(FEC_HEADER_BYTES, "big"))
    first[0] = first[0] & _FLAGS | (_LONG_MASK if long else 0)
    first[2:4] = base.to_bytes(2, "big")
    level = length.to_bytes(2, "big") + mask.to_bytes(bits // 8, "big")
    return bytes(first) + level + body.to_bytes(length, "little")


def encapsulate(
    payload: bytes, *, payload_type: int, ssrc: int, sequence: int, timestamp: int
) -> bytes:
    """The FEC packet with its RTP header (RFC 5109 §7.2)."""
    header = bytes([_VERSION, payload_type]) + (sequence & 0xFFFF).to_bytes(2, "big")
    return header + (timestamp & 0xFFFF_FFFF).to_bytes(4, "big") + ssrc.to_bytes(4, "big") + payload


def sequence_of(packet: bytes) -> int:
    """The sequence number of an RTP packet."""
    return int.from_bytes(packet[2:4], "big")


@dataclass(frozen=True, slots=True)
class Protection:
    """What an FEC packet says.

    Attributes:
        sequences: numbers of the packets that it protects.
        header: XOR of their first 64 bits and lengths; what stands for numbers is no such.
        body: XOR of all after their fixed headers, as a little-endian number; `length` bytes.
    """

    sequences: tuple[int, ...]
    header: int
    body: int
    length: int

    @classmethod
    def parse(cls, packet: bytes) -> Self | None:
        """Of an FEC packet with its RTP header; None if it is none that can be read (§7.3: packets
        with the extension bit are of a later version)."""
        start = rtp.HEADER_BYTES
        if len(packet) < start + FEC_HEADER_BYTES + LEVEL_HEADER_BYTES:
            return None
        flags = packet[start]
        bits = LONG_MASK_BITS if flags & _LONG_MASK else SHORT_MASK_BITS
        level = start + FEC_HEADER_BYTES
        data = level + 2 + bits // 8
        length = int.from_bytes(packet[level : level + 2], "big")
        if flags & _EXTENSION or len(packet) < data + length:
            return None
        mask = int.from_bytes(packet[level + 2 : data], "big")
        base = int.from_bytes(packet[start + 2 : start + 4], "big")
        named = (i for i in range(bits) if mask >> (bits - 1 - i) & 1)
        sequences = tuple((base + i) & 0xFFFF for i in named)
        header = int.from_bytes(packet[start:level], "big")
        body = int.from_bytes(packet[data : data + length], "little")
        return cls(sequences, header, body, length) if sequences else None

    def restore(self, others: Mapping[int, bytes], *, ssrc: int) -> bytes | None:
        """The one packet of the stream `ssrc` that is not among the `others`, by their numbers
        (RFC 5109 §9.2); None if more are missing, none is, or it was not protected to its end."""
        missing = [sequence for sequence in self.sequences if sequence not in others]
        if len(missing) != 1:
            return None
        header, body = self.header, self.body
        end = rtp.HEADER_BYTES + self.length
        for sequence in self.sequences:
            if sequence != missing[0]:
                header ^= _bits(others[sequence])
                body ^= int.from_bytes(others[sequence][rtp.HEADER_BYTES : end], "little")
        first = header.to_bytes(FEC_HEADER_BYTES, "big")
        length = int.from_bytes(first[8:], "big")
        if length > self.length or body >> 8 * length:
            return None
        start = bytes([_VERSION | first[0] & _FLAGS, first[1]]) + missing[0].to_bytes(2, "big")
        return start + first[4:8] + ssrc.to_bytes(4, "big") + body.to_bytes(length, "little")


def _bits(packet: bytes) -> int:
    """The first 64 bits and the length after the fixed header, as one number of 80 (§8.1)."""
    return int.from_bytes(packet[:8], "big") << 16 | len(packet) - rtp.HEADER_BYTES
