"""`giaoban` and its commands, each loaded when it is asked for: loading all takes seconds."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from importlib import import_module
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperGroup

from giaoban.scenarios.cli import judging, language
from giaoban.scenarios.cli.version import VersionOption

PANELS = {
    "check": "Check",
    "what_if": "What if",
    "documents": "Documents",
    "data": "Data",
    "mcu": "The MCU",
    "machine": "This machine",
}
"""What commands are about, in the order of the help: folder of `commands` → heading."""


class LazyCommand(NamedTuple):
    """A command before it is loaded."""

    of: str
    """Module below `commands`, in the folder of what it is about, and the function or the group of
    commands in it."""
    help: str
    """The first paragraph of its own help, so that nothing is loaded to show it."""

    @property
    def folder(self) -> str:
        """One of `PANELS`."""
        return self.of.partition(".")[0]


COMMANDS = {
    "init": LazyCommand("check.init:command", "Make a project: a province, a scenario, CI."),
    "check": LazyCommand(
        "check.check:command", "Emulate an expansion before, during and after, and judge it."
    ),
    "meeting": LazyCommand(
        "check.meeting:command",
        "Hold a meeting: the check of the system before it, its course, its end.",
    ),
    "calendar": LazyCommand(
        "check.calendar:command",
        "Check a calendar of meetings: rules broken, conflicts, device and lines, the peaks.",
    ),
    "faults": LazyCommand(
        "check.faults:command",
        "Try every failure of the network, one at a time, while everybody is in the meeting.",
    ),
    "load": LazyCommand(
        "check.load:command",
        "Let many bridges call an MCU: one of the test's own on this machine, or --target.",
    ),
    "accept": LazyCommand(
        "check.accept:command", "Accept a run, so that later ones are compared with it."
    ),
    "whatif": LazyCommand(
        "what_if.whatif:command",
        "Compare variants of a scenario by estimate; find what to buy if none passes.",
    ),
    "headroom": LazyCommand(
        "what_if.headroom:command",
        "Say how many more bridges fit, and what fails then: overall, by router, link and device.",
    ),
    "sensitivity": LazyCommand(
        "what_if.sensitivity:command",
        "Say for which world a verdict holds: each assumed figure is tried at other values.",
    ),
    "compare": LazyCommand(
        "what_if.compare:command",
        "Compare two states of inputs, two runs, or a run with the inputs of today.",
    ),
    "annex": LazyCommand(
        "documents.annex:command",
        "Write the annex of checks, faults, load tests and sensitivity; beside it their evidence.",
    ),
    "verify": LazyCommand(
        "documents.verify:command",
        "Compare annexes with the evidence of their run, and evidences with their own sums.",
    ),
    "view": LazyCommand(
        "documents.view:command", "Serve a run as a page on this machine, until Ctrl-C."
    ),
    "history": LazyCommand("documents.history:app", "The runs of the project, by year."),
    "list": LazyCommand(
        "data.list:command",
        "List names: scenarios, meetings, criteria, profiles, devices, units, the network, "
        "schemas.",
    ),
    "mcu": LazyCommand("mcu.mcu:app", "Run the MCU by itself."),
    "stream": LazyCommand("mcu.stream:app", "Send and receive RTP streams in real time."),
    "doctor": LazyCommand(
        "machine.doctor:command",
        "Say what is missing and how to install it; exit 4 if anything is.",
    ),
    "shell": LazyCommand("machine.shell:command", "Build the network and look around."),
}
"""All commands by name."""


def _lang() -> Any:
    """Shown by --help; what is given is taken from the command line before all else."""

    def of(
        _lang: Annotated[
            str | None,
            typer.Option(
                language.OPTION,
                metavar="|".join(language.LANGUAGES),
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
        self.params.append(_lang())
        self.commands = known  # where typer looks for what a mistyped word may have meant

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].of.partition(":")
        gc.disable()  # nothing of what is being loaded is garbage
        try:
            found = getattr(import_module(f"giaoban.scenarios.cli.commands.{module}"), attribute)
        finally:
            gc.enable()
        if not isinstance(found, typer.Typer):
            alone = typer.Typer(**PLAIN)
            alone.command(cmd_name)(found)
            found = alone
        command: Any = typer.main.get_command(found)
        command.name = cmd_name
        below = getattr(command, "commands", {})
        for name, each in (below or {"": command}).items():
            if (called := f"{cmd_name} {name}".strip()) in judging.JUDGING:
                each.params += judging.options(called)
            each.params.append(_lang())
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The list of commands, without loading them."""
        for folder, panel in PANELS.items():
            rows = [(name, each.help) for name, each in COMMANDS.items() if each.folder == folder]
            with formatter.section(panel):
                formatter.write_dl(rows)


def every_command() -> Iterator[tuple[tuple[str, ...], Any]]:
    """All commands, with those of groups, by the words that name them; loads everything."""
    root: Any = typer.main.get_command(app)
    yield (), root
    for name in COMMANDS:
        command = root.get_command(None, name)
        yield (name,), command
        for below, each in getattr(command, "commands", {}).items():
            yield (name, below), each


PLAIN: dict[str, Any] = {
    "add_completion": False,
    "pretty_exceptions_enable": False,
    "rich_markup_mode": None,
    "context_settings": {"help_option_names": ["--help", "-h"]},
}
"""Of typer, so that nothing of rich is loaded to show a help."""

app = typer.Typer(
    name="giaoban",
    cls=_Commands,
    help="Check whether video-conference bridges may be added: before, during and after.",
    no_args_is_help=True,
    **{**PLAIN, "add_completion": True},
)


@app.callback()
def _all(_version: VersionOption = False) -> None:
    pass  # without one typer takes a program of no commands for a mistake
