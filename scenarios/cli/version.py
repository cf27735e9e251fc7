"""`giaoban --version`: which program this is, and what it would emulate with."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from giaoban.sentence import Sentence

OPTION = "--version"
OF_COMMIT = 12
"""Digits of a commit that are shown."""


def _show(asked: bool) -> None:
    if asked:
        for line in lines():
            typer.echo(line)
        raise typer.Exit


VersionOption = Annotated[
    bool,
    typer.Option(
        OPTION, callback=_show, is_eager=True, help="show the version and what it rests on"
    ),
]


def lines() -> list[Sentence]:
    """The program and its commit; Python; the sandbox kernel; Mininet."""
    return [
        _program(),
        Sentence("Python {version}", version=platform.python_version()),
        _kernel(),
        _mininet(),
    ]


def _program() -> Sentence:
    from giaoban.scenarios.plan import identity

    at = identity.commit()
    try:
        number = version("giaoban")
    except PackageNotFoundError:  # a checkout that was not installed
        number = "?"
    if at.ident is None:
        return Sentence("giaoban {version}, of no known commit", version=number)
    known = {"version": number, "commit": at.ident[:OF_COMMIT]}
    if not at.clean:
        return Sentence("giaoban {version}, commit {commit} with changes", **known)
    return Sentence("giaoban {version}, commit {commit}", **known)


def _kernel() -> Sentence:
    from giaoban.topology.sandbox import kernel

    found = kernel.cached()
    if found is None:
        return Sentence("sandbox kernel: not built yet")
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)
    return Sentence("sandbox kernel: Linux {version}", version=said.stdout.strip() or "?")


def _mininet() -> Sentence:
    from giaoban import extras

    if not extras.find_mininet():
        return Sentence("Mininet: not installed")
    from giaoban.scenarios.plan import identity

    return Sentence("Mininet {version}", version=identity.library_version("mininet"))
