"""Which of what the model leaves out concerns a question: `unmodelled.toml`, a reviewed list."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from giaoban.mcu_sim.media.audio.codec import is_decoded
from giaoban.results.model.unmodelled import SPEECH_QUALITY, Unmodelled
from giaoban.scenarios.measure.streams import speech_codec
from giaoban.scenarios.plan.question import Question
from giaoban.sentence import Sentence
from giaoban.tomlfile import StrictModel, load
from giaoban.traffic.profiles import Profiles
from giaoban.traffic.quality.codecs import codec_of

UNMODELLED = Path(__file__).with_suffix(".toml")
SHORT_PHASE_S = 10.0
"""In shorter phases the key frames of those who join decide."""

Fact = Literal[
    "background",
    "content",
    "estimate",
    "faults",
    "framing",
    "loss-repair",
    "modelled-sound",
    "outside-mcu",
    "poisson",
    "profiles",
    "short-phases",
    "silence-suppression",
    "unrated-sound",
]


class Entry(Unmodelled):
    """One thing that the model leaves out, and which questions it concerns."""

    only: list[Fact] = Field(default_factory=list)
    """It concerns only questions with one of these: declared other traffic (`background`), slides
    (`content`), judged by an `estimate`, declared `faults`, of a province that says what rates
    count (`framing`), lost packets of pictures that are recovered (`loss-repair`), sound of which
    the MCU knows the frames alone (`modelled-sound`), another MCU in a bridge's place
    (`outside-mcu`), other traffic that is a `poisson` process, bandwidth `profiles` of lines,
    phases under 10 s (`short-phases`), pauses left out (`silence-suppression`), sound that has no
    MOS (`unrated-sound`)."""
    unless: list[Fact] = Field(default_factory=list)
    """It concerns no question with one of these. Like `["faults"]`."""

    def concerns(self, facts: set[Fact]) -> bool:
        """Whether it is left out of a question of which these hold."""
        return (not self.only or bool(facts & {*self.only})) and not facts & {*self.unless}


class LeftOut(StrictModel):
    """All that the model leaves out, in the order in which it is told."""

    schema_: Literal["giaoban.unmodelled/1"] = Field(alias="schema")
    unmodelled: Annotated[list[Entry], Field(min_length=1)]
    """One thing that the model leaves out."""

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        ids = [each.id for each in self.unmodelled]
        if twice := next((one for one in ids if ids.count(one) > 1), None):
            raise ValueError(Sentence('two entries have the id "{one}"', one=twice))
        return self


@lru_cache
def left_out() -> list[Entry]:
    """The whole list."""
    return load(UNMODELLED, LeftOut).unmodelled


def unmodelled(question: Question, *, estimate: bool) -> list[Unmodelled]:
    """What is left out of the answer to a question, by an estimate or by an emulation."""
    facts = _facts(question, estimate=estimate)
    return [_told(each) for each in left_out() if each.concerns(facts)]


def not_judged(profiles: Profiles, calls: Iterable[str]) -> list[Unmodelled]:
    """What no answer on calls of these profiles can speak of, for their sound."""
    if all(codec_of(profiles.pick(each).audio).has_mos for each in calls):
        return []
    return [_told(each) for each in left_out() if each.id == SPEECH_QUALITY]


def _told(entry: Entry) -> Unmodelled:
    return Unmodelled.model_validate(entry.model_dump(include=set(Unmodelled.model_fields)))


def _facts(question: Question, *, estimate: bool) -> set[Fact]:
    scenario = question.scenario
    profiles = [each for link in question.plan.network.links for each in link.profiles]
    held: dict[Fact, bool] = {
        "background": bool(scenario.background),
        "content": scenario.content is not None,
        "estimate": estimate,
        "faults": bool(scenario.faults),
        "framing": question.province.framing is not None,
        "loss-repair": scenario.meeting.repair is not None,
        "modelled-sound": not is_decoded(question.plan.audio),
        "outside-mcu": bool(scenario.outside_mcus),
        "poisson": bool(question.plan.background),
        "profiles": bool(profiles),
        "short-phases": min(phase.end_s - phase.start_s for phase in question.plan.phases)
        < SHORT_PHASE_S,
        "silence-suppression": scenario.meeting.silence_suppression,
        "unrated-sound": not speech_codec(question.plan).has_mos,
    }
    return {fact for fact, holds in held.items() if holds}
