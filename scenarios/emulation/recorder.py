"""Record every frame at chosen bridges, for Wireshark."""

from __future__ import annotations

import socket
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from giaoban.topology.emulation.mininet_net import ProvinceNet
from giaoban.topology.emulation.namespace import inside
from giaoban.topology.emulation.netlink import HOST_INTERFACE
from giaoban.topology.emulation.virtual_time import in_virtual_time
from giaoban.traffic import log
from giaoban.traffic.batch import SO_RCVBUFFORCE, SO_TIMESTAMPNS, ReceiveBatch
from giaoban.traffic.receiver.timestamps import StampClock

ETH_P_ALL = 3
BUFFER_BYTES = 64 << 20
SNAPLEN = 2048


class Recorder:
    """Packet sockets on the bridges' interfaces; `take` empties them, the end writes the files."""

    def __init__(self, net: ProvinceNet, bridges: list[str], folder: Path) -> None:
        self._folder = folder
        self._inbox = ReceiveBatch(1024, SNAPLEN, clock=StampClock(settable=not in_virtual_time()))
        self._sockets: dict[str, socket.socket] = {}
        self._frames: dict[str, list[NDArray[np.uint8]]] = {}
        self._times: dict[str, list[NDArray[np.int64]]] = {}
        self._lengths: dict[str, list[NDArray[np.int64]]] = {}
        for bridge in bridges:
            with inside(net.namespace(bridge)):
                sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
                sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
                sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
                sock.bind((HOST_INTERFACE, ETH_P_ALL))
            self._sockets[bridge] = sock
            self._frames[bridge], self._times[bridge], self._lengths[bridge] = [], [], []

    def take(self) -> None:
        """Read what was seen since the last time."""
        for bridge, sock in self._sockets.items():
            while len(got := self._inbox.receive(sock.fileno())):
                inside_frame = np.arange(SNAPLEN) < got.lengths[:, None]
                self._frames[bridge].append(got.data[inside_frame])
                self._times[bridge].append(self._inbox.clock.unix_ns(got.arrival_ns))
                self._lengths[bridge].append(got.lengths)
                if len(got) < self._inbox.capacity:
                    break

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.take()
        for bridge, sock in self._sockets.items():
            sock.close()
            log.save(
                self._folder / f"frames-{bridge}.npz",
                data=np.concatenate([*self._frames[bridge], np.empty(0, np.uint8)]),
                times_ns=np.concatenate([*self._times[bridge], np.empty(0, np.int64)]),
                lengths=np.concatenate([*self._lengths[bridge], np.empty(0, np.int64)]),
            )
