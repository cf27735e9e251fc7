"""One trial: routers, bridges and the MCU fail at random times while a meeting goes on.

`python -m bench.faults.trial SEED` prints one JSON object: what failed, the verdict, how many
packets are unaccounted for. All chance comes from the seed.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from bench.harness import SCENARIO
from giaoban.errors import InputError, InvalidRun
from giaoban.results.model.result import Result
from giaoban.scenarios.emulation.engine import EngineName, emulate
from giaoban.scenarios.measure import captures
from giaoban.scenarios.measure.assemble import assemble
from giaoban.scenarios.plan.question import Question, make_question
from giaoban.scenarios.spec.failure_cases import possible
from giaoban.scenarios.spec.faults.kind import BootingFault, FailureCase
from giaoban.scenarios.spec.faults.kinds import KINDS, Fault
from giaoban.scenarios.spec.scenario import Phases, Scenario
from giaoban.topology.network import Network

PHASES = Phases(before_s=2.0, during_s=10.0, after_s=8.0)
MOST_FAULTS = 3
EQUIPMENT = ("router", "bridge", "mcu")
BOOTING = [kind.name() for kind in KINDS if issubclass(kind, BootingFault)]
FAULTS: TypeAdapter[list[Fault]] = TypeAdapter(list[Fault])


def faults(network: Network, rng: random.Random) -> list[dict[str, object]]:
    """One to three things that stop without a word, at any time, most of which come back.

    The first takes equipment (a router, a site or the MCU, each as likely); the others are anything
    that can fail here.
    """
    by_kind: dict[str, list[FailureCase]] = {}
    for case in possible(network).values():
        by_kind.setdefault(case.kind, []).append(case)
    equipment = [k.name() for k in KINDS if k.target in EQUIPMENT and k.name() in by_kind]
    first = rng.choice(by_kind[rng.choice(equipment)])
    # each thing fails once: what fails while it is down already has no effect
    left = [case for cases in by_kind.values() for case in cases if case != first]
    return [
        _fault(case, rng) for case in (first, *rng.sample(left, rng.randint(0, MOST_FAULTS - 1)))
    ]


def _fault(case: FailureCase, rng: random.Random) -> dict[str, object]:
    [table] = case.faults
    at_s = round(rng.uniform(0.0, 12.0), 3)
    fault = {**table, "at_s": at_s}
    if rng.random() < 0.75:
        fault["to_s"] = round(at_s + rng.uniform(0.3, 4.0), 3)
        if case.kind in BOOTING:
            fault["boot_s"] = round(rng.uniform(0.2, 3.0), 3)
    return fault


def question(seed: int) -> Question:
    """The trial's question: everybody is in, and things fail.

    Faults of which one would have no effect beside another are drawn again.
    """
    network, rng = make_question(SCENARIO).plan.network, random.Random(seed)
    while True:
        drawn = FAULTS.validate_python(faults(network, rng))
        try:
            return _question(seed, drawn)
        except InputError as error:
            if "does nothing" not in str(error):
                raise


def _question(seed: int, drawn: list[Fault]) -> Question:
    def change(scenario: Scenario) -> Scenario:
        return scenario.model_copy(update={"faults": drawn, "phases": PHASES, "controls": []})

    return make_question(SCENARIO, seed=seed, change=change, all_from_start=True)


def run(asked: Question, folder: Path) -> Result:
    """Emulate, measure, judge. Raises `InvalidRun`."""
    about = emulate(asked.plan, folder, EngineName.SANDBOX, lambda _what, _done: None)
    return assemble(asked, captures.load(folder, asked.plan), about, "trial").result


def main(seed: int) -> int:
    asked = question(seed)
    found: dict[str, Any] = {
        "seed": seed,
        "faults": [f"{f.id} at {f.at_s:g} to {f.to_s}" for f in asked.plan.faults],
    }
    with tempfile.TemporaryDirectory(prefix="giaoban-trial-") as folder:
        try:
            result = run(asked, Path(folder))
        except InvalidRun as error:
            found |= {"verdict": "invalid", "reasons": [str(error)], "unaccounted": None}
        else:
            found |= {
                "verdict": result.verdict,
                "reasons": result.reasons,
                "unaccounted": result.accounting.unaccounted,
            }
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
