"""What an estimate keeps until it is measured: in memory, or in a file that never stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs import IMPAIRMENTS, MEETINGS
from scenario_factory import ROOT, scenario

from giaoban.errors import InputError, MachineLacks
from giaoban.scenarios.estimate import limits, spool
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.estimate.spool import Spool
from giaoban.scenarios.plan.question import make_question
from tests.nights import at_night
from tests.processes import wait_for

PAIR = np.dtype([("number", "u2"), ("count", "i8")])
KINDS = {"plain": "", "switched": MEETINGS["switched"], "impaired": IMPAIRMENTS}


@given(
    adds=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), max_size=60),
    most_bytes=st.sampled_from([0, 100, 10**6]),
)
def test_each_number_has_its_records_in_their_order(
    adds: list[tuple[int, int]], most_bytes: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "MOST_BYTES", most_bytes)
        kept, expected, count = Spool(PAIR, 5), {n: [] for n in range(5)}, 0
        for number, many in adds:
            records = np.empty(many, PAIR)
            records["number"], records["count"] = number, count + np.arange(many)
            count += many
            expected[number] += records["count"].tolist()
            kept.add(number, records)
            if not count % 3:  # also between two writes
                assert kept.read(number)["count"].tolist() == expected[number]
        assert (kept.stored_bytes > 0) == (most_bytes == 0 and count > 0) or most_bytes == 100
        for number, counts in expected.items():
            read = kept.read(number)
            assert read.dtype == PAIR
            assert read["count"].tolist() == counts
            assert set(read["number"].tolist()) <= {number}


@given(
    cuts=st.lists(st.integers(0, 30), min_size=1, max_size=6).map(sorted),
    swapped=st.booleans(),
)
def test_parts_that_lie_behind_one_another_are_not_copied(cuts: list[int], swapped: bool) -> None:
    made = np.zeros(30, PAIR)
    made["count"] = np.arange(30)
    parts = [part for part in np.split(made, cuts)[:-1] if len(part)]
    if swapped:
        parts.reverse()
    kept = Spool(PAIR, 1)
    for part in parts:
        kept.add(0, part)
    read = kept.read(0)
    assert read["count"].tolist() == [n for part in parts for n in part["count"].tolist()]
    if parts:
        assert np.shares_memory(read, made) == (not swapped or len(parts) == 1)


@given(
    blocks=st.lists(st.lists(st.integers(0, 3), min_size=40, max_size=40), max_size=6),
    alone=st.sets(st.integers(0, 5)),
    most_bytes=st.sampled_from([0, 300, 10**6]),
)
def test_all_numbers_at_once(blocks: list[list[int]], alone: set[int], most_bytes: int) -> None:
    """Of more numbers than are read at once; some are added alone in between."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "MOST_BYTES", most_bytes)
        kept, expected, count = Spool(PAIR, 40), {n: [] for n in range(40)}, 0
        for turn, many in enumerate(blocks):
            records = np.empty(sum(many), PAIR)
            records["number"], records["count"] = np.repeat(range(40), many), np.arange(sum(many))
            records["count"] += count
            kept.add_all(records, np.append(0, np.cumsum(many)))
            for number, each in zip(np.repeat(range(40), many).tolist(), records, strict=True):
                expected[number].append(int(each["count"]))
            count += len(records)
            if turn in alone:
                kept.add(7, records[:1])
                expected[7] += records["count"][:1].tolist()
                assert kept.read(7)["count"].tolist() == expected[7]
        assert {n: kept.read(n)["count"].tolist() for n in reversed(range(40))} == expected


@pytest.mark.parametrize("name", [at_night(name) if name == "impaired" else name for name in KINDS])
def test_the_answer_hangs_neither_on_the_room_nor_on_the_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    file = scenario(tmp_path / "s.toml", id=name, phases=(3, 4, 3), more=KINDS[name])
    question = make_question(file)
    expected = estimate(question)
    monkeypatch.setattr(spool, "MOST_BYTES", 50_000)
    for module, few in (("captures.MOST_PACKETS", 1000), ("logs.SORTED_PACKETS", 3000)):
        monkeypatch.setattr(f"giaoban.scenarios.estimate.media.{module}", few)
    monkeypatch.setattr("giaoban.scenarios.estimate.media.media.UNSETTLED_PACKETS", 1000)
    monkeypatch.setattr("giaoban.scenarios.measure.streams.MOST_FRAMES", 10)
    found = estimate(question)
    assert found.result == expected.result
    for curve in ("stream_delay_ms", "stream_mos", "stream_frozen_pct", "link_utilisation_pct"):
        for key, values in getattr(expected.series, curve).items():
            np.testing.assert_array_equal(getattr(found.series, curve)[key], values)
    if name == "plain":
        monkeypatch.setattr("giaoban.scenarios.estimate.network.packets.MANY", 1)
        monkeypatch.setattr(limits, "STEP_PACKETS", 1)
        assert limits.coarse_ns(question.plan) == 200_000_000
        assert estimate(question).result == expected.result


def test_what_the_folder_cannot_hold_is_refused_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = make_question(scenario(tmp_path / "s.toml", id="long", phases=(600, 600, 600)))
    usage = namedtuple("usage", "total used free")
    free = usage(10**12, 0, 10**12)
    monkeypatch.setattr(limits.shutil, "disk_usage", lambda _folder: free)
    assert limits.reasons(question.plan) == []
    free = usage(10**12, 0, 10**8)
    with pytest.raises(InputError, match=r"takes 0\.\d GB in .*, where 0\.1 GB are free.*TMPDIR"):
        estimate(question)


def test_a_folder_that_fills_up_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "MOST_BYTES", 0)
    with Path("/dev/full").open("r+b", buffering=0) as full:
        monkeypatch.setattr(spool.tempfile, "TemporaryFile", lambda **_more: full)
        with pytest.raises(MachineLacks, match=r"no space left on the disk(?s:.*)TMPDIR"):
            Spool(PAIR, 1).add(0, np.zeros(10, PAIR))


RUNNING = """
import sys
import numpy as np
from giaoban.scenarios.estimate import spool
spool.MOST_BYTES = 1000
kept = spool.Spool(np.dtype([("a", "i8")]), 2)
kept.add(1, np.zeros(100_000, kept._dtype))
print(kept.stored_bytes, flush=True)
sys.stdin.read()
"""


def test_a_killed_estimate_leaves_no_file_behind(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", RUNNING],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout.readline() == b"800000\n"
        assert list(tmp_path.iterdir()) == []
        free = Path(f"/proc/{process.pid}/fd")
        if free.exists():
            assert any(str(tmp_path) in os.readlink(fd) for fd in free.iterdir())
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    wait_for(lambda: not list(tmp_path.iterdir()), "the file to go")
