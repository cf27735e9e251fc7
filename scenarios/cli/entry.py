"""The program's entry point: exit codes, and an interruption that leaves nothing behind.

What is heavy to load is loaded inside, so that Ctrl-C is obeyed from the first moment.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from giaoban.processes import interruptions
from giaoban.sentence import N_, Sentence

if TYPE_CHECKING:
    from giaoban.errors import GiaobanError

USAGE, INTERNAL_ERROR, READER_GONE = 2, 70, 141
SAID_INTERRUPTED = N_("interrupted, nothing is left behind")


def main() -> NoReturn:
    """Run the command line and leave with a code of `giaoban.errors`, a verdict's, or 130."""
    if shell := os.environ.get("_GIAOBAN_COMPLETE"):
        _complete(shell)
    obeyed = interruptions.obey(at_once=_exit_interrupted)
    code = INTERNAL_ERROR
    try:
        from giaoban.scenarios.cli.process_environment import normalize

        normalize()
        code = run()
    except BaseException as error:  # before all this was made so, or while an end was told
        code = _report_error(error)
    finally:
        obeyed.end()
        _exit(code)


def _complete(shell: str) -> NoReturn:
    """Answer a shell that was asked for the next word; whatever goes wrong, it gets none."""
    with suppress(Exception):
        from giaoban.scenarios.cli import completion

        said = completion.answer(shell, sys.argv[1:])
        sys.stdout.buffer.write(said.encode("utf-8", "replace"))
        sys.stdout.flush()
    os._exit(0)


def run() -> int:
    """Carry out the command line; what went wrong is told on standard error."""
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
    try:
        code = app(words, prog_name="giaoban", standalone_mode=False)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except Exception as error:
        # usage errors, which typer takes from a private copy of click, can show themselves
        if not hasattr(error, "show"):
            raise
        _say(_usage(error))
        return USAGE
    if code == interruptions.INTERRUPTED:  # what typer makes of Ctrl-C inside a command
        raise KeyboardInterrupt
    return code if isinstance(code, int) else 0


def _usage(error: Any) -> str:
    """What is wrong with the command line; the whole help where there is nothing on it."""
    from giaoban.scenarios.cli import app, usage

    if isinstance(error, app.NothingAskedError):
        return f"{error}\n"
    return f"{usage.message(error)}\n"


def _refuse_undecodable_words(words: list[str]) -> None:
    """A name with bytes that are no letters could be opened, and be written down nowhere; names,
    questions and reasons end in documents."""
    from giaoban.errors import InputError
    from giaoban.text import LONGEST_ARGUMENT, text_problem

    for number, word in enumerate(words, start=1):
        try:
            word.encode()
        except UnicodeEncodeError:
            shown = ascii(word)
            raise InputError(
                "word {number} of the command line, {shown}, is no text (allowed: "
                "names in the encoding of your locale, best UTF-8)",
                number=number,
                shown=shown,
            ) from None
        if wrong := text_problem(word, LONGEST_ARGUMENT):
            shown = ascii(word[:60])
            raise InputError(
                "word {number} of the command line, {shown}, {wrong}",
                number=number,
                shown=shown,
                wrong=wrong,
            )


def _report_error(error: BaseException) -> int:
    """Say what an error is, in the way of its kind; the exit code."""
    interrupted = isinstance(error, KeyboardInterrupt) or interruptions.asked()
    interruptions.taken()
    if interrupted:
        _say(f"giaoban: {_translated(Sentence(SAID_INTERRUPTED))}\n")
        return interruptions.INTERRUPTED
    from giaoban.errors import GiaobanError, told
    from giaoban.scarce import shortage

    if not isinstance(error, GiaobanError) or error.exit_code == INTERNAL_ERROR:
        error = shortage(error) or error
    if not isinstance(error, GiaobanError):
        return _report_crash(error)
    if error.exit_code != READER_GONE:
        _say(f"giaoban: {told(error, _translated)}\n")
        _report_error_to_ci(error)
    return error.exit_code


def _report_error_to_ci(error: GiaobanError) -> None:
    """In the ways that a command which judges was asked for; its first error is what ended it."""
    from giaoban.errors import GiaobanError as Ours

    try:
        from giaoban.scenarios.cli import judging

        judging.failed(error)
    except Ours as another:  # of a file that cannot be written
        from giaoban.errors import told

        if (said := told(another, _translated)) != told(error, _translated):
            _say(f"giaoban: {said}\n")


def _report_crash(error: BaseException) -> int:
    """It is no verdict: 1 would say that the network failed."""
    import traceback

    _say("".join(traceback.format_exception(error)))
    told = Sentence("internal error, please report it with the lines above")
    _say(f"giaoban: {_translated(told)}\n")
    return INTERNAL_ERROR


def _translated(sentence: Sentence) -> str:
    """In the chosen language; in English if even the catalogue cannot be read any more."""
    with suppress(Exception):
        from giaoban.scenarios.cli import language

        return language.say(sentence)
    return sentence


def _say(text: str) -> None:
    """On standard error, as far as it goes."""
    with suppress(Exception):
        sys.stderr.write(text)
        sys.stderr.flush()


def _exit_interrupted() -> NoReturn:
    """End the program while it is still being loaded: there is nothing yet that could be left."""
    try:
        os.write(2, f"giaoban: {SAID_INTERRUPTED}\n".encode())
    finally:
        os._exit(interruptions.INTERRUPTED)


def _exit(code: int) -> NoReturn:
    """What is left ends with the process: a thread of a library's, or a buffer, cannot change how.

    That also keeps PYTHONINSPECT from asking for more.
    """
    import atexit

    try:
        atexit._run_exitfuncs()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
