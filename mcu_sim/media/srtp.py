"""SRTP (RFC 3711) with AES_CM_128_HMAC_SHA1_80: packets to and from the wire's form, by pylibsrtp.

One context is one section of one call: a key for the packets sent, one for those received, and any
number of streams (SSRC) on either side. pylibsrtp takes packets of 1,356 bytes at most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from giaoban.mcu_sim.media.leg import Kind
from giaoban.mcu_sim.sdp.offer_answer import NegotiatedMedia

if TYPE_CHECKING:
    from pylibsrtp import Session

TAG_BYTES = 10
"""Bytes that a packet grows by (RFC 4568 §6.2); RTCP carries its index besides (RFC 3711 §3.4)."""
REPLAY_WINDOW = 8192
"""Packets; 64 at least (RFC 3711 §3.3.2). At 4 Mb/s a packet may be overtaken by those of 19 s, so
that disorder on a line is never taken for a replay."""


class SrtpError(ValueError):
    """A packet that is forged, broken, replayed, too long, or no RTP at all."""


class SrtpContext:
    """Protects the packets of one section, and checks and opens those that it receives.

    Packets of a stream may come and go out of order, within `REPLAY_WINDOW`. `send`, `receive`:
    master key and master salt in one.
    """

    def __init__(self, send: bytes, receive: bytes) -> None:
        self._out = _session(send, outbound=True)
        self._in = _session(receive, outbound=False)

    def protect(self, data: bytes) -> bytes:
        """Return an RTP packet as it goes on the wire. Raises `SrtpError`."""
        return _called(self._out.protect, data)

    def unprotect(self, data: bytes) -> bytes:
        """Return the RTP packet of a datagram from the wire. Raises `SrtpError`."""
        return _called(self._in.unprotect, data)

    def protect_rtcp(self, data: bytes) -> bytes:
        """Return a compound RTCP packet as it goes on the wire. Raises `SrtpError`."""
        return _called(self._out.protect_rtcp, data)

    def unprotect_rtcp(self, data: bytes) -> bytes:
        """Return the compound RTCP packet of a datagram from the wire. Raises `SrtpError`."""
        return _called(self._in.unprotect_rtcp, data)

    def protect_rows(
        self,
        data: NDArray[np.uint8],
        lengths: NDArray[np.integer],
        rows: NDArray[np.integer] | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Protect RTP packets in place.

        Args:
            data: (n, width) uint8, one packet a row, in order of sending, with `TAG_BYTES` to
                spare.
            lengths: (k,) bytes of each packet.
            rows: (k,) the rows they are in; None: the first k.

        Returns:
            The new lengths (k,), and a mask (k,) of the packets that are protected. A packet that
            repeats a sequence number is not.
        """
        return _in_place(self.protect, data, lengths, rows)

    def unprotect_rows(
        self,
        data: NDArray[np.uint8],
        lengths: NDArray[np.integer],
        rows: NDArray[np.integer] | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Check and open RTP packets in place. Arguments and result as of `protect_rows`; a packet
        that is not authentic stays as it came."""
        return _in_place(self.unprotect, data, lengths, rows)

    def with_receive_key(self, key: bytes) -> SrtpContext:
        """Return the same context for a far end with another key; sending goes on as it is."""
        other = SrtpContext.__new__(SrtpContext)
        other._out, other._in = self._out, _session(key, outbound=False)
        return other


def _session(key: bytes, *, outbound: bool) -> Session:
    from pylibsrtp import Policy, Session  # with the first context: most runs have no SRTP

    ssrc_type = Policy.SSRC_ANY_OUTBOUND if outbound else Policy.SSRC_ANY_INBOUND
    policy = Policy(key, ssrc_type, srtp_profile=Policy.SRTP_PROFILE_AES128_CM_SHA1_80)
    policy.window_size = REPLAY_WINDOW
    return Session(policy)


def _called(function: Callable[[bytes], bytes], data: bytes) -> bytes:
    from pylibsrtp import Error

    try:
        return function(data)
    except (Error, ValueError) as error:
        raise SrtpError(str(error)) from None


def _in_place(
    function: Callable[[bytes], bytes],
    data: NDArray[np.uint8],
    lengths: NDArray[np.integer],
    rows: NDArray[np.integer] | None,
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    sizes, good = lengths.astype(np.int64), np.ones(len(lengths), np.bool_)
    places = range(len(lengths)) if rows is None else rows.tolist()
    for number, place in enumerate(places):
        try:
            packet = function(data[place, : sizes[number]].tobytes())
        except SrtpError:
            good[number] = False
            continue
        sizes[number] = len(packet)
        data[place, : len(packet)] = np.frombuffer(packet, np.uint8)
    return sizes, good


class Keyring:
    """The context of each flow that is encrypted, by medium and row."""

    def __init__(self) -> None:
        self._contexts: dict[Kind, dict[int, SrtpContext]] = {}
        self._terms: dict[tuple[Kind, int], NegotiatedMedia] = {}

    def turn(self, kind: Kind, row: int, terms: NegotiatedMedia) -> None:
        """Begin a flow, or give it new terms. The cipher of a key that stays in use runs on."""
        old = self._terms.get((kind, row))
        self._terms[kind, row] = terms
        send, receive = terms.crypto_send, terms.crypto_receive
        contexts = self._contexts.setdefault(kind, {})
        if send is None or receive is None:
            contexts.pop(row, None)
        elif old is None or old.crypto_send != send or old.crypto_receive is None:
            contexts[row] = SrtpContext(send, receive)
        elif old.crypto_receive != receive:
            contexts[row] = contexts[row].with_receive_key(receive)

    def close(self, row: int) -> None:
        """Forget the call in a row."""
        for key in [key for key in self._terms if key[1] == row]:
            del self._terms[key]
        for contexts in self._contexts.values():
            contexts.pop(row, None)

    def of(self, kind: Kind, row: int) -> SrtpContext | None:
        """Return the context of a flow; None: it is not encrypted."""
        return self._contexts.get(kind, {}).get(row)

    def all_of(self, kind: Kind) -> Iterator[tuple[int, SrtpContext]]:
        """Return row and context of every encrypted flow of a medium."""
        return iter(self._contexts.get(kind, {}).items())
