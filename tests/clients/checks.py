"""`giaoban check` of a small expansion in the sandbox, with everything that it left behind."""

from __future__ import annotations

import json
import subprocess
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from giaoban.results.model.result import Phase, Result
from giaoban.scenarios.measure import captures
from giaoban.scenarios.measure.captures import Captures
from giaoban.scenarios.plan.plan import CallPlan, Plan
from giaoban.traffic import log
from tests import kept

PROVINCE = Path(__file__).resolve().parents[1] / "topology" / "small.toml"
SCENARIO = """schema = "giaoban.scenario/1"
id = "{name}"
question = "May one more bridge join?"
question_vi = "Có thể kết nối thêm một điểm cầu hay không?"
province = "{province}"
{top}
[phases]
before_s = {seconds[0]}
during_s = {seconds[1]}
after_s = {seconds[2]}

[[bridge]]
id = "north"
name = "Bắc"
router = "r-east"
km = 2.0
rate_mbps = 10.0
buffer_packets = 200
source = "test"
{more}"""


class Checked:
    """A finished check; its chair is west, east is there before, north joins."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.result = Result.from_json((folder / "result.json").read_bytes())
        self.plan = Plan.model_validate_json((folder / "plan.json").read_bytes())

    @cached_property
    def captures(self) -> Captures:
        return captures.load(self.folder, self.plan)

    @cached_property
    def sent(self) -> NDArray[np.void]:
        """The logs of all that had to be sent (`giaoban.traffic.log.SENT`)."""
        return self._logs("sent", log.SENT)

    @cached_property
    def received(self) -> NDArray[np.void]:
        """The logs of all that came (`giaoban.traffic.log.RECEIVED`)."""
        return self._logs("received", log.RECEIVED)

    def _logs(self, what: str, dtype: np.dtype[np.void]) -> NDArray[np.void]:
        files = [self.folder / "captures" / f"{who}-{what}.bin" for who in ("bridges", "mcu")]
        return np.concatenate([log.read(file, dtype) for file in files])

    def pcapng(self, bridge: str) -> Path:
        """What a bridge recorded."""
        return self.folder / f"{bridge}.pcapng"

    def call(self, bridge: str) -> CallPlan:
        """A bridge's planned call."""
        [call] = [call for call in self.plan.calls if call.bridge == bridge]
        return call

    def window_ns(self, phase: Phase) -> tuple[int, int]:
        """From when to when a phase lasted, CLOCK_MONOTONIC."""
        [planned] = [item for item in self.plan.phases if item.name == phase.name]
        origin_ns = self.captures.origin_ns
        return (
            origin_ns + round(planned.start_s * 1e9),
            origin_ns + round(planned.end_s * 1e9),
        )


def check(
    folder: Path,
    name: str,
    *record: str,
    seconds: tuple[float, float, float],
    top: str = "",
    more: str = "",
) -> Checked:
    """Run one, with `record` as the bridges that are recorded.

    `top` are further keys of the scenario, `more` further tables.
    """
    file = folder / f"{name}.toml"
    text = SCENARIO.format(name=name, province=PROVINCE, top=top, seconds=seconds, more=more)
    file.write_text(text, encoding="utf-8")
    words = [word for bridge in record for word in ("--pcap", bridge)]
    done = subprocess.run(
        kept.command(
            "giaoban.scenarios.cli.entry",
            *("check", str(file), *words, "--json", "--seeds", "0", "--results", str(folder)),
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return Checked(folder / json.loads(done.stdout)["run_id"])
