"""The same question where terminals and MCU do something else about lost packets of pictures.

Whether they send them again, protect them by forward error correction, lower their rates or conceal
what is missing is what a maker's data sheet says, or nobody knows. So a check says what it comes to
without, where the scenario has any of it, and on request what it comes to with each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from giaoban import tomlfile
from giaoban.errors import InputError, InvalidRun
from giaoban.processes.progress import Progress
from giaoban.results.model.quantities import Method
from giaoban.results.model.result import OFF, LossBehaviour, TerminalsChecked
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.measure.assemble import Answer
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.spec.scenario import MeetingSettings
from giaoban.scenarios.study.variations import Found, Untried, checked, try_each, untried
from giaoban.sentence import N_, Sentence
from giaoban.tomlfile import said_by_pydantic

REPAIRS = (
    OFF,
    LossBehaviour("retransmission"),
    LossBehaviour("fec"),
    LossBehaviour(rate_adaptation=True),
    LossBehaviour("retransmission", rate_adaptation=True),
    LossBehaviour("fec", rate_adaptation=True),
)
"""What terminals that conceal nothing are tried with on request."""


def behaviours(own: LossBehaviour) -> list[LossBehaviour]:
    """What else there is to try: none of it, each repair by decoders as they are, and the
    scenario's own by decoders that conceal errors if these do not, and none if they do."""
    conceals = own.error_concealment
    each = [OFF, *(replace(repair, error_concealment=conceals) for repair in REPAIRS)]
    each.append(replace(own, error_concealment=not conceals))
    return [does for does in dict.fromkeys(each) if does != own]


@dataclass(frozen=True)
class AskedTerminals:
    """What else terminals may do, each as a question, or why the scenario forbids it; engine None:
    it is estimated where it can be, and else not tried."""

    questions: Mapping[LossBehaviour, Question | InputError]
    engine: EngineName | None


def terminals_of(
    question: Question, engine: EngineName, each: bool | Sequence[LossBehaviour] | None
) -> AskedTerminals:
    """What else terminals may do in a question.

    Args:
        engine: of the check.
        each: whether everything is tried, or what is, emulated; None: only what comes of it without
            any, where the scenario has any, by estimate; False: nothing is.

    Raises:
        InputError: everything else is asked for, and the scenario forbids all of it.
    """
    own = question.scenario.meeting.on_loss
    if each is None:
        wanted: Sequence[LossBehaviour] = [OFF] * (own != OFF)
    elif isinstance(each, bool):
        wanted = behaviours(own) if each else []
    else:
        wanted = each
    found = {other: _asked(question, other) for other in wanted}
    refused = [error for error in found.values() if isinstance(error, InputError)]
    if each and len(refused) == len(found):
        raise InputError(
            "--terminals: {scenario_path} allows nothing else of its terminals\n  {lines}",
            scenario_path=question.scenario_path,
            lines="\n  ".join(map(str, refused)),
        )
    return AskedTerminals(found, engine if each else None)


def with_terminals(
    asked: AskedTerminals, answer: Answer, folder: Path, progress: Progress
) -> Answer:
    """The answer with what each comes to beside it, which does not change it.

    `folder` is the run's, in which each that is emulated has its result.

    Raises:
        MachineLacks: as an emulation.
    """
    found = try_each(
        {does.id: of for does, of in asked.questions.items() if isinstance(of, Question)},
        folder / "terminals",
        asked.engine,
        progress,
        estimating=Sentence("estimating it with other terminals"),
        told=N_("{done} of {count} {count:kind|kinds} of terminals"),
    )
    told = []
    for does, question in asked.questions.items():
        of = question if isinstance(question, InputError) else found[does.id]
        told.append(_told(does, of, asked.engine, answer.result.names))
    return replace(answer, result=answer.result.model_copy(update={"terminals": told}))


def _told(
    does: LossBehaviour,
    of: Found | InputError,
    engine: EngineName | None,
    known: Mapping[str, str],
) -> TerminalsChecked:
    about: dict[str, Any] = asdict(does)
    match of:
        case InputError():
            return untried(TerminalsChecked, does.id, [of.said], untried="refused", **about)
        case Untried(why):
            return untried(TerminalsChecked, does.id, why, untried="emulated", **about)
        case InvalidRun():
            assert engine is not None
            how: Method = engine.value
            about |= {"reasons": [of.said.en], "reasons_vi": [of.said.vi]}
            return TerminalsChecked(id=does.id, engine=how, verdict="invalid", **about)
    return checked(TerminalsChecked, does.id, of, known, **about)


def _asked(question: Question, does: LossBehaviour) -> Question | InputError:
    """The question where terminals do this, or what in the scenario forbids it."""
    scenario = question.scenario
    try:
        meeting = MeetingSettings.model_validate({**dict(scenario.meeting), **asdict(does)})
        return question.with_scenario(scenario.model_copy(update={"meeting": meeting}))
    except ValidationError as error:
        found = [(("meeting",), does.id, said_by_pydantic(dict(e))) for e in error.errors()]
        return tomlfile.mistakes(question.scenario_path, found)
    except InputError as error:
        return error
