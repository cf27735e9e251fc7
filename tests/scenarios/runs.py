"""Emulations in the sandbox for the whole session: each made once, whichever process asks first."""

from __future__ import annotations

import fcntl
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from multiprocessing import get_context
from pathlib import Path

import pytest
import traffic_scenarios
from scenario_factory import (
    NORTH,
    ROOT,
    SCENARIOS,
    at_one_seed,
    giaoban,
    scenario,
)
from undrawn import undrawn

from giaoban.results.model.result import Result
from giaoban.results.model.streams import StreamResult
from giaoban.scenarios.measure import captures
from giaoban.scenarios.measure.captures import Captures
from giaoban.scenarios.plan.plan import Plan
from giaoban.traffic.quality.measure import Trace
from tests import kept

COMMAND = (sys.executable, "-m", "giaoban.scenarios.cli.entry")
KEPT = tuple(kept.command("giaoban.scenarios.cli.entry"))
"""The same, with guests that answer from what is kept."""
UNDRAWN = tuple(kept.command("tests.scenarios.undrawn"))
"""The same, without pictures and annex."""

RESULTS = "results"
WIDE = "400"
"""Columns, so that no line of what is printed is broken."""

RECORDED = ("--pcap", "north", "--pcap", "west")
HEARD = ("switched", "out", "encrypted")
"""Meetings whose recordings are read. A recorder takes time of its own and moves packets by some
nanoseconds."""

DRAWN = ("pass", "over-capacity", "thin-link")
"""Runs whose documents are looked at: others have the same in them."""

IMPAIRMENTS = """
[[impairment]]
bridge = "west"
direction = "up"
kind = "audio"
loss = { model = "bernoulli", p = 0.05 }

[[impairment]]
bridge = "west"
direction = "up"
kind = "video"
loss = { model = "gilbert-elliott", p = 0.02, r = 0.25 }
jitter = { model = "gamma", shape = 2.0, scale_ms = 1.5 }

[[impairment]]
bridge = "west"
direction = "down"
kind = "both"
loss = { model = "gilbert-elliott", p = 0.02, r = 0.25 }
jitter = { model = "gamma", shape = 2.0, scale_ms = 1.5 }
"""


SHARED = """
[qos]
scheduling = "classes"
source = "test"

[[background]]
link = "west--east"
pct = 40.0
source = "test"

[[background]]
link = "west--east"
direction = "r-west->r-east"
mbps = 60.5
packet_bytes = 700
marked = "video"
from_s = 2.0
to_s = 8.0
source = "test"

[[background]]
link = "access-east"
mbps = 9.9
packet_bytes = 1500
from_s = 1.0
source = "test"

[[background]]
link = "access-west"
direction = "up"
mbps = 2.5
source = "test"

[[impairment]]
link = "west--east"
from_s = 3.0
to_s = 5.0
loss = { model = "bernoulli", p = 0.01 }
duplicate = 0.01
corrupt = 0.01
"""
"""Other traffic of several classes, to a router, to a host and from beside one, also on a line that
is impaired."""


def control(at_s: float, by: str, do: str) -> str:
    """A command of a scenario; `do` is the inside of its table."""
    return f'\n[[control]]\nat_s = {at_s}\nby = "{by}"\ndo = {{ {do} }}\n'


MEETINGS = {
    # the chair calls one branch to speak, then another; a branch tries what it may not
    "switched": '[meeting]\nvideo = "switched"\n'
    + control(1, "east", 'command = "mute", participant = "west"')
    + control(2, "west", 'command = "call-to-speak", participant = "east"')
    + control(9, "west", 'command = "call-to-speak", participant = "north"'),
    "out": '[meeting]\ndial = "out"\n',
    "encrypted": "[meeting]\nencrypted = true\n",
    "all": '[meeting]\nvideo = "switched"\ndial = "out"\nencrypted = true\n'
    + control(2, "west", 'command = "call-to-speak", participant = "east"')
    + control(3, "west", 'command = "drop", participant = "east"')
    + control(7, "operator", 'command = "redial", participant = "east"'),
    # what is forwarded has gaps and is out of order
    "lossy": '[meeting]\nvideo = "switched"\nencrypted = true\n'
    + """
[[impairment]]
bridge = "west"
kind = "video"
loss = { model = "gilbert-elliott", p = 0.02, r = 0.25 }
jitter = { model = "normal", mean_ms = 20.0, sd_ms = 8.0, reorder = true }
""",
}
"""Ways to hold a meeting in the small province, whose chair is west; north joins after 6 s."""

