"""A guest that boots ahead emulates the same, and nothing is left of one that nobody takes."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from runs import COMMAND
from scenario_factory import ROOT, scenario

from giaoban.scenarios.emulation import guest_ahead
from giaoban.scenarios.emulation.engine import EngineName, emulate, memory_mb
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.question import make_question
from giaoban.topology.emulation import router_clock
from giaoban.topology.sandbox import boot, kernel, memory, module_archive
from tests.processes import PATIENCE_S, descendants, guest_in, processes, wait_for

pytestmark = [pytest.mark.sandbox, pytest.mark.anew]


@pytest.fixture(scope="module", autouse=True)
def made(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What it takes: where anything is missing none boots ahead."""
    kernel.ensure(lambda _what, _done: None)
    router_clock.ensure()
    module_archive.lay(guest_ahead.GUEST_MODULE, tmp_path_factory.mktemp("archive"))


def recorded(plan: Plan, folder: Path) -> dict[str, bytes]:
    """What packets and events there were."""
    folder.mkdir()
    emulate(plan, folder, EngineName.SANDBOX, lambda _what, _done: None)
    files = [*folder.glob("captures/*.bin"), folder / "events.jsonl"]
    return {path.name: path.read_bytes() for path in files}


@contextmanager
def begun() -> Iterator[int]:
    """The process of one that boots."""
    guest_ahead.begin()
    try:
        yield guest_ahead._booting._process.pid
    finally:
        guest_ahead.end()


def never(*_given: object, **_named: object) -> int:
    raise AssertionError("it boots another")


def test_it_emulates_what_one_of_its_own_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the last bit; whoever finds none, or finds that it ended, boots one."""
    file = scenario(tmp_path / "s.toml", bridges=(), profile="sd30-256k", phases=(2, 2, 2))
    plan = make_question(file).plan
    own = recorded(plan, tmp_path / "own")
    assert own["events.jsonl"]
    with begun() as pid, monkeypatch.context() as patch:
        patch.setattr(boot, "run", never)
        assert recorded(plan, tmp_path / "ahead") == own
        assert not psutil.pid_exists(pid)
    with begun() as pid, monkeypatch.context() as patch:
        os.kill(pid, signal.SIGKILL)
        psutil.Process(pid).wait(PATIENCE_S)
        patch.setattr(boot, "run", never)
        with pytest.raises(AssertionError, match="it boots another"):
            recorded(plan, tmp_path / "ended")


@pytest.mark.parametrize(
    ("lacks_mb", "name"), [(1, "run"), (0, "a\tb"), (0, "a,b")], ids=["small", "tab", "comma"]
)
def test_one_that_cannot_take_the_plan_makes_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lacks_mb: int, name: str
) -> None:
    plan = make_question(scenario(tmp_path / "s.toml")).plan
    monkeypatch.setattr(guest_ahead, "MEMORY_MB", memory_mb(plan) - lacks_mb)
    monkeypatch.setattr(boot, "run", never)
    with begun() as pid:
        with pytest.raises(AssertionError, match="it boots another"):
            recorded(plan, tmp_path / name)
        assert not psutil.pid_exists(pid)


def test_where_others_took_the_room_meanwhile_one_of_its_own_is_booted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which needs no more than the plan does."""
    plan = make_question(scenario(tmp_path / "s.toml")).plan
    monkeypatch.setattr(boot, "run", never)
    with begun() as pid, monkeypatch.context() as patch:
        needed = memory_mb(plan) + memory.SPARE_MB
        assert needed < guest_ahead.MEMORY_MB
        patch.setattr(memory, "_free_mb", lambda _folder: needed)
        with pytest.raises(AssertionError, match="it boots another"):
            recorded(plan, tmp_path / "run")
        assert not psutil.pid_exists(pid)


@pytest.mark.parametrize(
    ("words", "interrupted", "code"),
    [((), True, 130), (("--seed", "-1"), False, 2)],
    ids=["interrupted", "invalid"],
)
def test_nothing_is_left_of_one_that_nobody_takes(
    tmp_path: Path, words: tuple[str, ...], interrupted: bool, code: int
) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    file = scenario(tmp_path / "s.toml", bridges=(), profile="sd30-256k")
    process = subprocess.Popen(
        [*COMMAND, "check", str(file), *words, "--results", str(tmp_path / "results")],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(place)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    with process:
        booted: set[int] = set()

        def seen() -> bool:
            booted.update(guest_of(process.pid, place))
            return bool(booted) or process.poll() is not None

        wait_for(seen, "a guest that boots ahead")
        if interrupted:
            process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == code, said.decode()
    wait_for(lambda: booted.isdisjoint(processes()), "the guest to end")
    assert list(place.iterdir()) == []
    assert not (tmp_path / "results").exists()


def guest_of(program: int, folder: Path) -> set[int]:
    """The processes of a guest which that program has booted in a folder within this one."""
    return descendants(program, processes()) & {
        pid for each in folder.glob("*") for pid in guest_in(each)
    }
