"""Which packets belong to key frames."""

from __future__ import annotations

import numpy as np
import pytest

from traffic.h264 import belongs_to_key_frame


@pytest.mark.parametrize(
    ("payload", "key"),
    [
        (bytes([0x65, 1]), True),  # an IDR slice by itself
        (bytes([0x67]), True),  # its parameter sets
        (bytes([0x68, 0]), True),
        (bytes([0x61, 1]), False),
        (bytes([0x06, 5]), False),  # SEI
        (bytes([0x7C, 0x85, 0]), True),  # FU-A: the first fragment of an IDR slice
        (bytes([0x7C, 0x05, 0]), True),  # one in the middle
        (bytes([0x7C, 0x45, 0]), True),  # the last
        (bytes([0x7C, 0x81, 0]), False),
        (bytes([0x7C, 0x87, 0]), False),
        (bytes([0x7C]), False),
        (bytes([0x78, 0, 2, 0x67, 0, 0, 1, 0x68]), True),  # STAP-A
        (bytes([0x78, 0, 1, 0x65]), True),
        (bytes([0x78, 0, 1, 0x61, 0, 1, 0x65]), False),  # told by its first unit
        (bytes([0x78, 0, 1]), False),
        (b"", False),
    ],
)
def test_each_kind_of_packet(payload: bytes, key: bool) -> None:
    data = np.full((2, 40), 0x65, np.uint8)
    start = np.array([12, 20])
    for row in (0, 1):
        data[row, start[row] : start[row] + len(payload)] = list(payload)
    found = belongs_to_key_frame(data, start, start + len(payload))
    assert found.tolist() == [key, key]


def test_none_of_none() -> None:
    nothing = np.zeros(0, np.int64)
    assert belongs_to_key_frame(np.zeros((0, 40), np.uint8), nothing, nothing).tolist() == []
