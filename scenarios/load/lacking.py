"""What somebody's device does not have beside calls: that is told, and decides nothing. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from giaoban.results.model.load import OperationResult
from giaoban.scenarios.load.locust.outcomes import Cause

BESIDE = ("options", "register", "guess")
"""Operations that calls do without. A guessed password is one to register with."""
ABSENT: tuple[Cause, ...] = ("timeout", "unsupported", "protocol")
"""Causes that say that there is no such thing: no answer; 405, 501 and the like; 404, 500 and the
like. A device that is full, or asks for a proof, has it."""


def lacking(operations: Sequence[OperationResult], *, accounts: bool) -> list[str]:
    """Which operations a device does not have for these bridges: every attempt failed, and none for
    another cause.

    Args:
        accounts: whether the bridges have any. Who asks them for a proof does not register them.
    """
    absent = {*ABSENT, *(() if accounts else ("authentication",))}
    return [
        each.operation
        for each in operations
        if each.operation in BESIDE and not each.succeeded and set(each.failed) <= absent
    ]


def nobody_answered(operations: Sequence[OperationResult]) -> list[str]:
    """What all calls met if none was set up, in a sentence."""
    for each in operations:
        if each.operation != "invite" or each.succeeded or not each.attempts:
            continue
        if set(each.answers) == {"- no answer"}:
            return [f"no answer to any INVITE ({each.attempts} calls)"]
        met = ", ".join(f"{count} × {answer}" for answer, count in each.answers.items())
        return [f"no call was set up: {met}"]
    return []
