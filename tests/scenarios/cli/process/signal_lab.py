"""`signal_lab SIGNAL EVENT WORD WORDS…`: the program, which sends itself a signal at a named point.

That is the first audit event (PEP 578) EVENT whose arguments have WORD in them: a module that is
imported, a file that is opened, a folder that is made or renamed.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

number, event, part, *words = sys.argv[1:]
done = False


def look(name: str, arguments: tuple[Any, ...]) -> None:
    global done
    if not done and name == event and part in " ".join(map(str, arguments[:2])):
        done = True
        os.kill(os.getpid(), int(number))


signal.signal(int(number), signal.SIG_DFL)  # the tests may run under `nohup`
if number == str(int(signal.SIGINT)):
    signal.signal(signal.SIGINT, signal.default_int_handler)
sys.addaudithook(look)
sys.argv = ["giaoban", *words]

from giaoban.scenarios.cli.entry import main  # noqa: E402 - this too is listened to

main()
