"""A question → an estimated answer: no emulation, no files, in memory.

The streams, their impairments, the device, the conference and the judging are the emulation's own
code with the same seeds; only the network between them is another: exact first-in first-out queues
of whole arrays of packets (`queues`, `transit`) in place of the kernel's.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

from results.model import Engine
from results.off_by import OffBy, off_by
from scenarios.assemble import Answer, assemble, criteria_of
from scenarios.estimate.captured import captured, waited
from scenarios.estimate.media import hold
from scenarios.estimate.refusals import check, reasons
from scenarios.estimate.signalling import signal
from scenarios.question import Question

ENGINE = Engine(name="estimate", time="virtual", kernel="none")


def estimate(question: Question, run_id: str | None = None) -> Answer:
    """What an emulation of the question would say, as `assemble` returns it.

    The result's engine has the name "estimate". Nothing is written.

    Args:
        run_id: of the result; None: the scenario's id with "-estimate" behind it.

    Raises:
        InputError: bad thresholds, or something in the scenario that cannot be estimated (a fault,
            say): every such thing is named.
    """
    criteria_of(question)
    check(question)
    meeting = signal(question.plan)
    happened = hold(question.plan, meeting, question.recordings)
    name = run_id or f"{question.plan.scenario_id}-estimate"
    with closing(happened):
        captures = captured(question.plan, meeting, happened)
        return assemble(question, captures, ENGINE, name, waited(happened))


def foreseen(question: Question) -> Question:
    """The question, whose plan says whether packets are lost: then devices of an emulation look
    more often. What cannot be estimated says so by itself."""
    plan = question.plan
    if plan.watchful or reasons(plan):
        return question
    with closing(hold(plan, signal(plan), question.recordings)) as happened:
        lost = bool(happened.meter.drops.any())
    return replace(question, plan=plan.model_copy(update={"loses": lost}))


def beside_estimate(question: Question, emulated: Answer) -> Answer:
    """An emulation's answer with how far an estimate of the same question is off."""
    if found := reasons(question.plan):
        told = OffBy(refused="; ".join(found))
    else:
        told = off_by(emulated.result, estimate(question).result)
    return replace(emulated, result=emulated.result.model_copy(update={"estimate": told}))
