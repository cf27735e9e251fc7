"""`giaoban shell`: Mininet's own command line on the running network, inside the sandbox."""

from __future__ import annotations

import sys

from giaoban import extras
from giaoban.errors import InputError
from giaoban.processes.ownership import temporary_folder
from giaoban.scenarios.cli import folders
from giaoban.scenarios.cli.output import progress
from giaoban.scenarios.emulation.engine import NEEDED
from giaoban.topology.emulation import router_clock
from giaoban.topology.load import load_province
from giaoban.topology.network import build
from giaoban.topology.sandbox import boot, kernel


def command(
    province: folders.Province,
) -> int:
    """Build the network and look around.

    Commands there: `nodes`, `net`, `cu-jut ping mcu`, `r-dak-mil ip route`,
    `birdc r-dak-mil show ospf neighbors`, `cut gia-nghia--dak-song`, `mend gia-nghia--dak-song`.

    The guest runs in real time here, since a person is at the keyboard.
    """
    if not sys.stdin.isatty():
        raise InputError("giaoban shell is for a person at a terminal (standard input is none)")
    from giaoban.scenarios.emulation import (
        interactive,  # Mininet's, which other commands do without
    )

    extras.need(*NEEDED)
    network = build(load_province(province))
    with progress() as told:
        built = kernel.ensure(told)
    clock = [str(router_clock.ensure())] if network.routed else []
    with temporary_folder("shell") as folder:
        (folder / interactive.NETWORK).write_text(network.model_dump_json(), encoding="utf-8")
        return boot.run(
            boot.Guest(built, virtual_time=False),
            interactive.__name__,
            [str(folder), *clock],
            writable=folder,
            console=folder / "console.log",
            on_line=lambda _line: None,
            interactive=True,
        )
