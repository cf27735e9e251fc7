"""`python -m bench.calls COUNT`: make so many system calls between two lines of output.

In the guest time stands still while a program computes, so whoever reads the lines takes the time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

BEGIN, IDLE, END = "@bench begin", "@bench idle", "@bench end"


def repeat(call: Callable[[], object], count: int) -> None:
    """Call it so many times."""
    for _ in range(count):
        call()


def main(count: int) -> int:
    """`count` system calls from BEGIN to IDLE, as many calls of a plain function up to END."""
    for line, call in ((BEGIN, os.getppid), (IDLE, sys.gettrace)):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
        repeat(call, count)
    sys.stdout.write(END + "\n")
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
