"""Ports of a call: RTP on an even port and RTCP on the next one (RFC 3550 §11), one pair a medium.

Many devices tell calls by the address that media come from (symmetric RTP, RFC 4961), so calls do
not share ports.
"""

from __future__ import annotations

import errno
import os
import resource
import socket
from dataclasses import dataclass

from giaoban.traffic.batch import COMPLAINTS, media_socket

BUFFER_BYTES = 256 << 10
"""Half a second of video of 4 Mb/s: it is read several times a second."""
ATTEMPTS = 200
SPARE_FILES = 200


@dataclass(slots=True)
class SocketPair:
    """The two sockets of one medium of one call."""

    rtp: socket.socket
    rtcp: socket.socket

    @property
    def port(self) -> int:
        """The RTP port; RTCP has the next one."""
        return int(self.rtp.getsockname()[1])

    def connect(self, rtp: tuple[str, int], rtcp: tuple[str, int]) -> None:
        """Where media and reports go, and from where alone they are taken."""
        self.rtp.connect(rtp)
        self.rtcp.connect(rtcp)

    def close(self) -> None:
        """Close both."""
        self.rtp.close()
        self.rtcp.close()


def open_pair(address: str, dscp: int) -> SocketPair:
    """A free pair of ports. Raises `OSError`: there are none, or no sockets are left."""
    for _ in range(ATTEMPTS):
        rtp = media_socket(address, 0, dscp=dscp, buffer_bytes=BUFFER_BYTES)
        port = int(rtp.getsockname()[1])
        if port % 2 or port == 65_534:
            rtp.close()
            continue
        try:
            return SocketPair(
                rtp, media_socket(address, port + 1, dscp=dscp, buffer_bytes=BUFFER_BYTES)
            )
        except OSError as error:
            rtp.close()
            if error.errno != errno.EADDRINUSE:
                raise
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


def room_for(files: int) -> bool:
    """Let this process open so many files; False if the system does not allow that."""
    wanted = files + SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        return most >= wanted
    return True


def put(descriptor: int, data: bytes | memoryview) -> bool:
    """Send one datagram on a connected socket; False if it did not go, by its own fault or an
    earlier one's (ICMP)."""
    try:
        os.write(descriptor, data)
    except OSError as error:
        if error.errno not in (*COMPLAINTS, errno.EAGAIN, errno.ENOBUFS, errno.EDESTADDRREQ):
            raise
        return False
    return True
