"""`python -m bench.timed_check SCENARIO FOLDER`: a check without other seeds, timed stage by stage.

Its runs go into the folder; it prints a `TimedCheck` as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from giaoban.errors import GiaobanError
from giaoban.results.model.run_ids import now_in_vietnam
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.study.check import check

MEETING = "meeting"
STAGES = {
    "planning": "plan",
    "booting the guest": "boot",
    "building the network": "build",
    "measuring the links": "probe",
    MEETING: MEETING,
    "measuring": "measure",
    "drawing": "draw",
    "typesetting": "annex",
}
"""What the program says it does → what it is called here. "save" is the end of the guest."""


class Stopwatch:
    """The program's progress with the host's time of each report."""

    def __init__(self) -> None:
        self.stages: dict[str, float] = {}
        self.meeting: list[tuple[float, float]] = []
        """(fraction of the meeting that is done, host time in s) of each report."""
        self._stage = ""
        self._since = time.perf_counter()

    def __call__(self, what: str, done: float) -> None:
        """A report of progress."""
        now = time.perf_counter()
        if what == MEETING:
            self.meeting.append((done, now))
        if what == "measuring" and self.meeting:
            # the meeting's last report comes with its last second, then the guest winds up
            self._switch("save", self.meeting[-1][1])
        self._switch(what, now)

    def finish(self) -> None:
        """The last stage ends now."""
        self._switch("", time.perf_counter())

    def _switch(self, what: str, at: float) -> None:
        if what == self._stage:
            return
        if self._stage:
            name = STAGES.get(self._stage, self._stage)
            self.stages[name] = self.stages.get(name, 0.0) + at - self._since
        self._stage, self._since = what, at


@dataclass(frozen=True)
class TimedCheck:
    """When a check was where.

    Attributes:
        run: its folder.
        stages_s: wall seconds of each stage, in order.
        meeting: (fraction of the meeting that is done, host time in s) of each report.
        total_s: from reading the scenario to the finished run folder.
    """

    run: Path
    stages_s: dict[str, float]
    meeting: list[tuple[float, float]]
    total_s: float

    def to_json(self) -> str:
        """A JSON object."""
        return json.dumps({**asdict(self), "run": str(self.run)})

    @classmethod
    def from_json(cls, text: str) -> TimedCheck:
        """What `to_json` made."""
        told = json.loads(text)
        meeting = [(done, at) for done, at in told["meeting"]]
        return cls(Path(told["run"]), told["stages_s"], meeting, told["total_s"])


def time_check(scenario: Path, root: Path) -> TimedCheck:
    """Check a scenario and time it; its run goes into a folder in `root`. Raises as `check`."""
    watch = Stopwatch()
    started = time.perf_counter()
    watch("planning", 0.0)
    outcome = check(
        make_question(scenario),
        engine=EngineName.SANDBOX,
        root=root,
        now=now_in_vietnam(),
        progress=watch,
        seeds=0,
    )
    watch.finish()
    return TimedCheck(outcome.folder, watch.stages, watch.meeting, time.perf_counter() - started)


def main() -> int:
    """Exit code 0, or a `GiaobanError`'s."""
    try:
        timed = time_check(Path(sys.argv[1]), Path(sys.argv[2]))
    except GiaobanError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(timed.to_json())
    return 0


if __name__ == "__main__":
    sys.exit(main())
