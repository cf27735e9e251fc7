"""`giaoban faults SCENARIO`: every failure tried, each in an emulation of its own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from giaoban.errors import InputError, did_you_mean
from giaoban.workers import cores
from results import RUNS
from results.archive.store import write_whole, writing
from results.judge import baseline as baselines
from results.model.failures import Change, Comparison
from results.report.failures_summary import (
    BRIDGE_HEAD,
    BRIDGE_RIGHT,
    bridge_rows,
    busiest,
    headline,
    link_rows,
    point_line,
    rows,
    slowest,
    unneeded_lines,
)
from results.report.junit import junit_xml
from results.report.view.page import FILE
from scenarios.cli import options
from scenarios.cli.output import COLOURS, EXIT_CODES, print_json, progress
from scenarios.emulation.engine import EngineName
from scenarios.faults.failure_cases import chosen
from scenarios.study.failures.answer import draw_failures
from scenarios.study.failures.run import Outcome, try_failures
from scenarios.study.failures.trial import ask, possible_in
from topology.map.draw import SUFFIXES
from topology.network import Network

SENSES = {"worse": "red", "better": "green", "other": "dim"}


def command(
    scenario: Annotated[Path, typer.Argument(help="scenario file (TOML)")],
    province: Annotated[
        Path | None, typer.Option("--province", help="another province than the scenario names")
    ] = None,
    jobs: options.Jobs = None,
    pairs: Annotated[
        bool, typer.Option("--pairs", help="also every two of the backbone's links and routers")
    ] = False,
    access: Annotated[
        bool, typer.Option("--access", help="also each bridge's access link")
    ] = False,
    mcu: Annotated[bool, typer.Option("--mcu", help="also the MCU itself")] = False,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="ID", help="just this failure (repeatable), A+B for a pair"),
    ] = None,
    link: Annotated[
        str | None, typer.Option("--link", metavar="ID", help="show what concerns this link")
    ] = None,
    bridge: Annotated[
        str | None, typer.Option("--bridge", metavar="ID", help="show what concerns this bridge")
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option("--baseline", metavar="NAME", help="compare with an accepted answer"),
    ] = None,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="write JUnit XML for CI")
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option("--map", metavar="FILE", help="the map, also here (.png .svg .pdf)"),
    ] = None,
    folder: Annotated[
        Path, typer.Option("--baselines", help="folder of the baselines")
    ] = baselines.FOLDER,
    engine: options.Engine = EngineName.SANDBOX,
    seed: options.Seed = None,
    results: options.Results = RUNS,
    as_json: Annotated[
        bool, typer.Option("--json", help="print faults.json instead of tables")
    ] = False,
) -> int:
    """Try every failure of the network, one at a time, while everybody is in the meeting.

    Tried are: each link of the backbone and the MCU's access link, once cut and once lit but losing
    everything; each router down, each site without power, each shared-risk group cut. Options add
    more. IDs: cut:LINK, silent:LINK, router:ROUTER, site:BRIDGE, group:GROUP, mcu.

    Exit code 0: all meet the criteria, and each single point of failure is accepted in the scenario
    ([\\[accepted]]); 1: not so; 3: an emulation cannot be trusted. With --baseline 1 means that
    something is worse than what was accepted, and 0 that nothing is.
    """
    asked = ask(scenario, province, seed)
    possible = possible_in(asked)
    network = asked.question.plan.network
    failures = chosen(network, possible, only=only or (), with_pairs=pairs, access=access, mcu=mcu)
    _known("--link", link, (item.id for item in network.links))
    _known("--bridge", bridge, (item.id for item in network.bridges))
    accepted = None if baseline is None else baselines.read(baseline, folder)
    for path in (junit, picture):
        _writable(path)
    if picture is not None and picture.suffix.lower() not in SUFFIXES:
        raise InputError(f"--map = {picture}: cannot be drawn (allowed: {', '.join(SUFFIXES)})")
    with progress() as told:
        outcome = try_failures(
            asked,
            failures,
            possible=possible,
            whole=not only,
            jobs=jobs or cores(),
            engine=engine,
            root=results,
            now=datetime.now(),
            progress=told,
            baseline=accepted,
        )
    answer = outcome.answer
    if junit is not None:
        write_whole(junit, junit_xml(answer, seconds=outcome.seconds).encode())
    if picture is not None:
        _draw(outcome, picture, network, asked.question.province.name)
    if as_json:
        print_json(json.loads(answer.to_json()))
    else:
        show(outcome, link=link, bridge=bridge)
    return EXIT_CODES[answer.verdict]


def show(outcome: Outcome, *, link: str | None = None, bridge: str | None = None) -> None:
    """The answer, what got worse, single points of failure, and a table to look things up in."""
    console, answer = Console(), outcome.answer
    _say(console, headline(answer), COLOURS[answer.verdict])
    if answer.comparison is not None:
        _show_changes(console, answer.comparison)
    if answer.comparison is None or answer.verdict == "invalid":  # else they are the changes
        for reason in answer.reasons:
            _say(console, reason)
    for point in answer.single_points:
        _say(console, f"single point of failure: {point_line(point, answer)}")
    for line in unneeded_lines(answer):
        _say(console, line)
    if longest := slowest(answer):
        _say(console, f"longest interruption: {longest}")
    if load := busiest(answer):
        _say(console, f"most loaded link: {load}")
    head = ("failure", "verdict", "interruption", "by mending", "lost", "load", "cut off")
    found = (row[: len(head)] for row in rows(answer, link, bridge))
    console.print(_table(head, found, right=(2, 3, 4, 5)))
    if bridge is not None:
        table = _table(BRIDGE_HEAD, bridge_rows(answer, bridge), right=BRIDGE_RIGHT)
        console.print(table)
    if link is not None:
        head4 = ("link", "direction", "worst load", "by")
        console.print(_table(head4, link_rows(answer, link), right=(2,)))
    _say(console, f"all figures: {outcome.folder / 'summary.md'}")
    _say(console, f"page: {outcome.folder / FILE}")


def _show_changes(console: Console, comparison: Comparison) -> None:
    changes: Sequence[Change] = comparison.changes
    found = comparison.worse
    if not changes:
        console.print("nothing is worse than what was accepted, nothing is better", style="green")
    elif not found:
        console.print("nothing is worse than what was accepted", style="green")
    else:
        console.print(f"worse than what was accepted: {len(found)}", style="bold red")
    for change in changes:
        mark = {"worse": "worse: ", "better": "better: "}.get(change.sense, "")
        _say(console, f"  {mark}{change.line}", SENSES[change.sense])


def _say(console: Console, line: str, style: str = "") -> None:
    console.print(line, style=style, soft_wrap=True, highlight=False, markup=False)


def _table(head: Sequence[str], body: Iterable[Sequence[str]], right: Sequence[int]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, name in enumerate(head):
        side: Literal["left", "right"] = "right" if number in right else "left"
        table.add_column(
            name, justify=side, overflow="fold", no_wrap=number < 2 or number in right[-2:]
        )
    for cells in body:
        style = {"fail": "red", "invalid": "yellow", "accepted": "cyan"}.get(cells[1], "")
        table.add_row(*map(escape, cells), style=style)
    return table


def _draw(outcome: Outcome, path: Path, network: Network, title: str) -> None:
    with writing(path):
        draw_failures(outcome.answer, network, title, path)


def _known(option: str, ident: str | None, known: Iterable[str]) -> None:
    there = list(known)
    if ident is not None and ident not in there:
        raise InputError(f'{option} = "{ident}": there is none{did_you_mean(ident, there)}')


def _writable(path: Path | None) -> None:
    """Told before minutes of emulation, and not after."""
    if path is not None and (path.is_dir() or not path.parent.is_dir()):
        what = "is a folder" if path.is_dir() else f"{path.parent} is no folder"
        raise InputError(f"{path}: {what} (allowed: the name of a file to be written)")
