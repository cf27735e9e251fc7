"""`python -m giaoban.topology.sandbox --build` builds the kernel, `--cached` tells whether it is
there, and `--key` what a cache of it is to be called."""

from __future__ import annotations

import sys

from giaoban.errors import GiaobanError
from giaoban.topology.sandbox import kernel

STEP = 0.05


def main(option: str) -> int:
    """Exit code 0 for success, 1 for `--cached` without a kernel, or a `GiaobanError`'s."""
    if option == "--cached":
        return 0 if kernel.cached() else 1
    shown = [-1.0]
    told: set[str] = set()

    def progress(what: str, done: float) -> None:
        if done - shown[0] >= STEP or done < shown[0] or what not in told:
            sys.stderr.write(f"  {what} {done:.0%}\n")
            shown[0] = done
            told.add(what)

    try:
        if option == "--key":
            sys.stdout.write(f"{kernel.key()}\n")
            return 0
        sys.stderr.write(f"  sandbox kernel: {kernel.ensure(progress)}\n")
    except GiaobanError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) == 2 else "--build"))
