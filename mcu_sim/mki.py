"""The master key identifier that packets of SRTP may carry (RFC 3711 §3.1): put in and taken out.

libsrtp does so too, but not through pylibsrtp's binding. It is not authenticated, and whoever sends
says in the session description what it is (RFC 4568 §6.1): a packet with another has no key here.
`behind` is the number of bytes that follow it in the packet.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def inserted(packet: bytes, mki: bytes, behind: int) -> bytes:
    """A protected packet with its identifier."""
    at = len(packet) - behind
    return packet[:at] + mki + packet[at:]


def removed(packet: bytes, mki: bytes, behind: int) -> bytes | None:
    """A packet from the wire without its identifier; None if it has not this one."""
    end = len(packet) - behind
    at = end - len(mki)
    if mki and (at < 0 or packet[at:end] != mki):
        return None
    return packet[:at] + packet[end:] if mki else packet


def insert(
    data: NDArray[np.uint8],
    lengths: NDArray[np.integer],
    places: NDArray[np.integer],
    mki: bytes,
    behind: int,
) -> None:
    """As `inserted`, in place.

    Args:
        data: (n, width) uint8, one packet a row, with room for the identifier.
        lengths: (k,) bytes of each packet without it.
        places: (k,) the rows they are in.
    """
    for place, length in zip(places.tolist(), lengths.tolist(), strict=True):
        wire = inserted(data[place, :length].tobytes(), mki, behind)
        data[place, : len(wire)] = np.frombuffer(wire, np.uint8)


def remove(
    data: NDArray[np.uint8],
    lengths: NDArray[np.integer],
    places: NDArray[np.integer],
    mki: bytes,
    behind: int,
) -> NDArray[np.bool_]:
    """As `removed`, in place: which (k,) had this identifier. Arguments as of `insert`, lengths
    with it."""
    found = np.ones(len(lengths), np.bool_)
    if not mki:
        return found
    for number, (place, length) in enumerate(zip(places.tolist(), lengths.tolist(), strict=True)):
        bare = removed(data[place, :length].tobytes(), mki, behind)
        if bare is None:
            found[number] = False
        else:
            data[place, : len(bare)] = np.frombuffer(bare, np.uint8)
    return found
