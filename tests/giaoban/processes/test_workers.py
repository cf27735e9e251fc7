"""Functions called in other processes: answers, errors, and that no process is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from giaoban.errors import InputError, MachineLacks
from giaoban.processes.workers import Helpers, InlineWorker, WorkerPool
from tests.processes import alive, wait_for


def half(number: int) -> int:
    """Half of an even number."""
    if number % 2:
        raise InputError(f"{number} is odd (allowed: even numbers)")
    return number // 2


def test_answers_in_any_order_and_as_often_as_wanted() -> None:
    with WorkerPool(1) as beside:
        two, eight = beside.ask(half, 2), beside.ask(half, number=8)
        assert [eight(), two(), two(), eight()] == [4, 1, 1, 4]
        assert beside.ask(os.getpid)() != os.getpid()


@pytest.mark.parametrize("beside", [InlineWorker(), None])
def test_an_error_is_the_functions_own_and_ends_nothing(beside: Helpers | None) -> None:
    beside = beside or WorkerPool(2)
    odd, even = beside.ask(half, 3), beside.ask(half, 4)
    with pytest.raises(InputError, match=r"3 is odd \(allowed: even numbers\)"):
        odd()
    assert even() == 2
    with pytest.raises(InputError, match="3 is odd"):
        list(beside.as_finished(half, [2, 3, 4]))
    beside.end()


def test_inline_a_function_is_called_once_when_wanted() -> None:
    called: list[int] = []
    answer = InlineWorker().ask(called.append, 7)
    assert called == []
    answer()
    answer()
    assert called == [7]


def test_niceness_and_the_end() -> None:
    own = os.getpriority(os.PRIO_PROCESS, 0)
    with WorkerPool(2, niceness=7) as two:
        assert two.ask(os.getpriority, os.PRIO_PROCESS, 0)() == min(own + 7, 19)
        ident = two.ask(os.getpid)()
        two.ask(time.sleep, 3600)
    assert not alive(ident)


def test_a_process_that_is_killed_is_reported() -> None:
    with WorkerPool(1) as beside:
        os.kill(beside.ask(os.getpid)(), signal.SIGKILL)
        with pytest.raises(MachineLacks, match="ended from outside"):
            beside.ask(os.getpid)()


def test_ctrl_c_does_not_end_a_process() -> None:
    """The parent decides; the process would report an interruption of its own."""
    with WorkerPool(1) as beside:
        os.kill(beside.ask(os.getpid)(), signal.SIGINT)
        assert beside.ask(half, 8)() == 4


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_processes_end_with_their_parent(number: signal.Signals) -> None:
    code = (
        "import os, time\n"
        "from giaoban.processes.workers import WorkerPool\n"
        "if __name__ == '__main__':\n"
        "    with WorkerPool(1) as beside:\n"
        "        print(beside.ask(os.getpid)(), flush=True)\n"
        "        beside.ask(time.sleep, 3600)\n"
        # one long sleep may begin just behind the signal, and nothing would end it
        "        while True:\n"
        "            time.sleep(0.05)\n"
    )
    root = Path(__file__).parents[3]
    us = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code],
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
    wait_for(lambda: not alive(ident), "it to end")


@pytest.mark.parametrize("how_many", [0, 1, 7])
def test_many_are_answered_each_once(how_many: int) -> None:
    given = list(range(0, 2 * how_many, 2))
    with WorkerPool(2) as two:
        assert sorted(two.as_finished(half, given)) == [each // 2 for each in given]
        assert sorted(two.as_finished_with([1], list.__add__, [[each] for each in given])) == [
            [1, each] for each in given
        ]
    assert list(InlineWorker().as_finished(half, given)) == [each // 2 for each in given]


def slowly(given: tuple[int, Path]) -> int:
    """The first takes until the others are through."""
    number, through = given
    if not number:
        wait_for(through.exists, "the others")
    return number


def test_a_slow_call_delays_no_other(tmp_path: Path) -> None:
    through = tmp_path / "through"
    with WorkerPool(2) as two:
        answers = two.as_finished(slowly, [(number, through) for number in range(5)])
        assert {next(answers) for _ in range(4)} == {1, 2, 3, 4}
        through.touch()
        assert list(answers) == [0]
