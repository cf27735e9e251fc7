"""`giaoban init [DIR]`: a project of one's own."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from giaoban.errors import InputError
from giaoban.mcu_sim.device import load_devices, pick
from giaoban.results.report.document import Par, pars
from giaoban.scenarios.cli import language
from giaoban.scenarios.cli.output import AsJson, print_blocks, print_json
from giaoban.scenarios.emulation import engine
from giaoban.scenarios.project.init import (
    SCENARIOS,
    Ci,
    ProjectOptions,
    add_ci,
    make_project,
)
from giaoban.scenarios.spec.project_folder import FILE
from giaoban.sentence import Sentence


def command(
    folder: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="folder, made if there is none")
    ] = Path(),
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="SOURCE",
            help="the network: folder with sites.csv and links.csv, or GraphML file",
        ),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="the province's name")] = None,
    mcu_at: Annotated[
        str | None,
        typer.Option("--mcu-at", help="of an import: router that the MCU hangs on (id or name)"),
    ] = None,
    device: Annotated[
        str | None, typer.Option("--device", help="the MCU's device: giaoban list devices")
    ] = None,
    ci: Annotated[
        Ci | None,
        typer.Option("--ci", help="file for CI (github); added to a project that there is"),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Make a project: a province, a first scenario, criteria, a file for CI, a README.

    Without --from it is a small made-up province, to be replaced by yours. Nothing that is there is
    overwritten, and all files are written or none. In a project, --ci adds that file alone.
    """
    if ci is not None and ci != "none" and (folder / FILE).is_file() and not (source or name):
        added = add_ci(folder, ci)
        if as_json:
            print_json({"files": [str(added)], "kept": [], "notes": []})
        else:
            print_blocks(*pars([str(added)]), _accepting("SCENARIO"))
        return 0
    if mcu_at is not None and source is None:
        raise InputError("{option}: means nothing here (see --help)", option="--mcu-at")
    if device is not None:
        pick(load_devices(), device)
    made = make_project(
        folder,
        ProjectOptions(
            language=language.chosen(),
            said=language.asked() is not None,
            source=source,
            name=name,
            mcu_at=mcu_at,
            device=device,
            ci=ci or "github",
        ),
    )
    if as_json:
        print_json(
            {
                "files": [str(path) for path in made.files],
                "kept": [str(path) for path in made.kept],
                "notes": made.notes,
            }
        )
        return 0
    following = "giaoban check" if engine.is_installed() else "giaoban check --estimate"
    if folder.resolve() != Path.cwd():
        following = f"cd {shlex.quote(str(folder))} && {following}"
    print_blocks(
        *pars(map(str, made.files)),
        *pars((Sentence("{path}: stays as it is", path=path) for path in made.kept), "quiet"),
        *pars((Sentence("  {note}", note=note) for note in made.notes), "quiet"),
        *([_accepting(_first_scenario(made.files))] if ci != "none" else []),
        Par(Sentence("next: {command}", command=following), bold=True),
    )
    return 0


def _accepting(scenario: str) -> Par:
    """Return how the baseline is made with which CI compares the failures of a scenario."""
    name = f"faults-{scenario}"
    return Par(
        Sentence(
            "CI compares failures with what is accepted, once for each scenario: {faults}, then "
            "{accept}",
            faults=f"giaoban faults {SCENARIOS}/{scenario}.toml --estimate",
            accept=f'giaoban accept RUN {name} --reason "…"',
        ),
        tone="quiet",
    )


def _first_scenario(files: Sequence[Path]) -> str:
    return next(path.stem for path in files if path.parent.name == SCENARIOS)
