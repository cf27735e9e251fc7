"""Tab in bash, zsh and fish: what giaoban offers, and what these shells make of it."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from scenario_factory import ROOT, giaoban

from giaoban.scenarios.cli.commands.machine import completion as command
from giaoban.scenarios.cli.completion import (
    FILES,
    FOLDERS,
    answer,
    candidates,
    tree,
)
from giaoban.scenarios.cli.shells import SHELLS, script
from tests.processes import PATIENCE_S


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _in_the_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.delenv("GIAOBAN_LANG", raising=False)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


def said(line: str) -> list[str]:
    """What is offered at the end of a line, without what describes it."""
    return [each.partition("\t")[0] for each in candidates(line.split(" ")[1:], tree("en"))]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("giaoban chec", ["check"]),
        ("giaoban baseline ", ["accept", "list", "show"]),
        ("giaoban baseline show d", ["dak-nong"]),
        ("giaoban check --prov", ["--province"]),
        ("giaoban check --province ", [FILES]),
        ("giaoban check --lang=v", ["--lang=vi"]),
        ("giaoban check --engine n", ["native"]),
        ("giaoban check expansion-th", ["expansion-thin-link", FILES]),
        ("giaoban faults ring", ["ring-cut-and-power-loss", FILES]),
        ("giaoban device show rmx-1500-mpmx-f", ["rmx-1500-mpmx-fixed"]),
        ("giaoban whatif --device=rmx-1500-h", ["--device=rmx-1500-hd-ports"]),
        ("giaoban whatif x.toml --profile 720p60-19", ["720p60-1920k"]),
        ("giaoban meeting department-l", ["department-line", FILES]),
        ("giaoban history trend mouth", ["mouth-to-ear"]),
        ("giaoban check --results ", [FOLDERS]),
        ("giaoban nonsense --he", ["--help"]),
    ],
)
def test_offered(line: str, found: list[str]) -> None:
    assert said(line) == found


def test_runs_are_those_of_the_folder_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "one-run").mkdir()
    assert said(f"giaoban view --results {tmp_path} o") == ["one-run", FOLDERS]
    assert said(f"giaoban diff --results={tmp_path} one-run o") == ["one-run", FOLDERS]


def test_a_project_has_scenarios_and_runs_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "giaoban.toml").write_text('scenarios = "plans"\nruns = "kept"\n', "utf-8")
    for folder in ("plans", "kept/mine-1", "below"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "plans" / "mine.toml").touch()
    monkeypatch.chdir(tmp_path / "below")
    assert said("giaoban check mi") == ["mine", FILES]
    assert said("giaoban view mi") == ["mine-1", FOLDERS]


def test_bash_replaces_what_is_after_the_last_mark() -> None:
    line = "giaoban check --lang=v"
    assert answer("bash", [line, str(len(line))]) == "vi\n"
    assert answer("bash", [line, str(len("giaoban chec"))]).startswith("check\t")
    assert answer("zsh", ["check", "--lang=v"]) == "--lang=vi\n"


def test_commands_are_described_in_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIAOBAN_LANG", "vi")
    assert answer("fish", ["verif"]).startswith("verify\tSo phụ lục với bằng chứng của lần chạy")


def test_what_is_written_down_is_loaded_without_the_commands(cache: Path) -> None:
    tree("en")
    code = (
        "import sys; from giaoban.scenarios.cli import completion\n"
        "assert completion.answer('zsh', ['chec']).startswith('check')\n"
        "heavy = {'typer', 'pydantic', 'numpy', 'babel', 'rich'}\n"
        "print(sorted(heavy & {m.partition('.')[0] for m in sys.modules}))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A folder to be first on the path, with `giaoban` in it."""
    found = tmp_path / "bin" / "giaoban"
    found.parent.mkdir()
    found.write_text(
        f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" '
        '-m giaoban.scenarios.cli.entry "$@"\n',
        encoding="utf-8",
    )
    found.chmod(0o755)
    return found.parent