EVERYTHING = (
    SHARED.replace("pct = 40.0", "pct = 4.0")
    .replace("mbps = 60.5", "mbps = 4.0")
    .replace("duplicate = 0.01\n", "")
    + MEETINGS["all"]
    + """
[[impairment]]
bridge = "west"
kind = "audio"
loss = { model = "gilbert-elliott", p = 0.02, r = 0.25 }
jitter = { model = "normal", mean_ms = 20.0, sd_ms = 8.0, reorder = true }
"""
)
"""Other traffic in classes, lines that lose, damage and reorder, pictures passed
on, media encrypted (so no line doubles it), calls from the MCU, commands: with `FULL`, whatever
could make two runs differ."""
FULL = {**NORTH, "rate_mbps": 1.0, "buffer_packets": 50}
"""A line so thin that it matters which of two packets comes a nanosecond sooner."""


def everything(file: Path) -> Path:
    """A short scenario that has everything in it, to be run in more than one way."""
    return scenario(file, id="everything", bridges=(FULL,), phases=(3, 4, 3), more=EVERYTHING)


def plain(file: Path) -> Path:
    """As little as there can be."""
    return scenario(file, id="plain", bridges=(), profile="sd30-256k")


def shortened(
    file: Path, scenario: str, phases: tuple[float, float, float], changed: dict[str, str]
) -> Path:
    """One of the repository's scenarios with other phases, and what lies in them elsewhere."""
    text = (SCENARIOS / f"{scenario}.toml").read_text(encoding="utf-8")
    for name, seconds in zip(("before_s", "during_s", "after_s"), phases, strict=True):
        text, found = re.subn(rf"(?m)^{name} = .*$", f"{name} = {seconds:.1f}", text)
        assert found == 1, name
    for old, new in {**changed, "../topology": str(ROOT / "topology")}.items():
        assert old in text, old
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
    return file


class Emulated:
    """Captures of a run; times of tests are seconds after the first phase began."""

    captures: Captures

    def trace(self, bridge: str, kind: str, direction: str) -> Trace:
        [stream] = [
            s
            for s in self.captures.plan.streams
            if (s.bridge, s.kind, s.direction) == (bridge, kind, direction)
        ]
        return self.captures.traces[stream.index]

    def at_ns(self, after_s: float) -> int:
        start_s = self.captures.plan.phases[0].start_s
        return self.captures.origin_ns + round((start_s + after_s) * 1e9)


@dataclass(frozen=True)
class Finished(Emulated):
    """A command that ran to its end."""

    code: int
    out: str
    err: str
    root: Path

    @cached_property
    def folder(self) -> Path:
        """Its run folder, which the annex's line of the table or the JSON names."""
        if self.out.startswith("{"):
            return self.root / str(json.loads(self.out)["run_id"])
        return Path(re.findall(r"annex: (.*)/phu-luc\.pdf", self.out)[-1])

    @cached_property
    def result(self) -> Result:
        return Result.from_json((self.folder / "result.json").read_bytes())

    def streams(self) -> Iterator[tuple[str, str, StreamResult]]:
        """(phase, bridge, stream) of all that the result has."""
        for phase in self.result.phases:
            for bridge in phase.bridges:
                for stream in bridge.streams:
                    yield phase.name, bridge.id, stream

    @cached_property
    def captures(self) -> Captures:
        plan = Plan.model_validate_json((self.folder / "plan.json").read_bytes())
        return captures.load(self.folder, plan)


