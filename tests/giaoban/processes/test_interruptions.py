"""Interruptions at bad moments: while modules load, where exceptions are swallowed, twice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
HEAD = """
import os, signal, sys, time
from giaoban.processes import interruptions
def hit():
    os.kill(os.getpid(), signal.SIGTERM)
def wait():
    for _ in range(2000):
        time.sleep(0.01)
    print("lost")
interruptions.obey()
"""


def ran(code: str, tmp_path: Path) -> tuple[int, list[str], str]:
    done = subprocess.run(
        [sys.executable, "-c", HEAD + code],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{tmp_path}"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.split(), done.stderr


def test_while_a_module_loads_it_waits_until_that_is_loaded(tmp_path: Path) -> None:
    """A module that makes another error of any it meets, as those written in C do."""
    text = "import __main__\ntry:\n    __main__.hit()\n    x = sum(range(10**5))\n"
    text += "except BaseException as error:\n    raise ImportError('half loaded') from error\n"
    (tmp_path / "slow_module.py").write_text(text, encoding="utf-8")
    code = (
        "try:\n    import slow_module\n    print('loaded')\n    wait()\n"
        "except KeyboardInterrupt:\n    print('interrupted')\n"
    )
    assert ran(code, tmp_path) == (0, ["loaded", "interrupted"], "")


SWALLOWED = {
    "finalizer": (
        "class A:\n    def __del__(self):\n        hit()\n        sum(range(10**5))\nA()\n"
    ),
    "callback": (
        "import ctypes\nkind = ctypes.CFUNCTYPE(None)\n"
        "def f():\n    hit()\n    sum(range(10**5))\nkind(f)()\n"
    ),
    "library": "try:\n    hit()\n    sum(range(10**5))\nexcept BaseException:\n    pass\n",
}


@pytest.mark.parametrize("how", SWALLOWED)
def test_where_it_is_swallowed_it_comes_again(tmp_path: Path, how: str) -> None:
    lines = (SWALLOWED[how] + "wait()\n").splitlines()
    code = "try:\n" + "".join(f"    {line}\n" for line in lines)
    code += "except KeyboardInterrupt:\n    print('interrupted')\n"
    assert ran(code, tmp_path) == (0, ["interrupted"], "")


def test_who_tidies_up_is_not_disturbed(tmp_path: Path) -> None:
    """Nor by a second one, nor by an error that is caught meanwhile."""
    code = """
try:
    try:
        hit()
        wait()
    finally:
        hit()
        time.sleep(0.2)
        try:
            open("/nowhere")
        except OSError:
            hit()
            time.sleep(0.2)
        print("tidy")
except KeyboardInterrupt:
    interruptions.taken()
    print("interrupted")
time.sleep(0.2)
print("on")
"""
    assert ran(code, tmp_path) == (0, ["tidy", "interrupted", "on"], "")


def test_who_leaves_at_once_is_not_disturbed(tmp_path: Path) -> None:
    """While a program loads: by another signal it would begin anew what it is at."""
    code = """
def leave():
    hit()
    time.sleep(0.2)
    print("tidy", flush=True)
    os._exit(interruptions.INTERRUPTED)
interruptions.obey(leave)
hit()
wait()
"""
    assert ran(code, tmp_path) == (130, ["tidy"], "")


@pytest.mark.parametrize(
    ("by", "ignored"), [(by, i) for by in ("SIGINT", "SIGTERM", "SIGHUP") for i in (False, True)]
)
def test_whoever_ends_in_an_order_of_its_own_is_told(
    tmp_path: Path, by: str, ignored: bool
) -> None:
    """As `giaoban mcu serve`, which hangs up first; not of a terminal that `nohup` has it ignore,
    but of what a shell has all ignore that it begins with `&`."""
    told = by != "SIGHUP" or not ignored
    code = (
        f"signal.signal(signal.{by}, signal.{'SIG_IGN' if ignored else 'SIG_DFL'})\n"
        "asked = interruptions.end_asked_for()\nprint(asked())\n"
        f"signal.raise_signal(signal.{by})\nprint(asked())\n"
    )
    assert ran(code, tmp_path) == (0, ["False", str(told)], "")


def test_what_was_ignored_from_the_beginning_stays_ignored(tmp_path: Path) -> None:
    """As by `nohup`."""
    code = (
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\ninterruptions.obey()\n"
        "signal.raise_signal(signal.SIGHUP)\nprint('on')\n"
    )
    assert ran(code, tmp_path) == (0, ["on"], "")
