"""SRTP (RFC 3711, RFC 7714): packets to and from the wire's form, by libsrtp.

One context is one section of one call: a key for what is sent, one for what is received, and any
number of streams (SSRC) on either side. libsrtp is called through pylibsrtp's own binding, in place
and without pylibsrtp's limit of 1356 bytes a packet.

The master key identifier that packets may carry (RFC 3711 §3.1) is put in and taken out here:
libsrtp does so too, but not through pylibsrtp's binding. It is not authenticated, and whoever sends
says in the session description what it is (RFC 4568 §6.1): a packet with another has no key here.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from giaoban.mcu_sim.media.leg import Kind
from giaoban.mcu_sim.sdp import CryptoKey, Suite
from giaoban.mcu_sim.sdp.crypto import GCM_SUITES
from giaoban.mcu_sim.sdp.offer_answer import NegotiatedMedia

TAG_BYTES = {
    Suite.AEAD_AES_256_GCM: 16,
    Suite.AEAD_AES_128_GCM: 16,
    Suite.AES_CM_128_HMAC_SHA1_80: 10,
    Suite.AES_CM_128_HMAC_SHA1_32: 4,
}
"""What an RTP packet without an MKI grows by (RFC 7714 §12, RFC 4568 §6.2)."""
RTCP_TAG_BYTES = {suite: 16 if suite in GCM_SUITES else 10 for suite in Suite}
"""RTCP's tag is 80 bits long even where RTP's is 32 (RFC 4568 §6.2)."""
RTCP_INDEX_BYTES = 4
"""RTCP carries its index besides (RFC 3711 §3.4)."""
ALIGNMENT = 4
"""libsrtp reads packets in words (srtp.h, srtp_protect)."""
REPLAY_WINDOW = 8192
"""Packets; 64 at least (RFC 3711 §3.3.2). At 4 Mb/s a packet may be overtaken by those of 19 s, so
that disorder on a line is never taken for a replay."""


class SrtpError(ValueError):
    """A packet that is not what it should be: forged, broken, replayed, or no RTP at all."""


class SrtpContext:
    """Protects what one section sends, and checks and opens what it receives.

    Packets of a stream may come and go out of order, within `REPLAY_WINDOW`.
    """

    def __init__(self, send: CryptoKey, receive: CryptoKey) -> None:
        library = _library()
        self._ffi, self._lib, self._errors = library.ffi, library.lib, library.ERRORS
        policy = library.Policy
        # sessions also hold what the handles point to
        self._sessions = (
            _session(library, send, policy.SSRC_ANY_OUTBOUND),
            _session(library, receive, policy.SSRC_ANY_INBOUND),
        )
        self._out, self._in = (session._srtp[0] for session in self._sessions)
        self._send, self._receive = send, receive

    def protect(self, data: bytes) -> bytes:
        """An RTP packet as it goes on the wire. Raises `SrtpError`."""
        wire = self._one(self._lib.srtp_protect, self._out, data, TAG_BYTES[self._send.suite])
        return _with_mki(wire, self._send.mki, _behind(self._send, TAG_BYTES))

    def unprotect(self, data: bytes) -> bytes:
        """The RTP packet of a datagram from the wire. Raises `SrtpError`."""
        bare = self._bare(data, TAG_BYTES)
        return self._one(self._lib.srtp_unprotect, self._in, bare, 0)

    def protect_rtcp(self, data: bytes) -> bytes:
        """A compound RTCP packet as it goes on the wire. Raises `SrtpError`."""
        more = RTCP_TAG_BYTES[self._send.suite] + RTCP_INDEX_BYTES
        wire = self._one(self._lib.srtp_protect_rtcp, self._out, data, more)
        return _with_mki(wire, self._send.mki, _behind(self._send, RTCP_TAG_BYTES))

    def unprotect_rtcp(self, data: bytes) -> bytes:
        """The compound RTCP packet of a datagram from the wire. Raises `SrtpError`."""
        bare = self._bare(data, RTCP_TAG_BYTES)
        return self._one(self._lib.srtp_unprotect_rtcp, self._in, bare, 0)

    def protect_rows(
        self,
        out: NDArray[np.uint8],
        lengths: NDArray[np.integer],
        rows: NDArray[np.integer] | None = None,
    ) -> NDArray[np.int32]:
        """Protect RTP packets in place; their new lengths.

        Args:
            out: (n, width) uint8, one packet a row, in order of sending. Rows begin at multiples
                of 4 bytes and have room for a tag (`TAG_BYTES`) and an MKI more.
            lengths: (k,) bytes of each packet.
            rows: (k,) the rows they are in; None: the first k.

        Raises:
            SrtpError: a row is no RTP packet, or its sequence number is used up.
            ValueError: the rows have no room, or are not aligned.
        """
        sizes, codes = self._protect(out, lengths, rows)
        for code in codes[codes != 0]:
            raise SrtpError(self._errors[code])
        return sizes

    def protect_good_rows(
        self,
        out: NDArray[np.uint8],
        lengths: NDArray[np.integer],
        rows: NDArray[np.integer] | None = None,
    ) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """As `protect_rows`, for packets made from what strangers sent: their new lengths, and
        which are good. One that repeats a sequence number is not, and is not to be sent."""
        sizes, codes = self._protect(out, lengths, rows)
        return sizes, codes == 0

    def unprotect_rows(
        self,
        data: NDArray[np.uint8],
        lengths: NDArray[np.integer],
        rows: NDArray[np.integer] | None = None,
    ) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """Check and open RTP packets from the wire in place; their new lengths, and which are good.

        Args:
            data: (n, width) uint8, one packet a row, in order of arrival. Rows begin at multiples
                of 4 bytes.
            lengths: (k,) bytes of each packet.
            rows: (k,) the rows they are in; None: the first k.

        Returns:
            lengths (k,) and a mask (k,); a packet that is not good stays as it came.

        Raises:
            ValueError: a length is beyond its row, or the rows are not aligned.
        """
        key, places = self._receive, _places(data, lengths, rows, 0)
        spoils = bool(key.mki) or key.suite in GCM_SUITES
        # GCM is opened in place before it is known to be authentic, and an MKI is taken out
        came = data[places] if spoils else None
        good = _remove_mki(data, lengths, places, key.mki, _behind(key, TAG_BYTES))
        sizes, bare = lengths.astype(np.int32), lengths[good] - len(key.mki)
        opened, codes = self._rows(self._lib.srtp_unprotect, self._in, data, bare, places[good])
        good[good] = codes == 0
        sizes[good] = opened[codes == 0]
        if came is not None:
            data[places[~good]] = came[~good]
        return sizes, good

    def with_receive_key(self, key: CryptoKey) -> SrtpContext:
        """The same context for a far end with another key: what is sent goes on as it is."""
        other = copy.copy(self)
        session = _session(_library(), key, _library().Policy.SSRC_ANY_INBOUND)
        other._sessions = self._sessions[0], session
        other._in, other._receive = session._srtp[0], key
        return other

    def _protect(
        self,
        out: NDArray[np.uint8],
        lengths: NDArray[np.integer],
        rows: NDArray[np.integer] | None,
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        key = self._send
        places = _places(out, lengths, rows, TAG_BYTES[key.suite] + len(key.mki))
        sizes, codes = self._rows(self._lib.srtp_protect, self._out, out, lengths, places)
        if key.mki:
            done = np.flatnonzero(codes == 0)
            behind = _behind(key, TAG_BYTES)
            _insert_mki(out, sizes[done], places[done], key.mki, behind)
            sizes[done] += len(key.mki)
        return sizes, codes

    def _bare(self, data: bytes, tags: Mapping[Suite, int]) -> bytes:
        bare = _without_mki(data, self._receive.mki, _behind(self._receive, tags))
        if bare is None:
            raise SrtpError("packet does not name the key (MKI)")
        return bare

    def _rows(
        self,
        function: Callable[..., int],
        handle: Any,
        data: NDArray[np.uint8],
        lengths: NDArray[np.integer],
        places: NDArray[np.integer],
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """New lengths and libsrtp's codes, for places that `_places` has checked."""
        stride = data.strides[0]
        sizes = lengths.astype(np.int32)
        first = self._ffi.cast("char *", data.ctypes.data)
        size = self._ffi.cast("int *", sizes.ctypes.data)
        codes = [
            function(handle, first + offset, size + number)
            for number, offset in enumerate((places * stride).tolist())
        ]
        return sizes, np.array(codes, np.int64)

    def _one(self, function: Callable[..., int], handle: Any, data: bytes, room: int) -> bytes:
        packet = self._ffi.new("char[]", data + bytes(room))
        size = self._ffi.new("int *", len(data))
        code = function(handle, packet, size)
        if code:
            raise SrtpError(self._errors[code])
        return bytes(self._ffi.buffer(packet, size[0]))


