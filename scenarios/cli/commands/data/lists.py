"""`giaoban scenario list`, `criterion list` and `profile list`: the names that there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from giaoban.results.judge.criteria import Criterion, load_criteria
from giaoban.results.report.document import Block, Par, table
from giaoban.scenarios.cli.output import AsJson, print_blocks, print_json
from giaoban.scenarios.spec.meeting_catalogue import files as catalogue_files
from giaoban.scenarios.spec.meeting_catalogue import load_meeting
from giaoban.scenarios.spec.project import BUNDLED, current, known
from giaoban.scenarios.spec.scenario import load_scenario
from giaoban.sentence import Both, Sentence, joined, number
from giaoban.topology.load import load_province
from giaoban.traffic.profiles import load_profiles


def listed(
    key: str,
    records: Sequence[Mapping[str, Any]],
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *more: Block,
    as_json: bool,
    right: Sequence[int] = (),
    keep: Sequence[int] = (0,),
) -> int:
    """A list as every `list` command shows it: one JSON object, or a table with what follows it."""
    if as_json:
        print_json({key: list(records)})
    else:
        print_blocks(table(head, rows, right=right, keep=keep), *more)
    return 0


scenarios = typer.Typer(
    help="Scenarios that have a name.", no_args_is_help=True, add_completion=False
)
criteria = typer.Typer(
    help="Criteria that runs are judged by.", no_args_is_help=True, add_completion=False
)
profiles = typer.Typer(help="Call profiles.", no_args_is_help=True, add_completion=False)


@scenarios.callback()
def of_scenarios() -> None:
    """Scenarios that have a name."""


@criteria.callback()
def of_criteria() -> None:
    """Criteria that runs are judged by."""


@profiles.callback()
def of_profiles() -> None:
    """Call profiles."""


@scenarios.command("list")
def list_scenarios(
    meetings: Annotated[
        bool, typer.Option("--meetings", help="the meetings of the catalogue instead")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """List the project's scenarios, then those that come with the program, with what they ask."""
    if meetings:
        found = [(path.stem, load_meeting(path)) for path in catalogue_files()]
        return listed(
            "meetings",
            [{"name": n, "name_en": m.name, "name_vi": m.name_vi} for n, m in found],
            (Sentence("name"), Sentence("meeting")),
            [(name, Both(m.name, m.name_vi)) for name, m in found],
            as_json=as_json,
        )
    own = {path.stem for path in current().scenario_files()}
    asked = [(name, path, load_scenario(path)) for name, path in known().items()]
    asked.sort(key=lambda each: each[0] not in own)
    return listed(
        "scenarios",
        [
            {
                "name": name,
                "file": str(path),
                "bundled": path.resolve().parent == BUNDLED,
                "question_en": of.question,
                "question_vi": of.question_vi,
            }
            for name, path, of in asked
        ],
        (Sentence("name"), Sentence("question")),
        [(name, Both(of.question, of.question_vi)) for name, _, of in asked],
        as_json=as_json,
    )


@criteria.command("list")
def list_criteria(as_json: AsJson = False) -> int:
    """List the criteria of the project, each with its threshold and where that comes from."""
    of = current()
    regulation = load_province(of.province).regulation
    found = load_criteria(of.criteria, regulation=regulation, province=str(of.province)).criterion
    return listed(
        "criteria",
        [criterion.model_dump(mode="json") for criterion in found],
        (Sentence("id"), Sentence("criterion"), Sentence("limit"), Sentence("source")),
        [
            (
                c.id,
                Both(c.name_en, c.name_vi),
                _limit(c),
                Both(c.source_en, c.source_vi),
            )
            for c in found
        ],
        *([Par(Sentence("* assumed"), tone="quiet")] if any(c.assumed for c in found) else []),
        as_json=as_json,
        right=(2,),
        keep=(0, 2),
    )


@profiles.command("list")
def list_profiles(as_json: AsJson = False) -> int:
    """List the call profiles: resolution, frames, rates and sound of each."""
    found = load_profiles().profile
    mark = any(profile.assumed for profile in found)
    return listed(
        "profiles",
        [profile.model_dump() for profile in found],
        (
            Sentence("id"),
            Sentence("resolution"),
            Sentence("frames/s"),
            Sentence("video kb/s"),
            Sentence("audio"),
            Sentence("content kb/s"),
        ),
        [
            (
                p.id,
                p.resolution,
                str(p.fps),
                number(p.video_kbps, after=" *" if p.assumed else ""),
                p.audio,
                "–" if p.content_kbps is None else number(p.content_kbps),
            )
            for p in found
        ],
        *([Par(Sentence("* assumed"), tone="quiet")] if mark else []),
        as_json=as_json,
        right=(2, 3, 5),
    )


def _limit(criterion: Criterion) -> Sentence:
    sign = "≤" if criterion.sense == "at-most" else "≥"
    unit = Both(criterion.unit, criterion.unit_text_vi)
    mark = " *" if criterion.assumed else ""
    limit = number(criterion.threshold)
    return joined(" ", [Sentence(sign), limit, joined("", [unit, Sentence(mark)])])
