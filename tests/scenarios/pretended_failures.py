"""Pretended emulations of failures: processes that put down what they were told to have found."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO

import pytest

from giaoban.errors import GiaobanError
from giaoban.processes.children import DONE, Job
from giaoban.processes.progress import tell
from giaoban.results.judge.failure_points import worst_of
from giaoban.results.model.studies.failures import BridgeImpact, FailureResult, LinkPeak
from giaoban.scenarios.spec.faults.kind import FailureCase
from giaoban.scenarios.study import emulation_process
from giaoban.scenarios.study.emulation_process import ERROR, FOUND, EmulationJob

CODE = """
import sys
found_in, error_in, done = sys.argv[1:]
for line in sys.stdin:
    folder, told, found, error, code = line.rstrip("\\n").split("\\t")
    print(told, flush=True)
    print("a warning of some library", flush=True)
    for name, what in ((found_in, found), (error_in, error)):
        if what:
            with open(f"{folder}/{name}", "wb") as file:
                file.write(bytes.fromhex(what))
    if int(code) < 0:
        import os
        os.kill(os.getpid(), -int(code))
    if int(code):
        sys.exit(int(code))
    print(done, flush=True)
"""
"""As the real one it takes several, one after the other. None loads what it can be given."""


def telling(what: str, done: float) -> str:
    """The line of a process that tells so."""
    with redirect_stdout(StringIO()) as said:
        tell(what, done)
    return said.getvalue().rstrip()


@dataclass
class Child:
    """How one failure's process ends: what it found, or its error."""

    found: FailureResult | None = None
    error: GiaobanError | None = None
    code: int = 0


@dataclass
class Pretended:
    """What is to be found of each failure; of those not named nothing happened to anybody."""

    children: dict[str, Child] = field(default_factory=dict)
    started: list[str] = field(default_factory=list)

    def job(self, order: EmulationJob[FailureResult]) -> Job:
        """In place of the real one."""
        self.started.append(order.name)
        child = self.children.get(order.name) or Child(observed(order.look.args[0]))
        found = pickle.dumps(child.found).hex() if child.found else ""
        error = pickle.dumps(child.error).hex() if child.error else ""
        told, code = telling("meeting", 0.5), str(child.code)
        words = [str(order.folder.resolve()), told, found, error, code]
        command = [sys.executable, "-I", "-S", "-c", CODE, FOUND, ERROR, DONE]
        return Job(order.name, command, "\t".join(words))

    def use(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(emulation_process, "job", self.job)


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
