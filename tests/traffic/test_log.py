"""Logs come back as they went in."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from traffic_factory import received_log, sent_log

from giaoban.traffic.log import RECEIVED, SENT, PacketLog, load, read, save


def test_a_log_of_many_batches_comes_back_in_order(tmp_path: Path) -> None:
    path = tmp_path / "sent.bin"
    whole = sent_log(200_000)
    whole["copies"] = np.arange(len(whole)) % 3
    log = PacketLog(SENT, path)
    edges = [0, 0, 1, 10, 10, 40_000, 150_000, 150_001, 200_000]  # also more than one buffer holds
    for a, b in itertools.pairwise(edges):
        log.append(b - a, **{name: whole[name][a:b] for name in SENT.names or ()})
    log.close()
    assert np.array_equal(read(path, SENT), whole)


def test_without_a_path_nothing_is_kept_but_columns_are_checked(tmp_path: Path) -> None:
    log = PacketLog(RECEIVED, None)
    right = {"stream": 4, "sequence": np.arange(3), "timestamp": 9, "arrival_ns": 1, "size": 172}
    for _ in range(3):
        log.append(3, **right)
    with pytest.raises(ValueError, match="columns"):
        log.append(3, **right, more=1)
    log.close()
    assert list(tmp_path.iterdir()) == []
    assert log._buffer.nbytes == 0


def test_a_log_cut_short_is_not_taken_for_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "received.bin"
    whole = sent_log(3)
    path.write_bytes(whole.tobytes()[:-1])
    with pytest.raises(ValueError, match=r"received\.bin"):
        read(path, SENT)


def test_arrays_come_back_with_names_values_and_types(tmp_path: Path) -> None:
    path = tmp_path / "arrays.npz"
    sent = sent_log(20)
    arrays = {
        "sent": sent,
        "received": received_log(sent, range(5), sent["due_ns"][:5]),
        "samples": np.arange(12, dtype=np.int64).reshape(3, 4),
        "nothing": np.empty(0, np.uint8),
    }
    save(path, **arrays)
    back = load(path)
    assert list(back) == list(arrays)
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype
        assert np.array_equal(back[name], array)
