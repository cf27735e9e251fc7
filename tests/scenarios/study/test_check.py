"""`giaoban check` from the command line to the run folder, with a pretended emulation."""

from __future__ import annotations

import errno
import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pretended
import pytest
from scenario_factory import NORTH, giaoban, only_run, scenario
from undrawn import undrawn

from giaoban.errors import InvalidRun, MachineLacks
from giaoban.results.model.result import Result
from giaoban.scenarios.study import check

Pretend = Callable[..., None]

FILES = {
    "captures",
    "events.jsonl",
    "inputs",
    "manifest.json",
    "documents.json",
    "minutes.json",
    "phu-luc.pdf",
    "plan.json",
    "plots",
    "result.json",
    "series.npz",
    "summary.md",
    "view.html",
}


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    """What a check that was interrupted leaves to a thread ends before the next test begins."""
    before = threading.enumerate()
    yield
    for thread in threading.enumerate():
        if thread not in before and thread.name.startswith("ThreadPoolExecutor"):
            thread.join()


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Pretend:
    """Replaces the emulation (`pretended.emulator`). Nothing is drawn unless it is asked for."""

    def use(*, drawn: bool = False, **how: Any) -> None:
        if not drawn:
            undrawn(monkeypatch)
        monkeypatch.setattr(check, "emulate", pretended.emulator(**how))

    return use


def unaccounted(folder: Path) -> None:
    """One datagram fewer arrived than left."""
    path = folder / "captures" / "counters.json"
    counters = json.loads(path.read_text(encoding="utf-8"))
    counters["udp"]["InDatagrams"] -= 1
    path.write_text(json.dumps(counters), encoding="utf-8")


def test_pass(tmp_path: Path, pretend: Pretend) -> None:
    pretend(drawn=True)
    ran = giaoban("check", scenario(tmp_path / "s.toml"), "--results", tmp_path / "results")
    assert ran.code == 0, ran.err
    assert "PASS" in ran.out
    assert "Binds: " in ran.out
    folder = only_run(tmp_path / "results")
    assert {path.name for path in folder.iterdir()} == FILES
    assert f"annex: {folder / 'phu-luc.pdf'}" in ran.out
    assert folder.name.startswith("short-20")


def test_fail(tmp_path: Path, pretend: Pretend) -> None:
    """A refused call: the verdict is no, and what binds is the MCU."""
    pretend(refused={"north"})
    ran = giaoban("check", scenario(tmp_path / "s.toml"), "--results", tmp_path / "results")
    assert ran.code == 1
    assert "FAIL" in ran.out
    result = Result.from_json((only_run(tmp_path / "results") / "result.json").read_bytes())
    assert result.binding.cause == "mcu"


def test_invalid(tmp_path: Path, pretend: Pretend) -> None:
    """A run that cannot be trusted is kept, says why, and exits with 3."""
    pretend(spoil=unaccounted, drawn=True)
    ran = giaoban("check", scenario(tmp_path / "s.toml"), "--results", tmp_path / "results")
    assert ran.code == 3
    assert "INVALID" in ran.out
    assert "1 packet is unaccounted for" in ran.out
    result = Result.from_json((only_run(tmp_path / "results") / "result.json").read_bytes())
    assert (result.verdict, result.accounting.unaccounted) == ("invalid", 1)


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (InvalidRun("link x: 9 Mb/s"), 3, "link x: 9 Mb/s"),
        (MachineLacks("no netem", "apt-get install it"), 4, "to mend it: apt-get install it"),
        (OSError(errno.ENOSPC, "No space left on device"), 4, "no space left on the disk"),
        (OSError(errno.EROFS, "Read-only file system"), 2, "is read-only; name another folder"),
        (KeyboardInterrupt(), 130, "interrupted, nothing is left behind"),
    ],
    ids=["invalid", "lacking", "no-space", "read-only", "interrupted"],
)
def test_an_emulation_that_fails_leaves_nothing(
    tmp_path: Path, pretend: Pretend, error: BaseException, code: int, said: str
) -> None:
    pretend(error=error)
    ran = giaoban("check", scenario(tmp_path / "s.toml"), "--results", tmp_path / "results")
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert list((tmp_path / "results").iterdir()) == []


