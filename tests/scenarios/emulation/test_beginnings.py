"""Who goes on from a guest that did not come so far is told why, as if it had been its own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from giaoban import sentence
from giaoban.errors import GiaobanError, InvalidRun, MachineLacks
from giaoban.processes import children
from giaoban.scenarios.emulation.engine import raise_end_of
from giaoban.scenarios.records.guest import FAULT
from giaoban.topology.sandbox import fork_server
from giaoban.topology.sandbox.boot import EXIT_FILE
from giaoban.topology.sandbox.fork_server import LOG, ForkServer


@pytest.fixture
def ended(tmp_path: Path) -> ForkServer:
    """One that printed two lines, and is gone."""
    (tmp_path / LOG).write_text("booting\nmeasuring the links\n", encoding="utf-8")
    return ForkServer(tmp_path, tmp_path, memory_mb=512)


@pytest.mark.parametrize(
    ("code", "error"), [(InvalidRun.exit_code, InvalidRun), (MachineLacks.exit_code, MachineLacks)]
)
def test_what_it_told(ended: ForkServer, code: int, error: type[GiaobanError]) -> None:
    """To everybody who asks: it is left there."""
    what = {"what": sentence.record("a link is slow"), "install": sentence.record("a faster one")}
    (ended.folder / FAULT).write_text(json.dumps(what), encoding="utf-8")
    (ended.folder / EXIT_FILE).write_text(f"{code}\n", encoding="ascii")
    for _ in range(2):
        with pytest.raises(error, match="a link is slow"):
            raise_end_of(ended)


def test_what_its_own_origin_told(ended: ForkServer, tmp_path: Path) -> None:
    """One that was to go on from it, too, never began, or was taken with it: it has nothing to
    tell."""
    (ended.folder / EXIT_FILE).write_text("70\n", encoding="ascii")
    second = ForkServer(tmp_path / "second", tmp_path, 512, ended)
    second.folder.mkdir()
    (second.folder / LOG).write_text("", encoding="utf-8")
    with pytest.raises(InvalidRun, match="measuring the links"):
        raise_end_of(second)
    (second.folder / LOG).write_text("meeting\n", encoding="utf-8")
    (second.folder / EXIT_FILE).write_text("71\n", encoding="ascii")
    with pytest.raises(InvalidRun, match="71:\nmeeting"):
        raise_end_of(second)


def test_it_broke_down(ended: ForkServer) -> None:
    (ended.folder / EXIT_FILE).write_text("70\n", encoding="ascii")
    with pytest.raises(InvalidRun, match="70:\nbooting\nmeasuring the links"):
        raise_end_of(ended)


def test_it_was_killed(ended: ForkServer) -> None:
    with pytest.raises(MachineLacks, match="did not come to its end; the last it said:\nbooting"):
        raise_end_of(ended)


@pytest.fixture
def taking(ended: ForkServer) -> Iterator[ForkServer]:
    """One that has a pipe for orders, which nobody ever takes."""
    os.mkfifo(ended.control)
    held = os.open(ended.control, os.O_RDWR)
    yield ended
    os.close(held)


def go_on(server: ForkServer, folder: Path, on_wait: Callable[[], None]) -> None:
    folder.mkdir()
    fork_server.go_on(server, folder, console=folder / LOG, on_line=print, on_wait=on_wait)


def test_who_waits_for_a_beginning_that_goes_on_has_not_hung(
    taking: ForkServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor for one that goes on from another which does; when no more is said, it has."""
    monkeypatch.setattr(children, "FOLLOWED_SILENCE_S", 0.02)
    second = ForkServer(tmp_path / "second", taking.memory_in, taking.memory_mb, taking)
    second.folder.mkdir()
    os.link(taking.control, second.control)
    waited: list[Path] = []

    def on_wait() -> None:
        waited.append(tmp_path)
        if len(waited) < 4:
            with (taking, second)[len(waited) % 2].folder.joinpath(LOG).open("a") as log:
                log.write("one more line\n")

    with pytest.raises(MachineLacks, match="hung"):
        go_on(second, tmp_path / "of", on_wait)
    assert len(waited) == 4


def test_who_waits_for_a_beginning_that_says_nothing_has_hung(
    taking: ForkServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "FOLLOWED_SILENCE_S", 0.02)
    waited: list[None] = []
    with pytest.raises(MachineLacks, match="hung"):
        go_on(taking, tmp_path / "of", lambda: waited.append(None))
    assert len(waited) <= 1
