"""Which of what the model leaves out concerns a question: `unmodelled.toml`, a reviewed list."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from giaoban.mcu_sim.media.audio.codec import is_decoded
from giaoban.results.model.unmodelled import SPEECH_QUALITY, Unmodelled
from giaoban.scenarios.measure.streams import grow_by_load, speech_codec
from giaoban.scenarios.plan.question import Question
from giaoban.sentence import Sentence
from giaoban.tomlfile import StrictModel, load
from giaoban.traffic.profiles import Profiles
from giaoban.traffic.quality.codecs import codec_of

UNMODELLED = Path(__file__).with_suffix(".toml")
SHORT_PHASE_S = 10.0
"""In shorter phases the key frames of those who join decide."""

Fact = Literal[
    "all-delays-by-load",
    "background",
    "content",
    "delay-by-load",
    "error-concealment",
    "estimate",
    "faults",
    "fec",
    "framing",
    "loss-repair",
    "modelled-sound",
    "outside-mcu",
    "poisson",
    "profiles",
    "rate-adaptation",
    "short-phases",
    "silence-suppression",
    "unrated-sound",
]


class Entry(Unmodelled):
    """One thing that the model leaves out, and which questions it concerns."""

    only: list[Fact] = Field(default_factory=list)
    """It concerns only questions with one of these: a device that takes longer the fuller it is,
    with all that it does (`all-delays-by-load`), declared other traffic (`background`), slides
    (`content`), a device
    that takes longer with some of it (`delay-by-load`), with decoders that conceal errors
    (`error-concealment`), judged by an `estimate`, with declared `faults`, with pictures
    protected by `fec`, of a province that says what rates count (`framing`), with lost packets of
    pictures that are recovered (`loss-repair`), with sound of which the MCU knows the frames
    alone (`modelled-sound`), with another MCU in a bridge's place (`outside-mcu`), with other
    traffic that is a `poisson` process, with bandwidth `profiles` of lines, with rates that
    answer loss (`rate-adaptation`), with phases under 10 s (`short-phases`), with pauses left out
    (`silence-suppression`), with sound that has no MOS (`unrated-sound`)."""
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
    growing = grow_by_load(question.plan)
    held: dict[Fact, bool] = {
        "all-delays-by-load": all(growing),
        "background": bool(scenario.background),
        "content": scenario.content is not None,
        "delay-by-load": any(growing),
        "error-concealment": scenario.meeting.error_concealment,
        "estimate": estimate,
        "faults": bool(scenario.faults),
        "fec": scenario.meeting.loss_repair == "fec",
        "framing": question.province.framing is not None,
        "loss-repair": scenario.meeting.loss_repair != "none"
        or scenario.meeting.repair is not None,
        "modelled-sound": not is_decoded(question.plan.audio),
        "outside-mcu": bool(scenario.outside_mcus),
        "poisson": bool(question.plan.background),
        "profiles": bool(profiles),
        "rate-adaptation": scenario.meeting.rate_adaptation,
        "short-phases": min(phase.end_s - phase.start_s for phase in question.plan.phases)
        < SHORT_PHASE_S,
        "silence-suppression": scenario.meeting.silence_suppression,
        "unrated-sound": not speech_codec(question.plan).has_mos,
    }
    return {fact for fact, holds in held.items() if holds}
