"""Emulations that begin alike begin once: guests from which several of them go on.

One has built the network, its routers have found their ways; another has gone on from there, into
the meeting, until something fails. Each emulation is as if it had begun by itself, within the
microsecond that the kernel's own housekeeping can move a packet.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from giaoban.scenarios.emulation.engine import (
    LOG_BYTES_A_PACKET,
    arguments,
    memory_mb,
    packets,
    raise_end_of,
)
from giaoban.scenarios.emulation.guest_ahead import GUEST_MODULE
from giaoban.scenarios.plan.beginning import (
    Beginning,
    alike_until_s,
    common,
    meets_alike,
    networks_alike,
)
from giaoban.scenarios.plan.plan import PLAN, Plan
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.plan.recordings import save_recordings
from giaoban.topology.sandbox import boot, fork_server
from giaoban.topology.sandbox.fork_server import ForkServer

NETWORK, MEETING = "network", "meeting"


Origin = Callable[[Question], ForkServer | None]
"""From which guest an emulation goes on; None: it boots its own."""


@contextmanager
def begun(
    questions: Sequence[Question], folder: Path, at_once: int, kernel: Path
) -> Iterator[Origin]:
    """The guests from which emulations go on that begin like these, as long as this lasts.

    Args:
        folder: is made, and removed; what the emulations write to is beside it.
        at_once: so many emulations at the same time.
        kernel: the guests'.

    Returns:
        None for each where these do not begin alike, or where there is not room for so many guests.
        One alone begins as several do: it has the same figures.

    Raises:
        InvalidRun, MachineLacks: the first guest did not even begin.
    """
    plans = [question.plan for question in questions]
    alike = [each for each in questions if meets_alike(each.plan)]
    memory = max(map(memory_mb, plans)) + captures_mb(plans[0])
    guest = boot.Guest(kernel, memory_mb=memory)
    if (
        not all(plan.watchful for plan in plans)
        or not networks_alike(plans)
        or not fork_server.has_room(guest, folder.parent, 1 + at_once)
    ):
        yield lambda _question: None
        return
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        plan = common(plans)
        place = _lay(plan, Beginning(), folder / NETWORK)
        network = stack.enter_context(
            fork_server.booted(
                guest, GUEST_MODULE, arguments(plan, place), writable=folder.parent, folder=place
            )
        )
        meeting: ForkServer | None = None
        until_s = alike_until_s([each.plan for each in alike]) if alike else 0
        if until_s > 0:
            place = _lay(plan, Beginning(until_s=until_s), folder / MEETING)
            save_recordings(plan, alike[0].recordings, place)
            try:
                meeting = stack.enter_context(fork_server.forked(network, place))
            except fork_server.EndedError:
                raise_end_of(network)

        def origin(question: Question) -> ForkServer | None:
            own = question.plan
            can_fail = bool(plan.changes) or not own.changes
            if not own.watchful or not can_fail or not networks_alike([plan, own]):
                return None
            if meeting is None or not meets_alike(own) or alike_until_s([own]) < until_s:
                return network
            return meeting

        yield origin


def captures_mb(plan: Plan) -> int:
    """What a plan's captures take where they are in the guest's memory: once there, and once more
    on their way out."""
    return round(2 * packets(plan) * LOG_BYTES_A_PACKET / 1e6)


def _lay(plan: Plan, beginning: Beginning, folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / PLAN).write_text(plan.to_json(), encoding="utf-8")
    beginning.write(folder)
    return folder
