"""`giaoban` and its commands."""

from __future__ import annotations

import typer

from scenarios.cli import (
    annex,
    baseline,
    check,
    device,
    diff,
    doctor,
    faults,
    headroom,
    history,
    load,
    mcu,
    shell,
    stream,
    sweep,
    topology,
    topology_files,
    topology_tree,
    units,
    verify,
    view,
    whatif,
)

app = typer.Typer(
    name="giaoban",
    help="Check whether video-conference bridges may be added: before, during and after.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("check")(check.command)
app.command("faults")(faults.command)
app.command("load")(load.command)
app.command("annex")(annex.command)
app.command("evidence")(annex.evidence)
app.command("verify")(verify.command)
app.command("whatif")(whatif.command)
app.command("headroom")(headroom.command)
app.command("sweep")(sweep.command)
app.command("diff")(diff.command)
app.command("doctor")(doctor.command)
app.command("shell")(shell.command)
app.command("view")(view.command)
app.add_typer(baseline.app, name="baseline")
app.add_typer(device.app, name="device")
app.add_typer(history.app, name="history")
app.add_typer(mcu.app, name="mcu")
app.add_typer(stream.app, name="stream")
topology_files.add_to(topology.app)
topology_tree.add_to(topology.app)
app.add_typer(topology.app, name="topology")
app.add_typer(units.app, name="units")
