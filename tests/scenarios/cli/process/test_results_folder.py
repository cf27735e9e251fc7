"""Results folders that cannot be written, on real file systems, by the real program."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest
from runs import COMMAND
from scenario_factory import ROOT, giaoban, scenario

from tests.mounts import in_own_mounts


def check_on(tmp_path: Path, mount: str) -> subprocess.CompletedProcess[str]:
    """A check whose results go to a file system of its own; the script lists what stays there."""
    results = tmp_path / "results"
    results.mkdir()
    file = scenario(tmp_path / "s.toml")
    words = [*COMMAND, "check", str(file), "--seeds", "0", "--results", str(results)]
    return in_own_mounts(
        f"mount -t tmpfs -o {mount} tmpfs {shlex.quote(str(results))}\n"
        f"code=0; {shlex.join(words)} || code=$?\n"
        f"ls -A {shlex.quote(str(results))}; exit $code"
    )


@pytest.mark.sandbox
@pytest.mark.parametrize("size_kb", [4, 500, 1200])
def test_no_space(tmp_path: Path, size_kb: int) -> None:
    """Full at the plan, within the emulation, or at the documents: exit 4, nothing stays."""
    done = check_on(tmp_path, f"size={size_kb}k")
    assert done.returncode == 4, done.stderr
    assert f"{tmp_path / 'results'}" in done.stderr
    assert ": no space left on the disk\n" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_read_only_file_system(tmp_path: Path) -> None:
    done = check_on(tmp_path, "ro")
    assert done.returncode == 2, done.stderr
    assert "is read-only; name another folder" in done.stderr
    assert done.stdout == ""


def test_a_file_is_no_results_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for results in (tmp_path / "file", tmp_path / "file" / "below"):
        ran = giaoban("check", scenario(tmp_path / "s.toml"), "--results", results)
        assert (ran.code, ran.out) == (2, "")
        assert "is not a folder" in ran.err


def test_a_folder_of_somebody_else(tmp_path: Path) -> None:
    """As root the program gives up its rights first; as a user it has none."""
    results = tmp_path / "results"
    results.mkdir(mode=0o555)
    file = scenario(tmp_path / "s.toml")
    words = [*COMMAND, "check", str(file), "--seeds", "0", "--results", str(results)]
    if os.geteuid() == 0:
        # stays root by name, but bound by permissions, so that it can read the checkout anywhere
        drop = "-dac_override,-dac_read_search"
        words = ["setpriv", f"--bounding-set={drop}", f"--inh-caps={drop}", *words]
        os.chown(results, 65534, 65534)
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "may not be written by you" in done.stderr
    assert list(results.iterdir()) == []
