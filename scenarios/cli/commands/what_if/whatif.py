"""`giaoban whatif SCENARIO …`: bridges, device, calls, links or meetings changed, and compared."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from giaoban.errors import InputError
from giaoban.processes.cluster import workers_for
from giaoban.processes.workers import cores, worker_beside
from giaoban.results.archive.store import Outcome
from giaoban.results.model.run_ids import now_in_vietnam
from giaoban.results.model.seeds import OTHER_SEEDS
from giaoban.results.model.studies.whatif import WhatIf
from giaoban.results.report.ci.answers import of_sweep, of_whatif
from giaoban.results.report.document import Block, Par
from giaoban.results.report.summaries import sweep_summary
from giaoban.results.report.summaries.whatif_summary import brief
from giaoban.scenarios.cli import folders, judging, language, options
from giaoban.scenarios.cli.output import AnswerAsJson, progress
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.study.seeds import SeedsJudge
from giaoban.scenarios.study.sweep.axes import Sweep
from giaoban.scenarios.study.sweep.sweep import TABLE, SweepRequest, sweep
from giaoban.scenarios.study.whatif.apply import EXISTING, base_of, beside
from giaoban.scenarios.study.whatif.compare import WhatIfRequest, compare
from giaoban.scenarios.study.whatif.variant import (
    MOST_CARDS,
    OtherMeeting,
    UnnamedVariant,
    Variants,
)
from giaoban.sentence import Sentence
from giaoban.tomlfile import load, parse, read_text
from giaoban.topology.model import Link, LinkChange
from giaoban.translation import N_

SCHEMA_OF_VARIANTS, SCHEMA_OF_SWEEP = "giaoban.variants/1", "giaoban.sweep/1"
COMMAND_LINE = {
    "source": N_("set on the command line of giaoban whatif"),
    "assumed": True,
    "settled_by": N_("an offer of the telecom company"),
}
NEW_LINK_BUFFER = 1000
"""Packets: as the backbone links of the default province."""


def command(
    scenario: Annotated[
        Path,
        typer.Argument(
            help="scenario: file or name; or a file of variants or of a sweep (TOML) [the "
            "province's bridges]",
            callback=options.scenario,
        ),
    ] = EXISTING,
    province: options.OtherProvince = None,
    add: Annotated[
        list[str] | None,
        typer.Option(
            "--add",
            metavar="UNITS",
            help="a CSV list of bridges, or units of giaoban's own province: by name or id, a "
            "district, all-2013, all-2025, departments (repeatable)",
        ),
    ] = None,
    more: Annotated[
        int, typer.Option("--more", min=0, max=500, help="so many bridges without a name")
    ] = 0,
    profile: options.Profile = None,
    device: options.Device = None,
    cards: Annotated[
        int | None,
        typer.Option("--cards", min=1, max=MOST_CARDS, help="the device with so many of its cards"),
    ] = None,
    link: Annotated[
        list[str] | None,
        typer.Option("--link", metavar="ID=MBPS", help="another rate of a link (repeatable)"),
    ] = None,
    new_link: Annotated[
        list[str] | None,
        typer.Option(
            "--new-link", metavar="A--B=MBPS,KM", help="a link between two routers (repeatable)"
        ),
    ] = None,
    meeting: Annotated[
        list[str] | None,
        typer.Option(
            "--meeting", metavar="CALLS[@ROUTER]", help="another meeting at the same time"
        ),
    ] = None,
    confirm: options.Confirm = False,
    search: Annotated[
        bool, typer.Option("--search/--no-search", help="find the smallest changes if none passes")
    ] = True,
    jobs: options.Jobs = None,
    scheduler: options.Scheduler = None,
    engine: options.Engine = EngineName.SANDBOX,
    seed: options.Seed = None,
    seeds: options.StudySeeds = None,
    *,
    results: folders.Results,
    as_json: AnswerAsJson = False,
) -> int:
    """Compare variants of a scenario by estimate; find what to buy if none passes.

    Without a file of variants, the options give the differences from the scenario. Exit code 0:
    the variant as asked passes (of several: at least one does); 1: it does not, whatever the search
    finds. A sweep file (bridges × profiles × devices × failures) is computed point by point; exit
    code 0: all points are computed.
    """
    judging.known_baseline(engine.value if confirm else "estimate")
    jobs = jobs or cores()
    schema = _schema_of(scenario)
    given = any((add, more, profile, device, cards, link, new_link, meeting))
    if given and schema in (SCHEMA_OF_VARIANTS, SCHEMA_OF_SWEEP):
        raise InputError(
            "{scenario}: is a file of variants, which says itself what is added "
            "and changed (allowed: options that say how to judge)",
            scenario=scenario,
        )
    if schema == SCHEMA_OF_SWEEP:
        return _sweep(scenario, province, seeds, jobs, scheduler, results, as_json=as_json)
    if schema == SCHEMA_OF_VARIANTS:
        variants = load(scenario, Variants)
        base = base_of(scenario.parent / variants.scenario, province, seed=seed)
        asked = [
            variant.model_copy(
                update={"add": beside([*variants.add, *variant.add], scenario.parent)}
            )
            for variant in variants.variants
        ]
        questions, prices = (variants.question, variants.question_vi), variants.prices
    else:
        base = base_of(scenario, province, seed=seed)
        variant = options.of_options(
            UnnamedVariant,
            id="asked",
            name=N_("as asked"),
            add=add or [],
            more=more,
            profile=profile,
            device=device,
            cards=cards,
            link=[_link_change(text) for text in link or ()],
            new_link=[_new_link(text) for text in new_link or ()],
            meeting=[_meeting(text) for text in meeting or ()],
        )
        asked, prices = [variant], []
        questions = (base.scenario.question, base.scenario.question_vi)
    order = WhatIfRequest(
        base,
        asked,
        *questions,
        prices,
        look_for=search,
        confirm=confirm,
        engine=engine,
        jobs=jobs,
        language=language.chosen(),
    )
    count = OTHER_SEEDS if seeds is None else seeds
    with worker_beside(jobs) as helper, progress() as told:
        judge = SeedsJudge(count, helpers=helper)
        outcome = compare(order, judge=judge, root=results, now=now_in_vietnam(), progress=told)
    return judging.end_of(
        outcome,
        of_whatif(outcome.answer),
        *shown(outcome),
        as_json=as_json,
        files=[base.scenario_path, base.province_path],
    )


def shown(outcome: Outcome[WhatIf]) -> list[Block]:
    figures = Par(Sentence("all figures: {folder}", folder=outcome.summary))
    return [*brief(outcome.answer), figures]


def _sweep(
    file: Path,
    province: Path | None,
    seeds: int | None,
    jobs: int,
    scheduler: str | None,
    results: Path,
    *,
    as_json: bool,
) -> int:
    """Judge every point of a sweep file, on this machine's cores or a cluster."""
    asked = load(file, Sweep)
    if seeds is not None:
        asked = asked.model_copy(update={"seeds": seeds})
    base = base_of(
        file.parent / asked.scenario, province, phase_s=asked.phase_s, pace_s=asked.pace_s
    )
    # before the thread that draws the progress
    with workers_for(jobs, scheduler) as workers, progress() as told:
        order = SweepRequest(asked, file, base, workers, language.chosen())
        outcome = sweep(order, root=results, now=now_in_vietnam(), progress=told)
    table = Par(Sentence("all points: {folder}", folder=outcome.folder / TABLE))
    return judging.end_of(
        outcome,
        of_sweep(outcome.answer),
        *sweep_summary.brief(outcome.answer),
        table,
        as_json=as_json,
        files=[file],
    )


