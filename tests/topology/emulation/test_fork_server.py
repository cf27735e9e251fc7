"""Guests that go on from another: each by itself, from the same moment, and none stays."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from giaoban.errors import MachineLacks
from giaoban.topology.sandbox import boot, fork_server, kernel, memory
from giaoban.topology.sandbox.fork_server import EndedError, ForkServer
from tests.processes import guest_in, guest_leader, wait_for
from tests.topology.emulation.lab_forks import MAY_END, STAYS

pytestmark = [pytest.mark.sandbox, pytest.mark.anew]
LAB = "tests.topology.emulation.lab_forks"


@pytest.fixture
def guest() -> boot.Guest:
    return boot.Guest(kernel.ensure(lambda _what, _done: None), memory_mb=512)


@pytest.fixture
def nothing_left(tmp_path: Path) -> Iterator[None]:
    """No process of a server or of its copies may be there afterwards, nor a pipe."""
    yield
    wait_for(lambda: not guest_in(tmp_path), "the guests' processes to end")
    assert not [path for path in tmp_path.rglob("*") if path.is_fifo()]


def served(guest: boot.Guest, folder: Path, *words: str) -> Any:
    place = folder / "server"
    arguments = [str(place), *(words or ("fork",))]
    return fork_server.booted(guest, LAB, arguments, writable=folder, folder=place)


def gone_on(server: ForkServer, folder: Path) -> tuple[int, dict[str, Any], list[str]]:
    """The exit code of a copy, what it told, and the lines of its console."""
    folder.mkdir()
    lines: list[str] = []
    code = fork_server.go_on(server, folder, console=folder / "console.log", on_line=lines.append)
    return code, json.loads((folder / "told.json").read_text(encoding="utf-8")), lines


@pytest.mark.usefixtures("nothing_left")
def test_each_goes_on_by_itself_from_the_same_moment(guest: boot.Guest, tmp_path: Path) -> None:
    """Its clock, its memory, its other processes and what they share, its files and what it draws
    are those of the moment at which the server stood; what one does then no other sees. One more
    goes on in another server, and others from there, five seconds later."""
    names = ["one", "two", "three"]
    with served(guest, tmp_path) as server, ThreadPoolExecutor(2) as pool:
        found = dict(
            zip(names, pool.map(lambda name: gone_on(server, tmp_path / name), names), strict=True)
        )
        with fork_server.forked(server, tmp_path / "server-2") as second:
            later = {name: gone_on(second, tmp_path / name) for name in ("four", "five")}
        found["six"] = gone_on(server, tmp_path / "six")
    assert {name: code for name, (code, _, _) in found.items()} == {
        "one": 0,
        "two": 0,
        "three": 3,
        "six": 0,
    }
    for name, (_, told, lines) in (found | later).items():
        assert f"this is {name}" in lines
        assert not [line for line in lines if "this is" in line and line != f"this is {name}"]
        assert (told["page"], told["file"]) == (name, f"file of {name}")
        assert told["memory"] == f"{name}{1 << 19}"
        assert told["slept_ns"] == pytest.approx(1e9, abs=1e5)
        assert told["ended"] == 7
    same = ("at_ns", "random", "pids", "slept_ns")
    for group in (found, later):
        assert len({str([told[key] for key in same]) for _, told, _ in group.values()}) == 1
    [first, second_at] = [group[name][1] for group, name in ((found, "one"), (later, "four"))]
    assert second_at["at_ns"] - first["at_ns"] == pytest.approx(5e9, abs=1e6)
    assert (first["answer"], second_at["answer"]) == ("1 one", "2 four")
    assert "this is server-2" in (tmp_path / "server-2" / fork_server.LOG).read_text()


@pytest.mark.usefixtures("nothing_left")
def test_a_copy_has_a_core_of_its_own(guest: boot.Guest, tmp_path: Path) -> None:
    """The one that it is told, not its server's; so that two do not share one while others idle."""
    cores = sorted(os.sched_getaffinity(0))
    seen: dict[str, set[int]] = {}

    def look(folder: Path) -> Callable[[str], None]:
        def on_line(line: str) -> None:
            if "this is" in line:
                machine = guest_leader(tmp_path)
                # a guest's processes are its children, and so is a copy, which has its own
                of_server = psutil.Process(machine).children()
                copy = {p for one in of_server if one.children() for p in (one, *one.children())}
                seen[folder.name] = {core for process in copy for core in process.cpu_affinity()}
                (folder / MAY_END).touch()

        return on_line

    with served(guest, tmp_path) as server:
        for core in cores[:2]:
            folder = tmp_path / f"{STAYS}-{core}"
            folder.mkdir()
            given = fork_server._give(server, core, Path(os.devnull), folder)
            try:
                given.follow(folder / "console.log", look(folder), 60.0)
            finally:
                given.close()
    assert seen == {f"{STAYS}-{core}": {core} for core in cores[:2]}


