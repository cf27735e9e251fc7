"""`python -m bench.stream.raw ADDRESS PORT SECONDS`: the machine's own limit, as one JSON object.

A loop that does nothing but hand the same packets to the kernel, as many a call as it takes.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np

from giaoban.traffic.batch import SendBatch, sockaddr
from giaoban.traffic.generator.slots import open_socket

WINDOW, SIZE = 256, 1000


def main() -> None:
    """Send for some seconds."""
    address, port, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    batch, lengths = SendBatch(WINDOW, SIZE), np.full(WINDOW, SIZE)
    batch.data[:, 0] = 0x80
    to = np.full(WINDOW, sockaddr(address, port))
    sent = 0
    with open_socket("0.0.0.0", 0) as sock:
        fd, began, cpu = sock.fileno(), time.monotonic(), time.process_time()
        while time.monotonic() - began < seconds:
            batch.send(fd, lengths, None, to)
            sent += WINDOW
    sys.stdout.write(json.dumps({"packets": sent, "cpu_s": time.process_time() - cpu}) + "\n")


if __name__ == "__main__":
    main()
