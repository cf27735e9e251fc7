"""One mutant, or none, under its tests: in a copy of the tree, in a process of its own.

Only pytest and the standard library are imported here: the tests of a copy are to import the copy's
modules, and nothing else.
"""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

import pytest

MOST_BYTES = 8 << 30
"""A mutant that collects without end runs out of memory alone."""


def run_tests(copy: Path, files: tuple[str, ...]) -> None:
    """Run test files until one fails and end this process with pytest's exit code."""
    os.setsid()
    with Path(os.devnull).open("r+b") as nothing:
        for number in range(3):
            os.dup2(nothing.fileno(), number)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    os.chdir(copy)
    sys.path.insert(0, str(copy))
    sys.dont_write_bytecode = True
    # for the commands that tests start
    os.environ.update(PYTHONPATH=str(copy), PYTHONDONTWRITEBYTECODE="1")
    kept = copy.parent / f"{copy.name}-tmp"
    options = ["-x", "-q", "-p", "no:cacheprovider", f"--basetemp={kept}"]
    # hypothesis was imported before pytest could look at its assertions
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    if Path("tests/laws.py").is_file():  # a fault may be found by the hundredth example alone
        options += ["--hypothesis-profile=careful"]
    code = pytest.main([*options, *files])
    os._exit(int(code))
