"""Programs side by side: their lines, their ends, and that none is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from giaoban.errors import MachineLacks
from giaoban.processes import children
from giaoban.processes.children import DONE, Ended, Job, die_with_parent, run_all
from tests.processes import PATIENCE_S, alive, wait_for


def job(name: str, code: str) -> Job:
    return Job(name, [sys.executable, "-c", code])


def ran(jobs: list[Job], at_once: int) -> tuple[list[tuple[str, str]], dict[str, Ended]]:
    lines: list[tuple[str, str]] = []
    ends: dict[str, Ended] = {}

    def on_end(ended: Ended) -> None:
        ends[ended.name] = ended

    run_all(
        jobs, at_once=at_once, on_line=lambda name, line: lines.append((name, line)), on_end=on_end
    )
    return lines, ends


def test_lines_and_exit_codes_of_each() -> None:
    code = "import sys; print('hello'); sys.stderr.write('half'); sys.exit({})"
    lines, ends = ran([job(str(n), code.format(n)) for n in range(4)], 2)
    assert sorted(lines) == [(str(n), line) for n in range(4) for line in ("half", "hello")]
    assert {name: ended.code for name, ended in ends.items()} == {str(n): n for n in range(4)}
    assert set(ends["0"].tail) == {"hello", "half"}
    assert all(ended.seconds > 0 for ended in ends.values())


def test_never_more_than_so_many_at_once(tmp_path: Path) -> None:
    """Each looks at who else is there, in the middle of its time."""
    code = (
        f"import os, time, pathlib; here = pathlib.Path({str(tmp_path)!r});"
        "me = here / str(os.getpid()); me.touch(); time.sleep(0.2);"
        "print(len(list(here.iterdir()))); me.unlink()"
    )
    lines, ends = ran([job(str(n), code) for n in range(6)], 2)
    assert len(ends) == 6
    assert max(int(line) for _, line in lines) <= 2


def test_a_child_that_is_killed_is_told_by_its_signal() -> None:
    _, ends = ran([job("a", "import os; os.kill(os.getpid(), 9)")], 1)
    assert ends["a"].code == -signal.SIGKILL


def test_only_the_last_lines_are_kept() -> None:
    _, ends = ran([job("a", "for n in range(100): print(n)")], 1)
    assert ends["a"].tail == [str(n) for n in range(80, 100)]


SERVES = f"""
import os, sys
for line in sys.stdin:
    print(os.getpid(), flush=True)
    exec(line)
    print({DONE!r}, flush=True)
