"""Retransmission payload format (RFC 4588): a packet that is sent again, in a stream of its own.

The stream has its own SSRC, sequence numbers and payload type on the same ports (SSRC multiplexing,
§5). Its payload is the original's sequence number (OSN, §4) and the original's payload.
"""

from __future__ import annotations

import numpy as np

from giaoban.traffic import rtp

OSN_BYTES = 2
NAME = "rtx"
"""Of its payload type in an SDP (§8.1)."""
_OTHER_SSRC = 0x3C3C_3C3C


def ssrc_of(ssrc: int) -> int:
    """The retransmission stream's SSRC where it is ours to choose: told by the stream's own."""
    return ssrc ^ _OTHER_SSRC


def encapsulate(packet: bytes, *, payload_type: int, ssrc: int, sequence: int) -> bytes:
    """The packet that sends an RTP packet again (RFC 4588 §4): header, CSRCs and extension are the
    original's but for the arguments, its padding is left out. Raises `ValueError`: no RTP."""
    start, end = _payload(packet)
    if not end:
        raise ValueError("no RTP packet")
    return _with_header(packet[:start], payload_type, ssrc, sequence) + (
        packet[2:4] + packet[start:end]
    )


def original_number(packet: bytes, is_rtx: bool) -> int:
    """The number of what a packet sends again: its own, if it is no RTX but the original."""
    at = _payload(packet)[0] if is_rtx else 2
    return int.from_bytes(packet[at : at + OSN_BYTES], "big")


def restore(packet: bytes, *, payload_type: int, ssrc: int) -> bytes | None:
    """The original packet, of the stream `ssrc`; None if there is none in it (a packet of padding
    alone, as some send to probe a line)."""
    start, end = _payload(packet)
    if end - start < OSN_BYTES:
        return None
    sequence = int.from_bytes(packet[start : start + OSN_BYTES], "big")
    header = _with_header(packet[:start], payload_type, ssrc, sequence)
    return header + packet[start + OSN_BYTES : end]


def _with_header(header: bytes, payload_type: int, ssrc: int, sequence: int) -> bytes:
    out = bytearray(header)
    out[0] &= ~rtp.PADDING & 0xFF
    out[1] = out[1] & rtp.MARKER | payload_type
    out[2:4] = (sequence & 0xFFFF).to_bytes(2, "big")
    out[8:12] = ssrc.to_bytes(4, "big")
    return bytes(out)


def _payload(packet: bytes) -> tuple[int, int]:
    """Where the payload begins and ends; both 0 if it is no RTP."""
    if len(packet) < rtp.HEADER_BYTES:
        return 0, 0
    data = np.frombuffer(packet, np.uint8)[np.newaxis]
    start, end = rtp.payload_bounds(data, np.array([len(packet)]))
    return int(start[0]), int(end[0])
