"""`giaoban sensitivity SCENARIO`: which assumptions decide, and how far each may be off."""

from __future__ import annotations

from giaoban.processes.cluster import workers_for
from giaoban.processes.workers import cores
from giaoban.results.model.run_ids import now_in_vietnam
from giaoban.results.report.ci.answers import of_sensitivity
from giaoban.results.report.document import Par
from giaoban.results.report.summaries.sensitivity_summary import brief
from giaoban.scenarios.cli import folders, judging, language, options
from giaoban.scenarios.cli.output import AnswerAsJson, progress
from giaoban.scenarios.cli.scenarios import of_last_run
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.study.sensitivity.sensitivity import AnalysisOptions, sensitivity
from giaoban.sentence import Sentence


def command(
    scenario: options.ScenarioIfAny = None,
    province: options.OtherProvince = None,
    jobs: options.Jobs = None,
    scheduler: options.Scheduler = None,
    seed: options.Seed = None,
    seeds: options.OtherSeeds = None,
    worlds: options.Worlds = 0,
    require_robust: options.RequireRobust = None,
    ranges: options.RangesFile = None,
    *,
    results: folders.Results,
    as_json: AnswerAsJson = False,
) -> int:
    """Say for which world a verdict holds: each assumed figure is tried at other values.

    By estimate, one figure at a time. Without a scenario: that of the last check, or the project's
    only one. Exit code: that of the verdict as assumed, or 1 if it passes and
    --require-robust is not met.
    """
    judging.known_baseline("estimate")
    question = make_question(
        scenario or of_last_run("sensitivity", results), province_path=province, seed=seed
    )
    with workers_for(jobs or cores(), scheduler) as helpers, progress() as told:
        outcome = sensitivity(
            question,
            root=results,
            now=now_in_vietnam(),
            progress=told,
            language=language.chosen(),
            wanted=AnalysisOptions.of(
                worlds,
                require_robust,
                ranges,
                seeds=seeds or 0,
            ),
            helpers=helpers,
        )
    path = outcome.summary
    told_where = Sentence("all figures, what to settle first: {path}", path=path)
    return judging.end_of(
        outcome,
        of_sensitivity(outcome.answer),
        *brief(outcome.answer),
        Par(told_where),
        as_json=as_json,
        files=[question.scenario_path, question.province_path],
    )
