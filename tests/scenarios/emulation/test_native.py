"""`--engine native`: the same answer on a kernel that can, a clear refusal on one that cannot."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from runs import COMMAND, Runs, everything, plain
from scenario_factory import ROOT, SMALL, giaoban, scenario

from giaoban.results.judge.diff import differences
from giaoban.results.model.result import Result
from giaoban.scenarios.plan.identity import code_identity
from giaoban.topology.sandbox import boot, kernel
from tests.nights import at_night


@pytest.mark.sandbox
@pytest.mark.parametrize("made", [plain, at_night(everything)])
def test_the_same_measures_as_in_the_sandbox(
    runs: Runs, tmp_path: Path, made: Callable[[Path], Path]
) -> None:
    """The guest's kernel has all that is needed: there native is what the sandbox does."""
    sandbox = runs.start(made.__name__)
    file = made(tmp_path / "s.toml")
    # the answer is kept (tests/kept.py) with what the province holds, which is named, and whose it
    # is: the result says of which program
    (tmp_path / "program").write_text(code_identity(), encoding="utf-8")
    words = [str(tmp_path), str(file), "--province", str(SMALL)]
    booted = boot.run(
        boot.Guest(kernel.ensure(lambda _what, _done: None), memory_mb=1536),
        "tests.scenarios.lab_native",
        [*words, "--results", str(tmp_path / "results")],
        writable=tmp_path,
        console=tmp_path / "console.log",
        on_line=lambda _line: None,
    )
    assert booted == 0, (tmp_path / "console.log").read_text(encoding="utf-8")
    code = int((tmp_path / "code").read_text(encoding="utf-8"))
    assert code == sandbox.result().code, (tmp_path / "err").read_text(encoding="utf-8")
    [folder] = (tmp_path / "results").iterdir()
    native = Result.from_json((folder / "result.json").read_bytes())
    assert (native.engine.name, native.engine.time) == ("native", "real")
    found = differences(sandbox.result().result, native)
    assert {d.path for d in found} == {"engine.name", "engine.time"}
    headline = (tmp_path / "out").read_text(encoding="utf-8").splitlines()[0]
    assert headline.startswith(native.verdict.upper())


def namespaces() -> set[str]:
    """Network namespaces of all processes that we may look at."""
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            found.add(os.readlink(f"/proc/{pid}/ns/net"))
        except OSError:
            continue
    return found


def test_without_root_it_says_what_to_do(tmp_path: Path) -> None:
    file = scenario(tmp_path / "s.toml")
    results = tmp_path / "results"
    words = [*COMMAND, "check", str(file), "--engine", "native", "--results", str(results)]
    if os.geteuid() == 0:
        words = ["unshare", "--user", *words]  # nobody, who may read what root may
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (4, ""), done.stderr
    assert "needs root" in done.stderr
    assert "to mend it: sudo giaoban check" in done.stderr
    assert list(results.iterdir()) == []


def test_on_this_machines_kernel(tmp_path: Path) -> None:
    """It runs to a verdict, or says which kernel feature is missing; nothing stays behind."""
    before = namespaces()
    file = scenario(tmp_path / "s.toml")
    ran = giaoban("check", file, "--engine", "native", "--results", tmp_path / "results", "--json")
    left = list((tmp_path / "results").iterdir())
    if ran.code == 4:
        assert left == []
        assert ran.out == ""
        assert "to mend it: " in ran.err
        assert ("netem" in ran.err) or ("needs root" in ran.err and os.geteuid() != 0)
    else:
        # in real time a busy machine may starve a sender, which the run then says of itself
        assert ran.code in (0, 1, 3), ran.err
        assert [(f / "result.json").is_file() for f in left] == [True] * bool(ran.out)
    assert "Traceback" not in ran.err
    assert namespaces() <= before
