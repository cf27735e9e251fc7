"""What cannot be estimated, and is said so before anything starts."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator

from giaoban.errors import InputError
from scenarios.estimate.size import kept_bytes, packets
from scenarios.estimate.spool import MOST_BYTES
from scenarios.plan.plan import Plan
from scenarios.spec.question import Question

GIGABYTE = 1e9
IN_MEMORY_BYTES = MOST_BYTES
"""Less than this is not written to a file."""


def reasons(plan: Plan) -> list[str]:
    """Why a plan cannot be estimated; none if it can."""
    return list(_reasons(plan))


def _reasons(plan: Plan) -> Iterator[str]:
    if plan.faults:
        ids = ", ".join(fault.id for fault in plan.faults)
        yield f"[[fault]] ({ids}): how routers find other ways and bridges dial again is emulated"
    folder = tempfile.gettempdir()
    needed, free = kept_bytes(plan), shutil.disk_usage(folder).free
    if needed > IN_MEMORY_BYTES and needed > free:
        yield (
            f"about {packets(plan):.2g} packets are kept until they are measured, which takes "
            f"{needed / GIGABYTE:.1f} GB in {folder}, where {free / GIGABYTE:.1f} GB are free "
            "(allowed: fewer bridges, shorter phases, or a larger folder named by TMPDIR)"
        )


def check(question: Question) -> None:
    """Raises `InputError` that names everything in a scenario that cannot be estimated."""
    if found := reasons(question.plan):
        lines = "\n".join(f"  {reason}" for reason in found)
        raise InputError(
            f"{question.scenario_path}: cannot be estimated "
            f"(allowed: leave out --estimate)\n{lines}"
        )
