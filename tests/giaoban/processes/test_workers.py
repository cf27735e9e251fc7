"""Functions called in another process: answers, errors, and that it never stays."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from giaoban.errors import InputError, MachineLacks
from giaoban.processes.workers import InlineWorker, WorkerPool, WorkerProcess
from tests.processes import alive, wait_for


def half(number: int) -> int:
    """Half of an even number."""
    if number % 2:
        raise InputError(f"{number} is odd (allowed: even numbers)")
    return number // 2


def test_answers_are_had_in_any_order_and_as_often_as_wanted() -> None:
    with WorkerProcess() as beside:
        two, eight = beside.ask(half, 2), beside.ask(half, number=8)
        assert [eight(), two(), two(), eight()] == [4, 1, 1, 4]
        assert beside.ask(os.getpid)() != os.getpid()


@pytest.mark.parametrize("kind", [WorkerProcess, InlineWorker])
def test_errors_of_the_function_are_ours_and_it_goes_on(
    kind: type[WorkerProcess | InlineWorker],
) -> None:
    here = kind()
    odd, even = here.ask(half, 3), here.ask(half, 4)
    with pytest.raises(InputError, match=r"3 is odd \(allowed: even numbers\)"):
        odd()
    assert even() == 2
    if isinstance(here, WorkerProcess):
        here.__exit__(None, None, None)


def lacks(what: str) -> None:
    raise MachineLacks(what, "buy one")


def fails_in_its_own_way() -> None:
    class Own(Exception):  # noqa: N818 - it is only raised
        pass

    raise Own("oh")


def cannot_be_sent() -> object:
    return lambda: None


def test_what_was_raised_or_cannot_be_sent_is_told_and_the_next_answer_is_its_own() -> None:
    with WorkerProcess() as beside:
        first, own, unsent = (
            beside.ask(lacks, "no memory"),
            beside.ask(fails_in_its_own_way),
            beside.ask(cannot_be_sent),
        )
        last = beside.ask(half, 8)
        with pytest.raises(MachineLacks, match="no memory") as raised:
            first()
        assert raised.value.install == "buy one"
        with pytest.raises(RuntimeError, match="oh"):
            own()
        with pytest.raises((AttributeError, pickle.PicklingError), match="lambda"):
            unsent()
        assert last() == 4


def test_who_asks_never_waits_though_answers_are_long() -> None:
    """More than a pipe holds, both ways, and nobody reads."""
    with WorkerProcess() as beside:
        long = [beside.ask(bytes, 3_000_000) for _ in range(3)]
        length = beside.ask(len, bytes(3_000_000))
        assert length() == 3_000_000
        assert [len(answer()) for answer in long] == [3_000_000] * 3


def test_without_another_process_it_is_called_when_wanted_and_once() -> None:
    called: list[int] = []
    answer = InlineWorker().ask(called.append, 7)
    assert called == []
    answer()
    answer()
    assert called == [7]


def test_several_are_asked_in_turn() -> None:
    with WorkerPool(2) as two:
        assert two.count == 2
        idents = [two.ask(os.getpid)() for _ in range(4)]
        assert idents[:2] == idents[2:]
        assert len({os.getpid(), *idents}) == 3
        halves = [two.ask(half, number) for number in (2, 4, 6)]
        assert [answer() for answer in halves] == [1, 2, 3]
    assert not any(map(alive, idents))


def test_what_is_less_pressing_lets_others_go_first() -> None:
    with WorkerPool(2, niceness=7) as two:
        own = os.getpriority(os.PRIO_PROCESS, 0)
        found = [two.ask(os.getpriority, os.PRIO_PROCESS, 0)() for _ in range(2)]
        assert found == [min(own + 7, 19)] * 2
    assert os.getpriority(os.PRIO_PROCESS, 0) == own


def test_a_process_that_is_killed_is_told_of() -> None:
    with WorkerProcess() as beside:
        ident = beside.ask(os.getpid)()
        os.kill(ident, signal.SIGKILL)
        answer = beside.ask(os.getpid)
        with pytest.raises(MachineLacks, match="exit code -9"):
            answer()


def test_ctrl_c_does_not_end_it_though_it_has_hardly_begun() -> None:
    """Who asks decides; it would tell of an interruption of its own."""
    others = multiprocessing.active_children()
    with WorkerProcess() as beside:
        [process] = set(multiprocessing.active_children()) - set(others)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGINT)
        assert beside.ask(half, 8)() == 4


def test_it_ignores_what_we_ignore() -> None:
    """As under `nohup`, when the terminal is closed."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with WorkerProcess() as beside:
            os.kill(beside.ask(os.getpid)(), signal.SIGHUP)
            assert beside.ask(half, 8)() == 4
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(("threads", "is_copy"), [(0, True), (1, False)])
def test_it_is_a_copy_of_us_if_we_are_our_only_thread(threads: int, is_copy: bool) -> None:
    code = (
        "import colorsys, threading\n"
        "from giaoban.processes.workers import WorkerProcess\n"
        "if __name__ == '__main__':\n"
        f"    for _ in range({threads}):\n"
        "        threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "    with WorkerProcess() as beside:\n"
        "        print(beside.ask(eval, \"'colorsys' in __import__('sys').modules\")())\n"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == (str(is_copy), "")


def test_it_is_gone_when_we_leave_though_it_has_work() -> None:
    with WorkerProcess() as beside:
        ident = beside.ask(os.getpid)()
        beside.ask(time.sleep, 3600)
    assert not alive(ident)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_it_does_not_outlive_us(number: signal.Signals) -> None:
    code = (
        "import os, time\n"
        "from giaoban.processes.workers import WorkerProcess\n"
        "if __name__ == '__main__':\n"
        "    with WorkerProcess() as beside:\n"
        "        print(beside.ask(os.getpid)(), flush=True)\n"
        "        beside.ask(time.sleep, 3600)\n"
        # one long sleep may begin just behind the signal, and nothing would end it
        "        while True:\n"
        "            time.sleep(0.05)\n"
    )
    root = Path(__file__).parents[3]
    us = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
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
        assert two.ask(half, 4)() == 2
    assert list(InlineWorker().as_finished(half, given)) == [each // 2 for each in given]


def slowly(given: tuple[int, Path]) -> int:
    """The first takes until the others are through."""
    number, through = given
    if not number:
        wait_for(through.exists, "the others")
    return number


def test_who_is_slow_holds_nobody_up(tmp_path: Path) -> None:
    through = tmp_path / "through"
    with WorkerPool(2) as two:
        answers = two.as_finished(slowly, [(number, through) for number in range(5)])
        assert {next(answers) for _ in range(4)} == {1, 2, 3, 4}
        through.touch()
        assert list(answers) == [0]


def test_an_error_among_many_is_the_functions_own() -> None:
    with WorkerPool(2) as two, pytest.raises(InputError, match="3 is odd"):
        list(two.as_finished(half, [2, 3, 4]))
