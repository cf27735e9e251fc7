"""`giaoban doctor`: what this machine misses, and the command that installs it."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from results.annex.pdf import FONTS
from scenarios.cli.output import print_json
from topology.sandbox import kernel

EXIT_LACKS = 4
APT = "sudo apt-get install --no-install-recommends"


@dataclass(frozen=True)
class Finding:
    """One thing that is needed: whether it is there, and how to get it."""

    what: str
    ok: bool
    install: str


def examine() -> list[Finding]:
    """Everything a check needs, in the order it would be missed."""
    programs = {"mnexec": "mininet", "ip": "iproute2", "bash": "bash"}
    tools = [tool for tool in kernel.TOOLS if not shutil.which(tool)]
    shared_memory = Path("/dev/shm")
    return [
        Finding("Python 3.12 or newer", sys.version_info >= (3, 12), f"{APT} python3"),
        Finding(
            "Mininet for this Python",
            importlib.util.find_spec("mininet") is not None,
            f"{APT} mininet && make setup",
        ),
        *(
            Finding(
                f"program {name}", shutil.which(name, path=_path()) is not None, f"{APT} {package}"
            )
            for name, package in programs.items()
        ),
        Finding(
            "fonts of the annex",
            any(FONTS.glob("LiberationSerif-*.ttf")),
            f"{APT} fonts-liberation",
        ),
        Finding(
            "tools that build the sandbox kernel",
            not tools,
            f"sudo {kernel.INSTALL}",
        ),
        Finding("sandbox kernel", kernel.cached() is not None, "make setup"),
        Finding(
            "shared memory for the guest (1.5 GB)",
            shared_memory.is_dir() and shutil.disk_usage(shared_memory).free > 1.5e9,
            "sudo mount -o remount,size=2G /dev/shm",
        ),
    ]


def command(
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> int:
    """Say what is missing and how to install it; exit 4 if anything is."""
    findings = examine()
    lacking = [f for f in findings if not f.ok]
    if as_json:
        print_json({"ok": not lacking, "findings": [asdict(f) for f in findings]})
    else:
        table = Table("", "what", "how to get it", box=None, pad_edge=False)
        for f in findings:
            mark = "[green]ok[/]" if f.ok else "[red]missing[/]"
            table.add_row(mark, f.what, "" if f.ok else f.install)
        Console().print(table)
    return EXIT_LACKS if lacking else 0


def _path() -> str:
    import os

    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