def _schema_of(path: Path) -> object:
    """Return the schema that a file names; None if it cannot be read, which is reported later."""
    try:
        return parse(path, read_text(path)).get("schema")
    except InputError:
        return None


def _link_change(text: str) -> LinkChange:
    """`gia-nghia--dak-song=200`."""
    ident, _, rate = text.partition("=")
    mbps = _number("--link", text, rate, Sentence("like gia-nghia--dak-song=200"))
    changed = {"link": ident, "rate_mbps": mbps, **COMMAND_LINE}
    return options.of_option("--link", text, LinkChange, changed)


def _new_link(text: str) -> Link:
    """`r-dak-mil--r-tuy-duc=100,45`: Mb/s and km between two routers."""
    form = Sentence("like r-dak-mil--r-tuy-duc=100,45: Mb/s, km")
    match = re.fullmatch(r"(?P<a>[^=]+?)--(?P<b>[^=]+)=(?P<mbps>[^,]+),(?P<km>[^,]+)", text)
    if match is None:
        raise InputError(
            '--new-link = "{text}": cannot be read (allowed: {form})', text=text, form=form
        )
    figures = {
        "rate_mbps": _number("--new-link", text, match["mbps"], form),
        "km": _number("--new-link", text, match["km"], form),
    }
    ends = {"id": f"new-{match['a']}--{match['b']}", "a": match["a"], "b": match["b"]}
    link = {**ends, **figures, "buffer_packets": NEW_LINK_BUFFER, **COMMAND_LINE}
    return options.of_option("--new-link", text, Link, link)


def _meeting(text: str) -> OtherMeeting:
    """`8` or `8@r-dak-mil`."""
    match = re.fullmatch(r"([0-9]+)(?:@(.+))?", text)
    if match is None:
        raise InputError(
            '--meeting = "{text}": cannot be read (allowed: like 8 or 8@r-dak-mil)', text=text
        )
    other = {"calls": int(match[1]), "at": match[2]}
    return options.of_option("--meeting", text, OtherMeeting, other)


def _number(option: str, text: str, number: str, form: Sentence) -> float:
    try:
        return float(number)
    except ValueError:
        raise InputError(
            '{option} = "{text}": cannot be read (allowed: {form})',
            option=option,
            text=text,
            form=form,
        ) from None
