"""Where streams go: an UDP address, an interface, a capture file."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from giaoban.errors import InputError, MachineLacks, strerror
from giaoban.traffic import packets
from giaoban.traffic.generator.calls import SendWindow
from giaoban.traffic.profiles import DSCP_VIDEO

Send = Callable[[bytes], object]
PORT = 5004  # RFC 3551 §8
MAC, NEXT_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
"""Locally administered, for files."""


@contextmanager
def udp(host: str, port: int) -> Iterator[Send]:
    """Yield a function that sends RTP to an address. Raises `InputError`: there is no route."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sock:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, DSCP_VIDEO << 2)
        try:
            sock.connect((host, port))
        except OSError as error:
            raise InputError(
                "{host}: cannot be sent to: {why}", host=host, why=strerror(error)
            ) from None
        yield sock.send


@contextmanager
def interface(name: str, host: str, port: int) -> Iterator[Send]:
    """Yield a function that puts frames on an interface, as scapy does.

    Raises:
        InputError: there is no such interface.
        MachineLacks: this takes root.
    """
    from scapy.config import conf
    from scapy.layers.l2 import getmacbyip

    try:
        device = conf.ifaces.dev_from_name(name)
        sock = conf.L2socket(iface=device)
    except (ValueError, OSError) as error:
        if isinstance(error, PermissionError):
            raise MachineLacks("frames need root", "sudo giaoban stream send") from None
        raise InputError("--interface {name}: there is no such interface", name=name) from None
    try:
        source = (device.mac, device.ip or "0.0.0.0", PORT)
        target = (getmacbyip(host) or "ff:ff:ff:ff:ff:ff", host, port)
        template = header(source, target)
        yield lambda data: sock.outs.send(framed(template, data))
    finally:
        sock.close()


def header(source: tuple[str, str, int], target: tuple[str, str, int]) -> bytes:
    """Return the template of the headers before RTP (42 bytes)."""
    return bytes(packets.frame(source, target, DSCP_VIDEO, b""))


def framed(template: bytes, data: bytes) -> bytes:
    """Return a frame around one RTP packet."""
    row = np.zeros((1, packets.FRAME_BYTES), np.uint8)
    packets.patch_frames(row, np.frombuffer(template, np.uint8), np.array([len(data)]))
    return row.tobytes() + data


def write_file(path: Path, windows: Iterator[SendWindow | None], start_ns: int) -> int:
    """Write all packets to a pcapng file at the times at which they would leave; return the count.

    Raises:
        InputError: the file cannot be written.
    """
    from scapy.utils import RawPcapNgWriter

    template = header((MAC, "10.0.0.1", PORT), (NEXT_MAC, "10.0.0.2", PORT))
    count = 0
    try:
        writer = RawPcapNgWriter(str(path))
    except OSError as error:
        raise InputError(
            "{path}: cannot be written: {why}", path=path, why=strerror(error)
        ) from None
    writer.linktype = 1
    writer.write_header(None)
    try:
        for window in windows:
            if window is None:
                continue
            since_s = (window.times_ns - start_ns) / 1e9
            for row, length, sec in zip(window.data, window.lengths, since_s, strict=True):
                writer.write_packet(framed(template, row[:length].tobytes()), sec=float(sec))
            count += len(window.lengths)
    finally:
        writer.close()
    return count
