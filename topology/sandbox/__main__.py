"""`python -m giaoban.topology.sandbox --build` builds the kernel, `--cached` tells whether it is
there, `--key` what a cache of it is to be called; `--into FOLDER` builds all that is compiled, for
another machine of this kind (`giaoban.build_cache.prebuilt`)."""

from __future__ import annotations

import sys
from pathlib import Path

from giaoban import build_cache
from giaoban.errors import GiaobanError
from giaoban.topology.emulation import router_clock
from giaoban.topology.sandbox import kernel

STEP = 0.05


def main(option: str, folder: str = "") -> int:
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
        built = kernel.ensure(progress)
        sys.stderr.write(f"  sandbox kernel: {built}\n")
        if option == "--into":
            build_cache.hand_over(built, Path(folder), kernel.NAME)
            build_cache.hand_over(router_clock.ensure(), Path(folder), router_clock.name())
    except GiaobanError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(*(sys.argv[1:] or ["--build"])))
