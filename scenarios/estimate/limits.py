"""Limits of an estimate: scenarios that it does not cover, and the memory that it takes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from giaoban.errors import InputError
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.spec.faults.kind import link_ends
from giaoban.sentence import Sentence, joined
from giaoban.topology.lines.qos import by_class

PACKET_BYTES = 250
"""Of memory for each packet of media, at the fullest moment; measured with 31 and 71 bridges."""
MOST_BYTES = 12e9
"""Of memory for one estimate."""


def packets(plan: Plan) -> float:
    """Return about how many packets of media there will be, up and down."""
    picture = plan.profile.video_kbps * 125 / plan.video.max_payload + plan.profile.fps
    a_second = 2 * (1000 / plan.audio.packet_ms + picture)
    return a_second * sum(plan.hang_up_s - call.dial_s for call in plan.calls)


def kept_bytes(plan: Plan) -> float:
    """Return about how much memory an estimate takes."""
    return packets(plan) * PACKET_BYTES


def reasons(plan: Plan) -> list[Sentence]:
    """Return why a plan cannot be estimated; none if it can."""
    return list(_reasons(plan))


def _reasons(plan: Plan) -> Iterator[Sentence]:
    for link in _rerouted(plan):
        yield Sentence(
            "[[background]] on {link}: where other traffic goes while its link is out of service "
            "is emulated",
            link=link_ends(plan.network, plan.network.link(link)),
        )
    for link in _repriced(plan):
        yield Sentence(
            "{link}: packets that wait while its rate changes are charged what they cost when they "
            "leave; where packets wait by class, that is emulated",
            link=link_ends(plan.network, plan.network.link(link)),
        )
    if (needed := kept_bytes(plan)) > MOST_BYTES:
        yield Sentence(
            "the media, about {millions:.0f}·10⁶ packets, take {needed_gb:.0f} GB of memory "
            "(allowed: {most_gb:.0f} GB; fewer bridges or shorter phases)",
            millions=packets(plan) / 1e6,
            needed_gb=needed / 1e9,
            most_gb=MOST_BYTES / 1e9,
        )


def _rerouted(plan: Plan) -> list[str]:
    """Return links that fail while other traffic is on its way to the router behind them.

    That traffic may have another way there; in an estimate it ends behind its first hop.
    """
    routers = {node.id for node in plan.network.routers}
    found = (
        each.link
        for each in plan.background
        if each.source in routers and each.target in routers
        for number, fault in enumerate(plan.faults)
        if each.link in fault.links or {each.source, each.target} & {*fault.nodes}
        if fault.at_s < each.to_s and each.from_s < _back_s(plan, number)
    )
    return sorted(set(found))


def _back_s(plan: Plan, number: int) -> float:
    """Return when all that a fault took away is in service again."""
    to_s = plan.faults[number].to_s
    if to_s is None:
        return math.inf
    changes = [change.at_s for change in plan.changes if change.fault == number]
    ends = [each.to_s for each in plan.outages if each.fault == number]
    return max(to_s, *changes, *(math.inf if end is None else end for end in ends))


def _repriced(plan: Plan) -> list[str]:
    """Return links whose rate changes where an htb charges packets as they leave
    (`giaoban.topology.emulation.scheduler`): the estimate charges each as it comes."""
    network = plan.network
    routers = {node.id for node in network.routers} if by_class(network.qos) else set()
    found = (
        line.link for line in plan.lines if line.rate_mbps is not None and line.source in routers
    )
    return sorted(set(found))


LEAVE_OUT = Sentence("leave out --estimate")
EMULATED = Sentence("a scenario without what follows, or giaoban check, which emulates it")


def check(question: Question, instead: Sentence = EMULATED) -> None:
    """Raise `InputError` that names everything in a scenario that cannot be estimated.

    `instead`: the advice that it gives; the default is for commands that only estimate.
    """
    if found := reasons(question.plan):
        raise refused(question.scenario_path, found, instead)


def refused(scenario_path: Path, found: Sequence[Sentence], instead: Sentence) -> InputError:
    """Return the error for a scenario that cannot be estimated; `instead`: its advice."""
    return InputError(
        "{scenario_path}: cannot be estimated (allowed: {instead})\n  {lines}",
        scenario_path=scenario_path,
        instead=instead,
        lines=joined("\n  ", found),
    )
