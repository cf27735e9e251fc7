"""`signal_lab SIGNAL EVENT WORD WORDS…`: the program, which sends itself a signal at a named point.

That is the first audit event (PEP 578) EVENT whose arguments have WORD in them: a module that is
imported, a file that is opened, a folder that is made or renamed.

Without words it loads what a check needs and is asked line by line: each is the words of one more,
its variables, and the files that are its standard streams. A copy does it, in a session of its own;
its exit code is told.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from importlib import import_module
from typing import Any

LOADED = (
    "giaoban.scenarios.cli.commands.check.check",
    "giaoban.results.report.annex.make",
    "giaoban.results.report.plots.run",
    "giaoban.topology.map.draw",
)


def main(number: str, event: str, part: str, *words: str) -> None:
    done = False

    def look(name: str, arguments: tuple[Any, ...]) -> None:
        nonlocal done
        if not done and name == event and part in " ".join(map(str, arguments[:2])):
            done = True
            os.kill(os.getpid(), int(number))

    signal.signal(int(number), signal.SIG_DFL)  # the tests may run under `nohup`
    if number == str(int(signal.SIGINT)):
        signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.addaudithook(look)
    sys.argv = ["giaoban", *words]

    from giaoban.scenarios.cli import entry  # this too is listened to

    entry.main()


def copy_for_each() -> None:
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    for name in LOADED:
        import_module(name)
    gc.freeze()
    for line in sys.stdin:
        words, variables, files = json.loads(line)
        copy = os.fork()
        if not copy:
            os.setsid()
            os.environ.update(variables)
            for number, path in enumerate(files):
                os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), number)
            main(*words)
        _, status = os.waitpid(copy, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if sys.argv[1:]:
    main(*sys.argv[1:])
else:
    copy_for_each()
