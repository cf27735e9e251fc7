"""Make every run of the tests repeat the last one: fixed examples of laws, no deadlines, and the
same locale, time zone and language on every machine."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

from giaoban.processes import heap, workers
from tests import kept
from tests.loopback import local_address
from tests.marked import Watch

# The examples of a law depend on the law alone: derandomize fixes the seed, and constants of the
# modules that happen to be loaded are left out (Hypothesis has no setting for that).
providers._get_local_constants = Constants
settings.register_profile("steady", deadline=None, derandomize=True, database=None, max_examples=50)
# `scripts/test --fast`, `make mutate` and `scripts/test --nightly`; numbers of a law's own go along
# (`tests/laws.py`)
for name, count in (("brief", 30), ("careful", 100), ("thorough", 300)):
    settings.register_profile(name, settings.get_profile("steady"), max_examples=count)
settings.load_profile("steady")

# as on a machine of continuous integration, for other programs too (pdfinfo prints local time)
for name in ("LANGUAGE", *(name for name in os.environ if name.startswith("LC_"))):
    os.environ.pop(name, None)
os.environ.update(LANG="C.UTF-8", TZ="UTC", GIAOBAN_LANG="en")
time.tzset()
# as the program has it (scenarios/cli/process_environment.py), also where numpy is there before it:
# a thread more, and it begins its helpers anew instead of copying itself
os.environ["OPENBLAS_NUM_THREADS"] = "1"
# whatever the width of who runs them: where it is said, output is broken as for a terminal
os.environ.pop("COLUMNS", None)

# a shell that starts the tests in the background lets their children ignore Ctrl-C
signal.signal(signal.SIGINT, signal.default_int_handler)

LONGEST = (
    "test_failure_runs.py",
    "test_golden_runs.py",
    "test_loss_run.py",
    "test_meeting_runs.py",
    "test_background_runs.py",
    "test_traffic_runs.py",
    "test_cut_off_runs.py",
    "test_runs.py",
    "test_fuzz_mcu.py",
    "test_lines.py",
    # in real time
    "test_load.py",
    "test_load_targets.py",
    "test_sipp.py",
    "test_baresip.py",
    "test_cascade.py",
)
"""Files that take more than half a minute, the longest first."""


LONG = frozenset(Path(__file__).with_name("long.txt").read_text(encoding="utf-8").split())
"""Tests that compute for more than 0.3 s in all their cases: `scripts/test --fast` leaves them out.
Which they are says `pytest --durations=0`; one that is not in the list is run."""
LIMIT_S, LONG_LIMIT_S = 300.0, 1200.0
"""A test that takes longer hangs, and fails; the long one is for those that wait for emulations."""

watch = Watch()
watch.begin()
kept.begin()


def _context() -> Any:
    """As `giaoban.processes.workers` has it, but for the thread by which xdist waits for the next
    test: it holds nothing. What copies itself does not load everything anew for each helper."""
    threads = len(os.listdir("/proc/self/task"))
    of_xdist = 1 if "PYTEST_XDIST_WORKER" in os.environ else 0
    return multiprocessing.get_context("fork" if threads - of_xdist == 1 else "spawn")


workers._context = _context
# to look for garbage among all that the tests hold takes as long as many of them
# (tests/giaoban/processes/test_heap.py has a process of its own)
heap.give_back = lambda: None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before any fixture of it boots a guest."""
    kept.answers = item.get_closest_marker("anew") is None


@pytest.fixture(autouse=True)
def _only_what_is_marked_talks_in_real_time(request: pytest.FixtureRequest) -> Iterator[None]:
    watch.heeds = request.node.get_closest_marker("realtime") is None
    yield
    watch.heeds = False
    seen, taken = watch.seen.copy(), watch.taken.copy()
    watch.seen.clear()
    watch.taken.clear()
    assert not seen, f"{request.node.nodeid} {seen[0]} and is not marked realtime"
    assert not taken, (
        f"{request.node.nodeid} {taken[0]}, which may be another run's (tests.loopback)"
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What passed takes no keywords along: they are half of what xdist's processes tell the one
    that counts, and nobody asks it for them."""
    report = yield
    if report.passed:
        report.keywords = {}
    return report


def pytest_make_parametrize_id(val: object) -> str | None:
    """Processes of xdist have to find the same tests, though each has addresses of its own."""
    own = local_address(0).removesuffix("0.1")
    return val.replace(own, "127.own.") if isinstance(val, str) and own in val else None


def pytest_collection_finish() -> None:
    """Thousands of tests and what they import stay to the end: garbage is looked for elsewhere."""
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes long comes first: side by side, no process is left alone with it at the end."""
    booting = {item.path for item in items if item.get_closest_marker("sandbox")}

    def turn(path: Path) -> int:
        if path.name in LONGEST:
            return LONGEST.index(path.name)
        return len(LONGEST) + (path not in booting)

    items.sort(key=lambda item: turn(item.path))
    for item in items:
        if item.nodeid.partition("[")[0] in LONG:
            item.add_marker(pytest.mark.long)
    if config.pluginmanager.hasplugin("timeout"):
        for item in items:
            long = item.path in booting or item.path.name in LONGEST
            item.add_marker(pytest.mark.timeout(LONG_LIMIT_S if long else LIMIT_S))
