"""`giaoban faults SCENARIO`: try every failure, by estimate and near a limit by emulation."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

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
from giaoban.scenarios.study.failures.failures import FailuresOutcome, try_failures
from giaoban.scenarios.study.failures.trial import possible_in
from giaoban.sentence import Sentence


class Also(StrEnum):
    """Failures that are tried if they are asked for."""

    PAIRS = "pairs"
    ACCESS = "access"
    MCU = "mcu"


def command(
    scenario: options.ScenarioIfAny = None,
    province: options.OtherProvince = None,
    jobs: options.Jobs = None,
    also: Annotated[
        list[Also] | None,
        typer.Option(
            "--also",
            help="also every two of the backbone's links and routers (pairs), each bridge's access "
            "link (access), the MCU (mcu); repeatable",
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="ID", help="just this failure (repeatable), A+B for a pair"),
    ] = None,
    engine: options.Engine = EngineName.SANDBOX,
    seed: options.Seed = None,
    *,
    results: folders.Results,
    as_json: AnswerAsJson = False,
    by_estimate: Annotated[
        bool,
        typer.Option("--estimate", help="estimate all, without any emulation"),
    ] = False,
) -> int:
    """Try every failure of the network, one at a time, while everybody is in the meeting.

    Tried are: each link of the backbone and the MCU's access link, once cut and once lit but losing
    everything; each router down, each site without power, each shared-risk group cut. Options add
    more. All are estimated, and those near a limit are emulated; those of --only are all emulated.
    An ID is the kind of fault and what it is at, as cut:LINK or router:ROUTER. Without a scenario:
    that of the last check, or the project's only one.

    Exit code 0: all meet the criteria, and each single point of failure is accepted in the scenario
    ([[accepted]]); 1: not so; 3: an emulation cannot be trusted. With --baseline 1 means that
    something is worse than what was accepted, and 0 that nothing is.
    """
    asked = make_question(
        scenario or of_last_run("faults", results), province_path=province, seed=seed
    )
    possible = possible_in(asked)
    more = also or ()
    failures = chosen(
        asked.plan.network,
        possible,
        only=only or (),
        with_pairs=Also.PAIRS in more,
        access=Also.ACCESS in more,
        mcu=Also.MCU in more,
    )
    method: Method = "estimate" if by_estimate else engine.value
    name, folder = judging.ci_options.baseline, judging.folder_of_baselines()
    accepted = None if name is None else accepted_cases.read_failures(name, folder, method)
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
    return judging.end_of(
        outcome,
        of_faults(outcome.answer, outcome.seconds),
        *shown(outcome),
        as_json=as_json,
        files=[asked.scenario_path, asked.province_path],
    )


def shown(outcome: FailuresOutcome) -> list[Block]:
    figures = Par(Sentence("all figures: {folder}", folder=outcome.summary))
    page = Par(Sentence("page: {folder}", folder=outcome.folder / FILE))
    return [*brief(outcome.answer, None, None, language.chosen()), figures, page]
