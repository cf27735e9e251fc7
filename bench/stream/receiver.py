"""`python -m bench.stream.receiver ADDRESS PORT FILE`: when each packet came, until SIGTERM.

Writes arrival_ns (n,) CLOCK_MONOTONIC by the kernel's time stamps, source (n,) the port each came
from, and overflowed, to an .npz.
"""

from __future__ import annotations

import select
import signal
import sys
from pathlib import Path

import numpy as np

from giaoban.traffic import log
from giaoban.traffic.batch import ReceiveBatch, media_socket

BUFFER = 64 << 20


def main() -> None:
    """Say `ready`, receive, write."""
    address, port, file = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    stopped = False

    def on_signal(_number: int, _frame: object) -> None:
        nonlocal stopped
        stopped = True

    signal.signal(signal.SIGTERM, on_signal)
    batch, overflowed = ReceiveBatch(1024, 2048), 0
    parts, sources = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    with media_socket(address, port, dscp=0, buffer_bytes=BUFFER) as sock:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            if not select.select([sock], [], [], 0.05)[0]:
                if stopped:
                    break
                continue
            received = batch.receive(sock.fileno())
            if len(received):
                parts.append(received.arrival_ns)
                sources.append(received.sources["port"].astype(np.int64))
                overflowed = max(overflowed, received.overflowed)
    arrival = np.concatenate(parts)
    source = np.concatenate(sources)
    log.save(file, arrival_ns=arrival, source=source, overflowed=np.array(overflowed))


if __name__ == "__main__":
    main()
