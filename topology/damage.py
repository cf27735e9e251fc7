"""Datagrams that ended because a line damaged them, from the kernels' counters; pure."""

from __future__ import annotations


def damaged(counted: dict[str, int]) -> int:
    """Datagrams that ended because a bit of them was not as it was sent.

    A damaged IP header ends at the next node, be it a router; a damaged UDP header or payload at
    the receiver, which finds out when the datagram is read (RFC 1071: one flipped bit is always
    found). Where several lines damage one packet it can pass the checksums and go astray.

    Args:
        counted: of `topology.emulation.counters.datagrams`, or the difference of two of them.
    """
    of_ip = sum(count for name, count in counted.items() if name.startswith(("Ip", "IP")))
    return of_ip + counted["NoPorts"] + counted["InErrors"] - counted["RcvbufErrors"]
