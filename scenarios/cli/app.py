"""`giaoban`: the program's entry point and its commands."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import NoReturn

import typer
from rich.console import Console

from giaoban.errors import GiaobanError
from scenarios.cli import check, diff, doctor, shell, topology

INTERRUPTED = 130

app = typer.Typer(
    name="giaoban",
    help="Check whether video-conference bridges may be added: before, during and after.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("check")(check.command)
app.command("diff")(diff.command)
app.command("doctor")(doctor.command)
app.command("shell")(shell.command)
app.add_typer(topology.app, name="topology")


def main() -> NoReturn:
    """Run the command line; exit codes are those of `giaoban.errors`."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        code = app(standalone_mode=False)
    except GiaobanError as error:
        Console(stderr=True, soft_wrap=True, highlight=False).print(f"giaoban: {error}", markup=False)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("giaoban: interrupted, nothing is left behind\n")
        sys.exit(INTERRUPTED)
    except Exception as error:
        # typer re-exports no base class of click's usage errors
        show = getattr(error, "show", None)
        if show is None:
            raise
        show()
        sys.exit(2)
    sys.exit(code if isinstance(code, int) else 0)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
