"""What cannot be estimated, and is said so before anything starts."""

from __future__ import annotations

from collections.abc import Iterator

from giaoban.errors import InputError
from scenarios.plan import Plan
from scenarios.question import Question

MOST_PACKETS = 8e6
"""All are kept until they are measured: some 220 bytes each, below 2 GB."""


def reasons(plan: Plan) -> list[str]:
    """Why a plan cannot be estimated; none if it can."""
    return list(_reasons(plan))


def _reasons(plan: Plan) -> Iterator[str]:
    if plan.faults:
        ids = ", ".join(fault.id for fault in plan.faults)
        yield f"[[fault]] ({ids}): how routers find other ways and bridges dial again is emulated"
    if (packets := _packets(plan)) > MOST_PACKETS:
        yield (
            f"about {packets:.2g} packets: all are kept until they are measured, and would take "
            f"more than 2 GB (allowed: up to {MOST_PACKETS:.0g}; fewer bridges or shorter phases)"
        )


def _packets(plan: Plan) -> float:
    """About how many packets of media there will be, up and down."""
    picture = plan.profile.video_kbps * 125 / plan.video.max_payload + plan.profile.fps
    a_second = 2 * (1000 / plan.audio.packet_ms + picture)
    return a_second * sum(plan.hang_up_s - call.dial_s for call in plan.calls)


def check(question: Question) -> None:
    """Raises `InputError` that names everything in a scenario that cannot be estimated."""
    if found := reasons(question.plan):
        lines = "\n".join(f"  {reason}" for reason in found)
        raise InputError(
            f"{question.scenario_path}: cannot be estimated "
            f"(allowed: leave out --estimate)\n{lines}"
        )