@pytest.mark.usefixtures("nothing_left")
def test_one_that_does_not_come_so_far(guest: boot.Guest, tmp_path: Path) -> None:
    """Who wants to go on from it is told, before it and after it is gone; and who wants to from
    another that was to go on from it."""
    with (
        served(guest, tmp_path, "exit", "5") as server,
        fork_server.forked(server, tmp_path / "server-2") as second,
    ):
        with pytest.raises(EndedError):
            gone_on(second, tmp_path / "of-second")
        for name in ("early", "late"):
            with pytest.raises(EndedError):
                gone_on(server, tmp_path / name)
            wait_for(lambda: not server.control.exists(), "the server to be gone")
    assert "about to leave" in (server.folder / fork_server.LOG).read_text(encoding="utf-8")


@pytest.mark.usefixtures("nothing_left")
def test_one_that_is_gone_as_an_order_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, folder, made = ForkServer(tmp_path / "server", tmp_path, 1), tmp_path / "one", os.mkfifo
    server.folder.mkdir()
    folder.mkdir()
    os.mkfifo(server.control)
    reads = os.open(server.control, os.O_RDONLY | os.O_NONBLOCK)

    def gone_meanwhile(path: Path) -> None:
        made(path)
        os.close(reads)
        server.control.unlink()

    monkeypatch.setattr(os, "mkfifo", gone_meanwhile)
    with pytest.raises(EndedError):
        fork_server.go_on(server, folder, console=folder / "log", on_line=print)


@pytest.mark.usefixtures("nothing_left")
def test_nothing_stays_when_it_is_left_early(guest: boot.Guest, tmp_path: Path) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        served(guest, tmp_path) as server,
        fork_server.forked(server, tmp_path / "server-2"),
    ):
        raise KeyboardInterrupt


@pytest.mark.usefixtures("nothing_left")
def test_copies_die_with_their_server(guest: boot.Guest, tmp_path: Path) -> None:
    """Who waits for one is told that it did not come to its end, at once."""
    folder = tmp_path / STAYS
    folder.mkdir()
    with served(guest, tmp_path) as server:
        process = guest_leader(tmp_path)

        def kill(line: str) -> None:
            if "this is" in line:
                os.kill(process, signal.SIGKILL)

        with pytest.raises(MachineLacks, match="did not come to its end"):
            fork_server.go_on(server, folder, console=folder / "console.log", on_line=kill)


@pytest.mark.usefixtures("nothing_left")
def test_real_time_goes_on_once(guest: boot.Guest, tmp_path: Path) -> None:
    """A copy would have the machine's time and none of its timers: the guest refuses."""
    real = boot.Guest(guest.kernel, guest.memory_mb, virtual_time=False)
    with served(real, tmp_path) as server, pytest.raises(EndedError):
        gone_on(server, tmp_path / "one")
    assert "Operation not supported" in (server.folder / fork_server.LOG).read_text()


def test_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For all at once where the first one's memory is; and orders must be able to name folders."""
    monkeypatch.setattr(memory, "_free_mb", lambda _folder: 2000)
    machine = boot.Guest(Path("linux"), memory_mb=600)
    assert fork_server.has_room(machine, tmp_path, 3)
    assert not fork_server.has_room(machine, tmp_path, 4)
    for name in ("a\tb", "a\nb", "x" * 240 + "/" + "x" * 240 + "/" + "x" * 240 + "/" + "x" * 240):
        place = tmp_path / name
        place.mkdir(parents=True)
        assert not fork_server.has_room(machine, place, 1) or len(str(place)) < 1000
