"""`python -m bench.mutation [MODULE …]`: plant small faults one by one; do the tests notice?

Each mutant is put into a copy of the tree; the tree itself is never changed. A mutant is killed
when a test fails, or none ends. Exit code 0; 1: in some module fewer than 95 % were killed; 2: the
tests of a module fail without a mutant, too.

Own code, for neither of two well-kept tools plants what these modules are to be free of. mutmut
3.8 leaves module constants and all that is decorated alone (the rank of causes in `verdict`, the
property by which a state passes in `whatif/search`), removes no statement, and has 609 mutants of
`validity` where this has 177. Cosmic Ray 8.7 removes no statement either, changes the tree
itself, takes `|` in annotations for arithmetic, and starts Python anew for each mutant: 29 of
`aggregate` in five minutes on two busy cores. Neither takes a seeded sample.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import queue
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from bench.mutation.mutants import Mutant, mutants
from bench.mutation.trial import run_tests

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TESTS_OF = HERE / "modules.toml"
EQUIVALENTS = HERE / "equivalents.toml"
SAMPLE, SEED, SHARE_PCT = 40, 1, 95.0
PRELOADED = ["bench.mutation.trial", "hypothesis", "networkx", "numpy", "pydantic", "rich", "typer"]
"""What most tests import and nobody mutates."""
PATIENCE_S, TIMES = 30.0, 5.0
"""A mutant's tests may take so many times as long as without it, and so much more."""

FORKING = multiprocessing.get_context("forkserver")


@dataclass(frozen=True)
class Module:
    """A module with its text and the test files that are to notice what is wrong with it."""

    path: str
    source: str
    tests: tuple[str, ...]


