"""`giaoban` and its commands, each loaded when it is asked for: loading all takes seconds."""

from __future__ import annotations

import gc
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from giaoban import interruptions
from giaoban.scenarios.cli import judging, language
from giaoban.scenarios.cli.version import VersionOption

COMMANDS = {
    "check": "check:command",
    "meeting": "meeting:command",
    "calendar": "calendar:command",
    "faults": "faults:command",
    "load": "load:command",
    "annex": "annex:command",
    "evidence": "annex:evidence",
    "verify": "verify:command",
    "whatif": "whatif:command",
    "headroom": "headroom:command",
    "sweep": "sweep:command",
    "diff": "diff:command",
    "schema": "schema:command",
    "doctor": "doctor:command",
    "shell": "shell:command",
    "view": "view:command",
    "baseline": "baseline:app",
    "device": "device:app",
    "history": "history:app",
    "mcu": "mcu:app",
    "stream": "stream:app",
    "topology": "topology:app",
    "units": "units:app",
}
"""Name → module of this package, and the function or the group of commands in it."""


def _lang() -> Any:
    """Shown by --help; what is given is taken from the command line before all else."""

    def of(
        _lang: Annotated[
            str | None,
            typer.Option(
                language.OPTION,
                metavar="[vi|en]",
                help=f"language (${language.VARIABLE}, or that of the locale)",
            ),
        ] = None,
    ) -> None: ...

    alone = typer.Typer(add_completion=False)
    alone.command()(of)
    command: Any = typer.main.get_command(alone)
    option = command.params[0]
    option.expose_value = False
    return option


class _Commands(TyperGroup):
    def __init__(self, **of: Any) -> None:
        super().__init__(**of)
        known: Any = dict.fromkeys(COMMANDS)
        self.commands = known  # where typer looks for what a mistyped word may have meant

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        gc.disable()  # nothing of what is being loaded is garbage
        try:
            found = getattr(import_module(f"giaoban.scenarios.cli.commands.{module}"), attribute)
        finally:
            gc.enable()
        if not isinstance(found, typer.Typer):
            alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
            alone.command(cmd_name)(found)
            found = alone
        command: Any = typer.main.get_command(found)
        command.name = cmd_name
        for name, each in getattr(command, "commands", {"": command}).items():
            if (called := f"{cmd_name} {name}".strip()) in judging.JUDGING:
                each.params += judging.options(called)
            each.params.append(_lang())
        interruptions.loaded()
        return command


app = typer.Typer(
    name="giaoban",
    cls=_Commands,
    help="Check whether video-conference bridges may be added: before, during and after.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _all(_version: VersionOption = False) -> None:
    pass  # without one typer takes a program of no commands for a mistake