def _places(
    data: NDArray[np.uint8],
    lengths: NDArray[np.integer],
    rows: NDArray[np.integer] | None,
    room: int,
) -> NDArray[np.integer]:
    """The rows that packets are in; `ValueError` if libsrtp would read or write beyond them."""
    places = np.arange(len(lengths)) if rows is None else rows
    if len(places) and not 0 <= int(places.min()) <= int(places.max()) < len(data):
        raise ValueError(f"a row is not within the {len(data)} there are")
    width = data.shape[1] - room
    if len(lengths) and not 0 <= int(lengths.min()) <= int(lengths.max()) <= width:
        raise ValueError(f"a packet's length is not within 0 and {width} bytes")
    if data.strides[1] != 1 or data.strides[0] % ALIGNMENT or data.ctypes.data % ALIGNMENT:
        raise ValueError(f"rows do not begin at multiples of {ALIGNMENT} bytes")
    return places


def _behind(key: CryptoKey, tags: Mapping[Suite, int]) -> int:
    """Bytes of a packet behind its MKI: the tag, which GCM has as the cipher's end, before the MKI
    (RFC 3711 §3.1, §3.4; RFC 7714 §8.2, §9.2)."""
    return 0 if key.suite in GCM_SUITES else tags[key.suite]


@functools.cache
def _library() -> Any:
    """pylibsrtp, loaded with the first context: most runs have no SRTP."""
    import pylibsrtp

    return pylibsrtp


