"""Commands as the documents show them: the lines of fenced blocks without a language."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OURS = {".venv/bin/giaoban", "giaoban"}
SHELLS = {"", "sh", "bash", "console", "shell"}
PROMPT = re.compile(r"^(?:[\w-]*[$#]\s+)")


@dataclass(frozen=True)
class Command:
    """One line of a shell, continued ones joined, without its comment."""

    page: Path
    line: int
    text: str

    @property
    def words(self) -> tuple[str, ...]:
        """Of the shell's syntax, `#` begins a comment. Raises `ValueError`: open quotes."""
        return tuple(shlex.split(self.text, comments=True))

    @property
    def where(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def arguments(self) -> tuple[str, ...] | None:
        """What follows `giaoban`; None for other programs."""
        try:
            words = self.words
        except ValueError:
            return None
        return words[1:] if words and words[0] in OURS else None


def pages() -> list[Path]:
    """What people read; the changelog tells of what was."""
    found = [*ROOT.glob("docs/**/*.md"), *ROOT.glob("*.md")]
    return sorted(page for page in found if page.name != "CHANGELOG.md")


def blocks(page: Path) -> Iterator[tuple[str, int, list[str]]]:
    """Language, line of the first line, and lines of each fenced block."""
    language, begun, lines = "", 0, []
    inside = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        fence = re.match(r"\s*```(.*)$", line)
        if fence is None:
            if inside:
                lines.append(line)
        elif inside:
            yield language, begun, lines
            inside = False
        else:
            language, begun, lines, inside = fence[1].strip(), number + 1, [], True
    if inside:
        raise ValueError(f"{page}: a fenced block is left open")


def lines_of_shell(page: Path) -> Iterator[Command]:
    """All lines of blocks that may be a shell's; what programs print is among them."""
    for language, begun, lines in blocks(page):
        if language.partition(" ")[0] not in SHELLS:
            continue
        joined, first = "", begun
        for number, line in enumerate(lines, start=begun):
            if not joined:
                first = number
            joined += line.rstrip().removesuffix("\\")
            if line.rstrip().endswith("\\"):
                continue
            yield Command(page, first, PROMPT.sub("", joined.strip()))
            joined = ""


def commands(page: Path) -> Iterator[Command]:
    """Those of giaoban."""
    return (line for line in lines_of_shell(page) if line.arguments is not None)
