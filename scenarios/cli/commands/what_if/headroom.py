"""`giaoban headroom`: how many more bridges fit, and what is in the way."""

from __future__ import annotations

from giaoban.processes.workers import cores, worker_beside
from giaoban.results.archive.store import Outcome
from giaoban.results.model.run_ids import now_in_vietnam
from giaoban.results.model.seeds import OTHER_SEEDS
from giaoban.results.model.studies.headroom import Headroom
from giaoban.results.report.ci.answers import of_headroom
from giaoban.results.report.document import Block, Par
from giaoban.results.report.summaries.headroom_summary import brief
from giaoban.scenarios.cli import folders, judging, language, options
from giaoban.scenarios.cli.output import AnswerAsJson, progress
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.study.headroom.headroom import HeadroomRequest, headroom
from giaoban.scenarios.study.whatif.apply import EXISTING, base_of
from giaoban.scenarios.study.whatif.variant import UnnamedVariant
from giaoban.sentence import Sentence


def command(
    scenario: options.Scenario = EXISTING,
    province: options.OtherProvince = None,
    profile: options.Profile = None,
    device: options.Device = None,
    confirm: options.Confirm = False,
    jobs: options.Jobs = None,
    engine: options.Engine = EngineName.SANDBOX,
    seed: options.Seed = None,
    seeds: options.StudySeeds = None,
    *,
    results: folders.Results,
    as_json: AnswerAsJson = False,
) -> int:
    """Say how many more bridges fit, and what fails then: overall, by router, link and device.

    Without a scenario: beside the bridges of the province alone. Exit code 0: at least one more
    fits; 1: none does; 3: an emulation came to no result.
    """
    judging.known_baseline(engine.value if confirm else "estimate")
    jobs = jobs or cores()
    order = HeadroomRequest(
        base=base_of(scenario, province, seed=seed),
        variant=options.of_options(UnnamedVariant, id="now", profile=profile, device=device),
        confirm=confirm,
        engine=engine,
        jobs=jobs,
        language=language.chosen(),
        seeds=OTHER_SEEDS if seeds is None else seeds,
    )
    with worker_beside(jobs) as beside, progress() as told:
        outcome = headroom(
            order,
            judge=estimate,
            root=results,
            now=now_in_vietnam(),
            progress=told,
            beside=beside,
        )
    return judging.end_of(
        outcome,
        of_headroom(outcome.answer),
        *shown(outcome),
        as_json=as_json,
        files=[order.base.scenario_path, order.base.province_path],
    )


def shown(outcome: Outcome[Headroom]) -> list[Block]:
    told = Sentence("all figures, links, devices, picture: {path}", path=outcome.summary)
    return [*brief(outcome.answer), Par(told)]
