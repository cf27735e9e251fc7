"""`giaoban` and its commands."""

from __future__ import annotations

import typer

from scenarios.cli import check, device, diff, doctor, mcu, shell, topology

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
app.add_typer(device.app, name="device")
app.add_typer(mcu.app, name="mcu")
app.add_typer(topology.app, name="topology")
