"""`giaoban completion`: what makes a shell complete our words."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from giaoban.errors import InputError
from giaoban.files import shown
from giaoban.results.report.document import Par
from giaoban.scenarios.cli.output import print_blocks
from giaoban.scenarios.cli.shells import SHELLS, script
from giaoban.sentence import Sentence

MARK = "# giaoban's completion"


def command(
    shell: Annotated[
        Literal["bash", "zsh", "fish"] | None,
        typer.Argument(help="bash, zsh or fish; the one of $SHELL if none is said"),
    ] = None,
    install: Annotated[
        bool, typer.Option("--install", help="put it where the shell finds it at its next start")
    ] = False,
) -> int:
    """Complete words of the command line in bash, zsh or fish.

    Without --install the script is printed; to try it: `eval "$(giaoban completion bash)"`.
    """
    name = shell or of_environment()
    if not install:
        typer.echo(script(name), nl=False)
        return 0
    told = [Sentence("written: {path}", path=shown(path)) for path in install_script(name)]
    print_blocks(
        *map(Par, told), Par(Sentence("It works from the next start of {shell} on.", shell=name))
    )
    return 0


def of_environment() -> str:
    """The user's shell. Raises `InputError`: it is none that we know."""
    name = Path(os.environ.get("SHELL", "")).name
    if name not in SHELLS:
        raise InputError(
            'the shell "{name}" is not known (allowed: {shells}); say which: '
            "giaoban completion bash --install",
            name=name,
            shells=", ".join(SHELLS),
        )
    return name


def install_script(shell: str) -> list[Path]:
    """Write the script into the user's folders, once; the files that were written.

    Raises `InputError`: one of them cannot be.
    """
    home = Path.home()
    if shell == "fish":
        config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
        place, start = config / "fish" / "completions" / "giaoban.fish", None
    else:
        data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
        place = data / "giaoban" / f"completion.{shell}"
        start = (
            Path(os.environ.get("ZDOTDIR") or home) / ".zshrc"
            if shell == "zsh"
            else home / ".bashrc"
        )
    written = [place]
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(script(shell), encoding="utf-8")
        if start is not None:
            before = start.read_text(encoding="utf-8") if start.is_file() else ""
            if MARK not in before:
                line = f"[ -r '{place}' ] && . '{place}'  {MARK}\n"
                gap = "\n" if before and not before.endswith("\n") else ""
                start.write_text(f"{before}{gap}{line}", encoding="utf-8")
                written.append(start)
    except OSError as error:
        raise InputError("{path}: cannot be written: {why}", path=place, why=error) from None
    return written
