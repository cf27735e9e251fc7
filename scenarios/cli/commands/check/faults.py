"""`giaoban faults SCENARIO`: every failure tried, emulated or by estimate."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from giaoban.drawing import check_kinds
from giaoban.errors import InputError, near_names
from giaoban.files import writing
from giaoban.processes.workers import cores
from giaoban.results.judge import accepted_cases
from giaoban.results.model.quantities import Method
from giaoban.results.model.run_ids import now_in_vietnam
from giaoban.results.report.ci.answers import of_faults
from giaoban.results.report.document import Block, Par
from giaoban.results.report.summaries.failures_summary import brief
from giaoban.results.report.view.page import FILE
from giaoban.scenarios.cli import folders, judging, language, options
from giaoban.scenarios.cli.output import AnswerAsJson, progress
from giaoban.scenarios.cli.scenarios import of_last_run
from giaoban.scenarios.emulation.engine import EngineName, check_installed
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.spec.failure_cases import chosen
from giaoban.scenarios.study.failure_map import draw_failures
from giaoban.scenarios.study.failures.failures import FailuresOutcome, try_failures
from giaoban.scenarios.study.failures.trial import possible_in
from giaoban.sentence import Sentence
from giaoban.topology.network import Network


def command(
    scenario: options.ScenarioIfAny = None,
    province: options.OtherProvince = None,
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
    picture: Annotated[
        Path | None,
        typer.Option("--map", metavar="FILE", help="the map, also here (.png .svg .pdf)"),
    ] = None,
    engine: options.Engine = EngineName.SANDBOX,
    seed: options.Seed = None,
    *,
    results: folders.Results,
    as_json: AnswerAsJson = False,
    by_estimate: Annotated[
        bool,
        typer.Option("--estimate", help="work it out in a minute, without emulation"),
    ] = False,
) -> int:
    """Try every failure of the network, one at a time, while everybody is in the meeting.

    Tried are: each link of the backbone and the MCU's access link, once cut and once lit but losing
    everything; each router down, each site without power, each shared-risk group cut. Options add
    more. An ID is the kind of fault and what it is at, as cut:LINK or router:ROUTER. Without a
    scenario: that of the last check, or the project's only one.

    Exit code 0: all meet the criteria, and each single point of failure is accepted in the scenario
    ([[accepted]]); 1: not so; 3: an emulation cannot be trusted. With --baseline 1 means that
    something is worse than what was accepted, and 0 that nothing is.
    """
    asked = make_question(
        scenario or of_last_run("faults", results), province_path=province, seed=seed
    )
    possible = possible_in(asked)
    network = asked.plan.network
    failures = chosen(network, possible, only=only or (), with_pairs=pairs, access=access, mcu=mcu)
    _known("--link", link, (item.id for item in network.links))
    _known("--bridge", bridge, (item.id for item in network.bridges))
    method: Method = "estimate" if by_estimate else engine.value
    name, folder = judging.ci_options.baseline, judging.folder_of_baselines()
    accepted = None if name is None else accepted_cases.read_failures(name, folder, method)
    judging.writable(picture)
    if picture is not None:
        check_kinds(picture)
    if not by_estimate:
        check_installed(engine)
    with progress() as told:
        outcome = try_failures(
            asked,
            failures,
            possible=possible,
            whole=not only,
            jobs=jobs or cores(),
            engine=None if by_estimate else engine,
            root=results,
            now=now_in_vietnam(),
            progress=told,
            language=language.chosen(),
            baseline=accepted,
        )
    if picture is not None:
        _draw(outcome, picture, network, asked.province.name)
    return judging.end_of(
        outcome,
        of_faults(outcome.answer, outcome.seconds),
        *shown(outcome, link=link, bridge=bridge),
        as_json=as_json,
        files=[asked.scenario_path, asked.province_path],
    )


def shown(
    outcome: FailuresOutcome, *, link: str | None = None, bridge: str | None = None
) -> list[Block]:
    figures = Par(Sentence("all figures: {folder}", folder=outcome.summary))
    page = Par(Sentence("page: {folder}", folder=outcome.folder / FILE))
    return [*brief(outcome.answer, link, bridge, language.chosen()), figures, page]


def _draw(outcome: FailuresOutcome, path: Path, network: Network, title: str) -> None:
    with writing(path):
        draw_failures(outcome.answer, network, title, path)


def _known(option: str, ident: str | None, known: Iterable[str]) -> None:
    there = list(known)
    if ident is not None and ident not in there:
        raise InputError(
            '{option} = "{ident}": there is none{near}',
            option=option,
            ident=ident,
            near=near_names(option.removeprefix("--"), ident, there),
        )
