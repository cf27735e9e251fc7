"""The file of events: whole lines, and none is missing without a word, whatever becomes of it."""

from __future__ import annotations

import errno
import itertools
import json
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.errors import InputError
from giaoban.scenarios.cli.commands.mcu.event_log import EventLog, started

MODULE = "giaoban.scenarios.cli.commands.mcu.event_log"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_new_mcu_goes_on_in_the_file_of_one_that_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    for number in (1, 2):
        with EventLog(path) as log:
            log.write(started(datetime(2026, 11, 30, 8, number, tzinfo=UTC), "127.0.0.1:5060"))
            log.write({"event": "joined", "bridge": "cư-jút"})
    found = lines(path)
    assert [each["event"] for each in found] == ["started", "joined"] * 2
    assert found[2]["at"] == "2026-11-30T08:02:00.000+00:00"


@pytest.mark.parametrize("left", [0, 1, 7, -2, -1])
def test_what_comes_after_half_a_line_is_in_a_line_of_its_own(tmp_path: Path, left: int) -> None:
    """The power went while an event was written: however much of it is there, none after it is
    lost, and a line of which only the end was missing is whole."""
    path = tmp_path / "events.jsonl"
    with EventLog(path) as log:
        log.write({"event": "joined", "bridge": "cư-jút"})
        before = path.stat().st_size
        log.write({"event": "left", "bridge": "cư-jút"})
    data = path.read_bytes()
    path.write_bytes(data[: before + left] if left >= 0 else data[:left])
    with EventLog(path) as log:
        log.write(started(datetime(2026, 11, 30, 8, 1, tzinfo=UTC), "127.0.0.1:5060"))
        log.write({"event": "joined", "bridge": "cư-jút"})
    text = path.read_text("utf-8")
    assert text.endswith("}\n")
    assert "\n\n" not in text
    events = []
    for line in text.splitlines():
        try:
            events.append(json.loads(line)["event"])
        except ValueError:
            events.append("half")
    between = {0: [], -1: ["left"]}.get(left, ["half"])
    assert events == ["joined", *between, "started", "joined"]


def test_half_a_line_that_could_not_be_taken_back_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "events.jsonl"
    write = os.write

    def failing(*_: object) -> int:
        raise OSError(errno.EIO, "broken")

    def half(fd: int, data: bytes) -> int:
        monkeypatch.setattr(f"{MODULE}.os.write", failing)
        return write(fd, data[:5])

    with EventLog(path) as log:
        monkeypatch.setattr(f"{MODULE}.os.write", half)
        monkeypatch.setattr(f"{MODULE}.os.ftruncate", failing)
        assert log.write({"event": "joined"}) is not None
        monkeypatch.undo()
        log.write({"event": "left"})
    first, *rest = path.read_text("utf-8").splitlines()
    assert len(first) == 5
    assert [json.loads(line)["event"] for line in rest] == ["events-lost", "left"]


@pytest.mark.parametrize("whole", [True, False])
def test_another_file_at_its_place_may_end_within_a_line(tmp_path: Path, whole: bool) -> None:
    path = tmp_path / "events.jsonl"
    with EventLog(path) as log:
        log.write({"event": "joined"})
        path.rename(tmp_path / "moved")
        path.write_text('{"event": "of another"}' + "\n" * whole)
        log.write({"event": "left"})
    assert [each["event"] for each in lines(path)] == ["of another", "left"]


WAYS = ("written", "refused", "cut off", "moved", "emptied")


@given(st.lists(st.sampled_from(WAYS), max_size=12))
def test_every_event_is_there_or_counted_as_missing(ways: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = Path(folder) / "events.jsonl"
        now = ""
        write = os.write

        def full(fd: int, data: bytes) -> int:
            """A disk with no room, or for half a line."""
            nonlocal now
            if now == "cut off" and len(data) > 1:
                now = "refused"
                return write(fd, data[: len(data) // 2])
            if now in ("refused", "cut off"):
                raise OSError(errno.ENOSPC, "full")
            return write(fd, data)

        patch.setattr("giaoban.scenarios.cli.commands.mcu.event_log.os.write", full)
        rotated, told, expected = itertools.count(), [], set(range(len(ways) + 1))
        with EventLog(path) as log:
            for number, now in enumerate(ways):
                if now == "moved":
                    path.rename(path.with_name(f"events.{next(rotated)}"))
                elif now == "emptied":
                    expected -= {each["n"] for each in lines(path) if "n" in each}
                    path.write_bytes(b"")
                told.append(log.write({"event": "control", "n": number}))
            now = "written"
            log.write({"event": "control", "n": len(ways)})
            lost = log.lost
            shortage = log.shortage()
        files = [each for file in Path(folder).iterdir() for each in lines(file)]
        there = {each["n"] for each in files if "n" in each}
        missing = {n for n, way in enumerate(ways) if way in ("refused", "cut off")}
        assert there == expected - missing
        assert lost == len(missing)
        assert (shortage is not None) == bool(missing)
        first = {n for n in missing if n - 1 not in missing}
        assert {n for n, said in enumerate(told) if said is not None} == first
        if "emptied" not in ways:
            counts = [each["count"] for each in files if each["event"] == "events-lost"]
            assert sum(counts) == len(missing)


def test_a_place_where_none_can_be(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^--events .*nowhere.*: cannot be written"):
        EventLog(tmp_path / "nowhere" / "events.jsonl")