class Copies:
    """Copies of the tree, one for each mutant that is tried at the same time."""

    def __init__(self, folder: Path, count: int) -> None:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
        names = [name for name in listed.stdout.decode().split("\0") if name]
        self._free: queue.Queue[Path] = queue.Queue()
        self._running: set[BaseProcess] = set()
        for number in range(count):
            copy = folder / f"copy-{number}"
            for name in names:
                if (ROOT / name).is_file():
                    (copy / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(ROOT / name, copy / name)
            compiled = [sys.executable, "-m", "compileall", "-q", "-x", "tests/", str(copy)]
            subprocess.run(compiled, check=True, stdout=subprocess.DEVNULL)
            self._free.put(copy)

    def survives(self, module: Module, text: str, limit_s: float | None = None) -> bool:
        """Whether the tests of a module are content with this text in its place.

        What was compiled of it is left out: its time and size may be those of the mutant before.
        """
        copy = self._free.get()
        try:
            file = copy / module.path
            file.write_text(text, encoding="utf-8")
            for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
                compiled.unlink()
            return self._passes(copy, module.tests, limit_s)
        finally:
            try:
                (copy / module.path).write_text(module.source, encoding="utf-8")
            finally:  # who waits for a copy is told of the same error
                self._free.put(copy)

    def _passes(self, copy: Path, tests: tuple[str, ...], limit_s: float | None) -> bool:
        process = FORKING.Process(target=run_tests, args=(copy, tests))
        process.start()
        self._running.add(process)
        process.join(limit_s)
        if process.exitcode is None:
            _end(process)
        self._running.discard(process)
        return process.exitcode == 0

    def stop(self) -> None:
        """End what runs, whose threads then come back."""
        for process in list(self._running):
            _end(process)


def _end(process: BaseProcess) -> None:
    """A process of tests with all that it started."""
    assert process.pid is not None
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join()


def main() -> int:
    """Try the mutants and say what survived."""
    options = _options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    FORKING.set_forkserver_preload(PRELOADED)
    try:
        with tempfile.TemporaryDirectory(prefix="giaoban-mutants-") as folder:
            return _try_all(options, Copies(Path(folder), options.jobs))
    except KeyboardInterrupt:
        return 130


def _try_all(options: argparse.Namespace, copies: Copies) -> int:
    equivalents = _equivalents()
    enough, killed_of_all, tried_of_all = True, 0, 0
    for module in _modules(options.module):
        chosen = _chosen(module, options.seed, None if options.all else options.sample)
        judged = [m for m in chosen if (module.path, m.was, m.becomes) not in equivalents]
        began_s = time.monotonic()
        if not copies.survives(module, module.source):
            sys.stderr.write(f"{module.path}: its tests fail without a mutant, too\n")
            return 2
        limit_s = PATIENCE_S + TIMES * (time.monotonic() - began_s)
        killed = len(judged) - _survivors(copies, module, judged, limit_s, options.jobs)
        share_pct = 100 * killed / len(judged) if judged else 100.0
        enough &= share_pct >= SHARE_PCT
        killed_of_all, tried_of_all = killed_of_all + killed, tried_of_all + len(judged)
        sys.stdout.write(
            f"{module.path}: {killed} of {len(judged)} killed ({share_pct:.1f} %), "
            f"{len(chosen) - len(judged)} equivalent\n"
        )
        sys.stdout.flush()
    sys.stdout.write(f"all: {killed_of_all} of {tried_of_all} killed\n")
    return 0 if enough else 1


def _survivors(
    copies: Copies, module: Module, judged: list[Mutant], limit_s: float, jobs: int
) -> int:
    """How many mutants survive; each is shown as soon as it has."""
    count = 0
    with ThreadPoolExecutor(jobs) as pool:
        try:
            lives = pool.map(lambda m: copies.survives(module, m.text, limit_s), judged)
            for mutant, alive in zip(judged, lives, strict=True):
                if alive:
                    count += 1
                    sys.stdout.write(mutant.diff(module.source, module.path) + "\n")
                    sys.stdout.flush()
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            copies.stop()
            raise
    return count


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.mutation", description=__doc__)
    parser.add_argument("module", nargs="*", help=f"paths of modules in {TESTS_OF.name} (all)")
    parser.add_argument("--sample", type=int, default=SAMPLE, help=f"mutants a module ({SAMPLE})")
    parser.add_argument("--all", action="store_true", help="every mutant instead of a sample")
    parser.add_argument("--seed", type=int, default=SEED, help=f"of the sample ({SEED})")
    jobs = len(os.sched_getaffinity(0))
    parser.add_argument("--jobs", type=int, default=jobs, help=f"at the same time ({jobs})")
    options = parser.parse_args()
    if options.sample < 1 or options.jobs < 1:
        parser.error("--sample and --jobs are 1 or more")
    known = list(tomllib.loads(TESTS_OF.read_text(encoding="utf-8")))
    if unknown := [path for path in options.module if path not in known]:
        parser.error(f"{unknown[0]} is not in {TESTS_OF.name} (there are: {', '.join(known)})")
    return options


def _modules(wanted: list[str]) -> list[Module]:
    tests = tomllib.loads(TESTS_OF.read_text(encoding="utf-8"))
    return [
        Module(path, (ROOT / path).read_text(encoding="utf-8"), tuple(tests[path]))
        for path in tests
        if not wanted or path in wanted
    ]


def _chosen(module: Module, seed: int, sample: int | None) -> list[Mutant]:
    """A sample that depends on the seed and the module's text alone, in its order."""
    found = mutants(module.source)
    if sample is None or sample >= len(found):
        return found
    picked = random.Random(f"{seed} {module.path}").sample(range(len(found)), sample)
    return [found[number] for number in sorted(picked)]


def _equivalents() -> set[tuple[str, str, str]]:
    """Mutants that change nothing anybody could notice, each with its reason in the file."""
    listed = tomllib.loads(EQUIVALENTS.read_text(encoding="utf-8"))["equivalent"]
    return {(e["module"], e["was"], e["becomes"]) for e in listed}


if __name__ == "__main__":
    sys.exit(main())