def _session(library: Any, key: CryptoKey, ssrc_type: int) -> Any:
    profile = {
        Suite.AEAD_AES_256_GCM: library.Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
        Suite.AEAD_AES_128_GCM: library.Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
        Suite.AES_CM_128_HMAC_SHA1_80: library.Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
        Suite.AES_CM_128_HMAC_SHA1_32: library.Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
    }[key.suite]
    policy = library.Policy(key=key.master, ssrc_type=ssrc_type, srtp_profile=profile)
    policy.window_size = REPLAY_WINDOW
    return library.Session(policy)


class Keyring:
    """The context of each flow that is encrypted, by medium and row."""

    def __init__(self) -> None:
        self._contexts: dict[Kind, dict[int, SrtpContext]] = {}
        self._terms: dict[tuple[Kind, int], NegotiatedMedia] = {}

    def turn(self, kind: Kind, row: int, terms: NegotiatedMedia) -> None:
        """A flow begins, or has new terms. The cipher of a key that stays in use runs on."""
        old = self._terms.get((kind, row))
        self._terms[kind, row] = terms
        send, receive = terms.crypto_send, terms.crypto_receive
        contexts = self._contexts.setdefault(kind, {})
        if send is None or receive is None:
            contexts.pop(row, None)
        elif old is None or old.crypto_send != send or old.crypto_receive is None:
            contexts[row] = SrtpContext(send=send, receive=receive)
        elif old.crypto_receive != receive:
            contexts[row] = contexts[row].with_receive_key(receive)

    def close(self, row: int) -> None:
        """The call in a row is over."""
        for key in [key for key in self._terms if key[1] == row]:
            del self._terms[key]
        for contexts in self._contexts.values():
            contexts.pop(row, None)

    def of(self, kind: Kind, row: int) -> SrtpContext | None:
        """The context of a flow; None: it is not encrypted."""
        return self._contexts.get(kind, {}).get(row)

    def all_of(self, kind: Kind) -> Iterator[tuple[int, SrtpContext]]:
        """Row and context of every encrypted flow of a medium."""
        return iter(self._contexts.get(kind, {}).items())


def _with_mki(packet: bytes, mki: bytes, behind: int) -> bytes:
    """A protected packet with its identifier, which `behind` bytes follow."""
    at = len(packet) - behind
    return packet[:at] + mki + packet[at:]


def _without_mki(packet: bytes, mki: bytes, behind: int) -> bytes | None:
    """A packet from the wire without its identifier; None if it has not this one."""
    end = len(packet) - behind
    at = end - len(mki)
    if mki and (at < 0 or packet[at:end] != mki):
        return None
    return packet[:at] + packet[end:] if mki else packet


def _insert_mki(
    data: NDArray[np.uint8],
    lengths: NDArray[np.integer],
    places: NDArray[np.integer],
    mki: bytes,
    behind: int,
) -> None:
    """As `_with_mki`, in place.

    Args:
        data: (n, width) uint8, one packet a row, with room for the identifier.
        lengths: (k,) bytes of each packet without it.
        places: (k,) the rows they are in.
    """
    for place, length in zip(places.tolist(), lengths.tolist(), strict=True):
        wire = _with_mki(data[place, :length].tobytes(), mki, behind)
        data[place, : len(wire)] = np.frombuffer(wire, np.uint8)


def _remove_mki(
    data: NDArray[np.uint8],
    lengths: NDArray[np.integer],
    places: NDArray[np.integer],
    mki: bytes,
    behind: int,
) -> NDArray[np.bool_]:
    """As `_without_mki`, in place: which (k,) had this identifier. Arguments as of `_insert_mki`,
    lengths with it."""
    found = np.ones(len(lengths), np.bool_)
    if not mki:
        return found
    for number, (place, length) in enumerate(zip(places.tolist(), lengths.tolist(), strict=True)):
        bare = _without_mki(data[place, :length].tobytes(), mki, behind)
        if bare is None:
            found[number] = False
        else:
            data[place, : len(bare)] = np.frombuffer(bare, np.uint8)
    return found
