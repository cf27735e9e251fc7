"""A function called in another process: answers in order, its errors, and that it never stays."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from giaoban.beside import Beside
from giaoban.errors import InputError, MachineLacks
from tests.giaoban.test_children import alive


def half(number: int) -> int:
    """Half of an even number."""
    if number % 2:
        raise InputError(f"{number} is odd (allowed: even numbers)")
    return number // 2


def own_id(_: int) -> int:
    """Of the process that this is called in."""
    return os.getpid()


def test_answers_come_in_the_order_of_the_questions() -> None:
    with Beside(half) as beside:
        for number in (2, 8, 4):
            beside.ask(number)
        assert [beside.answer() for _ in range(3)] == [(2, 1), (8, 4), (4, 2)]


def test_errors_of_the_function_are_ours_and_it_goes_on() -> None:
    with Beside(half) as beside:
        beside.ask(3)
        beside.ask(4)
        with pytest.raises(InputError, match=r"3 is odd \(allowed: even numbers\)"):
            beside.answer()
        assert beside.answer() == (4, 2)


def test_a_process_that_is_killed_is_told_of() -> None:
    with Beside(own_id) as beside:
        beside.ask(0)
        _, ident = beside.answer()
        assert ident != os.getpid()
        os.kill(ident, signal.SIGKILL)
        beside.ask(0)
        with pytest.raises(MachineLacks, match="exit code -9"):
            beside.answer()


def test_ctrl_c_does_not_end_it_though_it_has_hardly_begun() -> None:
    """Who asks decides; it would tell of an interruption of its own."""
    with Beside(half) as beside:
        [process] = multiprocessing.active_children()
        assert process.pid is not None
        os.kill(process.pid, signal.SIGINT)
        beside.ask(8)
        assert beside.answer() == (8, 4)


def test_it_is_gone_when_we_leave_though_it_has_work() -> None:
    with Beside(time.sleep) as busy, Beside(own_id) as beside:
        beside.ask(0)
        _, ident = beside.answer()
        busy.ask(3600)
    assert not alive(ident)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_it_does_not_outlive_us(number: signal.Signals) -> None:
    code = (
        "import time\n"
        "from tests.giaoban.test_beside import Beside, own_id\n"
        "if __name__ == '__main__':\n"
        "    with Beside(own_id) as beside:\n"
        "        beside.ask(0)\n"
        "        print(beside.answer()[1], flush=True)\n"
        "        beside.ask(0)\n"
        "        time.sleep(3600)\n"
    )
    root = Path(__file__).parents[2]
    us = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert us.stdout is not None
    ident = int(us.stdout.readline())
    if number is signal.SIGINT:
        os.killpg(us.pid, number)  # as a terminal does
    else:
        us.kill()
    us.wait()
    us.stdout.close()
    for _ in range(200):
        if not alive(ident):
            return
        time.sleep(0.05)
    raise AssertionError("it is still there")