"""


def ordered(**orders: str) -> list[Job]:
    """A program that does what each of its lines says."""
    return [Job(name, [sys.executable, "-c", SERVES], order) for name, order in orders.items()]


def test_orders_are_given_to_who_has_done_one() -> None:
    lines, ends = ran(ordered(a="print('x')", b="", c="print('y')", d=""), 1)
    [pid] = {line for _, line in lines} - {"x", "y"}
    assert [line for line in lines if line[1] != pid] == [("a", "x"), ("c", "y")]
    assert {name: (ended.code, ended.tail) for name, ended in ends.items()} == {
        "a": (0, [pid, "x"]),
        "b": (0, [pid]),
        "c": (0, [pid, "y"]),
        "d": (0, [pid]),
    }
    assert not alive(int(pid))


def test_as_many_take_orders_as_may_run_at_once() -> None:
    names = [str(number) for number in range(6)]
    lines, ends = ran(ordered(**dict.fromkeys(names, "import time; time.sleep(0.1)")), 2)
    assert list(ends) != []
    assert len({line for _, line in lines}) == 2
    assert all(0.1 <= ended.seconds < PATIENCE_S for ended in ends.values())


@pytest.mark.parametrize(
    ("how", "code"), [("sys.exit(3)", 3), ("os.kill(os.getpid(), 9)", -signal.SIGKILL)]
)
def test_what_ends_one_ends_no_other(how: str, code: int) -> None:
    """Neither those it did before nor those that were to come."""
    lines, ends = ran(ordered(a="", b=how, c="", d=""), 1)
    assert {name: ended.code for name, ended in ends.items()} == {"a": 0, "b": code, "c": 0, "d": 0}
    pids = dict(lines)
    assert pids["a"] == pids["b"] != pids["c"] == pids["d"]


def test_who_is_killed_while_it_waits_gets_no_order() -> None:
    """Nothing of what was to be done is taken for what ended it."""
    ends: dict[str, Ended] = {}
    pids: dict[str, str] = {}

    def on_end(ended: Ended) -> None:
        ends[ended.name] = ended
        if ended.name == "a":
            os.kill(int(pids["a"]), signal.SIGKILL)
            wait_for(lambda: not alive(int(pids["a"])), "it to be gone")

    run_all(ordered(a="", b=""), at_once=1, on_line=pids.__setitem__, on_end=on_end)
    assert {name: ended.code for name, ended in ends.items()} == {"a": 0, "b": 0}
    assert pids["a"] != pids["b"]


def test_when_told_to_stop_who_waits_for_an_order_is_ended_too(tmp_path: Path) -> None:
    """One has just done its order, and another is at it."""
    pids: dict[str, str] = {}
    note = tmp_path / "pid"
    at_it = f"open({str(note)!r}, 'w').write(str(os.getpid())); import time; time.sleep(600)"
    done = f"import time\nwhile not os.path.exists({str(note)!r}): time.sleep(0.01)"
    orders = ordered(a=f"exec({done!r})", b=at_it, c="")

    def on_end(ended: Ended) -> None:
        assert ended.name == "a"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_all(orders, at_once=2, on_line=pids.__setitem__, on_end=on_end)
    assert not alive(int(pids["a"]))
    wait_for(note.read_text, "the other to be there")
    assert not alive(int(note.read_text()))


@pytest.mark.parametrize("stubborn", [False, True])
def test_when_told_to_stop_all_are_ended(stubborn: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """By request first, so that they can tidy up; by force if they do not."""
    monkeypatch.setattr(children, "TIDY_S", 1.0)
    pids: list[int] = []
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN);" if stubborn else ""
    code = f"import os, signal, time; {deaf} print(os.getpid(), flush=True); time.sleep(600)"

    def on_line(_name: str, line: str) -> None:
        pids.append(int(line))
        if len(pids) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_all(
            [job(str(n), code) for n in range(5)],
            at_once=3,
            on_line=on_line,
            on_end=lambda ended: pytest.fail(f"{ended} ended by itself"),
        )
    assert len(pids) == 3
    assert not any(alive(pid) for pid in pids)


def test_a_child_has_time_to_tidy_up(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    code = (
        "import pathlib, signal, sys, time\n"
        f"def tidy(*_): time.sleep(0.3); pathlib.Path({str(mark)!r}).touch(); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, tidy)\n"
        "print('ready', flush=True)\n"
        "time.sleep(600)"
    )

    def on_line(_name: str, _line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_all([job("a", code)], at_once=1, on_line=on_line, on_end=lambda _ended: None)
    assert mark.exists()


def test_children_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom giaoban.processes.children import Job, run_all\n"
        "code = 'import os, time; print(os.getpid(), flush=True); time.sleep(600)'\n"
        "run_all([Job('a', [sys.executable, '-c', code])], at_once=1,\n"
        "        on_line=lambda _n, line: print(line, flush=True), on_end=print)"
    )
    root = Path(__file__).resolve().parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=root, stdout=subprocess.PIPE, text=True
    ) as parent:
        pid = int(parent.stdout.readline())
        parent.kill()
    wait_for(lambda: not alive(pid), "the child to die")


def test_a_silent_child_has_hung(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "SILENCE_S", 0.1)
    with pytest.raises(MachineLacks, match="a: the program hung"):
        ran([job("a", "import time; time.sleep(600)")], 1)


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(MachineLacks, match=f"{os.sep}nowhere cannot be started"):
        ran([Job("a", ["/nowhere"])], 1)


def test_a_child_ends_whose_parent_went_before_it_could_ask_to_be_told() -> None:
    """No signal comes of a death that was before (prctl(2))."""
    gone = subprocess.Popen(["true"])
    gone.wait()

    def begin() -> None:
        die_with_parent(parent=gone.pid)

    child = subprocess.run(["sleep", "600"], preexec_fn=begin, check=False, timeout=PATIENCE_S)
    assert child.returncode == 1
