"""The program's entry point: exit codes, and an interruption that leaves nothing behind.

What is heavy to load is loaded inside, so that Ctrl-C is caught from the first moment.
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
import traceback
from contextlib import suppress
from types import FrameType
from typing import NoReturn

from giaoban.errors import GiaobanError
from giaoban.interruptions import INTERRUPTIONS

USAGE, INTERNAL_ERROR, INTERRUPTED, PIPE_CLOSED = 2, 70, 130, 141


def main() -> NoReturn:
    """Run the command line and exit with a code of `giaoban.errors`, a verdict's, or 130."""
    # what little linear algebra there is needs no threads; with one thread, and only so, a process
    # may be copied (`giaoban.beside`)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for number in set(INTERRUPTIONS) - {signal.SIGINT}:  # Python has that one's handler
        if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` has it
            signal.signal(number, _interrupt)
    try:
        code = _run()
    except GiaobanError as error:
        sys.stderr.write(f"giaoban: {error}\n")
        code = error.exit_code
    except KeyboardInterrupt:
        with suppress(OSError):  # a terminal that was closed
            sys.stderr.write("giaoban: interrupted, nothing is left behind\n")
        code = INTERRUPTED
    except BrokenPipeError:
        # whoever read our output has seen enough; what is still buffered goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = PIPE_CLOSED
    except Exception:
        # not a verdict: 1 would say that the network failed
        traceback.print_exc()
        sys.stderr.write("giaoban: internal error, please report it with the lines above\n")
        code = INTERNAL_ERROR
    # what is left ends with the process: nobody has to look through it once more
    atexit.register(gc.freeze)
    sys.exit(code)


def _run() -> int:
    import typer

    from scenarios.cli.app import app

    try:
        code = app(prog_name="giaoban", standalone_mode=False)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except Exception as error:
        # usage errors, which typer takes from a private copy of click, show themselves
        show = getattr(error, "show", None)
        if show is None:
            raise
        show()
        return USAGE
    if code == INTERRUPTED:  # what typer makes of Ctrl-C inside a command
        raise KeyboardInterrupt
    return code if isinstance(code, int) else 0


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
