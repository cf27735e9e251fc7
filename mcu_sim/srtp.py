"""SRTP (RFC 3711): packets to and from the wire's form, by libsrtp.

One context is one section of one call: a key for what is sent, one for what is received, and any
number of streams (SSRC) on either side. libsrtp is called through pylibsrtp's own binding, in place
and without pylibsrtp's limit of 1356 bytes a packet.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcu_sim.sdp import CryptoKey, Suite

TAG_BYTES = {Suite.AES_CM_128_HMAC_SHA1_80: 10, Suite.AES_CM_128_HMAC_SHA1_32: 4}
"""What an RTP packet grows by (RFC 4568 §6.2)."""
RTCP_TRAILER_BYTES = 14
"""What RTCP grows by with either suite: index and 80-bit tag (RFC 3711 §3.4, RFC 4568 §6.2)."""
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
        self._tag_bytes = TAG_BYTES[send.suite]

    def protect(self, data: bytes) -> bytes:
        """An RTP packet as it goes on the wire. Raises `SrtpError`."""
        return self._one(self._lib.srtp_protect, self._out, data, self._tag_bytes)

    def unprotect(self, data: bytes) -> bytes:
        """The RTP packet of a datagram from the wire. Raises `SrtpError`."""
        return self._one(self._lib.srtp_unprotect, self._in, data, 0)

    def protect_rtcp(self, data: bytes) -> bytes:
        """A compound RTCP packet as it goes on the wire. Raises `SrtpError`."""
        return self._one(self._lib.srtp_protect_rtcp, self._out, data, RTCP_TRAILER_BYTES)

    def unprotect_rtcp(self, data: bytes) -> bytes:
        """The compound RTCP packet of a datagram from the wire. Raises `SrtpError`."""
        return self._one(self._lib.srtp_unprotect_rtcp, self._in, data, 0)

    def protect_rows(
        self,
        out: NDArray[np.uint8],
        lengths: NDArray[np.integer],
        rows: NDArray[np.integer] | None = None,
    ) -> NDArray[np.int32]:
        """Protect RTP packets in place; their new lengths.

        Args:
            out: (n, width) uint8, one packet a row, in order of sending. Rows begin at multiples
                of 4 bytes and have room for 10 bytes more (4 with a 32-bit tag).
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
            lengths (k,) and a mask (k,); a packet that is not good has its old length and is not
            to be used.

        Raises:
            ValueError: a length is beyond its row, or the rows are not aligned.
        """
        sizes, codes = self._rows(self._lib.srtp_unprotect, self._in, data, lengths, rows, 0)
        good = codes == 0
        return np.where(good, sizes, lengths).astype(np.int32), good

    def with_receive_key(self, key: CryptoKey) -> SrtpContext:
        """The same context for a far end with another key: what is sent goes on as it is."""
        other = copy.copy(self)
        session = _session(_library(), key, _library().Policy.SSRC_ANY_INBOUND)
        other._sessions = self._sessions[0], session
        other._in = session._srtp[0]
        return other

    def _protect(
        self,
        out: NDArray[np.uint8],
        lengths: NDArray[np.integer],
        rows: NDArray[np.integer] | None,
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        return self._rows(self._lib.srtp_protect, self._out, out, lengths, rows, self._tag_bytes)

    def _rows(
        self,
        function: Callable[..., int],
        handle: Any,
        data: NDArray[np.uint8],
        lengths: NDArray[np.integer],
        rows: NDArray[np.integer] | None,
        room: int,
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """New lengths and libsrtp's codes."""
        places = np.arange(len(lengths)) if rows is None else rows
        if len(places) and not 0 <= int(places.min()) <= int(places.max()) < len(data):
            raise ValueError(f"a row is not within the {len(data)} there are")
        # libsrtp would write behind the row
        width = data.shape[1] - room
        if len(lengths) and not 0 <= int(lengths.min()) <= int(lengths.max()) <= width:
            raise ValueError(f"a packet's length is not within 0 and {width} bytes")
        stride = data.strides[0]
        if data.strides[1] != 1 or stride % ALIGNMENT or data.ctypes.data % ALIGNMENT:
            raise ValueError(f"rows do not begin at multiples of {ALIGNMENT} bytes")
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


@functools.cache
def _library() -> Any:
    """pylibsrtp, loaded with the first context: most runs have no SRTP."""
    import pylibsrtp

    return pylibsrtp


def _session(library: Any, key: CryptoKey, ssrc_type: int) -> Any:
    profile = {
        Suite.AES_CM_128_HMAC_SHA1_80: library.Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
        Suite.AES_CM_128_HMAC_SHA1_32: library.Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
    }[key.suite]
    policy = library.Policy(key=key.master, ssrc_type=ssrc_type, srtp_profile=profile)
    policy.window_size = REPLAY_WINDOW
    return library.Session(policy)
