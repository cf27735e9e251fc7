"""The virtual-time guest: what it is, how it ends, and that nothing of it stays."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from emulation_factory import ROOT, run_lab

from giaoban.errors import MachineLacks
from giaoban.topology.sandbox import boot, kernel
from tests.mounts import in_own_mounts
from tests.processes import guest_in, guest_leader, wait_for
from tests.topology.emulation.lab_guest import SLEEP_S

pytestmark = [pytest.mark.sandbox, pytest.mark.anew]


@pytest.fixture(scope="module")
def machine() -> Path:
    """The kernel."""
    return kernel.ensure(lambda _what, _done: None)


@pytest.fixture(scope="module")
def seen(machine: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a program saw in the guest; `folder` is the one it could write to."""
    folder = tmp_path_factory.mktemp("seen")
    assert run_lab(machine, "lab_guest", folder, "look") == 0
    found: dict[str, Any] = json.loads((folder / "look.json").read_text(encoding="utf-8"))
    return {**found, "folder": str(folder), "cwd": found["folder"]}


@pytest.fixture
def unharmed(tmp_path: Path) -> Iterator[None]:
    """No process of this test's guest may be there afterwards."""
    yield
    wait_for(lambda: not guest_in(tmp_path), "the guest's processes to end")


def test_time_is_virtual(seen: dict[str, Any]) -> None:
    """It begins on the day of the decision, a sleep takes what it says, computing takes nothing."""
    assert seen["started_at_s"] == pytest.approx(boot.VIRTUAL_EPOCH_S, abs=60.0)
    assert seen["slept_s"] == pytest.approx([SLEEP_S, SLEEP_S], abs=0.001)
    assert seen["computed_ms"] < 0.1


def test_the_folder_is_the_only_writable_place_of_the_host(seen: dict[str, Any]) -> None:
    writable = dict(seen["writable"])
    assert writable.pop(seen["folder"]) == "yes"
    assert writable.pop("/run/home") == "yes"  # the guest's own memory
    assert len(writable) == 8
    assert set(writable.values()) == {"OSError 30"}  # EROFS
    host = [(where, how.split(",")[0]) for _, where, kind, how in seen["mounts"] if "host" in kind]
    assert host == [("/", "ro"), (seen["folder"], "rw")]


def test_timers_go_off_at_their_nanosecond(seen: dict[str, Any]) -> None:
    """A sleep ends 2 ns late, of which 1 ns is timer slack; reading the clock takes 256 ns."""
    assert seen["woke_late_ns"] == [258] * 4


def test_nothing_of_the_caller_comes_in(
    machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.setenv("PYTHONSTARTUP", "/nowhere")
    monkeypatch.setenv("LANG", "C")
    assert run_lab(machine, "lab_guest", tmp_path, "look") == 0
    again = json.loads((tmp_path / "look.json").read_text(encoding="utf-8"))
    environment = again["environment"]
    assert not {"PYTHONPATH", "PYTHONSTARTUP"} & set(environment)
    assert environment["LANG"] == "C.UTF-8"


def test_it_is_root_of_a_network_and_processes_of_its_own(seen: dict[str, Any]) -> None:
    assert seen["user"] == 0
    assert "1" in seen["processes"]
    assert len(seen["processes"]) < 100  # the kernel's own threads and this program
    assert set(seen["interfaces"]) <= {"lo", "sit0"}  # some kernels make a tunnel of their own
    assert not seen["ipv6"]
    assert seen["child"] == "Linux\n"


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize("code", [0, 3, 255])
def test_exit_code_comes_back(machine: Path, tmp_path: Path, code: int) -> None:
    assert run_lab(machine, "lab_guest", tmp_path, "exit", str(code)) == code
    assert "about to leave" in (tmp_path / "console.log").read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["console.log"]


@pytest.mark.usefixtures("unharmed")
def test_exception_is_kept_on_the_console(machine: Path, tmp_path: Path) -> None:
    assert run_lab(machine, "lab_guest", tmp_path, "raise") == 70  # EX_SOFTWARE
    console = (tmp_path / "console.log").read_text(encoding="utf-8")
    assert "Traceback (most recent call last)" in console
    assert "ValueError: a mistake in the module" in console


def test_arguments_arrive_as_they_are(
    machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blanks, quotes and marks come through the shell script that the kernel starts, wherever that
    is."""
    folder = tmp_path / "Đắk R'Lấp $HOME"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    said = """Cư Jút's "điểm cầu" $HOME `id` \\n *"""
    assert run_lab(machine, "lab_guest", folder, "say", said) == 0
    assert said in (folder / "console.log").read_text(encoding="utf-8").splitlines()
    assert [path.name for path in folder.iterdir()] == ["console.log"]


@pytest.mark.usefixtures("unharmed")
def test_guest_that_switches_off_is_no_success(machine: Path, tmp_path: Path) -> None:
    (tmp_path / boot.EXIT_FILE).write_text("0\n", encoding="ascii")  # of an earlier guest
    with pytest.raises(MachineLacks, match="did not come to its end") as error:
        run_lab(machine, "lab_guest", tmp_path, "die")
    assert "switching off" in str(error.value)


@pytest.mark.usefixtures("unharmed")
def test_guest_killed_from_outside_is_told(machine: Path, tmp_path: Path) -> None:
    killed = []

    def kill(line: str) -> None:
        if line == "hanging":
            killed.append(guest_leader(tmp_path))
            os.kill(killed[-1], signal.SIGKILL)

    with pytest.raises(MachineLacks, match="did not come to its end"):
        run_lab(machine, "lab_guest", tmp_path, "hang", on_line=kill)
    assert len(killed) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["console.log"]


@pytest.mark.usefixtures("unharmed")
def test_an_error_of_the_listener_ends_the_guest(machine: Path, tmp_path: Path) -> None:
    """As Ctrl-C does, which arrives while the caller waits for the next line."""

    def interrupt(line: str) -> None:
        if line == "hanging":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_lab(machine, "lab_guest", tmp_path, "hang", on_line=interrupt)
    assert [path.name for path in tmp_path.iterdir()] == ["console.log"]


@pytest.mark.usefixtures("unharmed")
def test_a_small_dev_shm_from_which_nothing_may_be_run(machine: Path, tmp_path: Path) -> None:
    """As in a container: the guest's memory goes elsewhere."""
    factory = Path(__file__).with_name("emulation_factory.py")
    words = [sys.executable, str(factory), str(machine), "lab_guest", str(tmp_path), "exit", "5"]
    done = in_own_mounts(
        "unset TMPDIR\nmount -t tmpfs -o size=64m,noexec tmpfs /dev/shm\n"
        f"PYTHONPATH={shlex.quote(str(ROOT))} {shlex.join(words)}"
    )
    assert done.returncode == 5, done.stderr


@pytest.mark.usefixtures("unharmed")
def test_guest_dies_with_a_killed_caller(machine: Path, tmp_path: Path) -> None:
    factory = Path(__file__).with_name("emulation_factory.py")
    caller = subprocess.Popen(
        [sys.executable, str(factory), str(machine), "lab_guest", str(tmp_path), "hang"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    console = tmp_path / "console.log"

    def hangs() -> bool:
        assert caller.poll() is None
        return console.exists() and "hanging" in console.read_text(encoding="utf-8")

    wait_for(hangs, "the guest to hang")
    assert guest_in(tmp_path)
    caller.kill()
    assert caller.wait() == -signal.SIGKILL