@pytest.mark.parametrize(
    "stage", ["write_result", "prove", "draw_pictures", "write_annex", "summary_md"]
)
def test_interrupted_while_writing(
    tmp_path: Path, pretend: Pretend, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    """Whatever is being written, a run that did not finish is not there afterwards."""
    pretend()

    def interrupt(*_args: object, **_kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(check, stage, interrupt)
    ran = giaoban("check", scenario(tmp_path / "s.toml"), "--results", tmp_path / "results")
    assert ran.code == 130
    assert list((tmp_path / "results").iterdir()) == []


@pytest.mark.parametrize(
    ("how", "code"),
    [({}, 0), ({"refused": {"north"}}, 1), ({"spoil": unaccounted}, 3)],
    ids=["pass", "fail", "invalid"],
)
def test_json_is_one_object_without_nan(
    tmp_path: Path, pretend: Pretend, how: dict[str, Any], code: int
) -> None:
    pretend(**how)
    file = scenario(tmp_path / "s.toml")
    ran = giaoban("check", file, "--results", tmp_path / "results", "--json")
    assert ran.code == code

    def no_constant(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    said = json.loads(ran.out, parse_constant=no_constant)
    folder = only_run(tmp_path / "results")
    assert said["run_id"] == folder.name
    assert said == json.loads((folder / "result.json").read_text(encoding="utf-8"))


def test_thresholds_of_the_scenario_count(tmp_path: Path, pretend: Pretend) -> None:
    pretend()
    file = scenario(tmp_path / "s.toml", more="[thresholds]\nmcu-units = 5.0")
    ran = giaoban("check", file, "--results", tmp_path / "results", "--json")
    assert ran.code == 1
    said = json.loads(ran.out)
    [units] = [c for c in said["criteria"] if c["id"] == "mcu-units"]
    assert (units["threshold"], units["ok"]) == (5.0, False)
    assert said["binding"]["criterion"] == "mcu-units"


def test_seed_option_replaces_the_scenarios(tmp_path: Path, pretend: Pretend) -> None:
    pretend()
    file = scenario(tmp_path / "s.toml", seed=5)
    ran = giaoban("check", file, "--results", tmp_path / "results", "--json", "--seed", "7")
    assert json.loads(ran.out)["inputs"]["seed"] == 7


def test_runs_of_the_same_second_have_folders_of_their_own(
    tmp_path: Path, pretend: Pretend
) -> None:
    pretend()
    file = scenario(tmp_path / "s.toml", bridges=(NORTH,))
    for _ in range(3):
        assert giaoban("check", file, "--results", tmp_path / "results").code == 0
    assert len(list((tmp_path / "results").iterdir())) == 3


def test_what_a_killed_run_left_is_removed(tmp_path: Path, pretend: Pretend) -> None:
    pretend()
    results = tmp_path / "results"
    stale = results / ".partial-short-20131025-070000"
    stale.mkdir(parents=True)
    dead = {
        "pid": 2**22 + 1,
        "start": "1",
        "boot": "another",
        "host": socket.gethostname(),
    }
    (stale / ".owner").write_text(json.dumps(dead), encoding="utf-8")
    assert giaoban("check", scenario(tmp_path / "s.toml"), "--results", results).code == 0
    assert not stale.exists()
    assert only_run(results).name.startswith("short-20")


def test_progress_goes_to_standard_error(tmp_path: Path, pretend: Pretend) -> None:
    pretend()
    file = scenario(tmp_path / "s.toml")
    ran = giaoban("check", file, "--results", tmp_path / "results", "--json")
    said = [line.rsplit(" ", 1)[0] for line in ran.err.splitlines()]
    assert said == ["estimating", "measuring", "drawing", "typesetting"]
