"""`giaoban check SCENARIO`: the main job."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from giaoban.errors import InputError
from giaoban.results import RUNS
from giaoban.results.model.result import Result
from giaoban.results.report.ci.answers import of_check
from giaoban.results.report.document import Block, Par
from giaoban.results.report.summary import brief
from giaoban.results.report.view.page import FILE
from giaoban.scenarios.cli import judging, language, options
from giaoban.scenarios.cli.output import progress
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.estimate.limits import reasons
from giaoban.scenarios.spec.meeting_catalogue import find
from giaoban.scenarios.spec.question import Question, make_question
from giaoban.scenarios.spec.scenario import Scenario
from giaoban.scenarios.study.check import check, check_by_estimate
from giaoban.scenarios.study.seeds import helpers_for
from giaoban.sentence import Sentence


def command(
    scenario: Annotated[Path, typer.Argument(help="scenario file (TOML)")],
    province: Annotated[
        Path | None, typer.Option("--province", help="another province than the scenario names")
    ] = None,
    engine: options.Engine = EngineName.SANDBOX,
    seed: options.Seed = None,
    seeds: options.OtherSeeds = None,
    pcap: Annotated[
        list[str] | None, typer.Option("--pcap", help="record this bridge as .pcapng (repeatable)")
    ] = None,
    meetings: Annotated[
        list[str] | None,
        typer.Option(
            "--meetings",
            metavar="NAME",
            help="try it in this meeting of the catalogue too, or in all (repeatable)",
        ),
    ] = None,
    results: options.Results = RUNS,
    as_json: Annotated[
        bool, typer.Option("--json", help="print result.json instead of a table")
    ] = False,
    by_estimate: Annotated[
        bool,
        typer.Option("--estimate", help="work it out in seconds, without emulation and annex"),
    ] = False,
) -> int:
    """Emulate an expansion before, during and after, and judge it.

    The same question is judged by estimate at other seeds: an answer that depends on luck is no
    pass. What cannot be estimated is emulated at up to 3 other seeds, if --seeds says so.
    """
    if by_estimate and pcap:
        raise InputError(
            "--pcap: an estimate has no frames to record (allowed: without --estimate)"
        )
    judging.known_baseline()
    question = make_question(
        scenario,
        province_path=province,
        seed=seed,
        pcap=tuple(dict.fromkeys(pcap or ())),
        change=partial(_held_in, _named(meetings)) if meetings else None,
    )
    # before what shows the progress has a thread
    with helpers_for(question, seeds) as helpers, progress() as told:
        now = datetime.now()
        if by_estimate:
            outcome = check_by_estimate(
                question, root=results, now=now, progress=told, seeds=seeds, helpers=helpers
            )
        else:
            outcome = check(
                question,
                engine=engine,
                root=results,
                now=now,
                progress=told,
                seeds=seeds,
                helpers=helpers,
            )
    report = replace(of_check(outcome.result), next=_next(question, province))
    return judging.end(
        report,
        *shown(outcome.result, outcome.folder),
        data=lambda: json.loads(outcome.result.to_json()),
        as_json=as_json,
        folder=outcome.folder,
        files=[question.scenario_path, question.province_path],
    )


def _next(question: Question, province: Path | None) -> str:
    """What to try of a scenario that fails: the cheapest change that passes, or, where that cannot
    be estimated, each failure by itself."""
    command = "faults" if reasons(question.plan) else "whatif"
    other = [] if province is None else ["--province", str(province)]
    return shlex.join(["giaoban", command, str(question.scenario_path), *other])


def _named(meetings: list[str]) -> Literal["all"] | list[str]:
    """The meetings as a scenario would name them, whose folder is another than ours.

    Raises `InputError`: there is no such.
    """
    if meetings == ["all"]:
        return "all"
    found = []
    for name in dict.fromkeys(meetings):
        path = find(name)
        if not path.is_file():
            raise InputError("{path}: there is no such file", path=path)
        found.append(str(path.resolve()) if path == Path(name) else name)
    return found


def _held_in(meetings: Literal["all"] | list[str], scenario: Scenario) -> Scenario:
    return scenario.model_copy(update={"meetings": meetings})


def shown(result: Result, folder: Path) -> list[Block]:
    """The verdict as a table that can be read in ten seconds."""
    annex = (
        []
        if result.is_estimate
        else [Par(Sentence("annex: {folder}", folder=folder / "phu-luc.pdf"))]
    )
    page = Par(Sentence("page: {folder}", folder=folder / FILE))
    return [*brief(result, language.chosen()), *annex, page]
