"""Pretended estimates and emulations of failures, with given results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Self

import pytest

from giaoban.errors import GiaobanError
from giaoban.results.judge.failure_points import worst_of
from giaoban.results.model.studies.failures import BridgeImpact, FailureResult, LinkPeak
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.spec.faults.kind import FailureCase
from giaoban.scenarios.study import emulation_process
from giaoban.scenarios.study.emulation_process import EmulationJob
from giaoban.scenarios.study.failures import failures
from giaoban.scenarios.study.failures.failures import FailureEstimate


@dataclass
class Child:
    """How one failure's emulation ends: what it found, or its error."""

    found: FailureResult | None = None
    error: GiaobanError | None = None


class InlinePool:
    """A `WorkerPool` that calls functions in this process, at once."""

    def __init__(self, _size: int) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        pass

    def submit(self, function: Callable[..., Any], *given: object) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(function(*given))
        except Exception as error:
            future.set_exception(error)
        return future


@dataclass
class Pretended:
    """The result of each failure; a failure without one interrupts no bridge.

    Estimates of the failures in `far` are far from every limit, all others near one.
    """

    children: dict[str, Child] = field(default_factory=dict)
    far: set[str] = field(default_factory=set)
    started: list[str] = field(default_factory=list)

    def estimated(
        self, _asked: Question, cases: Sequence[FailureCase], *_: object
    ) -> dict[str, FailureEstimate]:
        """Stand in for the estimates."""
        return {
            case.id: FailureEstimate(
                observed(case, emulated=False), 0.0, near_a_limit=case.id not in self.far
            )
            for case in cases
        }

    def emulated(self, order: EmulationJob[FailureResult]) -> FailureResult:
        """In place of the real one."""
        self.started.append(order.name)
        child = self.children.get(order.name) or Child(observed(order.look.args[0]))
        if child.error is not None:
            raise child.error
        assert child.found is not None
        return child.found

    def use(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(emulation_process, "WorkerPool", InlinePool)
        monkeypatch.setattr(emulation_process, "emulated", self.emulated)
        monkeypatch.setattr(failures, "_estimate_all", self.estimated)


def observed(
    failure: FailureCase,
    change: Callable[[BridgeImpact], BridgeImpact] = lambda impact: impact,
    peak_pct: float = 20.0,
    **more: object,
) -> FailureResult:
    """Of the small province's three bridges; `change` says what happened to each."""
    bridges = [
        change(
            BridgeImpact(
                bridge=name, behind=False, cut_off=False, interruption_ms=0.0, packets_lost=0
            )
        )
        for name in ("west", "east", "north")
    ]
    links = [LinkPeak(id="west--east", direction="r-west->r-east", peak_pct=peak_pct)]
    return FailureResult.model_validate(
        {
            "id": failure.id,
            "kind": failure.kind,
            "name_en": failure.name.en,
            "name_vi": failure.name.vi,
            "elements": [e.model_dump() for e in failure.elements],
            "own": list(failure.own),
            "verdict": "pass",
            "reasons": [],
            "bridges": [b.model_dump() for b in bridges],
            "links": [link.model_dump() for link in links],
            **worst_of(bridges, links)._asdict(),
            **more,
        }
    )


def gone(*who: str) -> Callable[[BridgeImpact], BridgeImpact]:
    """Return a change that cuts off these bridges, which are behind the failure and accepted."""

    def change(impact: BridgeImpact) -> BridgeImpact:
        if impact.bridge not in who:
            return impact
        update = {
            "behind": True,
            "accepted": True,
            "cut_off": True,
            "interruption_ms": 8000.0,
            "packets_lost": 500,
        }
        return impact.model_copy(update=update)

    return change


def interrupted(who: str, ms: float) -> Callable[[BridgeImpact], BridgeImpact]:
    """That one was, but was kept."""

    def change(impact: BridgeImpact) -> BridgeImpact:
        return impact.model_copy(update={"interruption_ms": ms} if impact.bridge == who else {})

    return change
