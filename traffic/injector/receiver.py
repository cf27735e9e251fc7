"""Takes in everything that comes to a port, until nothing comes any more."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable

from traffic.batch import ReceiveBatch
from traffic.injector.arrivals import AllArrivals
from traffic.rtp import parse_headers

BATCH, MAX_BYTES = 1024, 2048
WAIT_S = 0.05
REST_S = 0.002
"""Between two batches that were not full: fewer system calls and fewer, larger steps in numpy."""


def receive(
    sock: socket.socket, seconds: float | None, idle_s: float, stop: Callable[[], bool]
) -> tuple[AllArrivals, int]:
    """(what came, packets lost because the socket's buffer was full).

    Args:
        sock: a `media_socket`.
        seconds: from now; None: without end.
        idle_s: after so long without a packet, the first one having come, it ends.
        stop: asked all the time.
    """
    arrivals, batch = AllArrivals(), ReceiveBatch(BATCH, MAX_BYTES, cut_long=True)
    overflowed = 0
    began = last = time.monotonic()
    while not stop():
        now = time.monotonic()
        if seconds is not None and now - began >= seconds:
            break
        if arrivals.packets and now - last >= idle_s:
            break
        if not select.select([sock], [], [], WAIT_S)[0]:
            continue
        received = batch.receive(sock.fileno())
        if len(received):
            last = now
            overflowed = max(overflowed, received.overflowed)
            headers = parse_headers(received.data, received.lengths)
            arrivals.put(headers, received.arrival_ns, received.lengths)
        if len(received) < BATCH // 2:
            time.sleep(REST_S)
    return arrivals, overflowed
