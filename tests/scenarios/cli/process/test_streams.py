"""Standard streams that fail, and what is asked of the program by its name alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scenarios.runs import COMMAND


def run(words: str, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", words], capture_output=True, text=True, check=False,
        env={**os.environ, "GIAOBAN": " ".join(COMMAND), **more},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("$GIAOBAN list units --json >/dev/full", 4, "no space left"),
        ("$GIAOBAN list units >&-", 0, ""),
        ("$GIAOBAN list units 2>&-", 0, ""),
        ("$GIAOBAN", 2, "Usage: giaoban"),
        ("$GIAOBAN check --no-such-option", 2, "No such option: --no-such-option"),
        ("$GIAOBAN check 'a\x80b'", 2, ""),
        ("$GIAOBAN check no-such-scenario", 2, "no-such-scenario"),
        ("PYTHONIOENCODING=ascii $GIAOBAN list units --lang vi", 0, ""),
    ],
)
def test_exit_codes(words: str, code: int, said: str) -> None:
    done = run(words)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert said in done.stderr


@pytest.mark.parametrize("words", ["list units", "list units --json"])
def test_a_reader_that_goes_away_is_no_verdict(words: str) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*COMMAND, *words.split()], stdout=write, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_crash_is_no_verdict(tmp_path: Path) -> None:
    code = "from giaoban.scenarios.cli import entry; entry._run = lambda: 1 / 0; entry.main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 70
    assert "ZeroDivisionError" in done.stderr


def test_the_shell_completes_commands_and_options() -> None:
    for begun, found in (("giaoban che", "check"), ("giaoban check --est", "--estimate")):
        done = run(
            "$GIAOBAN", _GIAOBAN_COMPLETE="complete_bash", COMP_WORDS=begun,
            COMP_CWORD=str(begun.count(" ")),
        )  # fmt: skip
        assert found in done.stdout.split(), done.stderr