def at_a_terminal(words: list[str], env: dict[str, str], typed: str, awaited: str) -> str:
    """What a program shows after something was typed, until it has shown what is awaited."""
    ours, its = pty.openpty()
    done = subprocess.Popen(
        words, stdin=its, stdout=its, stderr=its, env=env, start_new_session=True
    )
    os.close(its)
    shown, until, sent = "", time.monotonic() + PATIENCE_S, False
    try:
        while awaited not in shown and time.monotonic() < until:
            if not sent and "READY" in shown:
                os.write(ours, typed.encode())
                sent, shown = True, ""
            if select.select([ours], [], [], 0.2)[0]:
                shown += os.read(ours, 65536).decode(errors="replace")
    finally:
        done.kill()
        done.wait()
        os.close(ours)
    return shown


@pytest.mark.parametrize(
    ("typed", "awaited"),
    [
        ("giaoban basel\t", "baseline "),
        ("giaoban baseline sh\t", "show "),
        ("giaoban check --lang=v\t", "--lang=vi "),
        ("giaoban check expansion-thi\t", "expansion-thin-link"),
        ("giaoban device show rmx-1500-mpmx-\t", "rmx-1500-mpmx-fixed "),
    ],
)
@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_tab(shell: str, typed: str, awaited: str, program: Path, tmp_path: Path) -> None:
    tree("en")
    file = tmp_path / f"giaoban.{shell}"
    file.write_text(script(shell), encoding="utf-8")
    start = tmp_path / ".start"
    ready = "PS1='READY '\n"
    start.write_text(f"PATH={program}:$PATH\n. {file}\n{ready}", encoding="utf-8")
    shutil.copy(start, tmp_path / ".zshrc")
    words = {"bash": ["bash", "--noprofile", "--rcfile", str(start), "-i"], "zsh": ["zsh", "-i"]}
    env = {**os.environ, "ZDOTDIR": str(tmp_path), "HOME": str(tmp_path), "TERM": "dumb"}
    shown = at_a_terminal(words[shell], env, typed, awaited)
    assert awaited in shown.replace("\r", "").replace("\x07", "")


def test_fish(program: Path, tmp_path: Path) -> None:
    tree("en")
    file = tmp_path / "giaoban.fish"
    file.write_text(script("fish"), encoding="utf-8")
    asked = ["giaoban basel", "giaoban baseline show ", "giaoban check --lang=v"]
    lines = "\n".join(f"complete -C '{line}'; echo ==" for line in asked)
    text = f"set -x PATH {program} $PATH\nsource {file}\n{lines}"
    env = {**os.environ, "HOME": str(tmp_path)}
    ran = subprocess.run(
        ["fish", "--no-config", "-c", text], capture_output=True, text=True, env=env, check=True
    )
    one, two, three, _ = ran.stdout.split("==\n")
    assert one == "baseline\tAnswers that were accepted.\n"
    assert two == "dak-nong\n"
    assert three.strip() == "--lang=vi"


@pytest.mark.parametrize("shell", SHELLS)
def test_installed_once(shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "ZDOTDIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    start = tmp_path / f".{shell}rc"
    start.write_text("mine", encoding="utf-8")
    first = command.install_script(shell)
    assert first[0].read_text(encoding="utf-8") == script(shell)
    assert command.install_script(shell) == first[:1]
    text = start.read_text(encoding="utf-8")
    assert text.startswith("mine")
    assert text.count(str(first[0])) == (0 if shell == "fish" else 2)


def test_printed_for_the_shell_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/usr/bin/zsh")
    assert giaoban("completion").out == script("zsh")
    monkeypatch.setenv("SHELL", "/bin/dash")
    ran = giaoban("completion")
    assert ran.code == 2
    assert 'the shell "dash" is not known (allowed: bash, zsh, fish)' in ran.err
