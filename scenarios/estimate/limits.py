"""How large an estimate is, in packets, steps and bytes, and what cannot be estimated."""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from giaoban.errors import InputError
from giaoban.mcu_sim.media.plane import LEAST_STEP_NS
from giaoban.scenarios.estimate.network.paths import find_paths
from giaoban.scenarios.estimate.spool import MOST_BYTES
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.spec.faults.kind import link_ends
from giaoban.sentence import Sentence, joined
from giaoban.topology.lines.qos import by_class

COARSE_NS = 2_000_000_000
"""Time goes in steps of this where nothing is lost, but something may be."""
STEPS_NS = (32_000_000_000, 8_000_000_000, COARSE_NS, 1_000_000_000, 400_000_000, 200_000_000)
STEP_PACKETS = 2_000_000
"""Steps are shorter where more packets would be under way in one."""
KEPT_BYTES = 35 + 16
"""Of each packet, sent (`giaoban.traffic.log.SENT`) and come (`ended.ARRIVAL_DTYPE`)."""
WAITED_BYTES = 12
"""Of each packet at each hop while the phases last (`meter.QUEUE_WAIT_DTYPE`)."""


def packets_a_second(plan: Plan) -> float:
    """About how many packets of media one bridge sends and gets in a second."""
    picture = plan.profile.video_kbps * 125 / plan.video.max_payload + plan.profile.fps
    return 2 * (1000 / plan.audio.packet_ms + picture)


def packets(plan: Plan) -> float:
    """About how many packets of media there will be, up and down."""
    return packets_a_second(plan) * sum(plan.hang_up_s - call.dial_s for call in plan.calls)


def coarse_ns(plan: Plan) -> int:
    """How long a step of time is."""
    a_second = packets_a_second(plan) * len(plan.calls)
    few = (step_ns for step_ns in STEPS_NS if a_second * step_ns / 1e9 <= STEP_PACKETS)
    return next(few, STEPS_NS[-1])


def kept_bytes(plan: Plan) -> float:
    """About what is kept until it is measured."""
    paths = find_paths(plan)
    hops = (len(paths.along) - len(paths.first)) / len(paths.first)
    phases_s = plan.phases[-1].end_s - plan.phases[0].start_s
    measured = packets_a_second(plan) * len(plan.calls) * phases_s
    return packets(plan) * KEPT_BYTES + measured * hops * WAITED_BYTES


GIGABYTE = 1e9
IN_MEMORY_BYTES = MOST_BYTES
"""Less than this is not written to a file."""


def reasons(plan: Plan) -> list[Sentence]:
    """Why a plan cannot be estimated; none if it can."""
    return list(_reasons(plan))


def _reasons(plan: Plan) -> Iterator[Sentence]:
    forwards = plan.meeting.video == "switched" or plan.content is not None
    delay_ms = plan.device.forward_delay_ms
    if plan.changes and forwards and delay_ms * 1e6 < 2 * LEAST_STEP_NS:
        yield Sentence(
            "forward_delay.delay_ms = {delay_ms:g}: no device of this program forwards pictures "
            "within less than {least_ms:g} ms while links fail: nor is it emulated",
            delay_ms=delay_ms,
            least_ms=2 * LEAST_STEP_NS / 1e6,
        )
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
    folder = tempfile.gettempdir()
    needed, free = kept_bytes(plan), shutil.disk_usage(folder).free
    if needed > IN_MEMORY_BYTES and needed > free:
        yield Sentence(
            "about {millions:.0f} million packets are kept until they are measured, which takes "
            "{needed_gb:.1f} GB in {folder}, where {free_gb:.1f} GB are free "
            "(allowed: fewer bridges, shorter phases, or a larger folder named by TMPDIR)",
            millions=packets(plan) / 1e6,
            needed_gb=needed / GIGABYTE,
            folder=folder,
            free_gb=free / GIGABYTE,
        )


def _rerouted(plan: Plan) -> list[str]:
    """Links that fail while other traffic is on its way to the router behind them, which may have
    another way there: here other traffic ends behind its first hop."""
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
    """When all that a fault took away is in service again."""
    to_s = plan.faults[number].to_s
    if to_s is None:
        return math.inf
    changes = [change.at_s for change in plan.changes if change.fault == number]
    ends = [each.to_s for each in plan.outages if each.fault == number]
    return max(to_s, *changes, *(math.inf if end is None else end for end in ends))


def _repriced(plan: Plan) -> list[str]:
    """Links whose rate changes where an htb charges packets as they leave
    (`giaoban.topology.emulation.scheduler`): the estimate charges each as it comes, as netem does.
    """
    network = plan.network
    routers = {node.id for node in network.routers} if by_class(network.qos) else set()
    found = (
        line.link for line in plan.lines if line.rate_mbps is not None and line.source in routers
    )
    return sorted(set(found))


LEAVE_OUT = Sentence("leave out --estimate")
EMULATED = Sentence("a scenario without what follows, or giaoban check, which emulates it")


def check(question: Question, instead: Sentence = EMULATED) -> None:
    """Raises `InputError` that names everything in a scenario that cannot be estimated, and what to
    do `instead`: by default where nothing but an estimate is to be had."""
    if found := reasons(question.plan):
        raise refused(question.scenario_path, found, instead)


def refused(scenario_path: Path, found: Sequence[Sentence], instead: Sentence) -> InputError:
    """The error that says why a scenario cannot be estimated, and what to do `instead`."""
    return InputError(
        "{scenario_path}: cannot be estimated (allowed: {instead})\n  {lines}",
        scenario_path=scenario_path,
        instead=instead,
        lines=joined("\n  ", found),
    )
