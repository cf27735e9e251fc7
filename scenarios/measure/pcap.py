"""Recorded frames → a .pcapng file that Wireshark reads."""

from __future__ import annotations

from pathlib import Path

from giaoban.traffic import log

ETHERNET = 1  # LINKTYPE_ETHERNET


def write_pcapng(frames: Path, out: Path) -> int:
    """Write what the recorder saved; how many frames it were."""
    from scapy.utils import RawPcapNgWriter  # takes a second to load, and few runs need it

    recorded = log.load(frames)
    data = recorded["data"].tobytes()
    at = 0
    writer = RawPcapNgWriter(str(out))
    writer.linktype = ETHERNET
    writer.write_header(None)
    try:
        for time_ns, length in zip(
            recorded["times_ns"].tolist(), recorded["lengths"].tolist(), strict=True
        ):
            writer.write_packet(data[at : at + length], sec=time_ns / 1e9)
            at += length
    finally:
        writer.close()
    return len(recorded["lengths"])
