"""`giaoban doctor`: what this machine misses, and the command that installs it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from dataclasses import asdict, dataclass

from giaoban import IMPORTED_FROM, build_cache, extras
from giaoban.errors import MachineLacks, strerror
from giaoban.results.report.document import Cell, table
from giaoban.results.report.pdf.write import FONTS
from giaoban.scenarios.cli.output import AsJson, print_blocks, print_json
from giaoban.scenarios.emulation.engine import NEEDED
from giaoban.sentence import Sentence
from giaoban.topology.sandbox import kernel, kernel_build, memory
from giaoban.translation import pgettext

EXIT_LACKS = 4
GUEST_MB = 1500
"""What a guest of a large meeting has."""
SYSTEM_PROGRAMS = ":/usr/sbin:/sbin"
"""Where they are that not everybody has in the PATH."""
APT = "sudo apt-get install --no-install-recommends"


@dataclass(frozen=True)
class Requirement:
    """One thing that is needed: whether it is there, how to get it, and where it was found or why
    it was not, if that does not go without saying."""

    what: str
    ok: bool
    install: str
    detail: str = ""


def examine() -> list[Requirement]:
    """Everything a check needs, in the order it would be missed."""
    programs = {"mnexec": "mininet", "ip": "iproute2", "bash": "bash"}
    path = os.environ.get("PATH", "") + SYSTEM_PROGRAMS
    libraries = [name for name in NEEDED if name != extras.MININET]
    tools = [tool for tool in kernel.TOOLS if not shutil.which(tool)]
    return [
        Requirement(
            Sentence("Python 3.12 or newer"), sys.version_info >= (3, 12), f"{APT} python3"
        ),
        Requirement(
            Sentence("Mininet for this Python"),
            extras.find_mininet(),
            extras.MININET_INSTALL,
        ),
        Requirement(
            Sentence("libraries of the emulation"),
            all(map(importlib.util.find_spec, libraries)),
            extras.installing("emulate"),
        ),
        *(
            Requirement(
                Sentence("program {name}", name=name),
                shutil.which(name, path=path) is not None,
                f"{APT} {package}",
            )
            for name, package in programs.items()
        ),
        Requirement(
            Sentence("fonts of the annex"),
            any(FONTS.glob("LiberationSerif-*.ttf")),
            f"{APT} fonts-liberation",
        ),
        Requirement(
            Sentence("tools that build the sandbox kernel"),
            not tools or build_cache.prebuilt(kernel.NAME) is not None,
            f"sudo {kernel_build.INSTALL}",
        ),
        _kernel(),
        _memory(),
    ]


def _kernel() -> Requirement:
    """It is built and kept, or there is nowhere to keep it."""
    what = Sentence("sandbox kernel")
    if kernel.cached() is None and (why := build_cache.refused()) is not None:
        place = build_cache.cache()
        told = Sentence(build_cache.NOTHING_KEPT, path=place, why=strerror(why))
        return Requirement(what, False, Sentence(build_cache.ELSEWHERE), told)
    checkout = (IMPORTED_FROM / "scripts" / "setup").is_file()  # where it is part of the set-up
    build = "make setup" if checkout else "python -m giaoban.topology.sandbox --build"
    return Requirement(what, kernel.cached() is not None, build)


def _memory() -> Requirement:
    """A guest finds a place by itself, or there is none."""
    what = Sentence("memory for the guest ({guest_mb:g} GB)", guest_mb=GUEST_MB / 1000)
    try:
        return Requirement(
            what, True, memory.MEND, Sentence("in {place}", place=memory.place(GUEST_MB))
        )
    except MachineLacks as error:
        return Requirement(what, False, error.install, error.what)


def command(
    as_json: AsJson = False,
) -> int:
    """Say what is missing and how to install it; exit 4 if anything is."""
    findings = examine()
    lacking = [f for f in findings if not f.ok]
    if as_json:
        print_json({"ok": not lacking, "findings": [asdict(f) for f in findings]})
    else:
        print_blocks(
            table(
                (
                    Sentence(pgettext("doctor", "state")),
                    Sentence("what"),
                    Sentence("how to get it"),
                ),
                map(_row, findings),
            )
        )
    return EXIT_LACKS if lacking else 0


def _row(found: Requirement) -> tuple[str | Cell, ...]:
    state = Cell(Sentence("ok"), tone="good") if found.ok else Cell(Sentence("missing"), tone="bad")
    what = (
        Sentence("{what}: {detail}", what=found.what, detail=found.detail)
        if found.detail
        else found.what
    )
    return state, what, "" if found.ok else found.install
