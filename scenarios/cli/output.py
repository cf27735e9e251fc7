"""What every command prints with: progress on a terminal, one JSON object with --json.

What draws on a terminal (rich) is loaded where something is drawn: an MCU that serves draws
nothing, and the bar of progress is for terminals.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from giaoban.scenarios.cli import language
from giaoban.sentence import Sentence

if TYPE_CHECKING:
    from giaoban.results.report.document import Block

AsJson = Annotated[bool, typer.Option("--json", help="print one JSON object")]
AnswerAsJson = Annotated[bool, typer.Option("--json", help="print the answer's JSON file instead")]

EXIT_CODES = {"pass": 0, "fail": 1, "undecided": 1, "invalid": 3}
"""Of verdicts."""

PLAIN_EVERY_S = 5.0
"""Between two lines that tell the same but for numbers in it."""
NUMBER = re.compile(r"\d+")


def print_json(value: object) -> None:
    """Exactly one JSON object on standard output, without NaN; the same whatever the encoding."""
    plain = not (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    sys.stdout.write(json.dumps(value, ensure_ascii=plain, allow_nan=False, indent=2) + "\n")


def print_blocks(*blocks: Block) -> None:
    """Blocks of a document, for people, in their language."""
    from giaoban.results.report import terminal

    terminal.show(*blocks, say=language.say)


def tell(sentence: Sentence) -> None:
    """A line on standard error: what was taken where nothing was named."""
    sys.stderr.write(f"{language.say(sentence)}\n")
    sys.stderr.flush()


@contextmanager
def progress() -> Iterator[Callable[[str, float], None]]:
    """Told (what, fraction): a bar on a terminal, a line now and then anywhere else."""
    from rich.console import Console

    console, say = Console(stderr=True), language.say
    if console.is_terminal:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (
            TextColumn("{task.description:<34}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task(say(Sentence("starting")), total=1.0)
            yield lambda what, done: bar.update(
                task, description=say(Sentence(what)), completed=done
            )
        return
    shown: dict[str, float] = {}

    def plain(what: str, done: float) -> None:
        now, kind = time.monotonic(), NUMBER.sub("", what)
        if done >= 1 or now - shown.get(kind, -PLAIN_EVERY_S) >= PLAIN_EVERY_S:
            sys.stderr.write(f"{say(Sentence(what))} {done:.0%}\n")
            sys.stderr.flush()
            shown[kind] = now

    yield plain
