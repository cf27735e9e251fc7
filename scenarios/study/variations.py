"""The same question in variations beside it: what is near a limit is emulated.

A variation (a meeting of the catalogue) is estimated first. If it passes with everything far from
its limit, that is its answer; else, and where it cannot be estimated, it is emulated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from giaoban.errors import InvalidRun
from giaoban.processes.progress import Progress
from giaoban.results.judge.criteria import CALLS_AS_ASKED, CALLS_SET_UP, MCU_UNITS
from giaoban.results.model.result import FAR_PCT, MeetingChecked, Result
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.estimate.limits import reasons
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.study.emulation_process import (
    EmulationJob,
    emulate_all,
    result_of,
)
from giaoban.sentence import Sentence

EXACT = (MCU_UNITS, CALLS_SET_UP, CALLS_AS_ASKED)
"""Criteria whose value does not depend on any packet."""


@dataclass(frozen=True)
class Untried:
    """Why a variation was not tried: it cannot be estimated, and was not to be emulated."""

    reasons: list[Sentence]


Found = Result | InvalidRun | Untried
"""What a variation came to, or why its emulation cannot be trusted."""


def try_each(
    asked: Mapping[str, Question],
    place: Path,
    engine: EngineName | None,
    progress: Progress,
    *,
    estimating: Sentence,
    told: str,
    by_seeds: Callable[[Question, Result], Result] = lambda _question, own: own,
) -> dict[str, Found]:
    """What each variation comes to, by its name, in their order; engine None: by estimate alone.

    Args:
        place: the folder in which each that is emulated has one with its result.
        estimating: what is going on while they are estimated; `told`: how many have been emulated,
            with `{done}` and `{count}`.
        by_seeds: judges the result of a variation that can be estimated by all seeds.

    Raises:
        MachineLacks: as an emulation.
    """
    found: dict[str, Found] = {}
    to_emulate: dict[str, Question] = {}
    for number, (ident, question) in enumerate(asked.items()):
        progress(estimating, number / len(asked))
        untold = reasons(question.plan)
        if untold and engine is None:
            found[ident] = Untried(untold)
            continue
        if not untold:
            found[ident] = result = estimate(question, ident).result
            if engine is None or is_far(result):
                continue
        to_emulate[ident] = question
    if engine is not None:
        emulated = emulate_all(
            (
                EmulationJob(ident, question, engine, _made(place / ident), result_of)
                for ident, question in to_emulate.items()
            ),
            len(to_emulate),
            engine=engine,
            told=told,
            progress=progress,
        )
        found |= {ident: emulated[ident].found for ident in to_emulate}
    for ident, question in asked.items():
        of = found[ident]
        if isinstance(of, Result) and not reasons(question.plan):
            found[ident] = by_seeds(question, of)
    return {ident: found[ident] for ident in asked}


def is_far(result: Result) -> bool:
    """Whether it passes with every margin large enough for an estimate to be believed."""
    margins = [c.margin_pct for c in result.criteria if c.id not in EXACT and c.shown]
    return result.verdict == "pass" and all(m is not None and m >= FAR_PCT for m in margins)


def checked(ident: str, of: Result, known: Mapping[str, str], **about: Any) -> MeetingChecked:
    """Return the answer of a variation, to stand beside the answer of the check.

    Args:
        known: the names of bridges and routers that the answer has.
        about: the name of the meeting and its article.
    """
    return MeetingChecked(
        id=ident,
        engine=of.engine.name,
        verdict=of.verdict,
        reasons=of.reasons,
        reason_codes=of.reason_codes,
        binding=of.binding,
        seeds=of.seeds,
        bound=None if of.binding is None else of.criterion(of.binding.criterion),
        margin_pct=min(
            (c.margin_pct for c in of.criteria if c.margin_pct is not None), default=None
        ),
        names={node: name for node, name in of.names.items() if node not in known},
        accepted=of.accepted,
        **about,
    )


def untried(ident: str, why: Sequence[Sentence], **about: Any) -> MeetingChecked:
    """Return a variation that was not tried, with the reasons; `about` as of `checked`."""
    about |= {"reasons": [each.en for each in why], "reasons_vi": [each.vi for each in why]}
    return MeetingChecked(id=ident, engine=None, verdict=None, **about)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
