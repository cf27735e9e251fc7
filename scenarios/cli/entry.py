"""The program's entry point and its exit codes."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from giaoban.processes import interruptions

if TYPE_CHECKING:
    from giaoban.errors import GiaobanError

USAGE, INTERNAL_ERROR, READER_GONE = 2, 70, 141
COMPLETE = "_GIAOBAN_COMPLETE"
"""Set by the shells' scripts of typer."""


def main() -> NoReturn:
    """Run the command line and leave with a code of `giaoban.errors`, a verdict's, or 130."""
    interruptions.obey()
    # what little linear algebra there is needs no threads, and a process with threads may not be
    # copied (`giaoban.processes.workers`)
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    code = INTERNAL_ERROR
    try:
        _open_streams()
        code = run()
    except BaseException as error:
        code = _report_error(error)
    finally:
        _exit(code)


def _open_streams() -> None:
    """Standard streams that are closed become empty ones; letters that an encoding lacks a "?"."""
    for name in ("stdout", "stderr"):
        if (stream := getattr(sys, name)) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def run() -> int:
    """Carry out the command line; an error is reported on standard error."""
    try:
        code = _run()
        sys.stdout.flush()
        return code
    except BaseException as error:
        with suppress(Exception):  # what was printed before it
            sys.stdout.flush()
        return _report_error(error)


def _run() -> int:
    import typer

    from giaoban.scenarios.cli import judging, language
    from giaoban.scenarios.cli.app import app

    words = language.choose(sys.argv[1:])
    judging.begin(words)
    _refuse_undecodable_words(words)
    program: Any = typer.main.get_command(app)
    if COMPLETE in os.environ:
        program(words, prog_name="giaoban", complete_var=COMPLETE)
    try:
        # not by its `main`, which makes 1 of a broken pipe and that is a verdict
        with program.make_context("giaoban", words) as context:
            code = program.invoke(context)
    except typer.Exit as end:
        code = end.exit_code
    except typer.Abort:
        raise KeyboardInterrupt from None
    except Exception as error:
        # usage errors, which typer takes from a private copy of click, can show themselves
        if not hasattr(error, "show"):
            raise
        error.show()
        return USAGE
    return code if isinstance(code, int) else 0


def _refuse_undecodable_words(words: list[str]) -> None:
    """Raise `InputError` for a word that no document could hold."""
    from giaoban.errors import InputError
    from giaoban.text import LONGEST_ARGUMENT, text_problem

    for number, word in enumerate(words, start=1):
        if not word.isascii() and any("\ud800" <= c <= "\udfff" for c in word):
            wrong: str | None = "is no text in the encoding of your locale"
        else:
            wrong = text_problem(word, LONGEST_ARGUMENT)
        if wrong:
            raise InputError(
                "word {number} of the command line, {shown}, {wrong}",
                number=number,
                shown=ascii(word[:60]),
                wrong=wrong,
            )


def _report_error(error: BaseException) -> int:
    """Write what an error says; return its exit code."""
    if isinstance(error, KeyboardInterrupt):
        _say("giaoban: interrupted, nothing is left behind\n")
        return interruptions.INTERRUPTED
    # rich ends so where the reader of the output went away
    if isinstance(error, BrokenPipeError | ConnectionResetError | SystemExit):
        return READER_GONE
    from giaoban.errors import GiaobanError, for_terminal
    from giaoban.scarce import shortage

    if not isinstance(error, GiaobanError) or error.exit_code == INTERNAL_ERROR:
        error = shortage(error) or error
    if not isinstance(error, GiaobanError):
        return _report_crash(error)
    _say(f"giaoban: {for_terminal(error)}\n")
    _report_error_to_ci(error)
    return error.exit_code


def _report_error_to_ci(error: GiaobanError) -> None:
    """Write it in the ways that a command which judges was asked for; its first error counts."""
    from giaoban.errors import GiaobanError as Ours

    try:
        from giaoban.scenarios.cli import judging

        judging.failed(error)
    except Ours as another:  # of a file that cannot be written
        from giaoban.errors import for_terminal

        if (said := for_terminal(another)) != for_terminal(error):
            _say(f"giaoban: {said}\n")


def _report_crash(error: BaseException) -> int:
    """It is no verdict: 1 would say that the network failed."""
    import traceback

    _say("".join(traceback.format_exception(error)))
    _say("giaoban: internal error, please report it with the lines above\n")
    return INTERNAL_ERROR


def _say(text: str) -> None:
    """Write to standard error, as far as it goes."""
    with suppress(Exception):
        sys.stderr.write(text)
        sys.stderr.flush()


def _exit(code: int) -> NoReturn:
    """End the process: no thread or buffer of a library can change the code."""
    import atexit

    try:
        atexit._run_exitfuncs()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
