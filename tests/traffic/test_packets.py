"""The fast path's bytes are scapy's own."""

from __future__ import annotations

import numpy as np
from scapy.layers.rtp import RTP
from scapy.packet import Raw

from giaoban.traffic import packets, rtp

PACKETS = 1000
STREAM = rtp.StreamId(97, 0xDEADBEEF, 65_500, 2**32 - 9_000)
SOURCE, TARGET = ("02:00:00:00:00:01", "10.0.0.1", 5004), ("02:00:00:00:00:02", "10.0.0.2", 5006)


def test_a_thousand_patched_frames_are_the_ones_that_scapy_builds() -> None:
    rng = np.random.default_rng(5)
    sequences, stamps = 65_500 + np.arange(PACKETS), 2**32 - 9_000 + 900 * np.arange(PACKETS)
    markers, sizes = rng.random(PACKETS) < 0.2, rng.integers(0, 1200, PACKETS)
    payload = rng.integers(0, 256, 1200, np.uint8)
    rows = np.zeros((PACKETS, packets.FRAME_BYTES + rtp.HEADER_BYTES + 1200), np.uint8)
    rows[:, packets.FRAME_BYTES + rtp.HEADER_BYTES :] = payload
    around = bytes(packets.frame(SOURCE, TARGET, 34, Raw()))
    packets.patch_frames(rows, np.frombuffer(around, np.uint8), rtp.HEADER_BYTES + sizes)
    header = np.frombuffer(rtp.template(STREAM), np.uint8)
    rtp.patch_headers(rows[:, packets.FRAME_BYTES :], header, sequences, stamps, markers)
    for nth in range(PACKETS):
        media = RTP(
            marker=int(markers[nth]),
            payload_type=97,
            sequence=int(sequences[nth]) % 2**16,
            timestamp=int(stamps[nth]) % 2**32,
            sourcesync=0xDEADBEEF,
        ) / Raw(payload[: sizes[nth]].tobytes())
        expected = bytes(packets.frame(SOURCE, TARGET, 34, media))
        assert rows[nth, : len(expected)].tobytes() == expected, nth