class Runs:
    """Runs by name; asking for one waits for its end. All are made in one results folder.

    Helpers make them, of which each has loaded the program once. Several processes may share the
    folder (pytest-xdist): who asks first has a run made, under a lock.
    """

    def __init__(self, folder: Path, at_once: int) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.results = folder / RESULTS
        self._helpers = ProcessPoolExecutor(at_once, get_context("spawn"), kept.begin)
        self._futures: dict[str, Future[Finished]] = {}

    def start(self, name: str) -> Future[Finished]:
        """Begin a run, if it has not begun."""
        if name not in self._futures:
            self._futures[name] = self._helpers.submit(_once, name, self.folder)
        return self._futures[name]

    def __getitem__(self, name: str) -> Finished:
        return self.start(name).result()

    def end(self) -> None:
        """Nobody asks any more."""
        self._helpers.shutdown(cancel_futures=True)


def _once(name: str, folder: Path) -> Finished:
    """A run's end, however it came about: in a helper, at most once."""
    told = folder / f"{name}.json"
    results = folder / RESULTS
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            done = made(_words(folder, name), results, drawn=name in DRAWN)
            text = json.dumps([done.code, done.out, done.err])
            told.write_text(text, encoding="utf-8")
    return Finished(*json.loads(told.read_text(encoding="utf-8")), results)


def made(words: Sequence[str | Path], results: Path, *, drawn: bool = False) -> Finished:
    """`giaoban check` in this process; `drawn`: with its pictures and its annex."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", WIDE)
        if not drawn:
            undrawn(patch)
        return Finished(*giaoban("check", *words, "--results", results), results)


def _words(folder: Path, name: str) -> list[str]:
    file = folder / f"{name}.toml"
    match name:
        case "pass" | "over-capacity" | "thin-link":
            ends = {"pass": "gia-nghia-quang-son"}
            return [str(SCENARIOS / f"expansion-{ends.get(name, name)}.toml")]
        case "short":
            more = '[meeting]\nfloor = "open"\n'
            return [str(scenario(file, more=more)), *RECORDED, "--json", "--seeds", "2"]
        case "everything":
            return [str(everything(file))]
        case "plain":
            return [str(plain(file))]
        case "sound":  # thirteen calls on twelve ports for pictures, and twelve for sound
            bridges = tuple({**NORTH, "id": f"new-{n}"} for n in range(11))
            device = {"device": "codian-4505-hd", "profile": "720p30-1m", "phases": (2, 6, 2)}
            return [str(scenario(file, id="sound", bridges=bridges, **device))]
        case "thin":
            return [str(shortened(file, "expansion-thin-link", (3, 4, 3), {}))]
        case "step-down":
            return [str(SCENARIOS / "step-down-1080p.toml")]
        case "whole-loss":
            return [str(SCENARIOS / "loss-on-one-access-link.toml")]
        case "loss":
            loss = {"from_s = 270.0": "from_s = 35.0", "to_s = 330.0": "to_s = 65.0"}
            return [str(shortened(file, "loss-on-one-access-link", (30, 40, 10), loss))]
        case "with-classes" | "without-classes":
            full = {"from_s = 10.0\nto_s = 20.0": "from_s = 3.0\nto_s = 8.0"}
            return [str(shortened(file, f"background-{name}", (3, 5, 3), full))]
        case "shared":
            return [str(scenario(file, id="shared", phases=(3, 4, 3), more=SHARED))]
        case "impaired":
            return [str(scenario(file, id="impaired", phases=(4, 4, 2), more=IMPAIRMENTS))]
    if name in traffic_scenarios.NAMES:
        return traffic_scenarios.words(folder, name)
    recorded = RECORDED if name in HEARD else ()
    return [str(scenario(file, id=name, phases=(4, 4, 4), more=MEETINGS[name])), *recorded]


def check(
    words: Sequence[str], results: Path, command: Sequence[str] = KEPT, root: Path = ROOT
) -> Finished:
    """`giaoban check` in a process of its own, at one seed if `words` do not say; `root` is where
    the program lies."""
    done = subprocess.run(
        [*command, *at_one_seed("check", *words, "--results", results)],
        cwd=root,
        env={**os.environ, "COLUMNS": WIDE},
        capture_output=True,
        text=True,
        check=False,
    )
    return Finished(done.returncode, done.stdout, done.stderr, results)
