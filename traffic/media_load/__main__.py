"""The process with the media of a load test's calls.

`python -m giaoban.traffic.media_load FD CAPACITY ADDRESS SEED PAYLOAD [PROFILE]`: FD is a socket of
packets with whoever makes the calls (`messages`); when that closes, it ends. PAYLOAD is an audio
packet's in hexadecimal digits, PROFILE a call profile with video.
"""

from __future__ import annotations

import gc
import random
import select
import socket
import sys
import time
from collections.abc import Sequence

from giaoban.errors import strerror
from giaoban.processes.children import die_with_parent
from giaoban.traffic.media_load import messages
from giaoban.traffic.media_load.calls import MediaLoad
from giaoban.traffic.media_load.sockets import room_for
from giaoban.traffic.profiles import load_profiles
from giaoban.traffic.sources.packet_loop import LOOP_S, video_loop

SOCKETS_A_BRIDGE = 4
LOOP_SEED = 7
ORDERS_AT_ONCE = 4
"""Between two slots: an order takes up to a millisecond."""


def main(words: Sequence[str]) -> int:
    """Run until the other end closes."""
    die_with_parent()
    descriptor, capacity, address, seed, payload, *profile = words
    line = socket.socket(fileno=int(descriptor))
    line.setblocking(False)
    room_for(int(capacity) * SOCKETS_A_BRIDGE)
    model = None
    if profile:
        profiles = load_profiles()
        model = profiles.video_model(profiles.pick(profile[0]))
    load = MediaLoad(
        int(capacity),
        address,
        bytes.fromhex(payload),
        None if model is None else video_loop(model, LOOP_S, LOOP_SEED),
        0 if model is None else model.max_payload,
        random.Random(int(seed)),
    )
    gc.collect()
    gc.freeze()
    try:
        _run(load, line)
    finally:
        load.close()
        line.close()
    return 0


def _run(load: MediaLoad, line: socket.socket) -> None:
    load.due_ns = time.monotonic_ns()
    while True:
        wait_s = max(0.0, (load.due_ns - time.monotonic_ns()) / 1e9)
        if select.select([line], [], [], wait_s)[0]:
            for _ in range(ORDERS_AT_ONCE):
                try:
                    data = line.recv(messages.MOST_BYTES)
                except BlockingIOError:
                    break
                except ConnectionResetError:
                    return
                if not data:
                    return
                line.setblocking(True)  # the answer fits the socket's buffer
                try:
                    line.send(_answer(load, data).model_dump_json().encode())
                except BrokenPipeError:
                    return  # who asked has gone since
                line.setblocking(False)
        if time.monotonic_ns() >= load.due_ns:
            load.slot()


def _answer(load: MediaLoad, data: bytes) -> messages.Answers:
    order = messages.ORDERS.validate_json(data)
    try:
        match order:
            case messages.OpenPorts():
                row, ports = load.open(order.media)
                return messages.Ports(row=row, ports=ports)
            case messages.StartCall():
                load.start(order.row, order.media, order.name, time.monotonic_ns())
            case messages.StopCall():
                return load.stop(order.row, silently=order.silently)
            case messages.ReleasePorts():
                load.release(order.row)
            case messages.KeyFrame():
                load.key_frame(order.row)
            case messages.ReadHealth():
                return load.health(time.process_time())
    except OSError as error:
        return messages.RequestFailed(why=str(strerror(error)))
    return messages.Acknowledged()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
